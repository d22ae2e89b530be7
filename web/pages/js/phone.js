// SPDX-License-Identifier: Apache-2.0
// This phone: what it is registered as, and its calls, each with a proof by
// its key.

import { Problem, call } from './api.js';
import { forget, keep, proof, recall, sha256 } from './keys.js';

/** @typedef {{id: string, name: string, endpoint: string}} Registration */

export const thisPhone = {
  id: '',
  name: '',
  /** The subscription that the server has. */
  endpoint: '',

  async load() {
    /** @type {Registration | undefined} */
    const had = await recall('phone');
    this.id = had?.id ?? '';
    this.name = had?.name ?? '';
    this.endpoint = had?.endpoint ?? '';
  },

  async save() {
    await keep({ phone: { id: this.id, name: this.name,
      endpoint: this.endpoint } });
  },

  /**
   * Another registration and its key take the place of what was there, which
   * works until then.  The old one is given up, or the phone would ring twice.
   *
   * @param {Registration} phone
   * @param {CryptoKeyPair} key
   */
  async become(phone, key) {
    const old = this.id;
    const oldKey = await recall('device');
    await keep({ phone, device: key });
    await this.load();
    if (old && oldKey)
      await by(old, oldKey, 'POST', '/api/v1/companion/leave', {})
        .catch(() => {});
  },

  /** With its key: the next registration gets a new one. */
  async forget() {
    await forget('phone', 'device');
    await this.load();
  },
};

/**
 * With a proof by that key.  A refusal tells the server's time as well: where
 * the clock here has jumped since the last answer, the second proof is good.
 *
 * @param {string} phone
 * @param {CryptoKeyPair} key
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
function by(phone, key, method, path, body) {
  const once = () => call(method, path, body, {
    sign: async (_, __, text) => ({
      'Itsumo-Device': await proof(key, 'itsumo-device+jwt', method, path, {
        phone,
        ...text && { ath: await sha256(text) },
      }),
    }),
  });
  return once().catch((error) => {
    if (error.code !== 'device-proof-refused')
      throw error;
    return once();
  });
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} as call()
 */
export async function signed(method, path, body) {
  const key = await recall('device');
  if (!key)
    throw new Problem('device-proof-refused');
  return by(thisPhone.id, key, method, path, body);
}
