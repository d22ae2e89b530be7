// SPDX-License-Identifier: Apache-2.0
// Setting this phone up: notifications, a name, its passkey, its key, and the
// word of the computer that showed the code.

import { Problem, askAgain, call, isName, wait } from './api.js';
import { run } from './ceremony.js';
import { fill, input, one, view } from './dom.js';
import { makeKey, publicJwk } from './keys.js';
import { suggestedName, tell } from './passkey.js';
import { thisPhone } from './phone.js';
import { spread } from './shell.js';
import { subscribe } from './subscription.js';

/** @typedef {import('./stage.js').Stage} Stage */

/**
 * Shows a view until one of its buttons is pressed.
 *
 * @param {Stage} stage
 * @param {string} name
 * @returns {Promise<boolean>} whether it was the main one
 */
async function pressed(stage, name) {
  const box = one(`[data-view="${name}"]`);
  const back = box.querySelector('[data-act="back"]');
  stage.hush();
  view(name);
  return new Promise((resolve) => {
    one('.main', box).onclick = () => resolve(true);
    if (back instanceof HTMLElement)
      back.onclick = () => resolve(false);
  });
}

/** A phone that is set up can be left as it is. */
function showWayBack() {
  for (const name of ['welcome', 'name'])
    one(`[data-view="${name}"] [data-act="back"]`).hidden = !thisPhone.id;
}

/** An iPhone lets only what is on its home screen show notifications. */
function wantsInstalling() {
  return !('Notification' in window)
    && /** @type {any} */ (navigator).standalone === false;
}

/**
 * @param {Stage} stage
 * @returns {Promise<void>} once notifications are allowed
 */
async function allowNotifications(stage) {
  while (Notification.permission !== 'granted') {
    if (Notification.permission === 'denied') {
      await pressed(stage, 'denied');
    } else {
      await pressed(stage, 'notify');
      await Notification.requestPermission();
    }
  }
}

/**
 * @param {Stage} stage
 * @returns {Promise<string>} '' when the phone shall stay as it is
 */
async function askName(stage) {
  const field = input('#phone-name');
  field.value ||= thisPhone.name || suggestedName();
  one('#phone-form').onsubmit = (event) => event.preventDefault();
  return await pressed(stage, 'name')
    ? field.value.trim() || suggestedName() : '';
}

/** @param {boolean} wrong */
function nameWrong(wrong) {
  one('#phone-problem').hidden = !wrong;
  if (wrong)
    input('#phone-name').setAttribute('aria-invalid', 'true');
  else
    input('#phone-name').removeAttribute('aria-invalid');
}

/**
 * @param {string} name
 * @param {CryptoKeyPair} key
 */
async function description(name, key) {
  return {
    name,
    device_jwk: await publicJwk(key),
    platform: /iPhone|iPad/.test(navigator.userAgent) ? 'ios'
      : /Android/.test(navigator.userAgent) ? 'android' : 'web',
    push: await subscribe() ?? undefined,
  };
}

/** @typedef {Awaited<ReturnType<typeof description>>} Description */

/**
 * From the phone itself: its passkey says whose it is.
 *
 * @param {Stage} stage
 * @param {Description} about
 */
async function byPasskey(stage, about) {
  return run(stage, {
    kind: 'get',
    options: () => call('POST', '/api/v1/login/options', {}),
    verify: async (answer) => {
      const { signal } = await call('POST', '/api/v1/login/verify', answer);
      await tell(signal);
      spread('signed-in');
      return call('POST', '/api/v1/phones', about);
    },
    own: isName,
  });
}

/**
 * By the code of a computer: a passkey for this phone is made.
 *
 * @param {Stage} stage
 * @param {Description} about
 * @param {string} offer
 */
async function byOffer(stage, about, offer) {
  return run(stage, {
    kind: 'create',
    options: () => call('POST', '/api/v1/phones/options', { offer }),
    verify: (answer) => call('POST', '/api/v1/phones',
      { ...about, offer, ...answer }),
    own: (error) => isName(error) || ['offer-unknown', 'offer-over',
      'phones-full', 'already-here'].includes(error.code),
  });
}

/**
 * Until the computer has said yes, or no.
 *
 * @param {Stage} stage
 * @param {string} offer
 * @param {string} name
 */
async function confirmed(stage, offer, name) {
  fill(one('[data-view="confirming"]'), { name });
  stage.hush();
  view('confirming');
  const state = await askAgain(async () => {
    try {
      const answer = await wait('POST', '/api/v1/phones/offers/state',
        { offer });
      return answer.offer.state === 'answered' ? null : answer.offer.state;
    } catch (error) {
      if (error instanceof Problem && error.code === 'offer-unknown')
        return 'refused';
      throw error;
    }
  }, () => false);
  return state === 'confirmed';
}

/**
 * Asks for a name, and then for the passkey, until there is both.
 *
 * @param {Stage} stage
 * @param {string} offer
 * @param {CryptoKeyPair} key
 * @returns {Promise<{about: Description, answer: any} | null>}
 */
async function register(stage, offer, key) {
  for (;;) {
    const name = await askName(stage);
    if (!name)
      return null;
    nameWrong(false);
    stage.busy();
    const about = await description(name, key);
    try {
      const answer = await (offer ? byOffer(stage, about, offer)
        : byPasskey(stage, about)).catch((error) => {
        /* A passkey that this phone has already says whose it is. */
        if (error.code !== 'already-here')
          throw error;
        offer = '';
        return byPasskey(stage, about);
      });
      if (answer)
        return { about, answer };
    } catch (error) {
      if (!isName(error))
        throw error;
      nameWrong(true);
    }
  }
}

/**
 * @param {Stage} stage
 * @param {string} offer the secret of the code that was read, or ''
 * @returns {Promise<string>} the state to tell of, or ''
 */
export async function setUp(stage, offer) {
  showWayBack();
  if (!await pressed(stage, 'welcome'))
    return '';
  if (wantsInstalling()) {
    stage.hush();
    view('install');
    await new Promise(() => {});
  }
  if (!('Notification' in window))
    return 'no-notifications';
  await allowNotifications(stage);
  const key = await makeKey();
  const got = await register(stage, offer, key);
  if (!got)
    return '';
  const { about, answer } = got;
  if (answer.state === 'waiting' && !await confirmed(stage, offer, about.name))
    return 'not-confirmed';
  await thisPhone.become({ id: answer.phone.id, name: about.name,
    endpoint: about.push?.endpoint ?? '' }, key);
  return 'set-up';
}
