// SPDX-License-Identifier: Apache-2.0
// Calls of the server, and what can come back instead of an answer.

/** How long an answer may take before we call it lost, in milliseconds. */
const PATIENCE = 20000;
/** An answer that is held back (?wait=25) may take as long as that, and more. */
const LONG = 35000;
/** An answer that took longer (ms) was held back, so it may be asked again. */
const HELD = 5000;
/** No pause between two askings is longer (ms). */
const LONGEST = 15000;

/**
 * @typedef {object} UnknownCredential
 * @property {string} rpId
 * @property {string} credentialId
 */
/**
 * @typedef {object} Signal
 * @property {{rpId: string, userId: string,
 *   allAcceptedCredentialIds: string[]}} [all_accepted]
 * @property {{rpId: string, userId: string, name: string,
 *   displayName: string}} [current_user]
 * @property {UnknownCredential} [unknown]
 */
/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} name
 * @property {string} display_name
 * @property {string} locale
 * @property {string} created_at
 * @property {string} user_handle
 */
/**
 * @typedef {object} Session
 * @property {string} id
 * @property {string} created_at
 * @property {string} last_seen_at
 * @property {string} expires_at
 * @property {string} browser
 * @property {string} [method]
 * @property {string} [address]
 * @property {string} [place]
 * @property {boolean} current
 */
/**
 * @typedef {object} Passkey
 * @property {string} id
 * @property {string} credential_id
 * @property {string} name
 * @property {{aaguid: string, name?: string, icon?: string,
 *   status?: string}} provider
 * @property {string} created_at
 * @property {string} [last_used_at]
 * @property {boolean} synced
 * @property {boolean} [backup_eligible]
 * @property {string[]} transports
 * @property {string} [counter_went_back_at]
 * @property {boolean} current
 */
/**
 * @typedef {object} Browser one that is trusted
 * @property {string} id
 * @property {string} name
 * @property {string} kept_at
 * @property {string} last_used_at
 * @property {string} [browser]
 * @property {string} [address]
 * @property {string} [place]
 * @property {boolean} current
 */
/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} at
 * @property {string} event
 * @property {boolean} ok
 * @property {string} [reason]
 * @property {string} [method]
 * @property {string} [passkey]
 * @property {string} [phone]
 * @property {string} [browser]
 * @property {string} [address]
 * @property {string} [place]
 * @property {boolean} notice
 */
/**
 * What a ceremony begins with; deadline is expires_at on this clock.
 *
 * @typedef {object} Ceremony
 * @property {string} ceremony
 * @property {string} expires_at
 * @property {number} deadline
 * @property {any} publicKey
 */

/** A refusal with the name that the server gave it, or ours for no answer. */
export class Problem extends Error {
  /**
   * @param {string} code
   * @param {{status?: number, field?: string, detail?: string,
   *   instance?: string, retry_after?: number, signal?: Signal,
   *   state?: string}} [more]
   */
  constructor(code, more = {}) {
    super(code);
    this.code = code;
    this.status = more.status ?? 0;
    this.field = more.field ?? '';
    this.instance = more.instance ?? '';
    this.retryAfter = more.retry_after ?? 0;
    this.signal = more.signal ?? {};
    this.state = more.state ?? '';
  }
}

/**
 * What a call has besides: headers that depend on it, and how long it may take.
 *
 * @typedef {object} More
 * @property {(method: string, path: string, body: string) =>
 *   Promise<Record<string, string>>} [sign]
 * @property {number} [patience] milliseconds
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {More} [more]
 * @returns {Promise<any>} the answer; throws Problem
 */
export async function call(method, path, body, more = {}) {
  const sent = body && JSON.stringify(body);
  const headers = {
    ...sent && { 'Content-Type': 'application/json' },
    ...await more.sign?.(method, path, sent ?? ''),
  };
  let response;
  let text;
  try {
    response = await fetch(path, { method, headers, body: sent,
      signal: AbortSignal.timeout(more.patience ?? PATIENCE) });
    text = await response.text();
  } catch {
    throw new Problem(navigator.onLine ? 'unreachable' : 'offline');
  }
  ahead = Date.now() - sentAt(response);
  const answer = parse(text);
  if (!response.ok)
    throw problem(response, answer);
  for (const part of [answer, answer.approval, answer.offer])
    if (part?.expires_at)
      part.deadline = localTime(part.expires_at);
  return answer;
}

/**
 * A name that cannot be: that is told where it was typed.
 *
 * @param {unknown} error
 */
export function isName(error) {
  return error instanceof Problem
    && (error.code === 'name-malformed' || error.field === 'name');
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Asks again and again, until there is news.  The server holds its answer
 * back; where it cannot (too many wait), or there is none, the pauses grow,
 * and no two who wait keep in step.
 *
 * @template T
 * @param {() => Promise<T | null>} ask null: no news
 * @param {() => boolean} over whether nobody waits any more
 * @returns {Promise<T | null>} null: over
 */
export async function askAgain(ask, over) {
  for (let rest = 500; !over();) {
    const began = performance.now();
    let least = 0;
    try {
      const news = await ask();
      if (news !== null)
        return news;
    } catch (error) {
      if (!isPassing(error))
        throw error;
      least = /** @type {Problem} */ (error).retryAfter * 1000;
    }
    rest = performance.now() - began > HELD ? 500
      : Math.min(rest * 2, LONGEST);
    if (rest > 500)
      await pause(Math.max(rest * (.75 + Math.random() / 2), least));
  }
  return null;
}

/**
 * Lost on the way, or too much to do: the next one may get through.
 *
 * @param {unknown} error
 */
export function isPassing(error) {
  return error instanceof Problem
    && (!error.status || error.status === 429 || error.status >= 502);
}

/**
 * As call(), for an answer that is held back.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export function wait(method, path, body) {
  return call(method, `${path}?wait=25`, body, { patience: LONG });
}

/** How far this clock is before the server's, by the last answer. */
let ahead = 0;

/** @param {Response} response */
function sentAt(response) {
  return Date.parse(response.headers.get('Date') ?? '') || Date.now();
}

/** The server's time, in seconds. */
export function serverTime() {
  return Math.floor((Date.now() - ahead) / 1000);
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text || '{}');
  } catch {
    return {};
  }
}

/**
 * @param {Response} response
 * @param {any} answer empty when it came from something before the server
 */
function problem(response, answer) {
  const wait = Number(response.headers.get('Retry-After'));
  return new Problem(answer.code ?? 'fault', {
    retry_after: Number.isFinite(wait) ? wait : 0,
    ...answer,
    status: response.status,
  });
}

/**
 * A time of the server on the clock of this device, which may be wrong.  The
 * Date of an answer lacks its fraction of a second: rather too early.
 *
 * @param {string} iso
 */
export function localTime(iso) {
  return Date.parse(iso) + ahead - 999;
}
