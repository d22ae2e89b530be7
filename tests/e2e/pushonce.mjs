// SPDX-License-Identifier: Apache-2.0
// The program push_once (see push_once.c) as an object.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../../', import.meta.url));
const build = process.env.ITSUMO ? path.dirname(process.env.ITSUMO) :
  path.join(top, 'build');

export class PushOnce {
  /** @param {string[]} args */
  static async start(...args) {
    const child = spawn(path.join(build, 'tests/e2e/push_once'), args,
      { stdio: ['pipe', 'pipe', 'inherit'] });
    const once = new PushOnce(child);
    once.key = (await once.#line()).key;
    return once;
  }

  constructor(child) {
    this.child = child;
    this.ended = new Promise((resolve) => child.once('exit', resolve));
    this.lines = readline.createInterface({ input: child.stdout })[
      Symbol.asyncIterator]();
  }

  async #line() {
    const { value, done } = await this.lines.next();
    assert.ok(!done, 'push_once has ended');
    return JSON.parse(value);
  }

  /**
   * @param {{endpoint: string, keys: {p256dh: string, auth: string}}}
   *   subscription as PushSubscription.toJSON() gives it
   * @param {string} payload
   * @returns {Promise<{result: string, status: number, wait_ms: number}>}
   */
  async send({ endpoint, keys }, payload, more = {}) {
    this.child.stdin.write(`${JSON.stringify({ endpoint, ...keys, payload,
      ttl: 60, ...more })}\n`);
    return this.#line();
  }

  async end() {
    this.child.stdin.end();
    assert.equal(await this.ended, 0);
  }
}
