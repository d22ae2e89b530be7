#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the server as a whole; called by ./run, which builds first."""

import argparse
import atexit
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

GOALS = {
    'verify_ratio': ('>=', 0.85),
    'others_ratio': ('>=', 0.9),
    'sign_in_verifications': ('<=', 2.5),
    'million_ratio': ('<=', 1.3),
    'start_up_ms': ('<=', 200),
    'waiting_p99_ms': ('<=', 50),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """`itsumo serve` on a folder; silent, and without limits."""

    def __init__(self, build, data, threads=None):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix='itsumo-bench-')
        config = os.path.join(self.folder, 'itsumo.conf')
        with open(config, 'w', encoding='utf-8') as file:
            file.write('limits = off\nops_listen = "off"\n'
                       'log_level = "warning"\n')
            if threads:
                file.write(f'server_threads = {threads}\n')
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [f'{build}/itsumo', 'serve', '--listen', f'127.0.0.1:{self.port}',
             '--data', data, '--config', config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        atexit.register(self.kill)
        self.wait()
        self.start_up_ms = (time.perf_counter() - began) * 1000

    def wait(self):
        ask = (b'GET /api/v1/service HTTP/1.1\r\nHost: localhost\r\n'
               b'Connection: close\r\n\r\n')
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit('the server did not start')
            try:
                with socket.create_connection(
                        ('127.0.0.1', self.port)) as wire:
                    wire.sendall(ask)
                    if wire.recv(64).startswith(b'HTTP/1.1 200'):
                        return
            except ConnectionRefusedError:
                time.sleep(0.001)
        sys.exit('the server does not answer')

    def memory(self):
        """MB: its own, and with the pages of the store that it has mapped."""
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            status = file.read()
        kb = {name: int(re.search(rf'^{name}:\s+(\d+)', status, re.M)[1])
              for name in ('RssAnon', 'VmRSS')}
        return {'own': kb['RssAnon'] / 1024, 'with_store': kb['VmRSS'] / 1024}

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            sys.exit('the server ended badly')
        shutil.rmtree(self.folder, ignore_errors=True)


class Bench:
    def __init__(self, arguments):
        self.args = arguments
        self.build = arguments.build
        self.figures = {}
        self.folder = tempfile.mkdtemp(prefix='itsumo-bench-data-',
                                       dir=arguments.scratch)
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)

    def tool(self, name, *args):
        return subprocess.run([f'{self.build}/tests/bench/{name}', *args],
                              check=True, capture_output=True, text=True,
                              env={**os.environ,
                                   'ITSUMO': f'{self.build}/itsumo'}).stdout

    def note(self, key, value, text):
        goal = ''
        if key in GOALS:
            sense, limit = GOALS[key]
            met = value >= limit if sense == '>=' else value <= limit
            goal = f'   (goal {sense} {limit}: {"met" if met else "MISSED"})'
        self.figures[key] = value
        print(f'  {text}{goal}', flush=True)

    def load(self, server, **options):
        args = ['--url', f'http://127.0.0.1:{server.port}', '--pid',
                str(server.process.pid), '--json', '--seconds',
                str(self.args.seconds)]
        for name, value in options.items():
            args += [f'--{name}', str(value)]
        return json.loads(self.tool('load', *args))

    def verify(self):
        print('(a) an assertion judged, beside a bare EVP_PKEY_verify')
        text = self.tool('verify_bench')
        hot = {name: float(ratio) for name, ratio in re.findall(
            r'^(\S+)\s+hot .*ratio ([\d.]+)', text, re.M)}
        cold = float(re.search(r'^ES256\s+cold .*ratio ([\d.]+)', text,
                               re.M)[1])
        self.note('verify_ratio', hot['ES256'],
                  f'ES256, a kept key: {hot["ES256"]:.3f}')
        self.note('verify_ratio_cold', cold,
                  f'ES256, a key not met lately: {cold:.3f}')
        del hot['ES256']
        worst = min(hot, key=hot.get)
        self.note('others_ratio', hot[worst],
                  f'the others, kept keys: {hot[worst]:.3f} ({worst}) to '
                  f'{max(hot.values()):.3f}')
        self.figures['verify'] = text

    def sign_ins(self):
        args = self.args
        few, many = f'{self.folder}/few', f'{self.folder}/many'
        print(f'(b) sign-ins over loopback, {args.connections} connections, '
              f'medians of {args.rounds} runs of {args.seconds} s')
        self.tool('fill', few, '0', '1000')
        began = time.monotonic()
        self.tool('fill', many, '0', str(args.accounts))
        print(f'  {args.accounts} accounts filled in '
              f'{time.monotonic() - began:.0f} s')
        rounds = {few: [], many: []}
        for _ in range(args.rounds):
            for data, accounts in ((few, 1000), (many, args.accounts)):
                server = Server(self.build, data)
                rounds[data].append(self.load(
                    server, seeded=accounts, users=min(accounts, 20000),
                    connections=args.connections))
                server.stop()

        def median(data, key):
            return statistics.median(run[key] for run in rounds[data])
        self.note('sign_in_verifications', median(few, 'verifications'),
                  f'server CPU of a sign-in: {median(few, "server_cpu_us"):.0f}'
                  f' us = {median(few, "verifications"):.2f} bare P-256 '
                  f'verifications of {median(few, "verify_us"):.1f} us')
        self.note('sign_ins_a_second', median(few, 'per_second'),
                  f'{median(few, "per_second"):.0f} sign-ins a second, p50 '
                  f'{median(few, "p50_ms"):.1f} ms, p99 '
                  f'{median(few, "p99_ms"):.1f} ms')
        self.figures['p50_ms'] = median(few, 'p50_ms')
        self.figures['p99_ms'] = median(few, 'p99_ms')
        self.figures['refused'] = sum(
            run['refused'] for runs in rounds.values() for run in runs)
        print(f'(c) the same with {args.accounts} accounts')
        ratio = statistics.median(
            b['server_cpu_us'] / a['server_cpu_us']
            for a, b in zip(rounds[few], rounds[many]))
        self.note('million_ratio', ratio,
                  f'server CPU: {median(many, "server_cpu_us"):.0f} us, '
                  f'{ratio:.2f} times that with 1000')
        self.note('million_sign_ins_a_second', median(many, 'per_second'),
                  f'{median(many, "per_second"):.0f} sign-ins a second, p50 '
                  f'{median(many, "p50_ms"):.1f} ms, p99 '
                  f'{median(many, "p99_ms"):.1f} ms')
        return many

    def commits(self):
        print('(d) durable commits')
        text = self.tool('commit_bench', '-d', self.folder, '-r',
                         str(self.args.rounds), '-m',
                         str(int(self.args.seconds * 200)), '1000',
                         str(self.args.accounts))
        self.figures['commits'] = text
        print('  ' + text.strip().replace('\n', '\n  '))

    def process(self, many):
        print('(e) memory and start-up')
        server = Server(self.build, f'{self.folder}/empty')
        idle = server.memory()
        self.note('idle_mb', idle['own'],
                  f'idle: {idle["own"]:.1f} MB of its own, '
                  f'{idle["with_store"]:.1f} MB resident in all')
        server.stop()
        starts = []
        for _ in range(self.args.rounds):
            server = Server(self.build, many)
            starts.append(server.start_up_ms)
            fresh = server.memory()
            if len(starts) == self.args.rounds:
                self.load(server, seeded=self.args.accounts,
                          users=min(self.args.accounts, 20000),
                          connections=self.args.connections)
                loaded = server.memory()
            server.stop()
        self.note('start_up_ms', statistics.median(starts),
                  f'start-up with {self.args.accounts} accounts: '
                  f'{statistics.median(starts):.0f} ms')
        self.note('million_mb', fresh['own'],
                  f'then: {fresh["own"]:.1f} MB of its own, '
                  f'{fresh["with_store"]:.1f} MB resident in all')
        self.note('million_loaded_mb', loaded['own'],
                  f'after sign-ins: {loaded["own"]:.1f} MB of its own, '
                  f'{loaded["with_store"]:.1f} MB with the store\'s pages')

    def waiting(self):
        print('(f) ten thousand browsers wait for their phones, on one process')
        got = json.loads(self.tool('waiting', '--json'))
        self.note('waiting_kb', got['kb_each'],
                  f'each: {got["kb_each"]:.1f} kB')
        self.note('waiting_idle_percent', got['idle_cpu_percent'],
                  'all of them while nothing happens: '
                  f'{got["idle_cpu_percent"]:.2f} % of a processor')
        self.note('waiting_p99_ms', got['p99_ms'],
                  'from the phone\'s signature to the event: '
                  f'p50 {got["p50_ms"]:.2f} ms, p99 {got["p99_ms"]:.2f} ms')
        bare = got['approval_cpu_ms'] * got['verifications_a_second'] / 1000
        self.note('approvals', got['approvals_a_second'],
                  f'approvals: {got["approvals_a_second"]:.0f} a second; one '
                  f'costs as much as {bare:.0f} bare verifications')

    def missed(self):
        return [key for key, (sense, limit) in GOALS.items()
                if key in self.figures and (
                    self.figures[key] < limit if sense == '>='
                    else self.figures[key] > limit)]


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run')
    parser.add_argument('--build', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--rounds', type=int, default=5,
                        help='medians are of so many (5)')
    parser.add_argument('--seconds', type=float, default=5,
                        help='each run of the load takes so long (5)')
    parser.add_argument('--connections', type=int, default=64)
    parser.add_argument('--accounts', type=int, default=1000000,
                        help='of the large store (1000000)')
    parser.add_argument('--scratch', default='/var/tmp',
                        help='where the stores are made: a real disk '
                        '(/var/tmp)')
    parser.add_argument('--json', help='write the figures to this file too')
    parser.add_argument('--check', action='store_true',
                        help='fail when a goal is missed')
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    bench = Bench(args)
    bench.verify()
    many = bench.sign_ins()
    bench.commits()
    bench.process(many)
    bench.waiting()
    if args.json:
        with open(args.json, 'w', encoding='utf-8') as file:
            json.dump(bench.figures, file, indent=1)
            file.write('\n')
    missed = bench.missed()
    if missed:
        print('missed:', ', '.join(missed))
    return 1 if args.check and missed else 0


if __name__ == '__main__':
    sys.exit(main())
