// SPDX-License-Identifier: Apache-2.0
// Sign in with the phone: ask it, show the number, wait, collect the session.

import { askAgain, call, isName, wait as held } from './api.js';
import { run } from './ceremony.js';
import { fill, input, one, onClick, view } from './dom.js';
import { keepThis, nameForThis } from './keeping.js';
import { keyOf, proof, publicJwk } from './keys.js';
import { countdown, t } from './text.js';

// @messages outcome. wait.step wait.title

/** @typedef {import('./api.js').Account} Account */
/** @typedef {import('./api.js').Signal} Signal */
/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {{account: Account, signal?: Signal}} SignedIn */
/**
 * @typedef {object} Approval
 * @property {string} id
 * @property {string} [number]
 * @property {string} match
 * @property {string} state
 * @property {number} deadline
 */

/** So long (ms) a stream of events may take to begin. */
const OPENING = 4000;

/** How it can end here; after some of them the same again is of no use. */
/** @type {Record<string, string[]>} */
const ENDS = {
  mismatch: ['back'],
  denied: ['back'],
  reported: ['back'],
  expired: ['again', 'back'],
  superseded: ['again', 'back'],
  cancelled: ['again', 'back'],
  collected: ['again', 'back'],
};

/** @param {string} id */
function pathOf(id) {
  return `/api/v1/approvals/${id}`;
}

/**
 * By asking; the server answers when there is news.
 *
 * @param {Approval} approval
 * @param {AbortSignal} stop
 * @returns {Promise<string>} '' when nobody waits any more
 */
async function poll({ id }, stop) {
  return await askAgain(async () => {
    const { approval: { state } } = await held('GET', pathOf(id));
    return state === 'pending' ? null : state;
  }, () => stop.aborted) ?? '';
}

/**
 * By events, as the server sends them.
 *
 * @param {Approval} approval
 * @param {AbortSignal} stop
 * @returns {Promise<string>} '' when they do not come through here
 */
function listen({ id }, stop) {
  return new Promise((resolve) => {
    const source = new EventSource(`${pathOf(id)}/events`);
    const patience = setTimeout(() => end(''), OPENING);
    /** @param {string} state */
    function end(state) {
      clearTimeout(patience);
      source.close();
      resolve(state);
    }
    source.addEventListener('open', () => clearTimeout(patience));
    source.addEventListener('state', (event) => {
      const news = JSON.parse(event.data);
      const { state } = news.approval ?? news;
      if (state !== 'pending')
        end(state);
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED)
        end('');
    });
    stop.addEventListener('abort', () => end(''));
  });
}

/**
 * Shows the number until the phone has decided, or the person gives up.
 *
 * @param {Stage} stage
 * @param {Approval} approval
 * @returns {Promise<string>} the state that it ended in
 */
async function wait(stage, approval) {
  const box = one('[data-view="phone"]');
  const stop = new AbortController();
  const number = approval.number ?? '';
  fill(box, { number, digits: [...number].join(' '),
    step: t(`wait.step-${approval.match}`),
    title: t(`wait.title-${approval.match}`) });
  one('.number', box).classList.toggle('long', number.length > 2);
  one('.fine', box).hidden = !number;
  stage.hush();
  view('phone', 'phone-waiting');

  /** @type {Promise<string>} */
  const given = new Promise((resolve) => {
    one('[data-act="cancel"]', box).onclick = () => resolve('cancelled');
  });
  /** @type {Promise<string>} */
  const late = new Promise((resolve, reject) => {
    const tick = () => {
      const left = (approval.deadline - Date.now()) / 1000;
      fill(box, { left: t('stage.left', { left: countdown(left) }) });
      if (left <= 0) {
        clearInterval(clock);
        call('GET', pathOf(approval.id)).then(({ approval: { state } }) =>
          resolve(state === 'pending' ? 'expired' : state), reject);
      }
    };
    const clock = setInterval(tick, 1000);
    stop.signal.addEventListener('abort', () => clearInterval(clock));
    tick();
  });
  try {
    const news = listen(approval, stop.signal).then((state) =>
      state || poll(approval, stop.signal));
    news.catch(() => {});
    late.catch(() => {});
    const end = await Promise.race([given, late, news]);
    if (end === 'cancelled')
      await call('POST', `${pathOf(approval.id)}/cancel`, {})
        .catch(() => {});
    return end;
  } finally {
    stop.abort();
  }
}

/**
 * @param {string} id
 * @param {CryptoKeyPair} key
 * @returns {Promise<SignedIn>}
 */
async function collect(id, key) {
  const path = `${pathOf(id)}/collect`;
  return call('POST', path, { proof: await proof(key, 'itsumo-collect+jwt',
    'POST', path, { approval: id }) });
}

/**
 * @param {Stage} stage
 * @param {string} name
 * @returns {Promise<SignedIn | null>}
 */
async function byRequest(stage, name) {
  for (;;) {
    let choice;
    try {
      stage.busy();
      const key = await keyOf('browser');
      const { approval } = await call('POST', '/api/v1/approvals',
        { name, browser_jwk: await publicJwk(key) });
      const end = await wait(stage, approval);
      if (end === 'approved') {
        stage.busy();
        return await collect(approval.id, key);
      }
      choice = end === 'cancelled' ? 'back'
        : await stage.ask(`request-${end}`, ENDS[end]);
    } catch (error) {
      if (isName(error))
        throw error; /* the sign-in page tells it at the name */
      choice = await stage.refused(error);
    }
    if (choice !== 'again')
      return null;
  }
}

/** Whether this browser can show a code of its own to a phone beside it. */
async function canShowCode() {
  const able = await PublicKeyCredential.getClientCapabilities?.()
    .catch(() => null);
  return able?.hybridTransport === true;
}

/**
 * The browser's own code: it proves that the phone is here, and needs no
 * number.
 *
 * @param {Stage} stage
 * @returns {Promise<{answer: SignedIn, local: boolean} | null>}
 */
function byCode(stage) {
  return run(stage, {
    kind: 'get',
    options: async () => {
      const answer = await call('POST', '/api/v1/login/options', {});
      answer.publicKey.hints = ['hybrid'];
      return answer;
    },
    verify: async (body) => ({
      answer: await call('POST', '/api/v1/login/verify', body),
      local: body.credential.authenticatorAttachment === 'platform',
    }),
  });
}

/** @param {string} name @returns {Promise<string>} the button pressed */
function choose(name) {
  view(name);
  const box = one(`[data-view="${name}"]`);
  return new Promise((resolve) => {
    for (const button of box.querySelectorAll('[data-act]'))
      /** @type {HTMLElement} */ (button).onclick = () =>
        resolve(button.getAttribute('data-act') ?? '');
  });
}

/** Shall this browser be kept?  Under which name? */
async function offerToKeep() {
  const known = await call('GET', '/api/v1/browsers').catch(() => null);
  const list = /** @type {import('./api.js').Browser[]} */ (
    known?.browsers ?? []);
  if (!known || list.some(({ current }) => current))
    return;
  const field = input('#keep-name');
  const problem = one('#keep-problem');
  field.value = nameForThis(list);
  view('keep');
  await new Promise((resolve) => {
    onClick('#keep [data-act="no"]', document, resolve);
    one('#keep').addEventListener('submit', async (event) => {
      event.preventDefault();
      problem.hidden = true;
      field.removeAttribute('aria-invalid');
      try {
        resolve(await keepThis(field.value));
      } catch (error) {
        if (!isName(error))
          return resolve(null);
        problem.hidden = false;
        field.setAttribute('aria-invalid', 'true');
        field.focus();
      }
    });
  });
}

/**
 * The whole way, from which of the two ways to what comes after.
 *
 * @param {Stage} stage
 * @param {string} name of the account
 * @param {(answer: SignedIn) => Promise<void>} greet
 * @returns {Promise<{next?: string} | null>} null: given up
 */
export async function signInByPhone(stage, name, greet) {
  if (await canShowCode()) {
    stage.hush();
    const way = await choose('way');
    if (way === 'hybrid')
      return signInByCode(stage, greet);
    if (way === 'back') {
      stage.leave();
      return null;
    }
  }
  const answer = await byRequest(stage, name);
  if (!answer) {
    stage.leave();
    return null;
  }
  stage.hush();
  await greet(answer);
  await offerToKeep();
  return await choose('own') === 'make' ? { next: '/account#add' } : {};
}

/**
 * @param {Stage} stage
 * @param {(answer: SignedIn) => Promise<void>} greet
 * @returns {Promise<{} | null>} null: given up
 */
async function signInByCode(stage, greet) {
  const got = await byCode(stage);
  if (!got)
    return null;
  stage.hush();
  await greet(got.answer);
  /* A passkey of this very device asks for no more. */
  if (!got.local)
    await offerToKeep();
  return {};
}
