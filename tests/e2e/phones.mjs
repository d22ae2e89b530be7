// SPDX-License-Identifier: Apache-2.0
// What the journeys with a phone share: it joins, a computer asks, it opens
// the request, and both go on from there.

import assert from 'node:assert/strict';

/** What a phone is, besides what a computer is. */
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true,
  permissions: ['notifications'] };

/** The two kinds of people of a scene(). */
export function people(at) {
  return {
    computer: (t, journey, options = {}) =>
      at.visit(t, { journey, ...options }),
    phone: (t, journey, options = {}) =>
      at.visit(t, { journey: `${journey}-phone`, ...PHONE, ...options }),
  };
}

/** The address of the code that the computer shows. */
export async function code(pc) {
  await pc.goto('/account/devices');
  await pc.ready();
  await pc.page.click('#add-phone');
  await pc.page.waitForSelector('#code[open]');
  const { pathname, hash } = new URL(
    await pc.page.locator('#link').getAttribute('href'));
  return pathname + hash;
}

/** The button that can be seen. */
export const press = (who, act) =>
  who.page.locator(`[data-act="${act}"]`).filter({ visible: true }).click();

/** Leaves the page that tells how something ended. */
export async function home(who) {
  await press(who, 'home');
  await who.state('home');
}

/**
 * A phone joins the account by the code that the computer shows, and is
 * confirmed there by its name.
 */
export async function join(pc, it, name, look = false) {
  const where = await code(pc);
  if (look)
    await pc.look('code');
  await it.goto(where);
  await it.state('welcome');
  if (look)
    await it.look('welcome');
  await press(it, 'begin');
  await it.state('name');
  await it.page.fill('#phone-name', name);
  if (look)
    await it.look('name');
  await press(it, 'set');
  await it.state('confirming');
  await pc.page.waitForSelector('#confirm[open]');
  assert.equal(await pc.text('#confirm [data-f=name]'), name);
  assert.equal(await it.text('[data-view=confirming] [data-f=name]'), name);
  if (look) {
    await it.look('confirming');
    await pc.look('confirm');
  }
  await pc.page.click('#confirm button[value=yes]');
  await it.state('set-up');
  if (look)
    await it.look('set-up');
  await home(it);
  await pc.page.waitForSelector('.card.phone');
  await pc.state('ready');
  if (look) {
    await it.look('home');
    await pc.look('phone');
  }
}

/** On a browser that nobody is signed in with; gives the number. */
export async function asks(who, name) {
  await who.goto('/');
  await who.state('ready');
  await who.page.fill('#name', name);
  await who.page.click('#use-phone');
  await who.state('phone-waiting');
  return who.page.locator('[data-f=number]').innerText();
}

/** The phone finds the request in its list, with no push. */
export async function opens(it) {
  await it.page.click('#pending button');
  await it.state('request');
  return it.page.locator('[data-choice]').evaluateAll((tiles) =>
    tiles.map((tile) => tile.dataset.choice));
}

/** Up to the question whether the browser shall be kept. */
export async function approved(pc, it, name) {
  const number = await asks(pc, name);
  assert.ok((await opens(it)).includes(number));
  await it.page.click(`[data-choice="${number}"]`);
  await it.state('request-approved');
  await pc.state('keep');
  await home(it);
}
