// SPDX-License-Identifier: Apache-2.0
// One thing at a time: what the device or the server is doing, or what went
// wrong and what to do now.  Takes the place of a page's view, or stands in a
// dialog over it.

import { Problem } from './api.js';
import { fill, headline, one, setState } from './dom.js';
import { service } from './shell.js';
import { countdown, said, t } from './text.js';

// @messages state. action.

/** The server's name for a refusal: the state that tells the person. */
/** @type {Record<string, string>} */
const STATES = {
  'ceremony-expired': 'expired',
  'ceremony-spent': 'expired',
  'ceremony-foreign': 'expired',
  'ceremony-malformed': 'expired',
  'credential-taken': 'already-here',
  'passkey-refused': 'refused',
  'busy': 'overloaded',
  'draining': 'overloaded',
  'storage-full': 'overloaded',
};

/** Whose words a page has: all have the first, some one of the others. */
const FAMILIES = ['state', 'outcome', 'phone'];

/** States whose words send the person to those who run the service. */
const ASKS = new Set(['no-passkey', 'sign-count', 'account-locked', 'trouble',
  'altered', 'locked']);

/** @param {string} state */
function familyOf(state) {
  return FAMILIES.find((one) => said(`${one}.${state}.title`));
}

/** States where doing the same again cannot help. */
const FINAL = new Set(['already-here', 'account-locked', 'wrong-address',
  'passkeys-full', 'phones-full', 'offer-unknown', 'offer-over']);

/**
 * @param {unknown} error
 * @returns {string}
 */
export function stateOf(error) {
  const code = /** @type {any} */ (error)?.code ?? '';
  const state = STATES[code] ?? code;
  return familyOf(state) ? state : 'trouble';
}

export class Stage {
  /**
   * @param {HTMLElement} root
   * @param {{enter: () => void, leave: () => void}} place
   */
  constructor(root, place) {
    this.root = root;
    this.place = place;
    this.clock = 0;
    this.patience = 0;
    /** @type {(choice: string) => void} */
    this.chosen = () => {};
  }

  /** Talking with the server; shown only when it takes long. */
  busy() {
    this.still();
    setState('busy');
    this.patience = window.setTimeout(() => this.show('busy', []), 500);
  }

  /**
   * The device is asking.
   *
   * @param {number} deadline on this clock
   * @param {(why: string) => void} stop
   */
  waiting(deadline, stop) {
    this.show('waiting', ['cancel']);
    this.chosen = () => stop('cancelled');
    this.countTo(deadline, () => stop('timed-out'));
  }

  /**
   * @param {string} state
   * @param {string[]} actions
   * @returns {Promise<string>} the one chosen
   */
  ask(state, actions) {
    this.show(state, actions);
    return new Promise((resolve) => {
      this.chosen = resolve;
    });
  }

  /**
   * Tells what went wrong and waits for what to do.
   *
   * @param {unknown} error
   * @returns {Promise<string>} 'again' or 'back'
   */
  refused(error) {
    const state = stateOf(error);
    const choice = this.ask(state,
      FINAL.has(state) ? ['back'] : ['again', 'back']);
    if (error instanceof Problem) {
      if (state === 'trouble' && error.instance)
        fill(this.root, { fine: t('stage.reference',
          { reference: error.instance }) });
      if (error.retryAfter > 0)
        this.rest(error.retryAfter);
    } else if (state === 'trouble') {
      console.error(error);
    }
    return choice;
  }

  /** @param {number} seconds until it may be tried again */
  rest(seconds) {
    const again = one('[data-act="again"]', this.root);
    again.toggleAttribute('disabled', true);
    this.countTo(Date.now() + seconds * 1000, () => {
      again.toggleAttribute('disabled', false);
      fill(this.root, { left: '' });
    });
  }

  /** Back to the page. */
  leave() {
    this.still();
    this.root.hidden = true;
    this.place.leave();
  }

  /** Something else takes the page. */
  hush() {
    this.still();
    this.place.enter();
    this.root.hidden = true;
  }

  still() {
    clearInterval(this.clock);
    clearTimeout(this.patience);
  }

  /**
   * @param {string} state
   * @param {string[]} actions the main one first
   */
  show(state, actions) {
    this.still();
    this.place.enter();
    this.root.hidden = false;
    this.root.dataset.state = state;
    setState(state);
    const family = familyOf(state);
    fill(this.root, {
      title: t(`${family}.${state}.title`),
      text: t(`${family}.${state}.text`),
      left: '',
      fine: '',
    });
    this.support(ASKS.has(state));
    one('[data-f="actions"]', this.root).replaceChildren(
      ...actions.map((name, i) => this.button(name, i === 0)));
    headline(this.root);
  }

  /** @param {boolean} wanted the way to help, where the service names one */
  async support(wanted) {
    const link = /** @type {HTMLAnchorElement} */ (
      one('[data-support]', this.root));
    const place = /** @type {HTMLElement} */ (link.parentElement);
    place.dataset.wanted = String(wanted);
    place.hidden = true;
    const about = await service;
    if (!/^(?:https|mailto):/.test(about?.support ?? ''))
      return;
    link.href = about?.support ?? '';
    place.hidden = place.dataset.wanted !== 'true';
  }

  /**
   * @param {string} name
   * @param {boolean} first
   */
  button(name, first) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = first && name !== 'cancel' ? 'main' : 'quiet';
    button.dataset.act = name;
    button.textContent = t(`action.${name}`);
    button.addEventListener('click', () => this.chosen(name));
    return button;
  }

  /**
   * @param {number} deadline
   * @param {() => void} over
   */
  countTo(deadline, over) {
    const tick = () => {
      const left = (deadline - Date.now()) / 1000;
      fill(this.root, { left: t('stage.left', { left: countdown(left) }) });
      if (left <= 0) {
        clearInterval(this.clock);
        over();
      }
    };
    clearInterval(this.clock);
    this.clock = window.setInterval(tick, 1000);
    tick();
  }
}
