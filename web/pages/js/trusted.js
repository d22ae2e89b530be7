// SPDX-License-Identifier: Apache-2.0
// The trusted browsers of the account, on the phone: looked at, renamed,
// thrown out.

import { isName } from './api.js';
import { copy, fill, input, onClick, one, say } from './dom.js';
import { signed } from './phone.js';
import { asker, t } from './text.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./api.js').Browser} Browser */
/** @typedef {(name: string, acts: Record<string, () => void>) => void} Page */
/** @typedef {{act: string, browser?: Browser}} Wish */

const PATH = '/api/v1/companion/browsers';

/**
 * @param {Browser} browser
 * @param {boolean} renames whether the server lets a phone do that
 * @param {(wish: Wish) => void} wish
 */
function row(browser, renames, wish) {
  const { name } = browser;
  const found = fill(copy('browser'), {
    name,
    from: asker(browser),
    used: browser.last_used_at,
  });
  for (const act of ['rename', 'remove']) {
    const button = one(`[data-act="${act}"]`, found);
    button.setAttribute('aria-label', t('account.of',
      { action: button.textContent ?? '', name }));
    onClick(`[data-act="${act}"]`, found, () => wish({ act, browser }));
  }
  one('[data-act="rename"]', found).hidden = !renames;
  return found;
}

/**
 * @param {Page} page
 * @param {string} news what was done just now
 * @returns {Promise<Wish>}
 */
async function look(page, news) {
  const { browsers, capabilities } = await signed('GET', PATH);
  const renames = capabilities?.includes('browser-names') ?? false;
  return new Promise((resolve) => {
    one('#browsers').replaceChildren(...browsers.map(
      (/** @type {Browser} */ each) => row(each, renames, resolve)));
    one('#no-browsers').hidden = browsers.length > 0;
    one('[data-view="browsers"] [data-act="all"]').hidden =
      browsers.length < 2;
    page('browsers', { all: () => resolve({ act: 'all' }),
      back: () => resolve({ act: 'back' }) });
    say(news);
  });
}

/**
 * @param {Page} page
 * @param {Browser | undefined} browser none: all of them
 * @returns {Promise<boolean>}
 */
function sure(page, browser) {
  fill(one('[data-view="revoke"]'), {
    which: browser ? t('devices.revoke-which', { name: browser.name })
      : t('devices.revoke-all-title'),
    text: t(browser ? 'devices.revoke-text' : 'companion.revoke-all-text'),
  });
  return new Promise((resolve) => page('revoke', {
    revoke: () => resolve(true), back: () => resolve(false) }));
}

/**
 * @param {Stage} stage
 * @param {Page} page
 * @param {Browser} [browser]
 * @returns {Promise<string>} what to say of it
 */
async function revoke(stage, page, browser) {
  if (!await sure(page, browser))
    return '';
  stage.busy();
  const { browsers_revoked: n } = await signed('DELETE',
    browser ? `${PATH}/${browser.id}` : PATH);
  return browser ? t('devices.revoked', { name: browser.name })
    : t('devices.revoked-all', { n });
}

/**
 * @param {Stage} stage
 * @param {Page} page
 * @param {Browser} browser
 * @returns {Promise<string>} what to say of it
 */
async function rename(stage, page, browser) {
  const field = input('#browser-name');
  const problem = one('#browser-name-problem');
  let wrong = false;
  field.value = browser.name;
  for (;;) {
    problem.hidden = !wrong;
    field.setAttribute('aria-invalid', String(wrong));
    const name = await new Promise((resolve) => {
      page('rename', { back: () => resolve('') });
      one('#browser-form').onsubmit = (event) => {
        event.preventDefault();
        resolve(field.value.trim());
      };
    });
    if (!name || name === browser.name)
      return '';
    stage.busy();
    try {
      await signed('PATCH', `${PATH}/${browser.id}`, { name });
      return t('devices.renamed', { name });
    } catch (error) {
      wrong = isName(error);
      if (!wrong)
        throw error;
    }
  }
}

/**
 * @param {Stage} stage
 * @param {Page} page
 * @returns {Promise<string>} '' when there is no more to do
 */
export async function showBrowsers(stage, page) {
  for (let news = '';;) {
    stage.busy();
    const { act, browser } = await look(page, news);
    if (act === 'back')
      return '';
    news = act === 'rename' && browser ? await rename(stage, page, browser)
      : await revoke(stage, page, browser);
  }
}
