// SPDX-License-Identifier: Apache-2.0
// Sign in: from the name field's autofill, with the button, or name first.

import { call, isName } from './api.js';
import { run } from './ceremony.js';
import { input, main, one, setState, view } from './dom.js';
import { ask, canAutofill, tell } from './passkey.js';
import { chooseLanguage, hasChosenLanguage, hear, onReturn, service, spread,
  supported } from './shell.js';
import { Stage } from './stage.js';
import { t } from './text.js';

// @messages note. name.

/** @typedef {import('./api.js').Ceremony} Ceremony */
/** @typedef {import('./api.js').Signal} Signal */
/** @typedef {import('./api.js').Account} Account */
/** @typedef {{account: Account, signal?: Signal}} SignedIn */

/** Where a person may have been going; nothing else is followed. */
const GOALS = ['/account', '/account#add', '/account/devices',
  '/account/sessions', '/account/history', '/account/settings'];
const NOTES = ['ended', 'signed-out', 'everywhere', 'removed'];

/** Options are asked for anew this long (ms) before they expire. */
const MARGIN = 20000;

const name = input('#name');
const stage = new Stage(one('#stage'), {
  enter: () => main.querySelectorAll('[data-view]').forEach((section) =>
    section.toggleAttribute('hidden', true)),
  leave: () => {
    view('ready');
    autofill.start();
  },
});

/** @param {string} where */
function leaveFor(where) {
  location.replace(where);
}

function goal() {
  const next = new URLSearchParams(location.search).get('next');
  return GOALS.find((path) => path === next) ?? GOALS[0];
}

/** @param {{ceremony: string, credential: any}} body */
function verify(body) {
  return call('POST', '/api/v1/login/verify', body);
}

/** @param {SignedIn} answer */
async function greet({ account, signal }) {
  await tell(signal);
  if (account.locale && !hasChosenLanguage())
    chooseLanguage(account.locale);
  spread('signed-in');
}

/** @param {SignedIn} answer */
async function signedIn(answer) {
  await greet(answer);
  leaveFor(goal());
}

/** Passkeys offered in the name field, as long as nothing else asks. */
const autofill = {
  stop: new AbortController(),
  /** @type {Promise<void>} */
  over: Promise.resolve(),
  renewal: 0,
  turn: 0,
  running: false,

  async start() {
    const ended = this.end();
    const turn = this.turn;
    await ended;
    if (!await canAutofill() || turn !== this.turn
      || main.dataset.state !== 'ready')
      return;
    this.stop = new AbortController();
    this.running = true;
    this.over = this.offer(this.stop.signal);
  },

  /** Ends it, and waits until the browser has: it answers one at a time. */
  async end() {
    this.turn++;
    clearTimeout(this.renewal);
    this.stop.abort('cancelled');
    await this.over;
  },

  /** The options are about to expire; a page that nobody sees needs none. */
  renew() {
    if (document.visibilityState === 'visible')
      this.start();
    else
      this.end();
  },

  /** @param {AbortSignal} signal */
  async offer(signal) {
    try {
      const { ceremony, publicKey, deadline } =
        await call('POST', '/api/v1/login/options', {});
      if (signal.aborted)
        return;
      this.renewal = window.setTimeout(() => this.renew(),
        Math.max(deadline - Date.now() - MARGIN, 5000));
      const credential = await ask('get', publicKey, signal, 'conditional');
      clearTimeout(this.renewal);
      setTimeout(() => signIn({ ceremony, credential }));
    } catch {
      /* no passkey, no network, or another way was taken: the button stays */
    } finally {
      this.running = false;
    }
  },
};

/**
 * @param {{ceremony: string, credential: any}} [got] by autofill: the first
 *   try needs only the server's verdict
 */
async function signIn(got) {
  await autofill.end();
  const who = name.value.trim();
  let first = got;
  const answer = await run(stage, {
    kind: 'get',
    given: () => {
      const one = first;
      first = undefined;
      return one;
    },
    options: () => call('POST', '/api/v1/login/options',
      who && !got ? { name: who } : {}),
    verify,
    own: isName,
  }).catch(nameWrong);
  if (answer)
    await signedIn(answer);
}

/** @param {string} problem what is wrong with the name; '' nothing */
function tellName(problem) {
  const place = one('#name-problem');
  place.textContent = problem;
  place.hidden = !problem;
  name.removeAttribute('aria-invalid');
  if (problem) {
    name.setAttribute('aria-invalid', 'true');
    name.focus();
  }
}

/**
 * No account can have such a name: that stands at the name.
 *
 * @param {unknown} error
 */
function nameWrong(error) {
  if (!isName(error))
    throw error;
  const { code } = /** @type {import('./api.js').Problem} */ (error);
  tellName(t(code === 'field-too-long' ? 'name.long' : 'name.malformed'));
  return null;
}

/** The way over the phone, with a module of its own: most never take it. */
async function usePhone() {
  const who = name.value.trim();
  tellName(who ? '' : t('wait.name'));
  if (!who)
    return;
  stage.busy();
  await autofill.end();
  try {
    const { signInByPhone } = await import('./approve.js');
    const answer = await signInByPhone(stage, who, greet);
    if (answer)
      leaveFor(answer.next ?? goal());
  } catch (error) {
    if (!isName(error))
      await stage.refused(error);
    stage.leave();
    if (isName(error))
      nameWrong(error);
  }
}

/** Why the person is here, as far as we sent him. */
function showNote() {
  const why = NOTES.find((note) => `#${note}` === location.hash);
  if (!why)
    return;
  const note = one('#note');
  note.dataset.note = why;
  note.hidden = false;
  note.textContent = t(`note.${why}`);
  history.replaceState(null, '', location.pathname + location.search);
}

/** On to the account when there is a session. */
async function goOnIfSignedIn() {
  try {
    await call('GET', '/api/v1/session');
    leaveFor(goal());
  } catch {
    /* signed out, or we shall hear of it at the next call */
  }
}

function start() {
  one('#signin').addEventListener('submit', (event) => {
    event.preventDefault();
    if (main.dataset.state === 'ready')
      signIn();
  });
  one('#use-phone').addEventListener('click', () => {
    if (main.dataset.state === 'ready')
      usePhone();
  });
  name.addEventListener('input', () => tellName(''));
  hear((word) => {
    if (word === 'signed-in' && main.dataset.state === 'ready')
      leaveFor(goal());
  });
  onReturn((cached) => {
    if (cached || main.dataset.state === 'ready')
      goOnIfSignedIn();
    if (cached || !autofill.running)
      autofill.start();
  });
  service.then((about) => {
    const mode = about?.sign_up;
    one('#sign-up').hidden = mode !== 'open';
    one('#invited').hidden = mode !== 'invitation';
    one('#use-phone').hidden = about?.approvals?.on === false;
  });
  showNote();
  setState('ready');
  goOnIfSignedIn();
  autofill.start();
  if (matchMedia('(pointer: fine)').matches)
    name.focus();
}

if (supported)
  start();
