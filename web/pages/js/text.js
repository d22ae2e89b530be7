// SPDX-License-Identifier: Apache-2.0
// What a page says: messages of its language, times, and time left.

export const lang = document.documentElement.lang;
/** The page's language as it is written where the person lives. */
const local = navigator.languages.find((code) => code.startsWith(lang)) ?? lang;

/** @type {Record<string, string>} */
const messages = JSON.parse(
  document.getElementById('messages')?.textContent ?? '{}');

/**
 * The message of that key, with its gaps ({name}) filled.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  return (messages[key] ?? key).replace(/\{(\w+)\}/g,
    (gap, name) => String(values[name] ?? gap));
}

/** @param {string} key */
export function said(key) {
  return key in messages;
}

/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: 'numeric', minute: '2-digit' };

/** @param {Date} at */
function midnight(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/**
 * The day as one would say it: today, yesterday, else the date.
 *
 * @param {string} iso
 */
export function day(iso) {
  const at = new Date(iso);
  const now = new Date();
  const ago = Math.round((midnight(now) - midnight(at)) / 86400000);
  if (ago === 0 || ago === 1)
    return new Intl.RelativeTimeFormat(local, { numeric: 'auto' })
      .format(-ago, 'day');
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { day: 'numeric', month: 'long' };
  if (at.getFullYear() !== now.getFullYear())
    form.year = 'numeric';
  else
    form.weekday = 'short';
  return at.toLocaleDateString(local, form);
}

/** @param {string} iso */
export function hour(iso) {
  return new Date(iso).toLocaleTimeString(local, CLOCK);
}

/** @param {string} iso */
export function when(iso) {
  return t('time.when', { day: day(iso), hour: hour(iso) });
}

/**
 * A place as the server writes it, "Kyoto, JP", with its country as it is
 * called in the page's language.
 *
 * @param {string} [text]
 */
export function place(text = '') {
  const [, city, code] = /^(?:(.+), )?([A-Z]{2})$/.exec(text) ?? [];
  if (!code)
    return text;
  const country = new Intl.DisplayNames(local, { type: 'region' }).of(code)
    ?? code;
  return city ? t('place.in', { city, country }) : country;
}

/**
 * Where somebody asked from: what is known of it, in one line.
 *
 * @param {{place?: string, address?: string}} from
 */
export function origin(from) {
  return [place(from.place), from.address].filter(Boolean).join(' · ');
}

/**
 * @param {{browser?: string, place?: string, address?: string}} from
 */
export function asker(from) {
  return [from.browser, origin(from)].filter(Boolean).join(' · ');
}

/**
 * Time left as a clock shows it, "4:05".
 *
 * @param {number} seconds
 */
export function countdown(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
