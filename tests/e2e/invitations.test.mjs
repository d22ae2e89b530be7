// SPDX-License-Identifier: Apache-2.0
// Accounts by invitation: the link works once.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch, person, serve } from './lib.mjs';

describe('invitations', () => {
  let browser, server;

  before(async () => {
    server = await serve(['sign_up = "invitation"']);
    browser = await launch();
  });
  after(async () => {
    await browser.close();
    await server.stop();
  });

  const link = async (...args) => {
    const { link } = JSON.parse(await server.cli('account', ...args, '--json'));
    return link.slice(server.origin.length);
  };

  test('without one there is no sign-up', async (t) => {
    const who = await person(t, browser, server, { journey: 'uninvited' });
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
    const who = await person(t, browser, server, { journey: 'invitation' });
    await who.goto(where);
    await who.state('name');
    await who.look('name');
    await who.page.fill('#name', 'invited');
    await who.page.click('#choose-name button[type=submit]');
    await who.state('create');
    await who.page.click('#create');
    await who.state('done');
    const second = await person(t, browser, server, { journey: 'invitation' });
    await second.goto(where);
    await second.state('invitation-unknown');
    await second.look('used-twice');
    assert.ok(!server.log().includes(where.split('=')[1]),
      'the invitation stays out of the log');
  });

  test('two who have it open at once: one gets the account', async (t) => {
    const where = await link('invite');
    const one = await person(t, browser, server, { journey: 'race' });
    const two = await person(t, browser, server, { journey: 'race' });
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
      const who = await person(t, browser, server, { journey: 'added' });
      await who.goto(where);
      await who.state('create');
      assert.equal(await who.text('[data-f=who]'), '山田花子');
      await who.look('create');
      await who.page.click('#create');
      await who.state('done');
    });

  test('a link that was cut is no invitation', async (t) => {
    const who = await person(t, browser, server, { journey: 'cut-link' });
    await who.goto('/signup#invitation=AAAA');
    await who.state('invitation-unknown');
  });
});

describe('closed sign-up', () => {
  test('says so', async (t) => {
    const server = await serve(['sign_up = "closed"']);
    const browser = await launch();
    t.after(async () => {
      await browser.close();
      await server.stop();
    });
    const who = await person(t, browser, server, { journey: 'closed' });
    await who.goto('/signup');
    await who.state('sign-up-closed');
    await who.look('closed');
  });
});
