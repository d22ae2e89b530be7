// SPDX-License-Identifier: Apache-2.0
// Making an account and signing in to it, in each way that there is.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { inEach, scene } from './lib.mjs';

describe('signing up and in', () => {
  const at = scene();

  inEach('a newcomer makes an account and is signed in', async (t, locale) => {
    const who = await at.visit(t, { journey: 'sign-up', locale });
    const name = `hanako-${who.lang}@example.org`;
    await who.goto('/');
    await who.state('ready');
    await who.look('first-page');
    await who.page.click('#sign-up a');
    await who.state('name');
    await who.look('name');
    await who.page.fill('#name', name);
    await who.page.click('#choose-name button[type=submit]');
    await who.state('create');
    assert.equal(await who.text('[data-f=who]'), name);
    await who.look('create');
    await who.page.click('#create');
    await who.state('done');
    await who.look('done');
    await who.page.click('[data-view=done] a.main');
    await who.page.waitForURL('**/account');
    await who.ready();
    assert.equal(await who.page.locator('.card.passkey').count(), 1);
    await who.look('account');
  });

  inEach('a name that is taken or none is told at the name',
    async (t, locale) => {
      const first = await at.visit(t, { journey: 'names' });
      await first.signUp(`taken-${locale}`);
      const who = await at.visit(t, { journey: 'names', locale });
      await who.goto('/signup');
      await who.page.fill('#name', `ＴＡＫＥＮ-${locale}`);
      await who.page.click('#choose-name button[type=submit]');
      await who.page.waitForSelector('#name-problem:not([hidden])');
      await who.look('taken');
      await who.page.fill('#name', 'no good name');
      await who.page.click('#choose-name button[type=submit]');
      await who.page.waitForFunction(() => document.activeElement?.id === 'name'
        && document.querySelector('#name')?.ariaInvalid === 'true');
      await who.look('malformed');
      await who.page.fill('#name', `good-name-${locale}`);
      await who.page.click('#choose-name button[type=submit]');
      await who.state('create');
    });

  test('the button signs in with any passkey of this device', async (t) => {
    const who = await at.visit(t, { journey: 'button' });
    await who.signUp('button');
    await who.signOut();
    await who.look('signed-out');
    await who.signIn();
    assert.equal(await who.text('#who'), 'button');
    await who.look('signed-in');
  });

  test('a name first asks for the passkeys of that account', async (t) => {
    const who = await at.visit(t, { journey: 'name-first' });
    await who.signUp('name-first');
    await who.signOut();
    await who.page.fill('#name', 'NAME-first');
    await who.look('named');
    await who.signIn('NAME-first');
    assert.equal(await who.text('#who'), 'name-first');
  });

  test('a passkey is offered in the name field', async (t) => {
    const who = await at.visit(t, { journey: 'autofill' });
    await who.signUp('autofill');
    await who.signOut();
    /* Somebody picks it from the list: no button is pressed. */
    await who.authenticator.present(true);
    await who.goto('/');
    await who.page.waitForURL('**/account');
    await who.ready();
    assert.equal(await who.text('#who'), 'autofill');
    await who.look('signed-in');
  });

  test('who is signed in already goes on to the account', async (t) => {
    const who = await at.visit(t, { journey: 'signed-in' });
    await who.signUp('already');
    await who.authenticator.present(false);
    await who.goto('/');
    await who.page.waitForURL('**/account');
    await who.ready();
    await who.look('account');
  });

  test('a page that needs a session comes back after signing in', async (t) => {
    const who = await at.visit(t, { journey: 'goal' });
    await who.signUp('goal');
    await who.signOut();
    await who.goto('/account/history');
    await who.page.waitForURL('**/?next=/account/history');
    await who.state('ready');
    await who.look('sign-in');
    await who.authenticator.present(true);
    await who.page.click('#signin button[type=submit]');
    await who.page.waitForURL('**/account/history');
    await who.ready();
  });

  test('where a password manager sends its people, a passkey is added',
    async (t) => {
      const who = await at.visit(t, { journey: 'enroll' });
      await who.signUp('enroll');
      await who.signOut();
      const { enroll } = await (await fetch(
        `${at.server.origin}/.well-known/passkey-endpoints`)).json();
      await who.page.goto(enroll);
      await who.page.waitForURL('**/?next=/account%23add');
      await who.state('ready');
      await who.authenticator.present(true);
      await who.page.click('#signin button[type=submit]');
      await who.page.waitForURL('**/account');
      await who.page.waitForSelector('#add[open]');
      await who.look('add');
    });

  test('nothing but a keyboard is needed', async (t) => {
    const who = await at.visit(t, { journey: 'keyboard' });
    const { page } = who;
    const focused = () => page.evaluate(() => document.activeElement?.id
      || document.activeElement?.textContent?.trim());
    /** Tab until that has the focus, which is always to be seen. */
    const tabTo = async (wanted) => {
      for (let i = 0; i < 40; i++) {
        if (await focused() === wanted)
          return;
        await page.keyboard.press('Tab');
        assert.ok(await page.evaluate(() => {
          const style = getComputedStyle(document.activeElement);
          return document.activeElement === document.body
            || style.outlineStyle !== 'none' || style.boxShadow !== 'none';
        }), `the focus is seen on ${await focused()}`);
      }
      assert.fail(`no way to ${wanted}`);
    };
    await who.goto('/signup');
    await who.state('name');
    await tabTo('name');
    await page.keyboard.type('keyboard');
    await page.keyboard.press('Enter');
    await who.state('create');
    await tabTo('create');
    await page.keyboard.press('Enter');
    await who.state('done');
    await tabTo('Go to my account');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/account');
    await who.ready();
    await tabTo('add-passkey');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#add[open]');
    assert.equal(await focused(), 'add-name');
    await who.look('add-dialog');
    await page.keyboard.press('Escape');
    await page.waitForSelector('#add:not([open])', { state: 'attached' });
    assert.equal(await focused(), 'add-passkey');
    await who.authenticator.present(false);
    await tabTo('sign-out');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/');
  });
});
