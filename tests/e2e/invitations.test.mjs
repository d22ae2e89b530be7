// SPDX-License-Identifier: Apache-2.0
// Accounts by invitation: the link works once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { inEach, scene } from './lib.mjs';

describe('invitations', () => {
  const at = scene(['sign_up = "invitation"']);

  const link = async (...args) => {
    const { link } = JSON.parse(
      await at.server.cli('account', ...args, '--json'));
    return link.slice(at.server.origin.length);
  };

  inEach('without one there is no sign-up', async (t, locale) => {
    const who = await at.visit(t, { journey: 'uninvited', locale });
    await who.goto('/');
    await who.state('ready');
    await who.page.waitForSelector('#invited:not([hidden])');
    await who.look('sign-in');
    await who.goto('/signup');
    await who.state('invitation-needed');
    await who.look('needed');
  });

  test('it makes one account, and no second one', async (t) => {
    const where = await link('invite');
    const who = await at.visit(t, { journey: 'invitation' });
    await who.goto(where);
    await who.state('name');
    await who.look('name');
    await who.page.fill('#name', 'invited');
    await who.page.click('#choose-name button[type=submit]');
    await who.state('create');
    await who.page.click('#create');
    await who.state('done');
    const second = await at.visit(t, { journey: 'invitation' });
    await second.goto(where);
    await second.state('invitation-unknown');
    await second.look('used-twice');
    assert.ok(!at.server.log().includes(where.split('=')[1]),
      'the invitation stays out of the log');
  });

  test('two who have it open at once: one gets the account', async (t) => {
    const where = await link('invite');
    const one = await at.visit(t, { journey: 'race' });
    const two = await at.visit(t, { journey: 'race' });
    for (const [who, name] of [[one, 'race-1'], [two, 'race-2']]) {
      await who.goto(where);
      await who.state('name');
      await who.page.fill('#name', name);
      await who.page.click('#choose-name button[type=submit]');
      await who.state('create');
    }
    await one.page.click('#create');
    await one.state('done');
    await two.page.click('#create');
    await two.state('invitation-unknown');
    await two.look('too-late');
  });

  test('an account made by the administrator waits for its passkey',
    async (t) => {
      const where = await link('add', '山田花子');
      const who = await at.visit(t, { journey: 'added' });
      await who.goto(where);
      await who.state('create');
      assert.equal(await who.text('[data-f=who]'), '山田花子');
      await who.look('create');
      await who.page.click('#create');
      await who.state('done');
    });

  inEach('a link that was cut is no invitation', async (t, locale) => {
    const who = await at.visit(t, { journey: 'cut-link', locale });
    await who.goto('/signup#invitation=AAAA');
    await who.state('invitation-unknown');
    await who.look('unknown');
  });
});

describe('closed sign-up', () => {
  const at = scene(['sign_up = "closed"']);

  inEach('says so', async (t, locale) => {
    const who = await at.visit(t, { journey: 'closed', locale });
    await who.goto('/signup');
    await who.state('sign-up-closed');
    await who.look('closed');
  });
});
