// SPDX-License-Identifier: Apache-2.0
// A request rings the phone: a real push, a real click, and what becomes of a
// subscription that the push service has given up.

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
import { asks, home, join, opens, press } from './phones.mjs';

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

  let passkeyOfOwner;
  const owned = async (page) => new Person(page, await Authenticator.of(page),
    server, 'push-phone', 'en');

  test('a real push, a real click, and the computer is in', async (t) => {
    const owner = await person(t, browser, server, { journey: 'push-owner' });
    const pc = await person(t, browser, server, { journey: 'push' });
    let it = await owned(await profile.newPage());
    await owner.signUp('push');
    passkeyOfOwner = await owner.authenticator.credentials();
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

  /** The owner, on a computer, before the phones. */
  async function signedIn(t, journey) {
    const owner = await person(t, browser, server, { journey });
    for (const one of passkeyOfOwner)
      await owner.authenticator.add({ ...one, signCount: one.signCount + 100 });
    await owner.authenticator.present(false);
    await owner.goto('/');
    await owner.state('ready');
    await owner.signIn();
    await owner.goto('/account/devices');
    await owner.ready();
    return owner;
  }

  /** What the computer says of the phone's notifications. */
  const getsThrough = async (owner) => {
    await owner.page.reload();
    await owner.ready();
    return await owner.text('.card.phone [data-f=push]') === 'Get through';
  };

  /** The push service has given it up, and so has the server by that. */
  async function givenUp(t, owner) {
    const pc = await person(t, browser, server, { journey: 'push-gone' });
    fcm.subscriptions.clear();
    await asks(pc, 'push');
    await until(async () => !await getsThrough(owner), 'it is given up');
    await press(pc, 'cancel');
    await pc.state('ready');
  }

  test('a subscription that was given up is made anew', async (t) => {
    const owner = await signedIn(t, 'push-anew');
    await givenUp(t, owner);
    /* When the page is opened. */
    const it = await owned(await profile.newPage());
    await it.goto('/companion');
    await it.state('home');
    await until(() => getsThrough(owner), 'it gets through again');
    await givenUp(t, owner);
    /* And by the worker, without a page, when the browser tells it. */
    await it.goto('/404');
    const [worker] = profile.serviceWorkers();
    await worker.evaluate(async () => {
      await (await self.registration.pushManager.getSubscription())
        .unsubscribe();
      self.dispatchEvent(new Event('pushsubscriptionchange'));
    }).catch(() => {}); /* an event of ours cannot be waited for */
    await until(() => getsThrough(owner), 'it gets through again');
    await it.page.close();
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
