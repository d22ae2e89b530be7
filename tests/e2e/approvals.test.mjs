// SPDX-License-Identifier: Apache-2.0
// Sign-in with the phone: a computer and a phone as two browsers, from the
// code that sets the phone up to the browser that is thrown out.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { makeCertificate } from './certificate.mjs';
import { FakeFcm, pushEndpoint } from './fakefcm.mjs';
import { FakeNotify } from './fakenotify.mjs';
import { Authenticator, Person, launch, person, serve, until }
  from './lib.mjs';

const LOCALES = ['en-GB', 'ja-JP'];

const press = (who, act) =>
  who.page.locator(`[data-act="${act}"]`).filter({ visible: true }).click();

/** Leaves the page that tells how something ended. */
async function home(who) {
  await press(who, 'home');
  await who.state('home');
}

/**
 * A phone joins the account by the code that the computer shows, and is
 * confirmed there by its name.
 */
async function join(pc, it, name, look = false) {
  await pc.goto('/account/devices');
  await pc.ready();
  if (look)
    await pc.look('none');
  await pc.page.click('#add-phone');
  await pc.page.waitForSelector('#code[open]');
  if (look)
    await pc.look('code');
  const { pathname, hash } = new URL(
    await pc.page.locator('#link').getAttribute('href'));
  await it.goto(pathname + hash);
  await it.state('welcome');
  if (look)
    await it.look('welcome');
  await press(it, 'begin');
  await it.state('name');
  await it.page.fill('#phone-name', name);
  if (look)
    await it.look('name');
  await it.page.click('#phone-form button');
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
async function asks(who, name) {
  await who.goto('/');
  await who.state('ready');
  await who.page.fill('#name', name);
  await who.page.click('#use-phone');
  await who.state('phone-waiting');
  return who.page.locator('[data-f=number]').innerText();
}

/** The phone finds the request in its list, with no push. */
async function opens(it) {
  await it.page.click('#pending button');
  await it.state('request');
  return it.page.locator('[data-choice]').evaluateAll((tiles) =>
    tiles.map((tile) => tile.dataset.choice));
}

/** Up to the question whether the browser shall be kept. */
async function approved(pc, it, name) {
  const number = await asks(pc, name);
  assert.ok((await opens(it)).includes(number));
  await it.page.click(`[data-choice="${number}"]`);
  await it.state('request-approved');
  await pc.state('keep');
  await home(it);
}

describe('sign-in with the phone', () => {
  let browser, server;

  before(async () => {
    server = await serve();
    browser = await launch();
  });
  after(async () => {
    await browser.close();
    await server.stop();
  });

  const computer = (t, journey, options = {}) =>
    person(t, browser, server, { journey, ...options });

  const phone = (t, journey, options = {}) =>
    person(t, browser, server, { journey: `${journey}-phone`,
      viewport: { width: 390, height: 844 }, hasTouch: true,
      permissions: ['notifications'], ...options });

  for (const locale of LOCALES)
    test(`set up, asked, chosen, verified: in (${locale})`, async (t) => {
      const name = `whole-${locale}`;
      const owner = await computer(t, 'devices', { locale });
      const it = await phone(t, 'approve', { locale });
      const pc = await computer(t, 'approve', { locale });
      await owner.signUp(name);
      await join(owner, it, '私のスマホ', true);

      const number = await asks(pc, name);
      assert.match(number, /^[1-9]\d$/);
      assert.equal(await pc.page.locator('[data-f=digits]').innerText(),
        [...number].join(' '), 'read out digit by digit');
      await pc.look('waiting');
      await it.page.waitForSelector('#pending button');
      await it.look('asked');
      const choices = await opens(it);
      assert.equal(choices.length, 3);
      assert.ok(choices.includes(number));
      await it.look('request');
      const [refuse, choose] = await it.page.evaluate(() =>
        ['[data-act=not-me]', '[data-choice]'].map((one) => {
          const { width, height, top, left } =
            document.querySelector(one).getBoundingClientRect();
          return { area: width * height, top, left };
        }));
      assert.ok(refuse.area >= choose.area, 'as large as the choices');
      assert.ok(refuse.top <= choose.top && refuse.left <= choose.left,
        'and first');
      await it.page.click(`[data-choice="${number}"]`);
      await it.state('request-approved');
      await it.look('approved');

      await pc.state('keep');
      assert.notEqual(await pc.page.inputValue('#keep-name'), '');
      await pc.look('keep');
      await pc.page.fill('#keep-name', '居間のパソコン');
      await pc.page.click('#keep .main');
      await pc.state('own');
      await pc.look('own');
      await press(pc, 'later');
      await pc.page.waitForURL('**/account');
      await pc.ready();
      await pc.goto('/account/devices');
      await pc.ready();
      assert.equal(await pc.text('.card.browser h3'), '居間のパソコン');
      await pc.look('kept');

      await home(it);
      await press(it, 'history');
      await it.page.waitForSelector('#entries li');
      await it.look('history');
    });

  test('a wrong number ends it, and nobody is in', async (t) => {
    const owner = await computer(t, 'mismatch-owner');
    const it = await phone(t, 'mismatch');
    const pc = await computer(t, 'mismatch');
    await owner.signUp('mismatch');
    await join(owner, it, 'Phone');
    const number = await asks(pc, 'mismatch');
    const wrong = (await opens(it)).find((one) => one !== number);
    await it.page.click(`[data-choice="${wrong}"]`);
    await it.state('request-mismatch');
    await it.look('mismatch');
    await pc.state('request-mismatch');
    await pc.look('mismatch');
    await press(pc, 'back');
    await pc.state('ready');
    /* And requests rest for a while. */
    await pc.page.fill('#name', 'mismatch');
    await pc.page.click('#use-phone');
    await pc.state('approvals-resting');
    await pc.look('resting');
  });

  test('"this is not me" refuses, or reports', async (t) => {
    const owner = await computer(t, 'not-me-owner');
    const it = await phone(t, 'not-me');
    const pc = await computer(t, 'not-me');
    await owner.signUp('not-me');
    await join(owner, it, 'Phone');
    await asks(pc, 'not-me');
    await opens(it);
    await press(it, 'not-me');
    await it.state('stranger');
    await it.look('stranger');
    await press(it, 'deny');
    await it.state('request-denied');
    await it.look('denied');
    await pc.state('request-denied');
    await pc.look('denied');
    await home(it);
    await press(pc, 'back');
    await asks(pc, 'not-me');
    await opens(it);
    await press(it, 'not-me');
    await press(it, 'report');
    await it.state('request-reported');
    await it.look('reported');
    await pc.state('request-reported');
    await pc.look('reported');
  });

  test('a newer request takes the place of the older', async (t) => {
    const owner = await computer(t, 'superseded-owner');
    const it = await phone(t, 'superseded');
    const pc = await computer(t, 'superseded');
    const other = await computer(t, 'superseded-other');
    await owner.signUp('superseded');
    await join(owner, it, 'Phone');
    const old = await asks(pc, 'superseded');
    await opens(it);
    await asks(other, 'superseded');
    await pc.state('request-superseded');
    await pc.look('superseded');
    await it.page.click(`[data-choice="${old}"]`);
    await it.state('request-superseded');
    await it.look('superseded');
    await home(it);
    await it.page.waitForSelector('#pending button');
  });

  test('cancelling on the computer takes it off the phone', async (t) => {
    const owner = await computer(t, 'cancel-owner');
    const it = await phone(t, 'cancel');
    const pc = await computer(t, 'cancel');
    await owner.signUp('cancel');
    await join(owner, it, 'Phone');
    const number = await asks(pc, 'cancel');
    await opens(it);
    await press(pc, 'cancel');
    await pc.state('ready');
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('request-cancelled');
    await it.look('cancelled');
  });

  test('a trusted browser needs no number, and is out at once when revoked',
    async (t) => {
      const owner = await computer(t, 'trusted-owner');
      const it = await phone(t, 'trusted');
      const pc = await computer(t, 'trusted');
      await owner.signUp('trusted');
      await join(owner, it, 'Phone');
      await approved(pc, it, 'trusted');
      await pc.page.click('#keep .main');
      await pc.state('own');
      await press(pc, 'later');
      await pc.page.waitForURL('**/account');
      await pc.ready();
      await pc.page.click('#sign-out');
      await pc.page.waitForURL((url) => url.pathname === '/');
      await pc.state('ready');

      await pc.page.fill('#name', 'trusted');
      await pc.page.click('#use-phone');
      await pc.state('phone-waiting');
      assert.equal(await pc.page.locator('[data-f=number]').isVisible(),
        false);
      await pc.look('no-number');
      await it.page.click('#pending button');
      await it.state('request');
      await it.look('no-number');
      await it.page.click('[data-choice=""]');
      await it.state('request-approved');
      await pc.state('own'); /* it is kept already: that is not asked */
      await press(pc, 'later');
      await pc.page.waitForURL('**/account');
      await pc.ready();

      await owner.goto('/account/devices');
      await owner.ready();
      await owner.page.click('.card.browser [data-act=remove]');
      await owner.page.waitForSelector('#remove[open]');
      await owner.look('revoke');
      await owner.page.click('#remove button[value=remove]');
      await owner.page.waitForSelector('#no-browsers:not([hidden])');
      assert.equal(await pc.page.evaluate(async () =>
        (await fetch('/api/v1/session')).status), 401);
    });

  test('a phone that was removed says so', async (t) => {
    const owner = await computer(t, 'removed-owner');
    const it = await phone(t, 'removed');
    await owner.signUp('removed');
    await join(owner, it, 'Old phone');
    await owner.page.click('.card.phone [data-act=remove]');
    await owner.page.click('#remove button[value=remove]');
    await owner.page.waitForSelector('#no-phones:not([hidden])');
    await it.state('phone-unknown');
    await it.look('phone-unknown');
    await press(it, 'set-up');
    await it.state('welcome');
  });

  test('the computer says no: the phone is not let in', async (t) => {
    const owner = await computer(t, 'refused-owner');
    const it = await phone(t, 'refused');
    await owner.signUp('refused');
    await owner.goto('/account/devices');
    await owner.ready();
    await owner.page.click('#add-phone');
    await owner.page.waitForSelector('#code[open]');
    const { pathname, hash } = new URL(
      await owner.page.locator('#link').getAttribute('href'));
    await it.goto(pathname + hash);
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await it.page.click('#phone-form button');
    await it.state('confirming');
    await owner.page.waitForSelector('#confirm[open]');
    await owner.page.click('#confirm button[value=no]');
    await it.state('not-confirmed');
    await it.look('not-confirmed');
  });

  test('a code that is over says so', async (t) => {
    const it = await phone(t, 'over');
    await it.goto('/companion#offer=AAAA');
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await it.page.click('#phone-form button');
    await it.state('offer-unknown');
    await it.look('offer-unknown');
    await press(it, 'back');
    await it.state('welcome');
  });

  test('set up on the phone itself; leaving; locking', async (t) => {
    const it = await phone(t, 'itself');
    await it.signUp('itself');
    await it.goto('/companion');
    await it.state('welcome');
    await press(it, 'begin');
    await it.state('name');
    await it.page.click('#phone-form button');
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
    await it.page.click('#phone-form button');
    await it.state('set-up');
    await home(it);
    await press(it, 'lock');
    await it.state('lock');
    await it.look('lock');
    await it.page.click('[data-view=lock] [data-act=lock]');
    await it.state('locked');
    await it.look('locked');
  });

  test('notifications are asked for first', async (t) => {
    const it = await phone(t, 'notify', { permissions: [] });
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

  test('what was shown is what is signed, or nothing is', async (t) => {
    const owner = await computer(t, 'altered-owner');
    const it = await phone(t, 'altered');
    const pc = await computer(t, 'altered');
    await owner.signUp('altered');
    await join(owner, it, 'Phone');
    const number = await asks(pc, 'altered');
    /* Somebody on the way shows the phone another address. */
    await it.page.route('**/api/v1/companion/approvals/apr_*', async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      if (body.context)
        body.context.browser.address = '203.0.113.7';
      await route.fulfill({ response: answer, json: body });
    });
    /* The server finds out by what the phone says it has shown. */
    let seen = 0;
    await it.page.route('**/choice', async (route) => {
      const { choice } = route.request().postDataJSON();
      seen++;
      const answer = await route.fetch();
      assert.equal((await answer.json()).code, 'approval-changed');
      await it.page.unroute('**/choice');
      await route.fulfill({ status: 200, json: { state: 'pending',
        publicKey: { challenge: 'AAAA', rpId: 'localhost' },
        transaction: { choice, nonce: 'x' } } });
    });
    await opens(it);
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('altered');
    assert.equal(seen, 1);
    await it.look('altered');
    await pc.state('phone-waiting');
  });

  test('without events it waits by asking', async (t) => {
    const owner = await computer(t, 'poll-owner');
    const it = await phone(t, 'poll');
    const pc = await computer(t, 'poll');
    await owner.signUp('poll');
    await join(owner, it, 'Phone');
    let asked = 0;
    await pc.page.route('**/events', (route) => route.fulfill({ status: 502,
      body: 'no streams here' }));
    pc.page.on('request', (request) => {
      asked += request.url().endsWith('?wait=25');
    });
    await approved(pc, it, 'poll');
    assert.ok(asked > 0);
  });

  test('the browser’s own code comes first where it has one', async (t) => {
    const pc = await computer(t, 'hybrid');
    await pc.page.addInitScript(() => {
      PublicKeyCredential.getClientCapabilities = async () =>
        ({ hybridTransport: true });
    });
    await pc.goto('/');
    await pc.state('ready');
    await pc.page.click('#use-phone');
    assert.equal(await pc.text('#name-problem') !== '', true);
    await pc.look('name-missing');
    await pc.page.fill('#name', 'nobody-has-this-name');
    await pc.page.click('#use-phone');
    await pc.state('way');
    await pc.look('way');
    await press(pc, 'ask');
    /* A name that no account has looks the same. */
    await pc.state('phone-waiting');
    assert.match(await pc.page.locator('[data-f=number]').innerText(),
      /^[1-9]\d$/);
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

  test('always passkey is switched off and on', async (t) => {
    const who = await computer(t, 'always');
    await who.signUp('always');
    await who.goto('/account/settings');
    await who.ready();
    const is = () => who.page.getAttribute('#always', 'aria-checked');
    assert.equal(await is(), 'true');
    await who.page.click('#always');
    await who.page.waitForSelector('#switch[open]');
    await who.look('ask');
    await who.page.click('#switch button[value=off]');
    await until(async () => await is() === 'false', 'it is off');
    await who.state('ready');
    await who.look('off');
    await who.page.click('#always');
    await until(async () => await is() === 'true', 'it is on');
  });
});

describe('a number that is typed', () => {
  let browser, server;

  before(async () => {
    [browser, server] = await Promise.all(
      [launch(), serve(['approval_match = "type6"'])]);
  });
  after(async () => {
    await browser.close();
    await server.stop();
  });

  test('six digits, typed as they stand there', async (t) => {
    const owner = await person(t, browser, server, { journey: 'typed-owner' });
    const it = await person(t, browser, server, { journey: 'typed-phone',
      viewport: { width: 390, height: 844 }, hasTouch: true,
      permissions: ['notifications'] });
    const pc = await person(t, browser, server, { journey: 'typed' });
    await owner.signUp('typed');
    await join(owner, it, 'Phone');
    const number = await asks(pc, 'typed');
    assert.match(number, /^\d{6}$/);
    await pc.look('waiting');
    assert.deepEqual(await opens(it), []);
    await it.page.fill('#typed', '12');
    await it.page.click('#type .main');
    assert.equal(await it.page.locator('#typed-problem').isVisible(), true);
    await it.look('wrong');
    await it.page.fill('#typed', number);
    await it.page.click('#type .main');
    await it.state('request-approved');
    await pc.state('keep');
    await pc.page.click('#keep [data-act=no]');
    await pc.state('own');
    await press(pc, 'make');
    /* A passkey is wanted first: this session has none yet. */
    await pc.page.waitForURL('**/account');
    await pc.page.waitForSelector('#add[open]');
  });
});

describe('a request that nobody answers', () => {
  let browser, server;

  before(async () => {
    server = await serve(['approval_time = "30s"']);
    browser = await launch();
  });
  after(async () => {
    await browser.close();
    await server.stop();
  });

  test('expires, and says what to do', { timeout: 90000 }, async (t) => {
    const pc = await person(t, browser, server, { journey: 'expired' });
    pc.page.context().setDefaultTimeout(60000);
    await pc.goto('/');
    await pc.state('ready');
    await pc.page.fill('#name', 'nobody');
    await pc.page.click('#use-phone');
    await pc.state('phone-waiting');
    await pc.state('request-expired');
    await pc.look('expired');
    await pc.page.locator('[data-act=again]').click();
    await pc.state('phone-waiting');
  });
});

describe('a request rings the phone', () => {
  let folder, fcm, endpoint, notify, profile, browser, server;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-phone-'));
    const certificate = makeCertificate(folder,
      ['localhost', '*.google.com', 'fcm.googleapis.com']);
    [fcm, notify, browser] = await Promise.all([FakeFcm.start(certificate),
      FakeNotify.start(), launch()]);
    endpoint = await pushEndpoint(certificate,
      (...sent) => fcm.deliver(...sent));
    server = await serve([`push_ca = "${certificate.file}"`,
      'push_networks = {"127.0.0.1"}',
      `push_connect_to = {":443:127.0.0.1:${endpoint.port}"}`]);
    profile = await chromium.launchPersistentContext(
      path.join(folder, 'profile'), {
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: false, /* the new headless mode is a flag of its own */
        locale: 'en-GB', viewport: { width: 390, height: 844 },
        reducedMotion: 'reduce',
        env: { ...process.env, ...notify.environment },
        args: ['--headless=new', '--no-sandbox', '--disable-gpu',
          '--disable-quic', '--no-first-run', '--disable-component-update',
          '--disable-sync', ...fcm.flags,
          `--ignore-certificate-errors-spki-list=${certificate.spki}`],
      });
    profile.setDefaultTimeout(15000);
    await profile.grantPermissions(['notifications'],
      { origin: server.origin });
  });
  after(async () => {
    await profile?.close();
    await browser?.close();
    await server?.stop();
    await notify?.stop();
    endpoint?.close();
    fcm?.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const owned = async (page) => new Person(page, await Authenticator.of(page),
    server, 'push-phone', 'en');

  test('a real push, a real click, and the computer is in', async (t) => {
    const owner = await person(t, browser, server, { journey: 'push-owner' });
    const pc = await person(t, browser, server, { journey: 'push' });
    let it = await owned(await profile.newPage());
    await owner.signUp('push');
    await join(owner, it, 'Phone');
    await owner.page.waitForSelector('.card.phone');
    assert.equal(await owner.text('.card.phone [data-f=push]'), 'Get through');
    assert.equal(await it.page.locator('#no-push').isVisible(), false);
    await fcm.connected();

    /* The companion is closed, and comes back by the click alone. */
    const passkeys = await it.authenticator.credentials();
    await it.goto('/404');
    const shown = once(notify, 'shown');
    const number = await asks(pc, 'push');
    const [notification] = await shown;
    assert.equal(notification.summary, 'Are you signing in?');
    const said = `${notification.summary} ${notification.body}`;
    assert.doesNotMatch(said, new RegExp(`${number}|push|apr_`));
    const opens = profile.waitForEvent('page');
    notify.click(notification);
    it = await owned(await opens);
    for (const one of passkeys)
      await it.authenticator.add(one);
    await it.state('request');
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('request-approved');
    await pc.state('keep');
    await home(it);
  });

  test('with the push service down the list still works', async (t) => {
    const pc = await person(t, browser, server, { journey: 'push-down' });
    const it = await owned(await profile.newPage());
    endpoint.close();
    await it.goto('/companion');
    await it.state('home');
    const number = await asks(pc, 'push');
    assert.ok((await opens(it)).includes(number));
  });
});
