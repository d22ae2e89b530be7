// SPDX-License-Identifier: Apache-2.0
// Where one is signed in: seen from two browsers, and from two tabs of one.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { inEach, scene, until } from './lib.mjs';

describe('sessions', () => {
  const at = scene();

  /** The same person in two browsers, signed in to both. */
  async function both(t, journey, locale = 'en-GB') {
    const one = await at.visit(t, { journey, locale });
    const two = await at.visit(t, { journey, locale });
    await one.signUp(`${journey}-${locale}`);
    for (const credential of await one.authenticator.credentials())
      await two.authenticator.add({ ...credential,
        signCount: credential.signCount + 10 });
    await two.authenticator.present(false);
    await two.goto('/');
    await two.state('ready');
    await two.signIn();
    return [one, two];
  }

  inEach('signing out everywhere is seen in the other', async (t, locale) => {
    const [one, two] = await both(t, 'everywhere', locale);
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

  inEach('how and where each was opened is told in plain words',
    async (t, locale) => {
      const who = await at.visit(t, { journey: 'ways', locale });
      await who.signUp(`ways-${locale}`);
      /* As they would be from another place, by a phone, and by a code. */
      await who.page.route('**/api/v1/sessions', async (route) => {
        const answer = await route.fetch();
        const { sessions: [own] } = await answer.json();
        await route.fulfill({ response: answer, json: { sessions: [own,
          ...[['approval', 'Kyoto, JP'], ['code', 'CH']].map(
            ([method, place], i) => ({ ...own, id: `ses_${i}`, current: false,
              method, place }))] } });
      });
      await who.goto('/account/sessions');
      await who.ready();
      const said = (what) => who.page.locator(`[data-f=${what}]`)
        .allInnerTexts();
      assert.deepEqual(await said('how'), locale === 'ja-JP'
        ? ['パスキー', 'スマートフォンで承認', '確認コード']
        : ['With a passkey', 'Approved on the phone', 'With a code']);
      assert.deepEqual((await said('place')).slice(1), locale === 'ja-JP'
        ? ['日本 Kyoto · 127.0.0.1', 'スイス · 127.0.0.1']
        : ['Kyoto, Japan · 127.0.0.1', 'Switzerland · 127.0.0.1']);
      await who.look('ways');
      await who.goto('/account/history');
      await who.ready();
      assert.match(await who.text('.entry'), locale === 'ja-JP'
        ? /パスキー「.+」/ : /With the passkey “.+”/);
    });

  test('one other browser is signed out', async (t) => {
    const [one, two] = await both(t, 'end-one');
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
    const [one, two] = await both(t, 'end-others');
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
    two.journey = 'two-tabs-second';
    await two.authenticator.present(false);
    await two.goto('/');
    await two.state('ready');
    /* The first answers last: its count of uses is the higher one. */
    for (const used of await one.authenticator.credentials()) {
      await one.authenticator.remove(used.credentialId);
      await one.authenticator.add({ ...used, signCount: used.signCount + 10 });
    }
    /* Both devices have answered before the server hears of either. */
    const finish = new Map();
    for (const who of [one, two]) {
      await who.page.route('**/api/v1/login/verify', async (route) => {
        await new Promise((go) => finish.set(who, go));
        await route.continue();
      });
      await who.page.bringToFront();
      await who.authenticator.present(true);
      await who.page.click('#signin button[type=submit]');
      await until(() => finish.has(who), 'the device has answered');
      await who.state('busy');
    }
    for (const who of [two, one]) {
      finish.get(who)();
      await who.page.waitForURL('**/account');
      await who.ready();
      await who.look('signed-in');
    }
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
