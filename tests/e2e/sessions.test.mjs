// SPDX-License-Identifier: Apache-2.0
// Where one is signed in: seen from two browsers, and from two tabs of one.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { scene } from './lib.mjs';

describe('sessions', () => {
  const at = scene();

  /** The same person in two browsers, signed in to both. */
  async function both(t, journey, name) {
    const one = await at.visit(t, { journey });
    const two = await at.visit(t, { journey });
    await one.signUp(name);
    for (const credential of await one.authenticator.credentials())
      await two.authenticator.add({ ...credential,
        signCount: credential.signCount + 10 });
    await two.authenticator.present(false);
    await two.goto('/');
    await two.state('ready');
    await two.signIn();
    return [one, two];
  }

  test('signing out everywhere is seen in the other browser', async (t) => {
    const [one, two] = await both(t, 'everywhere', 'everywhere');
    await one.goto('/account/sessions');
    await one.ready();
    assert.equal(await one.page.locator('.card.session').count(), 2);
    await one.look('two-browsers');
    await one.page.click('#end-all');
    await one.page.waitForSelector('#everywhere[open]');
    await one.look('ask');
    await one.authenticator.present(false);
    await one.page.click('#everywhere button[value=end]');
    await one.page.waitForURL((url) => url.pathname === '/');
    await one.page.waitForSelector('#note[data-note=everywhere]');
    await one.look('done');
    await two.authenticator.present(false);
    await two.page.reload();
    await two.page.waitForURL((url) => url.pathname === '/');
    await two.page.waitForSelector('#note[data-note=ended]');
    await two.look('other-browser');
  });

  test('one other browser is signed out', async (t) => {
    const [one, two] = await both(t, 'end-one', 'end-one');
    await one.goto('/account/sessions');
    await one.ready();
    await one.page.locator('[data-act=end]').filter({ visible: true }).click();
    await one.page.waitForSelector('#alone:not([hidden])');
    await one.look('ended');
    await two.authenticator.present(false);
    await two.page.reload();
    await two.page.waitForURL((url) => url.pathname === '/');
    await one.page.reload();
    await one.ready();
  });

  test('all others are signed out, and this one stays', async (t) => {
    const [one, two] = await both(t, 'end-others', 'end-others');
    await one.goto('/account/sessions');
    await one.ready();
    await one.page.click('#end-others');
    await one.page.waitForSelector('#alone:not([hidden])');
    await two.authenticator.present(false);
    await two.page.reload();
    await two.page.waitForURL((url) => url.pathname === '/');
  });

  test('two tabs do not fight over their ceremonies', async (t) => {
    const one = await at.visit(t, { journey: 'two-tabs' });
    await one.signUp('tabs');
    await one.signOut();
    const two = await one.tab();
    await two.authenticator.present(false);
    await two.goto('/');
    await two.state('ready');
    /* Both have begun before either finishes. */
    const begin = (who) => who.page.evaluate(async () => {
      const answer = await fetch('/api/v1/login/options', { method: 'POST',
        headers: { 'Content-Type': 'application/json' }, body: '{}' });
      window.began = await answer.json();
    });
    const finish = (who) => who.page.evaluate(async () => {
      const { ceremony, publicKey } = window.began;
      const credential = await navigator.credentials.get({ publicKey:
        PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
      const answer = await fetch('/api/v1/login/verify', { method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ceremony, credential }) });
      return answer.status;
    });
    /* The page's own question for autofill gives way to ours. */
    for (const who of [one, two]) {
      await who.page.evaluate(() => document.dispatchEvent(new Event('x')));
      await who.goto('/signup');
      await who.state('name');
      await begin(who);
    }
    await two.authenticator.present(true);
    assert.equal(await finish(two), 200);
    for (const credential of await one.authenticator.credentials())
      await one.authenticator.remove(credential.credentialId);
    for (const credential of await two.authenticator.credentials())
      await one.authenticator.add(credential);
    await one.authenticator.present(true);
    assert.equal(await finish(one), 200);
  });

  test('signing in in one tab takes the other along', async (t) => {
    const one = await at.visit(t, { journey: 'tab-along' });
    await one.signUp('along');
    await one.signOut();
    const two = await one.tab();
    await two.authenticator.present(false);
    await two.goto('/');
    await two.state('ready');
    await one.page.bringToFront();
    await one.signIn();
    await two.page.waitForURL('**/account');
    await two.ready();
    /* And signing out. */
    await one.authenticator.present(false);
    await one.page.click('#sign-out');
    await two.page.waitForURL((url) => url.pathname === '/');
  });
});
