// SPDX-License-Identifier: Apache-2.0
// The passkeys of an account, each a card, and what the person should know.

import { Problem, call, isName } from './api.js';
import { run } from './ceremony.js';
import { ask, copy, dialog, fill, input, main, onClick, one, say }
  from './dom.js';
import { begin, device, ours, perform } from './member.js';
import { suggestedName, tell } from './passkey.js';
import { spread } from './shell.js';
import { origin, said, t, when } from './text.js';

// @messages event. reason. advice.

/** @typedef {import('./api.js').Entry} Entry */
/** @typedef {import('./api.js').Passkey} Passkey */

/** @typedef {{told?: {phones: number}}} Told */

/** @type {Passkey[]} */
let passkeys = [];
let shown = '';

/** @param {Passkey} passkey */
function home({ synced, backup_eligible, transports }) {
  if (synced)
    return 'synced';
  if (backup_eligible)
    return 'not-synced';
  return transports.includes('internal') || !transports.length
    ? 'device' : 'key';
}

/** @param {Passkey} passkey */
function card(passkey) {
  const found = fill(copy('card'), {
    name: passkey.name,
    provider: passkey.provider.name,
    created: passkey.created_at,
    used: passkey.last_used_at,
    warning: passkey.counter_went_back_at ? t('account.counter',
      { when: when(passkey.counter_went_back_at) })
      : passkey.provider.status && t('account.model'),
  });
  const { icon } = passkey.provider;
  if (icon) {
    const image = new Image(24, 24);
    image.alt = '';
    image.src = icon;
    one('.made', found).prepend(image);
  }
  found.dataset.passkey = passkey.id;
  for (const mark of found.querySelectorAll('[data-home]'))
    if (mark.getAttribute('data-home') !== home(passkey))
      mark.remove();
  if (!passkey.current)
    one('[data-current]', found).remove();
  for (const button of found.querySelectorAll('button'))
    button.setAttribute('aria-label', t('account.of',
      { action: button.textContent ?? '', name: passkey.name }));
  onClick('[data-act="rename"]', found, () => rename(passkey));
  onClick('[data-act="remove"]', found, () => remove(passkey));
  return found;
}

/** @param {Entry} entry */
function notice(entry) {
  const found = fill(copy('notice'), {
    event: t(said(`event.${entry.event}`)
      ? `event.${entry.event}` : 'event.any'),
    passkey: entry.passkey,
    at: entry.at,
    browser: entry.browser,
    place: origin(entry),
    reason: entry.ok ? '' : reason(entry.reason ?? ''),
    advice: t(said(`advice.${entry.reason}`)
      ? `advice.${entry.reason}` : 'advice.any'),
  });
  found.dataset.notice = entry.id;
  one('[data-refused]', found).hidden = entry.ok;
  onClick('[data-act="seen"]', found, async () => {
    if (!await perform(() => call('POST', `/api/v1/history/${entry.id}/seen`,
      {})))
      return;
    found.remove();
    one('#notices').hidden = !one('#notices ul').children.length;
    one('h1', one('#content')).focus();
  });
  return found;
}

/** @param {string} code */
function reason(code) {
  return t(said(`reason.${code}`) ? `reason.${code}` : 'reason.any');
}

/** @param {{notices: Entry[]}} here */
async function load({ notices }) {
  const answer = await call('GET', '/api/v1/passkeys');
  passkeys = answer.passkeys;
  const now = JSON.stringify([passkeys, notices, new Date().toDateString()]);
  if (now === shown)
    return;
  shown = now;
  one('#passkeys').replaceChildren(...passkeys.map(card));
  one('#notices ul').replaceChildren(...notices.map(notice));
  one('#notices').hidden = !notices.length;
  one('#only-one').hidden = passkeys.length !== 1;
  await tell(answer.signal);
}

/** After a change: what is there now, here and in the other tabs. */
async function changed() {
  spread('changed');
  const here = await perform(() => call('GET', '/api/v1/session'));
  if (here)
    await perform(() => load(here));
}

/**
 * What was done, and who was told of it.
 *
 * @param {string} what
 * @param {Told} answer
 */
function sayTold(what, { told }) {
  say(told?.phones ? t('account.told', { what, n: told.phones }) : what);
}

/**
 * The device has made the passkey by now: one whose name cannot be had gets
 * the one that we would give it, and stays.
 *
 * @param {object} body
 * @returns {Promise<{passkey: Passkey, signal: import('./api.js').Signal} &
 *   Told>}
 */
function verify(body) {
  return call('POST', '/api/v1/passkeys/verify', body).catch((error) => {
    if (!(error instanceof Problem) || error.code !== 'name-malformed'
      && error.field !== 'passkey_name')
      throw error;
    return call('POST', '/api/v1/passkeys/verify', { ...body,
      passkey_name: suggestedName(passkeys.map((one) => one.name)) });
  });
}

async function add() {
  const box = dialog('#add');
  const name = input('#add-name');
  name.value = suggestedName(passkeys.map((one) => one.name));
  if (await ask(box) !== 'create')
    return;
  const passkey_name = name.value.trim() || suggestedName();
  const answer = await perform(() => run(device, {
    kind: 'create',
    options: () => call('POST', '/api/v1/passkeys/options', {}),
    verify: (got) => verify({ ...got, passkey_name }),
    own: ours,
  }));
  if (!answer)
    return;
  await tell(answer.signal);
  await changed();
  sayTold(t('account.added', { name: answer.passkey.name }), answer);
  focusCard(answer.passkey.id);
}

/** @param {string} id */
function focusCard(id) {
  const found = main.querySelector(`[data-passkey="${id}"] button`);
  if (found instanceof HTMLElement)
    found.focus();
}

/** @param {Passkey} passkey */
async function rename(passkey) {
  const box = dialog('#rename');
  const name = input('#rename-name');
  const problem = one('#rename-problem');
  name.value = passkey.name;
  problem.hidden = true;
  name.removeAttribute('aria-invalid');
  for (;;) {
    const choice = ask(box);
    name.select();
    const wanted = await choice === 'save' ? name.value.trim() : '';
    if (!wanted || wanted === passkey.name)
      return;
    try {
      const answer = await perform(() => call('PATCH',
        `/api/v1/passkeys/${passkey.id}`, { name: wanted }), isName);
      if (!answer)
        return;
      await tell(answer.signal);
      await changed();
      say(t('account.renamed', { name: wanted }));
      focusCard(passkey.id);
      return;
    } catch (error) {
      problem.textContent = t('label.malformed');
      problem.hidden = false;
      name.setAttribute('aria-invalid', 'true');
      if (!(error instanceof Problem))
        throw error;
    }
  }
}

async function tellLast() {
  if (await ask(dialog('#last')) === 'add')
    await add();
}

/** @param {Passkey} passkey */
async function remove(passkey) {
  if (passkeys.length === 1)
    return tellLast();
  const box = fill(dialog('#remove'), { name: t('account.remove-which',
    { name: passkey.name }) });
  one('[data-current]', box).hidden = !passkey.current;
  if (await ask(box) !== 'remove')
    return;
  try {
    const answer = await perform(() => call('DELETE',
      `/api/v1/passkeys/${passkey.id}`),
    ({ code }) => code === 'last-passkey' || code === 'not-found');
    if (!answer)
      return;
    await tell(answer.signal);
    await changed();
    sayTold(t(answer.sessions_ended ? 'account.removed-sessions'
      : 'account.removed',
    { name: passkey.name, n: answer.sessions_ended }), answer);
    one('h1', one('#content')).focus();
  } catch (error) {
    await changed();
    if (error instanceof Problem && error.code === 'last-passkey')
      await tellLast();
  }
}

onClick('#add-passkey', main, () => add());
begin(async (here) => {
  await load(here);
  if (location.hash !== '#add')
    return;
  history.replaceState(null, '', location.pathname);
  setTimeout(add);
});
