// SPDX-License-Identifier: Apache-2.0
// Setting this phone up: notifications, a name, its passkey, its key, and the
// word of the computer that showed the code.

import { Problem, call } from './api.js';
import { run } from './ceremony.js';
import { fill, input, one, view } from './dom.js';
import { forget, keyOf, publicJwk } from './keys.js';
import { suggestedName, tell } from './passkey.js';
import { thisPhone } from './phone.js';
import { spread } from './shell.js';
import { subscribe } from './subscription.js';

/** @typedef {import('./stage.js').Stage} Stage */

/** Longer than the server holds an answer back (ms). */
const PATIENCE = 35000;
/** Before it is asked again when there was no answer (ms). */
const PERIOD = 2000;

/**
 * Shows a view until one of its buttons is pressed.
 *
 * @param {Stage} stage
 * @param {string} name
 */
async function pressed(stage, name) {
  stage.hush();
  view(name);
  await new Promise((resolve) => {
    one(`[data-view="${name}"] .main`).onclick = resolve;
  });
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

/** @param {Stage} stage @returns {Promise<string>} */
async function askName(stage) {
  const field = input('#phone-name');
  field.value ||= suggestedName();
  stage.hush();
  view('name');
  await new Promise((resolve) => {
    one('#phone-form').onsubmit = (event) => {
      event.preventDefault();
      resolve(null);
    };
  });
  return field.value.trim() || suggestedName();
}

/** @param {boolean} wrong */
function nameWrong(wrong) {
  one('#phone-problem').hidden = !wrong;
  if (wrong)
    input('#phone-name').setAttribute('aria-invalid', 'true');
  else
    input('#phone-name').removeAttribute('aria-invalid');
}

/** @param {string} name */
async function description(name) {
  await forget('device');
  return {
    name,
    device_jwk: await publicJwk(await keyOf('device')),
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
    own: (error) => isName(error)
      || ['offer-unknown', 'offer-over', 'phones-full'].includes(error.code),
  });
}

/** @param {Problem} error */
function isName({ code, field }) {
  return code === 'name-malformed' || field === 'name';
}

/**
 * Until the computer has said yes, or no.
 *
 * @param {Stage} stage
 * @param {string} offer
 */
async function confirmed(stage, offer) {
  fill(one('[data-view="confirming"]'), { name: thisPhone.name });
  stage.hush();
  view('confirming');
  for (;;) {
    try {
      const answer = await call('POST', '/api/v1/phones/offers/state?wait=25',
        { offer }, { patience: PATIENCE });
      if (answer.offer.state !== 'answered')
        return answer.offer.state === 'confirmed';
    } catch (error) {
      if (error instanceof Problem && error.code === 'offer-unknown')
        return false;
      if (!(error instanceof Problem) || error.status)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, PERIOD));
    }
  }
}

/**
 * @param {Stage} stage
 * @param {string} offer the secret of the code that was read, or ''
 * @returns {Promise<string>} the state to tell of
 */
export async function setUp(stage, offer) {
  await pressed(stage, 'welcome');
  if (wantsInstalling()) {
    stage.hush();
    view('install');
    await new Promise(() => {});
  }
  if (!('Notification' in window))
    return 'no-notifications';
  await allowNotifications(stage);
  let answer = null;
  while (!answer) {
    const name = await askName(stage);
    nameWrong(false);
    stage.busy();
    const about = await description(name);
    try {
      answer = await (offer ? byOffer(stage, about, offer)
        : byPasskey(stage, about));
    } catch (error) {
      if (!(error instanceof Problem) || !isName(error))
        throw error;
      nameWrong(true);
    }
    /* A passkey that this phone has already says whose it is. */
    if (!answer && stage.root.dataset.state === 'already-here')
      offer = '';
    thisPhone.name = name;
    thisPhone.endpoint = about.push?.endpoint ?? '';
  }
  thisPhone.id = answer.phone.id;
  if (answer.state === 'waiting' && !await confirmed(stage, offer)) {
    await thisPhone.forget();
    return 'not-confirmed';
  }
  await thisPhone.save();
  return 'set-up';
}
