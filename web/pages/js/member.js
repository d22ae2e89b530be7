// SPDX-License-Identifier: Apache-2.0
// What the pages of an account share: the session, a fresh proof where the
// server wants one, signing out, word from other tabs.

import { Problem, call } from './api.js';
import { run } from './ceremony.js';
import { dialog, main, one, say, setState } from './dom.js';
import { hear, onReturn, spread, supported } from './shell.js';
import { Stage } from './stage.js';

/** @typedef {import('./api.js').Account} Account */
/** @typedef {import('./api.js').Entry} Entry */
/** @typedef {import('./api.js').Session} Session */
/** @typedef {{account: Account, session: Session, notices: Entry[]}} Here */

const content = one('#content');
const page = new Stage(one('#stage'), {
  enter: () => content.toggleAttribute('hidden', true),
  leave: () => setState('ready'),
});

const box = dialog('#device');
export const device = new Stage(one('.stage', box), {
  enter: () => box.open || box.showModal(),
  leave: () => {
    box.close();
    setState('ready');
  },
});
box.addEventListener('cancel', (event) => {
  event.preventDefault();
  device.chosen('back');
});

/** @param {unknown} error */
export function isSignedOut(error) {
  return error instanceof Problem
    && (error.code === 'session-none' || error.code === 'session-expired');
}

/** @param {unknown} error */
function wantsProof(error) {
  return error instanceof Problem && error.code === 'proof-needed';
}

/**
 * What run() leaves to perform().
 *
 * @param {unknown} error
 */
export function ours(error) {
  return wantsProof(error) || isSignedOut(error);
}

/**
 * To the sign-in page, which says why.
 *
 * @param {string} [why] one of its notes; '' when there is nothing to explain
 */
export function leave(why = '') {
  main.hidden = true;
  const here = location.pathname + (location.hash === '#add' ? '%23add' : '');
  const back = here === '/account'
    || why && why !== 'ended' ? '' : `?next=${here}`;
  location.replace(`/${back}${why && `#${why}`}`);
}

/** @param {string} why */
export function signedOut(why) {
  spread('signed-out');
  leave(why);
}

/** Resolves to whether the proof was given. */
async function prove() {
  if (await device.ask('proof', ['continue', 'back']) !== 'continue') {
    device.leave();
    return false;
  }
  const proof = await run(device, {
    kind: 'get',
    options: () => call('POST', '/api/v1/proof/options', {}),
    verify: (answer) => call('POST', '/api/v1/proof/verify', answer),
    own: isSignedOut,
  });
  return proof !== null;
}

/**
 * Does what may need a fresh proof, and tells what goes wrong.
 *
 * @template T
 * @param {() => Promise<T | null>} act
 * @param {(error: Problem) => boolean} [own] what the caller tells
 * @returns {Promise<T | null>} null: given up
 */
export async function perform(act, own) {
  say('');
  for (;;) {
    try {
      device.busy();
      const answer = await act();
      device.leave();
      return answer;
    } catch (error) {
      try {
        if (isSignedOut(error))
          throw error;
        if (wantsProof(error)) {
          if (await prove())
            continue;
          return null;
        }
      } catch {
        leave('ended');
        return null;
      }
      if (error instanceof Problem && own?.(error)) {
        device.leave();
        throw error;
      }
      if (await device.refused(error) !== 'again') {
        device.leave();
        return null;
      }
    }
  }
}

/**
 * Loads the page and keeps it true: again when it comes back to the front, or
 * when another tab changed something.
 *
 * @param {(here: Here) => Promise<void>} load
 */
export function begin(load) {
  if (!supported)
    return;
  let first = true;
  let loading = false;

  async function once() {
    const here = await call('GET', '/api/v1/session');
    one('#who').textContent = here.account.display_name || here.account.name;
    await load(here);
    first = false;
  }

  /** @param {boolean} quiet */
  async function refresh(quiet) {
    if (loading)
      return;
    loading = true;
    try {
      await once();
      if (!quiet) {
        page.leave();
        content.hidden = false;
      }
    } catch (error) {
      if (isSignedOut(error))
        leave(first && /** @type {Problem} */ (error).code === 'session-none'
          ? '' : 'ended');
      else if (!quiet)
        page.refused(error).then((choice) => {
          if (choice === 'again')
            refresh(false);
          else
            location.assign('/account');
        });
    } finally {
      loading = false;
    }
  }

  one('#sign-out').addEventListener('click', async () => {
    if (await perform(() => call('POST', '/api/v1/logout', {})))
      signedOut('signed-out');
  });
  hear((word) => {
    if (word === 'signed-out')
      leave('ended');
    else if (word === 'changed')
      refresh(true);
  });
  onReturn((cached) => {
    if (cached)
      content.hidden = true;
    refresh(!cached && !first);
  });
  refresh(false);
}
