#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts tests one by one.

    tally.py tap FILE          TAP as our own checks print it, without nesting
    tally.py node FILE         TAP of node:test, by its summary
    tally.py meson FILE        testlog.json of `meson test`

Prints "PASSED FAILED SKIPPED" on its first line, then a line for each test
that failed.  A program that ends badly, or earlier than its plan said, counts
as a failure even when each test that it did run went well.
"""

import json
import re
import sys

LINE = re.compile(r'^(not )?ok\b\s*\d*\s*-?\s*([^#]*)(#\s*(skip|todo)\b)?',
                  re.IGNORECASE)
PLAN = re.compile(r'^1\.\.(\d+)\b')


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def fail(self, name, why=''):
        self.failed += 1
        self.failures.append(name + (': ' + why if why else ''))

    def tap(self, text, of=''):
        """Counts the lines of one TAP stream; false where it broke off."""
        planned = None
        seen = 0
        for line in text.splitlines():
            if plan := PLAN.match(line):
                planned = int(plan[1])
            if not (got := LINE.match(line)):
                continue
            seen += 1
            name = of + got[2].strip()
            if got[3]:
                self.skipped += 1
            elif got[1]:
                self.fail(name)
            else:
                self.passed += 1
        if planned is not None and seen < planned:
            for _ in range(planned - seen):
                self.fail(of + 'a test', 'planned, and never ended')
            return False
        return seen > 0

    def node(self, text):
        """Suites are no tests, and their own lines repeat what is in them."""
        count = dict(re.findall(r'^# (pass|fail|cancelled|skipped|todo) (\d+)$',
                                text, re.MULTILINE))
        if 'pass' not in count:
            self.fail('node --test', 'broke off without a summary')
            return
        self.passed += int(count['pass'])
        self.skipped += int(count['skipped']) + int(count['todo'])
        named = [m[1].strip() for m in
                 re.finditer(r'^\s*not ok \d+ - ([^#\n]*)', text, re.MULTILINE)]
        failed = int(count['fail']) + int(count['cancelled'])
        self.failed += failed
        self.failures += named if failed else []

    def meson(self, text):
        for line in text.splitlines():
            run = json.loads(line)
            name = run['name'].split(' / ')[-1]
            before = self.failed
            complete = self.tap(run.get('stdout', ''), name + ': ')
            if run['result'] in ('OK', 'EXPECTEDFAIL'):
                self.passed += 0 if complete else 1
            elif run['result'] == 'SKIP':
                self.skipped += 0 if complete else 1
            elif self.failed == before:
                self.fail(name, run['result'].lower())


def main():
    form, path = sys.argv[1:]
    tally = Tally()
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            text = file.read()
        {'tap': tally.tap, 'node': tally.node, 'meson': tally.meson}[form](text)
    except OSError as error:
        tally.fail(path, error.strerror)
    print(tally.passed, tally.failed, tally.skipped)
    for failure in tally.failures:
        print('  ' + failure)


if __name__ == '__main__':
    main()
