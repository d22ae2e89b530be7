// SPDX-License-Identifier: Apache-2.0
// This phone: what it is registered as, and its calls, each with a proof by
// its key.

import { call } from './api.js';
import { forget, keep, keyOf, proof, recall, sha256 } from './keys.js';

export const thisPhone = {
  id: '',
  name: '',
  /** The subscription that the server has. */
  endpoint: '',

  async load() {
    const had = await recall('phone');
    this.id = had?.id ?? '';
    this.name = had?.name ?? '';
    this.endpoint = had?.endpoint ?? '';
  },

  async save() {
    await keep('phone', { id: this.id, name: this.name,
      endpoint: this.endpoint });
  },

  /** With its key: the next registration gets a new one. */
  async forget() {
    await forget('phone');
    await forget('device');
    await this.load();
  },
};

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} as call()
 */
export async function signed(method, path, body) {
  const key = await keyOf('device');
  return call(method, path, body, {
    sign: async (_, __, text) => ({
      'Itsumo-Device': await proof(key, 'itsumo-device+jwt', method, path, {
        phone: thisPhone.id,
        ...text && { ath: await sha256(text) },
      }),
    }),
  });
}
