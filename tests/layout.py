#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layout in README.md names every source file of the floors, and no other.

"name.[ch]" in it stands for name.c and name.h.  Folders whose own README has
the table are left to that.
"""

import re
import subprocess
import sys

ELSEWHERE = re.compile(r'(^|/)(meson\.build|README\.md)$|^web/(pages|deliver)/')


def named():
    folder = None
    with open('README.md', encoding='utf-8') as file:
        for line in file:
            if heading := re.match(r'((?:webauthn|store|rp|web)/\S*)  ', line):
                folder = heading[1]
            elif not line.startswith('  '):
                folder = None
            elif folder:
                name = folder + line.split()[0]
                if name.endswith('.[ch]'):
                    yield name[:-5] + '.c'
                    yield name[:-5] + '.h'
                else:
                    yield name


def main():
    there = {path for path in subprocess.check_output(
        ['git', 'ls-files', 'webauthn', 'store', 'rp', 'web'],
        text=True).splitlines() if not ELSEWHERE.search(path)}
    said = set(named())
    for path in sorted(there - said):
        print(f'README.md does not name {path}')
    for path in sorted(said - there):
        print(f'README.md names {path}, which is not there')
    return there != said


if __name__ == '__main__':
    sys.exit(main())
