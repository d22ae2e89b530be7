// SPDX-License-Identifier: Apache-2.0
// The browser's side of a passkey: JSON in, JSON out, refusals with a name.

import { t } from './text.js';

/** @typedef {import('./api.js').Signal} Signal */

/** Sooner than this (ms) nobody can have pressed anything. */
const NO_HAND_SO_QUICK = 300;

/** Why the device gave nothing; code is a state of the page. */
export class Declined extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {string} text in base64url */
export function bytes(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} buffer */
export function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {{id: string}[]} [list] */
function descriptors(list) {
  return list?.map((one) => ({ ...one, id: bytes(one.id) }));
}

/*
 * Safari before 18.4 and Chrome before 129 have passkeys, but not the calls
 * that read and write them as JSON: these do as much of it as our server asks.
 */
/** @param {any} json */
function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON)
    return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
  };
}

/** @param {any} json */
function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON)
    return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return {
    ...json,
    challenge: bytes(json.challenge),
    allowCredentials: descriptors(json.allowCredentials),
  };
}

/** @param {any} credential */
function toJSON(credential) {
  try {
    return credential.toJSON();
  } catch {
    /* no such call, or a password manager put its own object in place */
  }
  const { response } = credential;
  /** @type {Record<string, any>} */
  const answer = { clientDataJSON: base64url(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature',
    'userHandle'])
    if (response[name])
      answer[name] = base64url(response[name]);
  if (response.attestationObject) {
    answer.transports = response.getTransports?.() ?? [];
    answer.authenticatorData = base64url(response.getAuthenticatorData());
    answer.publicKeyAlgorithm = response.getPublicKeyAlgorithm();
  }
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: answer,
  };
}

/**
 * @param {any} error
 * @param {number} took milliseconds
 * @param {'create' | 'get'} kind
 * @param {AbortSignal} signal
 * @returns {string} the state that tells the person about it
 */
function reasonOf(error, took, kind, signal) {
  if (signal.aborted)
    return signal.reason === 'timed-out' ? 'timed-out' : 'cancelled';
  switch (error?.name) {
  case 'InvalidStateError':
    return 'already-here';
  case 'SecurityError':
    return 'wrong-address';
  case 'NotSupportedError':
  case 'ConstraintError':
    return 'no-device';
  case 'NotAllowedError':
    if (took < NO_HAND_SO_QUICK)
      return kind === 'get' ? 'no-passkey' : 'no-device';
    return 'cancelled';
  default:
    return 'device-trouble';
  }
}

/**
 * Asks the device, with the browser's own dialog.
 *
 * @param {'create' | 'get'} kind
 * @param {any} json the options as the server sent them
 * @param {AbortSignal} signal aborted with 'timed-out' or 'cancelled'
 * @param {CredentialMediationRequirement} [mediation]
 * @returns {Promise<any>} the credential as JSON; throws Declined
 */
export async function ask(kind, json, signal, mediation) {
  const began = performance.now();
  try {
    const credential = kind === 'create'
      ? await navigator.credentials.create(
        { publicKey: creationOptions(json), signal })
      : await navigator.credentials.get(
        { publicKey: requestOptions(json), signal, mediation });
    return toJSON(credential);
  } catch (error) {
    const took = performance.now() - began;
    throw new Declined(json.timeout && took > json.timeout - 1000
      ? 'timed-out' : reasonOf(error, took, kind, signal));
  }
}

/** Whether the browser can offer passkeys in the name field. */
export async function canAutofill() {
  return await PublicKeyCredential.isConditionalMediationAvailable?.()
    .catch(() => false) ?? false;
}

/**
 * Tells the passkey provider what the server accepts, so that it can forget
 * removed passkeys and show names as they are now.  Whether it listens is its
 * own affair, hence no failure and no long wait.
 *
 * @param {Signal} [signal]
 */
export async function tell(signal = {}) {
  const api = PublicKeyCredential;
  /** @type {Promise<void>[]} */
  const told = [];
  try {
    if (signal.all_accepted && api.signalAllAcceptedCredentials)
      told.push(api.signalAllAcceptedCredentials(signal.all_accepted));
    if (signal.current_user && api.signalCurrentUserDetails)
      told.push(api.signalCurrentUserDetails(signal.current_user));
    if (signal.unknown && api.signalUnknownCredential)
      told.push(api.signalUnknownCredential(signal.unknown));
  } catch {
    /* not for this browser */
  }
  await Promise.race([
    Promise.allSettled(told),
    new Promise((resolve) => setTimeout(resolve, 400)),
  ]);
}

const SYSTEMS = [
  [/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'], [/Windows/, 'Windows'], [/Mac/, 'Mac'],
  [/Linux/, 'Linux'],
];
const BROWSERS = [
  [/Edg/, 'Edge'], [/OPR|Opera/, 'Opera'], [/Firefox|FxiOS/, 'Firefox'],
  [/SamsungBrowser/, 'Samsung Internet'], [/Chrom|CriOS/, 'Chrome'],
  [/Safari/, 'Safari'],
];

/**
 * A name for a new passkey: the browser and device, told from those there.
 *
 * @param {string[]} [taken]
 */
export function suggestedName(taken = []) {
  const [system, browser] = [SYSTEMS, BROWSERS].map((list) =>
    String(list.find(([form]) => /** @type {RegExp} */ (form)
      .test(navigator.userAgent))?.[1] ?? ''));
  const name = system && browser
    ? t('passkey.suggested', { system, browser })
    : system || browser || t('passkey.any');
  let free = name;
  for (let n = 2; taken.includes(free); n++)
    free = `${name} (${n})`;
  return free;
}
