// SPDX-License-Identifier: Apache-2.0
// Push: the worker, the permission, and a subscription that the server knows.

import { signed, thisPhone } from './phone.js';
import { base64url, bytes } from './passkey.js';
import { service } from './shell.js';

/** @typedef {{endpoint: string, keys: {p256dh: string, auth: string}}} Push */

/** A push service that cannot be reached may never answer (ms). */
const PATIENCE = 12000;

/** @type {any} */
let policy = null;

/**
 * The one script that this page may start: by a policy of its name, where the
 * browser knows trusted types.
 *
 * @returns {string}
 */
function worker() {
  policy ??= /** @type {any} */ (window).trustedTypes?.createPolicy('worker',
    { createScriptURL: () => '/sw.js' });
  return policy?.createScriptURL('') ?? '/sw.js';
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function inTime(promise) {
  return Promise.race([promise, new Promise((_, reject) =>
    setTimeout(() => reject(new Error('the push service is silent')),
      PATIENCE))]);
}

/**
 * Subscribes, or gives the subscription that is there; anew when the service
 * has another key.
 *
 * @param {string} [dead] the address of one that is of no use any more
 * @returns {Promise<Push | null>} null: pushes do not reach this phone
 */
export async function subscribe(dead) {
  const key = (await service)?.push?.application_server_key;
  if (!key || !('PushManager' in window))
    return null;
  try {
    await navigator.serviceWorker.register(worker(), { scope: '/companion' });
    const { pushManager } = await inTime(navigator.serviceWorker.ready);
    const had = await pushManager.getSubscription();
    const its = had?.options.applicationServerKey;
    if (had && (had.endpoint === dead || its && base64url(its) !== key))
      await had.unsubscribe();
    const got = await inTime(pushManager.subscribe({ userVisibleOnly: true,
      applicationServerKey: bytes(key) }));
    const { endpoint, keys } = got.toJSON();
    return endpoint && keys ? { endpoint, keys: { p256dh: keys.p256dh,
      auth: keys.auth } } : null;
  } catch {
    return null;
  }
}

/**
 * Tells the server of a new subscription.  What it had and has no more, the
 * push service has told it to forget.
 *
 * @param {boolean} known whether the server has one
 * @returns {Promise<boolean>} whether pushes come here
 */
export async function keepSubscribed(known) {
  if (!('Notification' in window) || Notification.permission !== 'granted')
    return false;
  const push = await subscribe(known ? '' : thisPhone.endpoint);
  if (push && (!known || push.endpoint !== thisPhone.endpoint)) {
    try {
      await signed('PUT', `/api/v1/phones/${thisPhone.id}/push`, { push });
      thisPhone.endpoint = push.endpoint;
      await thisPhone.save();
    } catch {
      return false;
    }
  }
  return push !== null;
}
