// SPDX-License-Identifier: Apache-2.0
// The few things that every page does with its elements.

import { when } from './text.js';

/**
 * The element of that selector, which the page must have.
 *
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement}
 */
export function one(selector, root = document) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement))
    throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 */
export function input(selector, root = document) {
  return /** @type {HTMLInputElement} */ (one(selector, root));
}

/**
 * @param {string} selector
 * @returns {HTMLDialogElement}
 */
export function dialog(selector) {
  return /** @type {HTMLDialogElement} */ (one(selector));
}

export const main = one('main');

/** @param {string} state */
export function setState(state) {
  main.dataset.state = state;
}

/**
 * Fills the places of an element (data-f="name"): with text, and hides those
 * that have none; a place that is a <time> gets the time of an RFC 3339 text.
 *
 * @template {ParentNode} T
 * @param {T} root
 * @param {Record<string, string | null | undefined>} values
 * @returns {T}
 */
export function fill(root, values) {
  for (const [name, value] of Object.entries(values)) {
    const place = one(`[data-f="${name}"]`, root);
    const row = place.closest('[data-row]') ?? place;
    row.toggleAttribute('hidden', !value);
    if (place instanceof HTMLTimeElement && value) {
      place.dateTime = value;
      place.textContent = when(value);
    } else {
      place.textContent = value ?? '';
    }
  }
  return root;
}

/**
 * A copy of the one element in a <template>.
 *
 * @param {string} id
 */
export function copy(id) {
  const template = /** @type {HTMLTemplateElement} */ (one(`#${id}`));
  return /** @type {HTMLElement} */ (
    template.content.firstElementChild?.cloneNode(true));
}

/**
 * @param {string} selector
 * @param {ParentNode} root
 * @param {(event: Event) => void} act
 */
export function onClick(selector, root, act) {
  one(selector, root).addEventListener('click', act);
}

/**
 * Shows one of the page's views (data-view) and puts the focus on its heading,
 * so that a screen reader says what the page has become.
 *
 * @param {string} name
 * @param {string} [state] what main's data-state says; else the view's name
 */
export function view(name, state = name) {
  for (const section of main.querySelectorAll('[data-view]'))
    section.toggleAttribute('hidden',
      /** @type {HTMLElement} */ (section).dataset.view !== name);
  setState(state);
  headline(one(`[data-view="${name}"]`, main));
}

/**
 * The title of the document follows what is on the page.
 *
 * @param {HTMLElement} section
 */
export function headline(section) {
  const heading = section.querySelector('h1, h2');
  if (!(heading instanceof HTMLElement))
    return;
  const name = document.title.split(' | ').at(-1);
  document.title = `${heading.textContent} | ${name}`;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/**
 * What went well, said in the line that the page keeps for it.
 *
 * @param {string} text
 */
export function say(text) {
  one('#said').textContent = text;
}

/**
 * Opens a dialog and waits for its end: what it returned, '' for Escape.
 *
 * @param {HTMLDialogElement} box
 * @returns {Promise<string>}
 */
export function ask(box) {
  box.returnValue = '';
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener('close', () => resolve(box.returnValue),
      { once: true });
  });
}
