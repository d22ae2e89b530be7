// SPDX-License-Identifier: Apache-2.0
// Keys that never leave this browser, what is kept beside them, and proofs by
// them: a signature over what is asked, one for each time.

import { serverTime } from './api.js';
import { base64url } from './passkey.js';

/** @typedef {{kty: string, crv: string, x: string, y: string}} Jwk */

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function base() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('itsumo', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('kept');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * @param {IDBTransactionMode} mode
 * @returns {Promise<IDBObjectStore>}
 */
async function table(mode) {
  return (await base()).transaction('kept', mode).objectStore('kept');
}

/**
 * What is kept under that name; undefined without.
 *
 * @param {string} name
 * @returns {Promise<any>}
 */
export async function recall(name) {
  return settled((await table('readonly')).get(name));
}

/**
 * All of them or none: two that belong together never part.
 *
 * @param {Record<string, any>} values
 */
export async function keep(values) {
  const kept = await table('readwrite');
  await Promise.all(Object.entries(values).map(([name, value]) =>
    settled(kept.put(value, name))));
}

/** @param {string[]} names */
export async function forget(...names) {
  const kept = await table('readwrite');
  await Promise.all(names.map((name) => settled(kept.delete(name))));
}

/**
 * A key that nobody can export, this page neither; not kept yet.
 *
 * @returns {Promise<CryptoKeyPair>}
 */
export function makeKey() {
  return crypto.subtle.generateKey(ES256, false, ['sign', 'verify']);
}

/**
 * The key of that name, made when there is none.
 *
 * @param {string} name
 * @returns {Promise<CryptoKeyPair>}
 */
export async function keyOf(name) {
  const had = await recall(name);
  if (had)
    return had;
  const made = await makeKey();
  await keep({ [name]: made });
  return made;
}

/**
 * @param {CryptoKeyPair} pair
 * @returns {Promise<Jwk>}
 */
export async function publicJwk(pair) {
  const { kty, crv, x, y } = /** @type {Jwk} */ (
    await crypto.subtle.exportKey('jwk', pair.publicKey));
  return { kty, crv, x, y };
}

/** @param {string} text */
function utf8(text) {
  return new TextEncoder().encode(text);
}

/**
 * @param {string} text
 * @returns {Promise<string>} in base64url
 */
export async function sha256(text) {
  return base64url(await crypto.subtle.digest('SHA-256', utf8(text)));
}

/**
 * A compact JWS (ES256) over the claims and what makes it good only once.
 *
 * @param {CryptoKeyPair} pair
 * @param {string} typ
 * @param {string} method
 * @param {string} path its query is not signed
 * @param {object} claims
 */
export async function proof(pair, typ, method, path, claims) {
  const text = [{ typ, alg: 'ES256' }, {
    ...claims,
    htm: method,
    htu: location.origin + path.replace(/\?.*/, ''),
    iat: serverTime(),
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
  }].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign(ES256, pair.privateKey,
    utf8(text));
  return `${text}.${base64url(signature)}`;
}

/**
 * RFC 8785: the one text of a value of strings, whole numbers, booleans,
 * arrays and objects.
 *
 * @param {any} value
 * @returns {string}
 */
export function canonical(value) {
  if (Array.isArray(value))
    return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    const members = Object.keys(value).sort().map((name) =>
      `${JSON.stringify(name)}:${canonical(value[name])}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
