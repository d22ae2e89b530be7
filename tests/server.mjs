// SPDX-License-Identifier: Apache-2.0
// `itsumo serve` for tests in JavaScript: a process, a folder and a port of
// its own, gone when the test ends.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import dns from 'node:dns';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/* The server listens at 127.0.0.1, and Node 18 would ask ::1 alone. */
dns.setDefaultResultOrder('ipv4first');

export const top = fileURLToPath(new URL('../', import.meta.url));
export const program = process.env.ITSUMO ?? path.join(top, 'build/itsumo');

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => process.exit(1));

/** @returns {Promise<number>} a port that was free just now */
function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Polls until the answer is true; the limit is for a machine in trouble.
 *
 * @param {() => Promise<boolean> | boolean} ask
 * @param {string} what
 */
export async function until(ask, what, ms = 15000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (await ask())
      return;
    await new Promise((again) => setTimeout(again, 20));
  }
  throw new Error(`not within ${ms} ms: ${what}`);
}

/**
 * `itsumo serve` on a free port and a folder of its own.
 *
 * @param {string[]} [config] lines of the configuration; @PORT@ is the port
 * @param {string[]} [args] further arguments
 */
export async function serve(config = [], args = []) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-e2e-'));
  const file = path.join(folder, 'itsumo.conf');
  const data = path.join(folder, 'data');
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const log = fs.openSync(path.join(folder, 'log'), 'a');

  fs.writeFileSync(file, ['ops_listen = "off"', ...config, ''].join('\n')
    .replaceAll('@PORT@', String(port)));
  const child = spawn(program, ['serve', '--listen', `127.0.0.1:${port}`,
    '--data', data, '--config', file, ...args], { stdio: ['ignore', log, log] });
  running.add(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until(async () => {
    assert.equal(child.exitCode, null,
      fs.readFileSync(path.join(folder, 'log'), 'utf8'));
    return fetch(`${origin}/api/v1/service`).then((r) => r.ok, () => false);
  }, 'the server answers').catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });

  return {
    origin, port,
    log: () => fs.readFileSync(path.join(folder, 'log'), 'utf8'),
    /** @param {string[]} args */
    cli: async (...args) => (await promisify(execFile)(program,
      [...args, '--data', data, '--config', file])).stdout,
    async stop() {
      child.kill('SIGTERM');
      assert.equal(await ended, 0, 'the server ends well');
      running.delete(child);
      fs.closeSync(log);
      fs.rmSync(folder, { recursive: true });
    },
  };
}
