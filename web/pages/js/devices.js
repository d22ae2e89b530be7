// SPDX-License-Identifier: Apache-2.0
// The phones that approve, and the browsers that are trusted.

import { askAgain, call, isName, wait } from './api.js';
import { ask, copy, dialog, fill, input, main, onClick, one, say }
  from './dom.js';
import { keepThis, nameForThis } from './keeping.js';
import { begin, device, leave, perform } from './member.js';
import { spread } from './shell.js';
import { countdown, origin, t } from './text.js';

/**
 * @typedef {object} Phone
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {string} [last_seen_at]
 * @property {boolean} push
 */
/** @typedef {import('./api.js').Browser} Browser */
/** @typedef {{path: string, id: string, name: string}} Thing */

let shown = '';
let alone = true;
/** @type {Browser[]} */
let kept = [];

/**
 * @param {HTMLElement} found
 * @param {Thing} thing
 * @param {() => void} remove
 */
function withButtons(found, thing, remove) {
  found.dataset.id = thing.id;
  for (const button of found.querySelectorAll('button'))
    button.setAttribute('aria-label', t('account.of',
      { action: button.textContent ?? '', name: thing.name }));
  onClick('[data-act="rename"]', found, () => rename(thing));
  onClick('[data-act="remove"]', found, remove);
  return found;
}

/** @param {Phone} phone */
function phoneCard(phone) {
  const thing = { path: `/api/v1/phones/${phone.id}`, ...phone };
  return withButtons(fill(copy('phone'), {
    name: phone.name,
    since: phone.created_at,
    used: phone.last_seen_at,
    push: t(phone.push ? 'devices.push-on' : 'devices.push-off'),
  }), thing, () => removePhone(thing));
}

/** @param {Browser} browser */
function browserCard(browser) {
  const thing = { path: `/api/v1/browsers/${browser.id}`, ...browser };
  const found = fill(copy('browser'), {
    name: browser.name,
    browser: browser.browser,
    place: origin(browser),
    since: browser.kept_at,
    used: browser.last_used_at,
  });
  one('[data-current]', found).hidden = !browser.current;
  return withButtons(found, thing, () => revoke(thing, browser.current));
}

async function load() {
  /** @type {[{phones: Phone[]}, {browsers: Browser[]}]} */
  const [{ phones }, { browsers }] = await Promise.all([
    call('GET', '/api/v1/phones'), call('GET', '/api/v1/browsers')]);
  const now = JSON.stringify([phones, browsers]);
  if (now === shown)
    return;
  shown = now;
  alone = !phones.length;
  one('#phones').replaceChildren(...phones.map(phoneCard));
  one('#browsers').replaceChildren(...browsers.map(browserCard));
  one('#no-phones').hidden = !alone;
  one('#no-browsers').hidden = browsers.length > 0;
  one('#revoke-all').hidden = browsers.length < 2;
  one('#trust-this').hidden = browsers.some(({ current }) => current);
  kept = browsers;
}

/** @param {string} text what went well */
async function changed(text) {
  spread('changed');
  await perform(load);
  say(text);
  one('h1', one('#content')).focus();
}

/** @param {Thing} thing */
async function rename({ path, name }) {
  const box = dialog('#rename');
  const field = input('#rename-name');
  const problem = one('#rename-problem');
  field.value = name;
  problem.hidden = true;
  field.removeAttribute('aria-invalid');
  for (;;) {
    const choice = ask(box);
    field.select();
    const wanted = await choice === 'save' ? field.value.trim() : '';
    if (!wanted || wanted === name)
      return;
    try {
      if (await perform(() => call('PATCH', path, { name: wanted }), isName))
        await changed(t('devices.renamed', { name: wanted }));
      return;
    } catch (error) {
      if (!isName(error))
        throw error;
      problem.hidden = false;
      field.setAttribute('aria-invalid', 'true');
    }
  }
}

/** This browser, where it is not one of them. */
async function trustThis() {
  const box = dialog('#trust');
  const field = input('#trust-name');
  const problem = one('#trust-problem');
  field.value = nameForThis(kept);
  problem.hidden = true;
  field.removeAttribute('aria-invalid');
  while (await ask(box) === 'save') {
    try {
      const done = await perform(() => keepThis(field.value), isName);
      if (done)
        await changed(t('devices.trusted', { name: done.browser.name }));
      return;
    } catch (error) {
      if (!isName(error))
        throw error;
      problem.hidden = false;
      field.setAttribute('aria-invalid', 'true');
    }
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} yes
 * @param {string} no
 */
async function sure(name, text, yes, no) {
  return await ask(fill(dialog('#remove'), { name, text, yes, no }))
    === 'remove';
}

/** @param {Thing} thing */
async function removePhone({ path, name }) {
  if (await sure(t('account.remove-which', { name }), t('devices.remove-text'),
    t('devices.remove-yes'), t('account.keep'))
    && await perform(() => call('DELETE', path)))
    await changed(t(alone ? 'devices.removed' : 'devices.removed-told',
      { name }));
}

/**
 * @param {Thing} thing
 * @param {boolean} own
 */
async function revoke({ path, name }, own) {
  if (!await sure(t('devices.revoke-which', { name }),
    t(own ? 'devices.revoke-own' : 'devices.revoke-text'),
    t('devices.revoke-yes'), t('devices.revoke-no')))
    return;
  const done = await perform(() => call('DELETE', path));
  if (done)
    await revoked(done, t('devices.revoked', { name }));
}

async function revokeAll() {
  if (!await sure(t('devices.revoke-all-title'), t('devices.revoke-all-text'),
    t('devices.revoke-all'), t('devices.revoke-no')))
    return;
  const done = await perform(() => call('DELETE', '/api/v1/browsers'));
  if (done)
    await revoked(done, t('devices.revoked-all', { n: done.browsers_revoked }));
}

/**
 * This one may have been among them.
 *
 * @param {object} _
 * @param {string} text
 */
async function revoked(_, text) {
  const still = await call('GET', '/api/v1/session').catch(() => null);
  if (still)
    return changed(text);
  spread('signed-out');
  leave('signed-out');
}

/**
 * Shows the code until a phone has read it, the time is over, or the dialog
 * was closed.
 *
 * @param {any} offer
 * @returns {Promise<any>} the offer as a phone has answered it; 'over'; null
 *   when the dialog was closed
 */
async function showCode(offer) {
  const box = dialog('#code');
  const picture = new Image(280, 280);
  const link = /** @type {HTMLAnchorElement} */ (one('#link'));
  picture.className = 'qr';
  picture.alt = t('devices.code-alt');
  one('#qr').replaceChildren(picture);
  picture.src = `data:image/svg+xml,${encodeURIComponent(offer.qr_svg)}`;
  link.href = offer.url;
  link.textContent = offer.url;
  let open = true;
  let clock = 0;
  /** @type {Promise<string>} */
  const over = new Promise((resolve) => {
    const tick = () => {
      const left = (offer.deadline - Date.now()) / 1000;
      fill(box, { left: t('stage.left', { left: countdown(left) }) });
      if (left <= 0)
        resolve('over');
    };
    clock = window.setInterval(tick, 1000);
    tick();
  });
  const closed = ask(box).then(() => null);
  const answered = askAgain(async () => {
    const now = await wait('GET', `/api/v1/phones/offers/${offer.id}`);
    return now.offer.state === 'open' ? null : now.offer;
  }, () => !open);
  answered.catch(() => {});
  try {
    return await Promise.race([closed, over, answered]);
  } finally {
    open = false;
    clearInterval(clock);
    picture.remove();
    link.removeAttribute('href');
    link.textContent = '';
    box.close();
  }
}

async function addPhone() {
  const made = await perform(() => call('POST', '/api/v1/phones/offers', {}));
  if (!made)
    return;
  const answered = await perform(() => {
    device.leave();
    return showCode(made.offer);
  });
  if (answered === 'over')
    say(t('devices.code-over'));
  if (!answered?.phone)
    return;
  const { phone } = answered;
  const choice = await ask(fill(dialog('#confirm'), {
    name: phone.name, browser: phone.browser || phone.platform,
    place: origin(phone) }));
  const done = await perform(() => call('POST',
    `/api/v1/phones/offers/${made.offer.id}/confirm`,
    { confirm: choice === 'yes' }));
  if (!done)
    return;
  if (choice !== 'yes')
    await changed(t('devices.not-added', { name: phone.name }));
  else
    await changed(t(alone ? 'devices.added' : 'devices.added-told',
      { name: phone.name }));
}

onClick('#add-phone', main, () => addPhone());
onClick('#revoke-all', main, () => revokeAll());
onClick('#trust-this', main, () => trustThis());
begin(load);
