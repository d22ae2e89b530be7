// SPDX-License-Identifier: Apache-2.0
// One request: what is shown, the choice, and a signature over both.

import { Problem } from './api.js';
import { run } from './ceremony.js';
import { fill, input, one, view } from './dom.js';
import { canonical, sha256 } from './keys.js';
import { signed } from './phone.js';
import { countdown, place, t } from './text.js';

// @messages companion.choose-

/** @typedef {import('./stage.js').Stage} Stage */
/**
 * What the server shows before the choice.
 *
 * @typedef {object} Shown
 * @property {string} id
 * @property {string} match
 * @property {any} context T without choice and nonce: all that is shown
 * @property {number} deadline
 */
/** @typedef {{choice: string} | {deny: true} | {report: true}} Choice */

/**
 * The request on the screen, as long as nothing was chosen: then it can give
 * way to what is newer.
 *
 * @type {{id: string, leave: (to?: string) => void}}
 */
export const onScreen = { id: '', leave: () => {} };

/** @param {string} id */
function path(id) {
  return `/api/v1/companion/approvals/${id}`;
}

/**
 * A number of that many digits.
 *
 * @param {string} match
 */
function digits(match) {
  return match === 'type6' ? 6 : 2;
}

/** @param {string} number */
function tile(number) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'tile number';
  button.dataset.choice = number;
  /* Seen as a number, heard digit by digit. */
  const seen = document.createElement('span');
  seen.textContent = number;
  seen.setAttribute('aria-hidden', 'true');
  const heard = document.createElement('span');
  heard.className = 'aside';
  heard.textContent = [...number].join(' ');
  button.append(seen, heard);
  return button;
}

/** @param {Shown} shown */
function describe({ match, context }) {
  const box = one('[data-view="request"]');
  const { browser } = context;
  fill(box, {
    app: context.app,
    browser: browser.name,
    place: place(browser.place),
    network: [browser.network, browser.address].filter(Boolean).join(' · '),
    time: new Date(context.iat * 1000).toISOString(),
    binding: context.binding
      && t('companion.binding-words', { words: context.binding }),
    near: t(context.same_network ? 'companion.near' : 'companion.far'),
    choose: t(`companion.choose-${match}`),
  });
  one('.near', box).classList.toggle('far', !context.same_network);
  const tiles = one('.tiles', box);
  for (const old of tiles.querySelectorAll('[data-choice]'))
    old.remove();
  if (match === 'choose3')
    tiles.append(...context.shown.map(tile));
  if (match === 'none') {
    const yes = tile('');
    yes.className = 'tile';
    yes.textContent = t('companion.yes');
    tiles.append(yes);
  }
  one('.tile.risky', tiles).classList.toggle('whole',
    match.startsWith('type'));
  one('#type').hidden = !match.startsWith('type');
  input('#typed').value = '';
  one('#typed-problem').hidden = true;
  return box;
}

/**
 * @param {HTMLElement} box
 * @param {Shown} shown
 * @returns {Promise<string>} a number, or 'not me'
 */
function pick(box, { match }) {
  return new Promise((resolve) => {
    one('.tiles', box).onclick = ({ target }) => {
      const { choice: number, act } = /** @type {HTMLElement} */ (
        /** @type {Element} */ (target).closest('.tile') ?? box).dataset;
      if (act === 'not-me')
        resolve('not me');
      else if (number !== undefined)
        resolve(number);
    };
    one('#type').onsubmit = (event) => {
      event.preventDefault();
      const typed = input('#typed').value.normalize('NFKC').trim();
      const good = new RegExp(`^\\d{${digits(match)}}$`).test(typed);
      one('#typed-problem').hidden = good;
      if (good)
        resolve(typed);
    };
  });
}

/** "Not me": was it a slip, or is somebody at it? */
function stranger() {
  view('stranger');
  const box = one('[data-view="stranger"]');
  return new Promise((resolve) => {
    for (const button of box.querySelectorAll('[data-act]'))
      /** @type {HTMLElement} */ (button).onclick = () =>
        resolve(button.getAttribute('data-act'));
  });
}

/**
 * @param {Stage} stage
 * @param {HTMLElement} box
 * @param {Shown} shown
 * @returns {Promise<Choice>}
 */
async function decide(stage, box, shown) {
  for (;;) {
    stage.hush();
    view('request');
    const choice = await pick(box, shown);
    if (choice !== 'not me')
      return { choice };
    const why = await stranger();
    if (why === 'report')
      return { report: true };
    if (why === 'deny')
      return { deny: true };
  }
}

/**
 * Shows it until a choice is made, the time is over, or it gives way.
 *
 * @param {Stage} stage
 * @param {Shown} shown
 * @returns {Promise<Choice | {to: string} | null>} the request to look at
 *   then; null: the time is over
 */
async function choose(stage, shown) {
  const box = describe(shown);
  let clock = 0;
  /** @type {Promise<{to: string} | null>} */
  const left = new Promise((resolve) => {
    const tick = () => {
      const rest = (shown.deadline - Date.now()) / 1000;
      fill(box, { left: t('stage.left', { left: countdown(rest) }) });
      if (rest <= 0)
        resolve(null);
    };
    clock = window.setInterval(tick, 1000);
    tick();
    onScreen.id = shown.id;
    onScreen.leave = (to = shown.id) => resolve({ to });
  });
  try {
    return await Promise.race([left, decide(stage, box, shown)]);
  } finally {
    clearInterval(clock);
    onScreen.id = '';
  }
}

/**
 * What is to be signed is what was on the screen, and nothing else.
 *
 * @param {Shown} shown
 * @param {string} choice
 * @param {{publicKey: any, transaction: any}} answer
 */
async function judge({ context }, choice, { publicKey, transaction }) {
  const mine = canonical({ ...context, choice, nonce: transaction.nonce });
  if (typeof transaction.nonce !== 'string'
    || mine !== canonical(transaction)
    || publicKey.challenge !== await sha256(`itsumo approval v1\0${mine}`))
    throw new Problem('altered');
}

/**
 * @param {{state?: string, approval?: {state: string}}} answer
 * @returns {string} the state that tells of it
 */
function ended({ state, approval }) {
  return `request-${state ?? approval?.state}`;
}

/**
 * @param {Stage} stage
 * @param {Shown} shown
 * @param {string} choice
 * @returns {Promise<string>} the state to tell of
 */
async function sign(stage, shown, choice) {
  const seen = await sha256(canonical(shown.context));
  const answer = await run(stage, {
    kind: 'get',
    options: async () => {
      const got = await signed('POST', `${path(shown.id)}/choice`,
        { choice, seen });
      await judge(shown, choice, got);
      return { ...got, deadline: shown.deadline };
    },
    verify: ({ credential }) => signed('POST', `${path(shown.id)}/assertion`,
      { credential }),
    own: ({ code }) => ['altered', 'approval-over', 'approval-unknown',
      'approval-changed', 'choice-made', 'phone-unknown', 'account-locked']
      .includes(code),
  });
  return answer ? ended(answer) : 'unsigned';
}

/**
 * @param {string} id
 * @returns {Promise<Shown>}
 */
async function look(id) {
  const { approval, context } = await signed('GET', path(id));
  /* Numbers that are to be signed are to be chosen from, whatever else is
   * said beside them. */
  return { id, context, deadline: approval.deadline,
    match: context.shown.length ? 'choose3'
      : context.match ?? approval.match };
}

/**
 * @param {Stage} stage
 * @param {string} id
 * @returns {Promise<string>} the state to tell of
 */
export async function showRequest(stage, id) {
  for (;;) {
    stage.busy();
    const shown = await look(id);
    const choice = await choose(stage, shown);
    if (!choice)
      return 'request-expired';
    if ('to' in choice) {
      id = choice.to;
      continue;
    }
    try {
      if ('choice' in choice)
        return await sign(stage, shown, choice.choice);
      stage.busy();
      const answer = await signed('POST', `${path(id)}/choice`, choice);
      return ended(answer);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'approval-changed')
        throw error;
    }
  }
}
