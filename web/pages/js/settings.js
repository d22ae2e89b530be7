// SPDX-License-Identifier: Apache-2.0
// Display name, language, and removing the account.

import { call } from './api.js';
import { ask, dialog, fill, input, main, onClick, one, say } from './dom.js';
import { begin, perform, signedOut } from './member.js';
import { tell } from './passkey.js';
import { chooseLanguage, service, spread } from './shell.js';
import { lang, t } from './text.js';

/** @typedef {import('./api.js').Account} Account */

/** @type {Account | null} */
let account = null;

/** @param {{account: Account}} here */
async function load(here) {
  showAlways(await call('GET', '/api/v1/account'));
  const before = JSON.stringify(account);
  account = here.account;
  if (JSON.stringify(account) === before)
    return;
  input('#display-name').value = account.display_name;
  input(`[name="locale"][value="${account.locale}"]`).checked = true;
  fill(one('#content'), { name: account.name, since: account.created_at });
}

/** @type {boolean | null} unknown where the service has no such switch */
let always = null;

/** @param {{settings?: {always_passkey: boolean}}} answer */
function showAlways({ settings }) {
  always = settings?.always_passkey ?? null;
  const button = one('#always');
  const section = /** @type {HTMLElement} */ (button.closest('section'));
  section.hidden = always === null;
  button.setAttribute('aria-checked', String(always));
  button.textContent = t(always ? 'always.off' : 'always.on');
  fill(section, { always: t(always ? 'always.is-on' : 'always.is-off') });
}

async function switchAlways() {
  if (always && await ask(dialog('#switch')) !== 'off')
    return;
  const answer = await patch({ always_passkey: !always });
  if (!answer)
    return;
  showAlways(answer);
  say(t(always ? 'always.now-on' : 'always.now-off'));
}

/** @param {object} change */
function patch(change) {
  return perform(() => call('PATCH', '/api/v1/account', change),
    ({ code, field }) => code === 'name-malformed' || Boolean(field));
}

async function saveDisplayName() {
  const field = input('#display-name');
  const problem = one('#display-name-problem');
  problem.hidden = true;
  field.removeAttribute('aria-invalid');
  try {
    const answer = await patch({ display_name: field.value.trim() });
    if (!answer)
      return;
    account = answer.account;
    one('#who').textContent = answer.account.display_name
      || answer.account.name;
    await tell(answer.signal);
    spread('changed');
    say(t('settings.saved'));
  } catch {
    problem.hidden = false;
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }
}

async function saveLanguage() {
  const locale = input('[name="locale"]:checked').value;
  const answer = await patch({ locale });
  if (!answer)
    return;
  chooseLanguage(locale);
  if (locale === lang)
    say(t('settings.saved'));
  else
    location.reload();
}

async function removeAccount() {
  if (!account)
    return;
  const { name, user_handle } = account;
  const box = fill(dialog('#remove'), { confirm: t('settings.confirm',
    { name }) });
  const typed = input('#confirm');
  const button = one('[value="remove"]', box);
  typed.value = '';
  button.toggleAttribute('disabled', true);
  typed.oninput = () => button.toggleAttribute('disabled',
    typed.value.trim().normalize('NFKC') !== name.normalize('NFKC'));
  if (await ask(box) !== 'remove')
    return;
  if (!await perform(() => call('DELETE', '/api/v1/account')))
    return;
  const about = await service;
  if (about)
    await tell({ all_accepted: { rpId: about.rp_id, userId: user_handle,
      allAcceptedCredentialIds: [] } });
  signedOut('removed');
}

one('#names').addEventListener('submit', (event) => {
  event.preventDefault();
  saveDisplayName();
});
one('#languages').addEventListener('submit', (event) => {
  event.preventDefault();
  saveLanguage();
});
onClick('#always', main, () => switchAlways());
onClick('#remove-account', main, () => removeAccount());
begin(load);
