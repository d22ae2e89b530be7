// SPDX-License-Identifier: Apache-2.0
// The passkeys of an account: a second one, names, removal, and what the
// passkey provider is told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Authenticator, inEach, scene, until } from './lib.mjs';

describe('passkeys', () => {
  const at = scene();

  const cards = (who) => who.page.locator('.card.passkey h2').allInnerTexts();

  async function addSecond(who, name = 'Security key') {
    const key = await Authenticator.of(who.page, { transport: 'usb' });
    await who.goto('/account');
    await who.ready();
    await who.page.click('#add-passkey');
    await who.page.waitForSelector('#add[open]');
    await who.page.fill('#add-name', name);
    await who.look('add');
    await who.page.click('#add button[value=create]');
    await who.page.waitForFunction(() =>
      document.querySelectorAll('.card.passkey').length === 2);
    await who.state('ready');
    return key;
  }

  /** The button of a card, by the passkey's name. */
  const button = (who, name, act) => who.page.locator(
    `.card.passkey:has(h2:text-is("${name}")) [data-act=${act}]`);

  test('a second passkey is added and renamed', async (t) => {
    const who = await at.visit(t, { journey: 'passkeys' });
    await who.signUp('two');
    await addSecond(who);
    assert.ok((await cards(who)).includes('Security key'));
    await who.look('two');
    await button(who, 'Security key', 'rename').click();
    await who.page.waitForSelector('#rename[open]');
    await who.look('rename');
    await who.page.fill('#rename-name', '会社の鍵');
    await who.page.click('#rename button[value=save]');
    await who.page.waitForSelector('.card.passkey:has-text("会社の鍵")');
    await who.state('ready');
    await who.look('renamed');
  });

  test('a model has its picture, and what is known against it', async (t) => {
    const who = await at.visit(t, { journey: 'model' });
    await who.signUp('model');
    // What a server with metadata says of it: http/policy_test.c.
    const icon = '/api/v1/models/69747375-6d6f-2074-6573-74206b65792e/icon';
    await who.page.route(`**${icon}`, (route) => route.fulfill({
      contentType: 'image/png', body: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAA'
        + 'EAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg'
        + 'gg==', 'base64') }));
    await who.page.route('**/api/v1/passkeys', async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      Object.assign(json.passkeys[0].provider,
        { name: 'Soft Key Pro', icon, status: 'REVOKED' });
      await route.fulfill({ response, json });
    });
    await who.goto('/account');
    await who.ready();
    assert.equal(await who.page.innerText('[data-f=provider]'), 'Soft Key Pro');
    assert.match(await who.page.innerText('.card.passkey .warning'),
      /weakness/);
    assert.ok(await who.page.evaluate(async () => {
      const image = document.querySelector('.made img');
      await image.decode();
      return image.naturalWidth === 1;
    }), 'the picture is there');
    await who.look('model');
  });

  test('a removed one is gone, and its provider hears of it', async (t) => {
    const who = await at.visit(t, { journey: 'remove' });
    await who.signUp('remove');
    const key = await addSecond(who, 'Old key');
    assert.equal((await key.credentials()).length, 1);
    await button(who, 'Old key', 'remove').click();
    await who.page.waitForSelector('#remove[open]');
    await who.look('ask');
    await who.page.click('#remove button[value=remove]');
    await who.page.waitForFunction(() =>
      document.querySelectorAll('.card.passkey').length === 1);
    await who.state('ready');
    await who.look('removed');
    await until(() => key.events.some(({ event }) =>
      event === 'credentialDeleted'), 'the provider hears of the removal');
    assert.equal((await key.credentials()).length, 0);
    assert.equal((await who.authenticator.credentials()).length, 1);
  });

  inEach('the last one cannot be removed', async (t, locale) => {
    const who = await at.visit(t, { journey: 'last', locale });
    await who.signUp(`last-${locale}`);
    await who.goto('/account');
    await who.ready();
    await who.page.click('.card.passkey [data-act=remove]');
    await who.page.waitForSelector('#last[open]');
    await who.look('guard');
    await who.page.click('#last button[value=""]');
    assert.equal((await cards(who)).length, 1);
    /* Nor by a page that does not ask. */
    assert.equal(await who.page.evaluate(async () => {
      const id = document.querySelector('.card.passkey').dataset.passkey;
      const answer = await fetch(`/api/v1/passkeys/${id}`,
        { method: 'DELETE' });
      return (await answer.json()).code;
    }), 'last-passkey');
  });

  inEach('no second passkey on the same device', async (t, locale) => {
    const who = await at.visit(t, { journey: 'same-device', locale });
    await who.signUp(`same-device-${locale}`);
    await who.goto('/account');
    await who.ready();
    await who.page.click('#add-passkey');
    await who.page.click('#add button[value=create]');
    await who.state('already-here');
    await who.look('already-here');
  });

  inEach('where each passkey lives, and who was told of a new one',
    async (t, locale) => {
      const who = await at.visit(t, { journey: 'homes', locale });
      await who.signUp(`homes-${locale}`);
      /* One that can be synced and is not yet; phones that were told. */
      let homes = [[true, true], [true, false], [false, false]];
      await who.page.route('**/api/v1/passkeys', async (route) => {
        const answer = await route.fetch();
        const body = await answer.json();
        const [first] = body.passkeys;
        body.passkeys = homes.map(([backup_eligible, synced], i) => ({
          ...first, ...body.passkeys[i], id: `pk_${i}`, current: !i,
          backup_eligible, synced }));
        await route.fulfill({ response: answer, json: body });
      });
      await who.page.route('**/api/v1/passkeys/verify', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer,
          json: { ...await answer.json(), told: { phones: 2 } } });
      });
      await who.goto('/account');
      await who.ready();
      assert.deepEqual(await who.page.locator('[data-home]')
        .evaluateAll((marks) => marks.map((one) => one.dataset.home)),
      ['synced', 'not-synced', 'device']);
      await who.look('homes');
      homes = [[true, true], [false, false]];
      await Authenticator.of(who.page, { transport: 'usb' });
      await who.page.click('#add-passkey');
      await who.page.click('#add button[value=create]');
      await who.page.waitForFunction(() =>
        document.querySelector('#said').textContent !== '');
      assert.match(await who.text('#said'), locale === 'ja-JP'
        ? /スマートフォン 2 台にお知らせしました。$/
        : /Phones that were told: 2\.$/);
      await who.look('told');
      /* Faked: the server's own limit is shown in tests/http. */
      await who.page.route('**/api/v1/passkeys/options', (route) =>
        route.fulfill({ status: 409, contentType: 'application/problem+json',
          body: JSON.stringify({ status: 409, code: 'passkeys-full' }) }));
      await who.page.click('#add-passkey');
      await who.page.click('#add button[value=create]');
      await who.state('passkeys-full');
      await who.look('full');
    });

  test('a new display name reaches the provider', async (t) => {
    const who = await at.visit(t, { journey: 'display-name' });
    await who.signUp('display');
    await who.goto('/account/settings');
    await who.ready();
    await who.page.fill('#display-name', 'Hanako Yamada');
    await who.page.click('#names button');
    await until(() => who.authenticator.events.some(({ event, credential }) =>
      event === 'credentialUpdated'
      && credential.userDisplayName === 'Hanako Yamada'),
    'the provider hears of the name');
    assert.equal(await who.text('#who'), 'Hanako Yamada');
    await who.look('saved');
  });

  inEach('a passkey that no account has is forgotten by its provider',
    async (t, locale) => {
      const who = await at.visit(t, { journey: 'unknown', locale });
      await who.signUp(`goes-away-${locale}`);
      await at.server.cli('account', 'remove', `goes-away-${locale}`, '--yes');
      await who.authenticator.present(false);
      await who.goto('/');
      await who.state('ready');
      await who.authenticator.present(true);
      await who.page.click('#signin button[type=submit]');
      await who.state('passkey-unknown');
      await who.look('passkey-unknown');
      await until(async () =>
        (await who.authenticator.credentials()).length === 0,
      'the provider forgets it');
    });
});

describe('a step that changes passkeys', () => {
  const at = scene(['proof_time = "1s"']);

  inEach('asks for a fresh proof first', async (t, locale) => {
    const who = await at.visit(t, { journey: 'proof', locale });
    await who.signUp(`prover-${locale}`);
    await who.goto('/account');
    await who.ready();
    await who.page.waitForTimeout(1100); /* the proof grows old */
    await who.page.click('.card.passkey [data-act=rename]');
    await who.page.fill('#rename-name', 'Renamed');
    await who.page.click('#rename button[value=save]');
    await who.state('proof');
    await who.look('asked');
    await who.page.click('#device [data-act=continue]');
    await who.page.waitForSelector('.card.passkey:has-text("Renamed")');
  });
});
