// SPDX-License-Identifier: Apache-2.0
// The phone that approves: setting it up, what is asked, history, leaving.

import { Problem, isPassing, localTime } from './api.js';
import { copy, fill, main, one, view } from './dom.js';
import { methodOf } from './methods.js';
import { signed, thisPhone } from './phone.js';
import { onScreen, showRequest } from './request.js';
import { setUp } from './setup.js';
import { onReturn, supported } from './shell.js';
import { Stage } from './stage.js';
import { keepSubscribed } from './subscription.js';
import { asker, countdown, said, t, when } from './text.js';
import { showBrowsers } from './trusted.js';

// @messages phone. event. reason.

/** @typedef {import('./api.js').Entry} Entry */
/** @typedef {{id: string, expires_at: string}} Pending */
/**
 * @typedef {{approvals: Pending[], phone: {push: boolean,
 *   muted_until?: string}, resting?: {until?: string}}} Waiting
 */

/** How often (ms) the list is asked for while somebody looks at it. */
const PERIOD = 4000;

const stage = new Stage(one('#stage'), {
  enter: () => main.querySelectorAll('[data-view]').forEach((section) =>
    section.toggleAttribute('hidden', true)),
  leave: () => {},
});

/** Only one thing at a time has the page. */
let busy = false;
/** Leaves a page on which nothing is under way. */
let giveWay = () => {};
/** The request to open next, if it is still there; NEWEST whichever it is. */
let wanted = '';
const NEWEST = '*';
/** The phone shall be set up again, though it is set up. */
let anew = false;
/** @type {string} */
let shown = '';

/**
 * Gives a page of its own what comes of an act, and goes home after.
 *
 * @param {() => Promise<string>} act gives the state to tell of, or ''
 */
async function perform(act) {
  if (busy)
    return;
  busy = true;
  try {
    const state = await act();
    if (state)
      await told(state, [on()]);
  } catch (error) {
    await trouble(error);
  }
  giveWay = () => {};
  busy = false;
  await start();
}

/** Where one goes on: a phone that is not set up has no requests. */
function on() {
  return thisPhone.id ? 'home' : 'back';
}

/**
 * How something ended; a newer request need not wait behind it.
 *
 * @param {string} state
 * @param {string[]} actions
 */
function told(state, actions) {
  giveWay = () => stage.chosen('');
  return stage.ask(state, actions);
}

/** @param {unknown} error */
async function trouble(error) {
  const code = error instanceof Problem ? error.code : '';
  if (code === 'phone-unknown') {
    await stage.ask(code, ['set-up']);
    await thisPhone.forget();
  } else if (code === 'device-proof-refused') {
    anew = await stage.ask(code, ['again', 'set-up']) === 'set-up';
  } else if (code === 'account-locked') {
    await told(code, ['again']); /* until it is opened, there is no back */
  } else if (code === 'approval-over' || code === 'approval-unknown') {
    const { state } = /** @type {Problem} */ (error);
    if (await told(`request-${state || 'gone'}`,
      state === 'superseded' ? ['newer', 'home'] : ['home']) === 'newer')
      wanted = NEWEST;
  } else if (said(`phone.${code}.title`)) {
    await told(code, [on()]);
  } else {
    await stage.refused(error);
  }
}

/** @param {Pending} pending */
function item({ id }) {
  const found = copy('ask');
  found.dataset.approval = id;
  one('button', found).onclick = () => open(id);
  return found;
}

/** @param {Pending[]} approvals in the order of the list */
function tellTime(approvals) {
  [...one('#pending').children].forEach((found, i) => {
    const left = (localTime(approvals[i].expires_at) - Date.now()) / 1000;
    fill(found, { left: t('stage.left', { left: countdown(left) }) });
  });
}

/**
 * Opens a request: at once where nothing is under way, else after that.
 *
 * @param {string} id
 */
function open(id) {
  if (onScreen.id) {
    if (onScreen.id !== id)
      onScreen.leave(id);
  } else if (busy) {
    wanted = id;
    giveWay();
  } else {
    perform(() => showRequest(stage, id));
  }
}

let asking = false;
/** Not before this time: the server has too much to do. */
let notBefore = 0;

/** What is pending, as the server has it now. */
async function refresh() {
  const at = onScreen.id;
  if (asking || document.visibilityState !== 'visible' || !thisPhone.id
    || Date.now() < notBefore || !at && (busy || main.dataset.state !== 'home'))
    return;
  asking = true;
  try {
    const now = await signed('GET', '/api/v1/companion/approvals');
    if (at)
      stillThere(at, now);
    else if (!busy && main.dataset.state === 'home')
      list(now);
  } catch (error) {
    if (isPassing(error))
      notBefore = Date.now()
        + /** @type {Problem} */ (error).retryAfter * 1000;
    else if (!busy)
      perform(() => Promise.reject(error));
  } finally {
    asking = false;
  }
}

/**
 * A request that is on the screen and over is looked at again: that tells.
 *
 * @param {string} at
 * @param {Waiting} now
 */
function stillThere(at, { approvals }) {
  if (onScreen.id === at && !approvals.some(({ id }) => id === at))
    onScreen.leave();
}

/** @param {Waiting} now */
function list({ approvals, phone, resting }) {
  const box = one('[data-view="home"]');
  const silent = phone.muted_until
    && localTime(phone.muted_until) > Date.now() ? phone.muted_until : '';
  const now = JSON.stringify([approvals.map(({ id }) => id), silent,
    resting]);
  if (now === shown)
    return tellTime(approvals);
  shown = now;
  one('#pending').replaceChildren(...approvals.map(item));
  tellTime(approvals);
  fill(box, {
    heading: t(approvals.length ? 'companion.home-some' : 'companion.home-none'),
    text: t(approvals.length ? 'companion.home-some-text'
      : 'companion.home-none-text'),
    resting: resting && (resting.until
      ? t('companion.resting', { when: when(resting.until) })
      : t('companion.resting-off')),
    muted: silent && t('companion.muted', { when: when(silent) }),
  });
  one('[data-act="mute"]', box).hidden = Boolean(silent);
}

/** @returns {Promise<Waiting>} */
async function home() {
  shown = '';
  stage.busy();
  const now = await signed('GET', '/api/v1/companion/approvals');
  stage.hush();
  list(now);
  view('home');
  return now;
}

/** @param {Entry} entry */
function event(entry) {
  const found = fill(copy('entry'), {
    event: t(said(`event.${entry.event}`)
      ? `event.${entry.event}` : 'event.any'),
    at: entry.at,
    method: methodOf(entry),
    reason: entry.ok ? '' : t(said(`reason.${entry.reason}`)
      ? `reason.${entry.reason}` : 'reason.any'),
    from: asker(entry),
  });
  one('[data-refused]', found).hidden = entry.ok;
  return found;
}

/**
 * A view with buttons, one of them back.
 *
 * @param {string} name
 * @param {Record<string, () => void>} acts
 */
function page(name, acts) {
  const box = one(`[data-view="${name}"]`);
  stage.hush();
  view(name);
  giveWay = acts.back;
  for (const [act, does] of Object.entries(acts))
    one(`[data-act="${act}"]`, box).onclick = does;
}

function showHistory() {
  return perform(async () => {
    const entries = one('#entries');
    const more = one('[data-view="history"] [data-act="more"]');
    let next = '';
    const load = async () => {
      const after = next && `?after=${encodeURIComponent(next)}`;
      const part = await signed('GET', `/api/v1/companion/history${after}`);
      entries.append(...part.entries.map(event));
      next = part.next ?? '';
      more.hidden = !next;
    };
    entries.replaceChildren();
    stage.busy();
    await load();
    one('#empty').hidden = entries.children.length > 0;
    await new Promise((resolve, reject) => page('history', {
      more: () => load().catch(reject), back: () => resolve(null) }));
    return '';
  });
}

/**
 * A step that is asked about once more.
 *
 * @param {'lock' | 'leave'} name
 * @param {() => Promise<string>} act
 */
function confirmed(name, act) {
  return perform(async () => {
    const choice = await new Promise((resolve) => page(name, {
      [name]: () => resolve('yes'), back: () => resolve('no') }));
    if (choice === 'no')
      return '';
    stage.busy();
    return act();
  });
}

/** For how long?  Requests stand in the list all the same. */
function mute() {
  return perform(async () => {
    const span = await new Promise((resolve) => page('mute', Object.fromEntries(
      ['1h', '8h', '24h', 'back'].map((act) => [act, () => resolve(act)]))));
    return span === 'back' ? '' : setMute(span);
  });
}

/** @param {string} span */
async function setMute(span) {
  stage.busy();
  await signed('PUT', '/api/v1/companion/mute', { mute: span });
  return '';
}

function lock() {
  return confirmed('lock', async () => {
    await signed('POST', '/api/v1/companion/lock', {});
    return 'locked';
  });
}

function leave() {
  return confirmed('leave', async () => {
    await signed('POST', '/api/v1/companion/leave', {});
    await thisPhone.forget();
    return 'left';
  });
}

/** What the address asks for (behind #), once. */
function asked() {
  const words = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  return { offer: words.get('offer') ?? '', approval:
    words.get('approval') ?? '' };
}

/**
 * Where this phone is: not set up, at home, or before a request.
 *
 * @returns {Promise<void>}
 */
async function start() {
  const { offer, approval } = asked();
  const again = anew;
  let next = '';
  anew = false;
  busy = true;
  try {
    await thisPhone.load();
    if (!thisPhone.id || again || offer && await stage.ask('already-set-up',
      ['home', 'anew']) === 'anew') {
      busy = false;
      return perform(() => setUp(stage, offer));
    }
    const { approvals, phone } = await home();
    next = approval || approvals.findLast(({ id }) =>
      id === wanted || wanted === NEWEST)?.id || '';
    keepSubscribed(phone.push).then((good) => {
      one('#no-push').hidden = good;
    });
  } catch (error) {
    await trouble(error);
    busy = false;
    return start();
  }
  wanted = '';
  busy = false;
  if (next)
    open(next);
}

async function begin() {
  const box = one('[data-view="home"]');
  for (const [act, does] of Object.entries({ history: showHistory, mute, lock,
    leave, unmute: () => perform(() => setMute('off')),
    browsers: () => perform(() => showBrowsers(stage, page)) }))
    one(`[data-act="${act}"]`, box).onclick = does;
  navigator.serviceWorker?.addEventListener('message', ({ data }) => {
    if (data.open)
      open(data.open);
    else
      refresh();
  });
  addEventListener('hashchange', () => {
    if (!busy)
      start();
    else if (location.hash.startsWith('#offer='))
      location.reload(); /* another code was read in the midst of a set-up */
  });
  onReturn(() => refresh());
  document.addEventListener('visibilitychange', () => refresh());
  setInterval(refresh, PERIOD);
  await start();
}

if (supported)
  begin();
