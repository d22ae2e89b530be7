// SPDX-License-Identifier: Apache-2.0
// Where the account is signed in, and ending it.

import { call } from './api.js';
import { ask, copy, dialog, fill, main, onClick, one, say } from './dom.js';
import { begin, perform, signedOut } from './member.js';
import { methodOf } from './methods.js';
import { origin, t } from './text.js';

/** @typedef {import('./api.js').Session} Session */

let shown = '';

/** @param {Session} session */
function card(session) {
  const found = fill(copy('card'), {
    browser: session.browser || t('sessions.unknown'),
    how: methodOf(session),
    place: origin(session),
    created: session.created_at,
    seen: session.current ? '' : session.last_seen_at,
  });
  found.dataset.session = session.id;
  one('[data-current]', found).hidden = !session.current;
  const end = one('[data-act="end"]', found);
  end.hidden = session.current;
  end.setAttribute('aria-label', t('sessions.end-of',
    { browser: session.browser }));
  end.addEventListener('click', () => endOne(session));
  return found;
}

async function load() {
  /** @type {{sessions: Session[]}} */
  const { sessions } = await call('GET', '/api/v1/sessions');
  sessions.sort((a, b) => Number(b.current) - Number(a.current));
  if (JSON.stringify(sessions) === shown)
    return;
  shown = JSON.stringify(sessions);
  one('#sessions').replaceChildren(...sessions.map(card));
  one('#end-others').hidden = sessions.length < 2;
  one('#alone').hidden = sessions.length > 1;
}

/** @param {Session} session */
async function endOne(session) {
  const done = await perform(() => call('DELETE',
    `/api/v1/sessions/${session.id}`), ({ code }) => code === 'not-found')
    .catch(() => ({}));
  if (!done)
    return;
  await perform(load);
  say(t('sessions.ended', { browser: session.browser }));
  one('h1', one('#content')).focus();
}

async function endOthers() {
  const done = await perform(() => call('DELETE',
    '/api/v1/sessions?others=true'));
  if (!done)
    return;
  await perform(load);
  say(t('sessions.ended-others', { n: done.sessions_ended }));
  one('h1', one('#content')).focus();
}

async function endAll() {
  if (await ask(dialog('#everywhere')) !== 'end')
    return;
  if (await perform(() => call('DELETE', '/api/v1/sessions')))
    signedOut('everywhere');
}

onClick('#end-others', main, () => endOthers());
onClick('#end-all', main, () => endAll());
begin(load);
