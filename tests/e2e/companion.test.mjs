// SPDX-License-Identifier: Apache-2.0
// The companion: how a phone is set up, set up again and left, and what it is
// besides a phone that approves.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { inEach, scene } from './lib.mjs';
import { approved, asks, code, home, join, opens, people, press }
  from './phones.mjs';

describe('a phone that approves', () => {
  const at = scene();
  const { computer, phone } = people(at);

  inEach('a phone that was removed says so', async (t, locale) => {
    const owner = await computer(t, 'removed-owner', { locale });
    const it = await phone(t, 'removed', { locale });
    await owner.signUp(`removed-${locale}`);
    await join(owner, it, 'Old phone');
    await owner.page.click('.card.phone [data-act=remove]');
    await owner.page.click('#remove button[value=remove]');
    await owner.page.waitForSelector('#no-phones:not([hidden])');
    await it.state('phone-unknown');
    await it.look('phone-unknown');
    await press(it, 'set-up');
    await it.state('welcome');
  });

  inEach('the computer says no: the phone is not let in', async (t, locale) => {
    const owner = await computer(t, 'refused-owner', { locale });
    const it = await phone(t, 'refused', { locale });
    await owner.signUp(`refused-${locale}`);
    await it.goto(await code(owner));
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await press(it, 'set');
    await it.state('confirming');
    await owner.page.waitForSelector('#confirm[open]');
    await owner.page.click('#confirm button[value=no]');
    await it.state('not-confirmed');
    await it.look('not-confirmed');
  });

  inEach('a code that is over says so', async (t, locale) => {
    const it = await phone(t, 'over', { locale });
    await it.goto('/companion#offer=AAAA');
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await press(it, 'set');
    await it.state('offer-unknown');
    await it.look('offer-unknown');
    await press(it, 'back');
    await it.state('welcome');
  });

  inEach('set up on the phone itself; leaving; locking', async (t, locale) => {
    const it = await phone(t, 'itself', { locale });
    await it.signUp(`itself-${locale}`);
    await it.goto('/companion');
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await press(it, 'set');
    await it.state('set-up');
    await home(it);
    await press(it, 'leave');
    await it.state('leave');
    await it.look('leave');
    await it.page.click('[data-view=leave] [data-act=leave]');
    await it.state('left');
    await it.look('left');
    await press(it, 'back');
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await press(it, 'set');
    await it.state('set-up');
    await home(it);
    await press(it, 'lock');
    await it.state('lock');
    await it.look('lock');
    await it.page.click('[data-view=lock] [data-act=lock]');
    await it.state('locked');
    await it.look('locked');
    await press(it, 'home');
    await it.state('account-locked');
    await it.look('account-locked');
    await at.server.cli('account', 'unlock', `itself-${locale}`);
    await press(it, 'again');
    await it.state('home');
  });

  inEach('notifications are asked for first', async (t, locale) => {
    const it = await phone(t, 'notify', { locale, permissions: [] });
    await it.page.addInitScript(() => {
      let permission = 'default';
      Object.defineProperty(Notification, 'permission',
        { get: () => permission });
      Notification.requestPermission = async () => {
        permission = permission === 'default' ? 'denied' : 'granted';
        return permission;
      };
      window.grant = () => { permission = 'granted'; };
    });
    await it.goto('/companion');
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('notify');
    await it.look('notify');
    await press(it, 'allow');
    await it.state('denied');
    await it.look('denied');
    await it.page.evaluate(() => window.grant());
    await press(it, 'check');
    await it.state('name');
  });

  test('the companion can be installed', async (t) => {
    const it = await phone(t, 'install');
    await it.goto('/companion');
    await it.state('welcome');
    const cdp = await it.page.context().newCDPSession(it.page);
    assert.deepEqual((await cdp.send('Page.getAppManifest')).errors, []);
    const { installabilityErrors } =
      await cdp.send('Page.getInstallabilityErrors');
    assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId)
      .filter((one) => one !== 'in-incognito'), []);
  });

  inEach('set up already: as it is, or anew', async (t, locale) => {
    const name = `anew-${locale}`;
    const owner = await computer(t, 'anew-owner', { locale });
    const it = await phone(t, 'anew', { locale });
    const pc = await computer(t, 'anew', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    const where = await code(owner);

    /* Begun and left in each way that there is: it goes on to work. */
    await it.goto('/404');
    await it.goto(where);
    await it.state('already-set-up');
    await it.look('already-set-up');
    await press(it, 'home');
    await it.state('home');
    await it.goto('/404');
    await it.goto(where);
    await press(it, 'anew');
    await it.state('welcome');
    await it.look('welcome');
    await press(it, 'begin');
    await it.state('name');
    assert.equal(await it.page.inputValue('#phone-name'), 'Phone');
    await it.authenticator.present(false);
    await press(it, 'set');
    await it.state('waiting');
    await press(it, 'cancel');
    await it.state('cancelled');
    await press(it, 'back');
    await it.state('name');
    await press(it, 'back');
    await it.state('home');
    await it.authenticator.present(true);
    await owner.page.keyboard.press('Escape');
    await approved(pc, it, name);

    /* A code that is over: what was set up still is. */
    await it.goto('/404');
    await it.goto('/companion#offer=AAAA');
    await press(it, 'anew');
    await press(it, 'begin');
    await it.state('name');
    await press(it, 'set');
    await it.state('offer-unknown');
    await home(it);

    /* To the end: its own passkey says whose it is, and the old one goes. */
    await it.goto('/404');
    await it.goto(await code(owner));
    await press(it, 'anew');
    await press(it, 'begin');
    await it.state('name');
    await it.page.fill('#phone-name', 'Phone, anew');
    await press(it, 'set');
    await it.state('set-up');
    await home(it);
    await owner.page.keyboard.press('Escape');
    await owner.page.reload();
    await owner.ready();
    assert.deepEqual(
      await owner.page.locator('.card.phone h3').allInnerTexts(),
      ['Phone, anew']);
    await pc.signOut();
    await asks(pc, name);
    await opens(it);
  });

  inEach('a phone whose key is lost can be set up again',
    async (t, locale) => {
      const it = await phone(t, 'key-lost', { locale });
      await it.signUp(`key-lost-${locale}`);
      await it.goto('/companion');
      await press(it, 'begin');
      await it.state('name');
      await press(it, 'set');
      await it.state('set-up');
      await home(it);
      await it.page.evaluate(() => new Promise((done) => {
        indexedDB.open('itsumo').onsuccess = ({ target }) => {
          target.result.transaction('kept', 'readwrite').objectStore('kept')
            .delete('device').onsuccess = done;
        };
      }));
      await it.page.reload();
      await it.state('device-proof-refused');
      await it.look('key-lost');
      await press(it, 'again');
      await it.state('device-proof-refused');
      await press(it, 'set-up');
      await it.state('welcome');
      await press(it, 'begin');
      await it.state('name');
      await press(it, 'set');
      await it.state('set-up');
      await home(it);
    });

  test('a request that is not there says so', async (t) => {
    const it = await phone(t, 'gone');
    await it.signUp('gone');
    await it.goto('/companion');
    await press(it, 'begin');
    await press(it, 'set');
    await it.state('set-up');
    await it.goto('/404');
    await it.goto('/companion#approval=apr_AAAAAAAAAAAAAAAAAAAAAA');
    await it.state('request-gone');
    await it.look('request-gone');
    await home(it);
  });

  inEach('a browser without notifications, and one that wants installing',
    async (t, locale) => {
      const it = await phone(t, 'unable', { locale });
      await it.page.addInitScript(() => {
        delete window.Notification;
      });
      await it.goto('/companion');
      await it.state('welcome');
      await press(it, 'begin');
      await it.state('no-notifications');
      await it.look('no-notifications');
      await it.page.addInitScript(() => {
        navigator.standalone = false;
      });
      await it.page.reload();
      await it.state('welcome');
      await press(it, 'begin');
      await it.state('install');
      await it.look('install');
    });

  inEach('trusted browsers are seen and thrown out from the phone',
    async (t, locale) => {
      const name = `throw-out-${locale}`;
      const owner = await computer(t, 'throw-out-owner', { locale });
      const it = await phone(t, 'throw-out', { locale });
      const pc = await computer(t, 'throw-out', { locale });
      await owner.signUp(name);
      await join(owner, it, 'Phone');
      await press(it, 'browsers');
      await it.page.waitForSelector('#no-browsers:not([hidden])');
      await it.look('none');
      await press(it, 'back');
      await it.state('home');

      /* One by a passkey of this very browser, one by the phone. */
      await owner.page.click('#trust-this');
      await owner.page.waitForSelector('#trust[open]');
      await owner.look('trust');
      await owner.page.fill('#trust-name', '書斎');
      await owner.page.click('#trust button[value=save]');
      await owner.page.waitForSelector('.card.browser:has-text("書斎")');
      await owner.state('ready');
      await owner.look('trusted');
      assert.equal(await owner.page.locator('#trust-this').isVisible(), false);
      await approved(pc, it, name);
      await pc.page.fill('#keep-name', '居間');
      await pc.page.click('#keep .main');
      await pc.state('own');

      await press(it, 'browsers');
      await it.page.waitForSelector('#browsers li');
      assert.equal(await it.page.locator('#browsers li').count(), 2);
      await it.look('browsers');
      await it.page.locator('#browsers li:has-text("居間") [data-act=remove]')
        .click();
      await it.state('revoke');
      await it.look('revoke');
      await press(it, 'revoke');
      await it.page.waitForFunction(() =>
        document.querySelectorAll('#browsers li').length === 1);
      await it.look('revoked');
      assert.equal(await pc.page.evaluate(async () =>
        (await fetch('/api/v1/session')).status), 401);
      await press(it, 'back');
      await it.state('home');

      /* A server that lets a phone rename them, as it says. */
      let called = '書斎';
      await it.page.route('**/api/v1/companion/browsers', async (route) => {
        const answer = await route.fetch();
        const body = await answer.json();
        body.browsers[0].name = called;
        await route.fulfill({ response: answer, json: { ...body,
          capabilities: [...body.capabilities, 'browser-names'] } });
      });
      await it.page.route('**/api/v1/companion/browsers/brw_*', (route) => {
        const { name } = route.request().postDataJSON();
        if (name === '!')
          return route.fulfill({ status: 400,
            contentType: 'application/problem+json',
            body: JSON.stringify({ status: 400, code: 'name-malformed' }) });
        called = name;
        return route.fulfill({ json: { browser: { name } } });
      });
      await press(it, 'browsers');
      await press(it, 'rename');
      await it.state('rename');
      await it.page.fill('#browser-name', '!');
      await it.page.click('#browser-form .main');
      await it.page.waitForSelector('#browser-name-problem:visible');
      await it.look('rename');
      await it.page.fill('#browser-name', '書斎のパソコン');
      await it.page.click('#browser-form .main');
      await it.page.waitForSelector('#browsers li:has-text("書斎のパソコン")');
      await it.look('renamed');
    });

  inEach('it can be silent for a while', async (t, locale) => {
    const it = await phone(t, 'silent', { locale });
    await it.signUp(`silent-${locale}`);
    await it.goto('/companion');
    await press(it, 'begin');
    await press(it, 'set');
    await it.state('set-up');
    await home(it);
    await press(it, 'mute');
    await it.state('mute');
    await it.look('ask');
    await press(it, '8h');
    await it.page.waitForSelector('[data-act=unmute]:visible');
    await it.look('silent');
    await press(it, 'unmute');
    await it.page.waitForSelector('[data-act=mute]:visible');
    assert.equal(
      await it.page.locator('[data-act=unmute]').isVisible(), false);
  });

  inEach('why no request comes is told where requests would stand',
    async (t, locale) => {
      const it = await phone(t, 'resting', { locale });
      await it.signUp(`resting-${locale}`);
      await it.goto('/companion');
      await press(it, 'begin');
      await press(it, 'set');
      await it.state('set-up');
      for (const resting of [{ until: '2030-01-02T03:04:05Z' }, {}]) {
        await it.page.unrouteAll({ behavior: 'ignoreErrors' });
        await it.page.route('**/api/v1/companion/approvals', async (route) => {
          const answer = await route.fetch();
          await route.fulfill({ response: answer,
            json: { ...await answer.json(), resting } });
        });
        await it.goto('/404');
        await it.goto('/companion');
        await it.page.waitForSelector('[data-f=resting]:visible');
        await it.look(resting.until ? 'for-a-while' : 'off');
      }
    });
});
