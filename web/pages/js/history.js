// SPDX-License-Identifier: Apache-2.0
// What happened to the account, newest first, a day at a time.

import { call } from './api.js';
import { copy, fill, main, onClick, one } from './dom.js';
import { begin, perform } from './member.js';
import { methodOf } from './methods.js';
import { asker, day, hour, said, t } from './text.js';

// @messages event. reason.

/** @typedef {import('./api.js').Entry} Entry */
/** @typedef {{entries: Entry[], next?: string}} Part */

const LIMIT = 30;
const list = one('#entries');
let next = '';
let newest = '';

/** @param {Entry} entry */
function row(entry) {
  const found = fill(copy('entry'), {
    event: t(said(`event.${entry.event}`)
      ? `event.${entry.event}` : 'event.any'),
    way: methodOf(entry) || entry.passkey,
    from: asker(entry),
    reason: entry.ok ? '' : t(said(`reason.${entry.reason}`)
      ? `reason.${entry.reason}` : 'reason.any'),
  });
  const time = /** @type {HTMLTimeElement} */ (one('time', found));
  time.dateTime = entry.at;
  time.textContent = hour(entry.at);
  found.dataset.event = entry.event;
  found.dataset.ok = String(entry.ok);
  one('[data-refused]', found).hidden = entry.ok;
  return found;
}

/** @param {Part} part */
function append({ entries, next: rest }) {
  for (const entry of entries) {
    const title = day(entry.at);
    let section = list.lastElementChild;
    if (section?.getAttribute('data-day') !== title) {
      section = fill(copy('day'), { day: title });
      section.setAttribute('data-day', title);
      list.append(section);
    }
    one('ol', section).append(row(entry));
  }
  next = rest ?? '';
  one('#more').hidden = !next;
}

/** @returns {Promise<Part>} */
function fetchPart() {
  const after = next && `&after=${encodeURIComponent(next)}`;
  return call('GET', `/api/v1/history?limit=${LIMIT}${after}`);
}

async function load() {
  /** @type {Part} */
  const part = await call('GET', `/api/v1/history?limit=${LIMIT}`);
  const top = part.entries[0]?.id ?? '';
  one('#empty').hidden = part.entries.length > 0;
  if (top && top === newest)
    return;
  newest = top;
  list.replaceChildren();
  append(part);
}

onClick('#more', main, async () => {
  const part = await perform(fetchPart);
  if (!part)
    return;
  const known = list.querySelectorAll('li').length;
  append(part);
  const first = list.querySelectorAll('li')[known];
  first?.setAttribute('tabindex', '-1');
  first?.focus();
});
begin(load);
