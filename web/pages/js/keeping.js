// SPDX-License-Identifier: Apache-2.0
// Keeping this browser: under a name, with a key that never leaves it.

import { call } from './api.js';
import { keyOf, publicJwk } from './keys.js';
import { suggestedName } from './passkey.js';

/** @typedef {import('./api.js').Browser} Browser */

/** @param {Browser[]} list the names that are taken */
export function nameForThis(list) {
  return suggestedName(list.map(({ name }) => name));
}

/** @param {string} name @returns {Promise<{browser: Browser}>} */
export async function keepThis(name) {
  return call('POST', '/api/v1/browsers', {
    name: name.trim() || suggestedName(),
    browser_jwk: await publicJwk(await keyOf('browser')) });
}
