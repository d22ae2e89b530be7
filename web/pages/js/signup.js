// SPDX-License-Identifier: Apache-2.0
// Make an account: a name, then its first passkey.  With an invitation, whose
// text stays behind the # and so out of requests and logs.

import { Problem, call } from './api.js';
import { run } from './ceremony.js';
import { fill, input, main, onClick, one, view } from './dom.js';
import { suggestedName, tell } from './passkey.js';
import { hear, onReturn, service, spread, supported } from './shell.js';
import { Stage } from './stage.js';
import { t, when } from './text.js';

// @messages name.

/** @typedef {import('./api.js').Ceremony} Ceremony */

/** A ceremony with less time left (ms) than this is not begun. */
const MARGIN = 30000;

const name = input('#name');
const displayName = input('#display-name');
const invitation = new URLSearchParams(location.hash.slice(1))
  .get('invitation') ?? undefined;

const state = {
  /** The invitation is for an account that is there already. */
  forAccount: false,
  /** @type {Ceremony | null} */
  ready: null,
  from: 'name',
};

const stage = new Stage(one('#stage'), {
  enter: () => {
    for (const section of main.querySelectorAll('[data-view]'))
      section.toggleAttribute('hidden', true);
  },
  leave: () => view(state.from),
});

/** @returns {Promise<Ceremony>} */
function options() {
  const body = state.forAccount ? { invitation } : {
    name: name.value.trim(),
    display_name: displayName.value.trim() || undefined,
    invitation,
  };
  return call('POST', '/api/v1/signup/options', body);
}

/** Those of the name's check, if there is time left, else fresh ones. */
async function readyOptions() {
  const ready = state.ready;
  state.ready = null;
  return ready && ready.deadline - Date.now() > MARGIN
    ? ready : await options();
}

/**
 * What is wrong with the name stands at the name; the rules are told only
 * then.
 *
 * @param {{code: string, field?: string}} problem
 */
function isAboutName({ code, field }) {
  return code === 'name-taken' || code === 'name-malformed'
    || field === 'name' || field === 'display_name';
}

/** @param {Problem} problem */
function showNameProblem({ code, field }) {
  const where = field === 'display_name' ? 'display-name' : 'name';
  const text = code === 'name-taken' ? 'taken'
    : code === 'field-too-long' ? 'long' : 'malformed';
  const place = one(`#${where}-problem`);
  const at = where === 'name' ? name : displayName;
  one('details').toggleAttribute('open',
    where === 'display-name' || Boolean(displayName.value));
  place.textContent = t(where === 'name' ? `name.${text}` : 'label.malformed');
  place.hidden = false;
  at.setAttribute('aria-invalid', 'true');
  at.focus();
}

function forgetNameProblems() {
  for (const [at, id] of /** @type {[HTMLElement, string][]} */ ([
    [name, '#name-problem'], [displayName, '#display-name-problem']])) {
    at.removeAttribute('aria-invalid');
    one(id).hidden = true;
    one(id).textContent = '';
  }
}

/**
 * @param {unknown} error
 * @returns {boolean} whether a view of this page tells it
 */
function ownView(error) {
  const code = error instanceof Problem ? error.code : '';
  if (code === 'invitation-unknown')
    view('invitation-unknown');
  else if (code === 'sign-up-closed')
    view(invitation ? 'invitation-unknown' : 'sign-up-closed');
  else
    return false;
  return true;
}

/** The name is asked for; the server says whether it can be had. */
async function takeName() {
  forgetNameProblems();
  state.from = 'name';
  for (;;) {
    stage.busy();
    try {
      state.ready = await options();
      stage.leave();
      showCreate(name.value.trim());
      return;
    } catch (error) {
      if (ownView(error))
        return;
      if (error instanceof Problem && isAboutName(error)) {
        stage.leave();
        showNameProblem(error);
        return;
      }
      if (await stage.refused(error) !== 'again') {
        stage.leave();
        return;
      }
    }
  }
}

/** @param {string} who */
function showCreate(who) {
  state.from = 'create';
  fill(one('[data-view="create"]'), { who });
  view('create');
}

async function createPasskey() {
  const passkey_name = suggestedName();
  try {
    const answer = await run(stage, {
      kind: 'create',
      options: readyOptions,
      verify: (got) => call('POST', '/api/v1/signup/verify',
        { ...got, passkey_name }),
      own: (error) => isAboutName(error)
        || ['invitation-unknown', 'sign-up-closed'].includes(error.code),
    });
    if (!answer)
      return;
    await tell(answer.signal);
    spread('signed-in');
    history.replaceState(null, '', location.pathname);
    stage.root.hidden = true;
    fill(one('[data-view="done"]'), { passkey: answer.passkey.name });
    view('done');
  } catch (error) {
    if (ownView(error))
      return;
    view('name');
    showNameProblem(/** @type {Problem} */ (error));
  }
}

/** The invitation is looked at before anything is asked. */
async function checkInvitation() {
  for (;;) {
    try {
      const found = await call('POST', '/api/v1/invitations/check',
        { invitation });
      useInvitation(found);
      return;
    } catch (error) {
      if (ownView(error))
        return;
      if (await stage.refused(error) !== 'again') {
        location.replace('/');
        return;
      }
      stage.root.hidden = true;
    }
  }
}

/**
 * @param {{kind: string, name?: string, display_name?: string,
 *   expires_at: string}} found
 */
function useInvitation(found) {
  state.forAccount = found.kind === 'passkey';
  if (state.forAccount) {
    one('#change').hidden = true;
    showCreate(found.name ?? '');
    return;
  }
  name.value = found.name ?? '';
  displayName.value = found.display_name ?? '';
  fill(main, { invited: t('signup.invited',
    { when: when(found.expires_at) }) });
  showName();
}

function showName() {
  view('name');
  name.focus();
}

async function start() {
  one('#choose-name').addEventListener('submit', (event) => {
    event.preventDefault();
    takeName();
  });
  onClick('#create', main, () => createPasskey());
  onClick('#change', main, () => showName());
  addEventListener('hashchange', () => location.reload());
  hear((word) => {
    if (word === 'signed-in' && !invitation && main.dataset.state !== 'done')
      location.replace('/account');
  });
  onReturn((cached) => {
    if (cached)
      location.reload();
  });
  if (invitation)
    return checkInvitation();
  const about = await service;
  if (about?.sign_up === 'closed')
    view('sign-up-closed');
  else if (about?.sign_up === 'invitation')
    view('invitation-needed');
  else
    showName();
}

if (supported)
  start();
