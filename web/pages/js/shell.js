// SPDX-License-Identifier: Apache-2.0
// What every page has: its language, the banners, word from other tabs.

import { call } from './api.js';
import { main, one } from './dom.js';

/** False when old.js has told the person that this browser cannot do it. */
export const supported = main.dataset.state === 'loading';

/**
 * @typedef {{name: string, rp_id: string, trial: boolean,
 *   sign_up: 'open' | 'invitation' | 'closed', approvals?: {on: boolean},
 *   support?: string,
 *   push?: {on: boolean, application_server_key?: string}}} Service
 */
/** @type {Promise<Service | null>} */
export const service = call('GET', '/api/v1/service').catch(() => null);

/** @param {string} code "ja", "en"; "" to go by the browser again */
export function chooseLanguage(code) {
  document.cookie = `lang=${code}; Path=/; Secure; SameSite=Lax; `
    + `Max-Age=${code ? 34560000 : 0}`;
}

export function hasChosenLanguage() {
  return /(?:^|; )lang=\w/.test(document.cookie);
}

const line = 'BroadcastChannel' in window
  ? new BroadcastChannel('itsumo') : null;

/**
 * Word to the other tabs: 'signed-in', 'signed-out', 'changed'.
 *
 * @param {string} word
 */
export function spread(word) {
  line?.postMessage(word);
}

/** @param {(word: string) => void} act */
export function hear(act) {
  line?.addEventListener('message', (event) => act(String(event.data)));
}

/**
 * Calls again when the page comes back: out of the back/forward cache, or to
 * the front after having been away for a while.
 *
 * @param {(cached: boolean) => void} act
 */
export function onReturn(act) {
  let left = Date.now();
  addEventListener('pageshow', (event) => {
    if (event.persisted)
      act(true);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden')
      left = Date.now();
    else if (Date.now() - left > 3000)
      act(false);
  });
}

const offline = one('#offline');
function showOffline() {
  offline.hidden = navigator.onLine;
}
addEventListener('online', showOffline);
addEventListener('offline', showOffline);
showOffline();

one('#language').addEventListener('click', (event) => {
  const { code } = /** @type {HTMLElement} */ (event.currentTarget).dataset;
  chooseLanguage(code ?? '');
  location.reload();
});

service.then((about) => {
  if (!about)
    return;
  one('#trial').hidden = !about.trial;
  one('#service').textContent = about.name;
  document.title = document.title.replace(/[^|]+$/, ` ${about.name}`);
});
