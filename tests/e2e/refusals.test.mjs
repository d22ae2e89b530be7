// SPDX-License-Identifier: Apache-2.0
// Everything that can go wrong has a page that says what to do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test } from 'node:test';

import { inEach, person, scene } from './lib.mjs';

describe('refusals', () => {
  const at = scene();

  /** Somebody with an account, signed out, on the sign-in page. */
  async function signedOut(t, journey, options = {}) {
    const who = await at.visit(t, { journey, ...options });
    await who.signUp(`${journey}-${who.lang}`);
    await who.signOut();
    return who;
  }

  /** The service says who helps, as its operator may configure it. */
  async function supported(who, support) {
    await who.page.unrouteAll();
    await who.page.route('**/api/v1/service', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer,
        json: { ...await answer.json(), support } });
    });
  }

  const press = (who) => who.page.click('#signin button[type=submit]');
  const again = async (who) => {
    await who.page.click('#stage [data-act=again]');
    await who.page.waitForURL('**/account');
    await who.ready();
  };

  inEach('cancelled while the device asks, then done', async (t, locale) => {
    const who = await signedOut(t, 'cancelled', { locale });
    await press(who);
    await who.state('waiting');
    await who.look('waiting');
    await who.page.click('#stage [data-act=cancel]');
    await who.state('cancelled');
    await who.look('cancelled');
    await who.authenticator.present(true);
    await again(who);
  });

  inEach('no passkey on this device', async (t, locale) => {
    const who = await at.visit(t, { journey: 'no-passkey',
      locale });
    await who.goto('/');
    await who.state('ready');
    await press(who);
    await who.state('no-passkey');
    await who.look('no-passkey');
    assert.equal(await who.page.locator('[data-support]').isVisible(), false);
    await who.page.click('#stage [data-act=back]');
    await who.state('ready');
    /* Where the operator names somebody who helps, there is the way. */
    await supported(who, 'https://example.org/help');
    await who.goto('/');
    await who.state('ready');
    await press(who);
    await who.state('no-passkey');
    await who.page.waitForSelector('#stage [data-support]:visible');
    assert.equal(await who.page.getAttribute('#stage [data-support]', 'href'),
      'https://example.org/help');
    await who.look('with-support');
    await who.page.click('#stage [data-act=again]');
    await who.state('no-passkey');
    /* An address of another kind is none. */
    await supported(who, 'javascript:alert(1)');
    await who.goto('/');
    await who.state('ready');
    await press(who);
    await who.state('no-passkey');
    await who.page.waitForLoadState('networkidle');
    assert.equal(await who.page.locator('[data-support]').isVisible(), false);
  });

  inEach('the device does not verify its user', async (t, locale) => {
    const who = await signedOut(t, 'unverified', { locale });
    await who.authenticator.present(true);
    await who.authenticator.verified(false);
    await press(who);
    await who.state('no-passkey');
    await who.look('device-refuses');
    /*
     * A device that says it did not verify, though it was asked to.  Nobody
     * is there while the page begins anew, or the autofill would sign in.
     */
    await who.authenticator.present(false);
    await who.authenticator.verified(true);
    await who.page.click('#stage [data-act=back]');
    await who.state('ready');
    await who.authenticator.present(true);
    await who.authenticator.lie({ isBadUV: true });
    await press(who);
    await who.state('refused');
    await who.look('refused');
    assert.match(at.server.log(), /verdict=user-unverified/);
    await who.authenticator.lie({});
    await again(who);
  });

  test('a signature that is none', async (t) => {
    const who = await signedOut(t, 'bogus');
    await who.authenticator.present(true);
    await who.authenticator.lie({ isBogusSignature: true });
    await press(who);
    await who.state('refused');
    await who.look('refused');
    assert.match(at.server.log(), /verdict=signature/);
    await who.authenticator.lie({});
    await again(who);
  });

  inEach('a copy of the passkey is stopped, and its owner told', async (t, locale) => {
    const who = await signedOut(t, 'copied', { locale });
    const [old] = await who.authenticator.credentials();
    await who.signIn();
    await who.signOut();
    await who.signIn();
    await who.signOut();
    const [now] = await who.authenticator.credentials();
    assert.ok(now.signCount > old.signCount);
    await who.authenticator.remove(old.credentialId);
    await who.authenticator.add(old);
    await who.authenticator.present(true);
    await press(who);
    await who.state('sign-count');
    await who.look('sign-count');
    /* The true one signs in, and finds a notice. */
    await who.authenticator.present(false);
    await who.goto('/');
    await who.state('ready');
    await who.authenticator.remove(old.credentialId);
    await who.authenticator.add({ ...now, signCount: now.signCount + 5 });
    await who.signIn();
    await who.page.waitForSelector('#notices .notice');
    await who.look('notice');
    await who.page.click('#notices [data-act=seen]');
    await who.page.waitForSelector('#notices', { state: 'hidden' });
    await who.goto('/account/history');
    await who.ready();
    await who.look('history');
    assert.match(await who.text('#entries'),
      /copy of it may be about|複製が存在する可能性/);
  });

  inEach('at another address nothing is sent', async (t, locale) => {
    const who = await person(t, at.browser, { ...at.server,
      origin: `http://127.0.0.1:${at.server.port}` },
    { journey: 'address', locale });
    await who.goto('/');
    await who.state('ready');
    await press(who);
    await who.state('wrong-address');
    await who.look('wrong-address');
  });

  test('another site cannot use the session', async (t) => {
    const who = await at.visit(t, { journey: 'cross-site' });
    await who.signUp('cross-site');
    const other = http.createServer((_, answer) => {
      answer.setHeader('Content-Type', 'text/html');
      answer.end('<!doctype html><title>evil</title>');
    }).listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    await who.page.goto(`http://localhost:${other.address().port}/`);
    /* It is sent; that the page may not even see the answer is as well. */
    await who.page.evaluate((origin) => fetch(`${origin}/api/v1/logout`,
      { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' })
      .catch(() => {}), at.server.origin);
    assert.match(at.server.log(), /refused=cross-site/);
    who.trouble.length = 0; /* the other site is elsewhere */
    await who.authenticator.present(false);
    await who.goto('/account');
    await who.ready();
  });

  inEach('offline, and back again', async (t, locale) => {
    const who = await signedOut(t, 'offline', { locale });
    await who.page.context().setOffline(true);
    await who.page.waitForSelector('#offline:not([hidden])');
    await who.look('banner');
    await press(who);
    await who.state('offline');
    await who.look('offline');
    await who.page.context().setOffline(false);
    await who.page.waitForSelector('#offline', { state: 'hidden' });
    await who.authenticator.present(true);
    await again(who);
  });

  inEach('a browser that is too old', async (t, locale) => {
    const who = await at.visit(t, { journey: 'old-browser', locale });
    await who.page.addInitScript(() => {
      delete window.PublicKeyCredential;
    });
    for (const where of ['/', '/signup', '/account']) {
      await who.goto(where);
      await who.state('unsupported');
    }
    await who.look('unsupported');
  });

  inEach('a connection that is not safe', async (t, locale) => {
    const who = await at.visit(t, { journey: 'insecure', locale });
    await who.page.addInitScript(() => {
      Object.defineProperty(window, 'isSecureContext', { value: false });
    });
    for (const where of ['/', '/signup', '/account', '/companion']) {
      await who.goto(where);
      await who.state('insecure');
    }
    await who.look('insecure');
  });

  /* What browsers answer where there is no telling a virtual device to. */
  for (const [state, error] of [['no-device', 'NotSupportedError'],
    ['device-trouble', 'UnknownError']])
    inEach(`a device that cannot: ${state}`, async (t, locale) => {
      const who = await at.visit(t, { journey: state, locale });
      await who.page.addInitScript((name) => {
        navigator.credentials.create = async () => {
          throw new DOMException('', name);
        };
      }, error);
      await who.goto('/signup');
      await who.state('name');
      await who.page.fill('#name', `${state}-${who.lang}`);
      await who.page.click('#choose-name button[type=submit]');
      await who.state('create');
      await who.page.click('#create');
      await who.state(state);
      await who.look(state);
      await who.page.click('#stage [data-act=back]');
      await who.state('create');
    });

  inEach('a browser that asks the device only soon after a click',
    async (t, locale) => {
      const who = await signedOut(t, 'next', { locale });
      await who.page.evaluate(() => Object.defineProperty(navigator,
        'userActivation', { value: { isActive: false } }));
      await press(who);
      await who.state('next');
      await who.look('next');
      await who.authenticator.present(true);
      await who.page.click('#stage [data-act=continue]');
      await who.page.waitForURL('**/account');
    });

  inEach('no answer on the way to the service', async (t, locale) => {
    const who = await signedOut(t, 'unreachable', { locale });
    await who.page.route('**/api/v1/login/options', (route) => route.abort());
    await press(who);
    await who.state('unreachable');
    await who.look('unreachable');
    await who.page.unrouteAll();
    await who.authenticator.present(true);
    await again(who);
  });

  inEach('a name that no account can have stands at the name',
    async (t, locale) => {
      const who = await at.visit(t, { journey: 'long-name', locale });
      await who.goto('/');
      await who.state('ready');
      await who.page.fill('#name', 'あ'.repeat(100));
      await press(who);
      await who.page.waitForSelector('#name-problem:visible');
      assert.equal(await who.page.getAttribute('#name', 'aria-invalid'),
        'true');
      await who.look('long');
      await who.state('ready');
      await who.page.fill('#name', 'あ');
      assert.equal(await who.page.locator('#name-problem').isVisible(), false);
      await who.page.fill('#name', 'あ'.repeat(100));
      await who.page.click('#use-phone');
      await who.page.waitForSelector('#name-problem:visible');
      await who.state('ready');
    });

  test('a browser without JavaScript', async (t) => {
    const context = await at.browser.newContext({ javaScriptEnabled: false });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${at.server.origin}/`);
    assert.match(await page.locator('noscript').innerText(), /JavaScript/);
  });

  test('an address that is none', async (t) => {
    const who = await at.visit(t, { journey: 'not-found' });
    const answer = await who.goto('/no/such/page');
    assert.equal(answer.status(), 404);
    await who.state('ready');
    await who.look('not-found');
  });

  inEach('a locked account, told to its owner alone', async (t, locale) => {
    const who = await signedOut(t, 'locked', { locale });
    await at.server.cli('account', 'lock', `locked-${who.lang}`);
    await who.authenticator.present(true);
    await press(who);
    await who.state('account-locked');
    await who.look('account-locked');
    await at.server.cli('account', 'unlock', `locked-${who.lang}`);
    await who.authenticator.present(false);
    await who.goto('/');
    await who.state('ready');
    await who.signIn();
  });

  /* Faked, to be looked at; that the server says so, tests/http shows. */
  inEach('a server that is in trouble', async (t, locale) => {
    const who = await signedOut(t, 'trouble', { locale });
    for (const [state, status, code, headers] of [
      ['overloaded', 503, 'storage-full', { 'Retry-After': '30' }],
      ['rate-limited', 429, 'rate-limited', { 'Retry-After': '30' }],
      ['trouble', 500, 'fault', {}],
    ]) {
      await who.authenticator.present(false);
      await who.page.unrouteAll();
      await who.goto('/');
      await who.state('ready');
      await who.page.route('**/api/v1/login/options', (route) =>
        route.fulfill({ status, headers,
          contentType: 'application/problem+json',
          body: JSON.stringify({ status, code, instance: 'req_x' }) }));
      await press(who);
      await who.state(state);
      await who.look(state);
    }
    await who.page.unrouteAll();
  });
});

describe('ceremonies that are short', () => {
  const at = scene(['ceremony_time = "3s"']);

  inEach('the device gives no answer in time', async (t, locale) => {
    const who = await at.visit(t, { journey: 'timed-out', locale });
    await who.signUp(`timed-out-${locale}`);
    await who.signOut();
    await who.page.click('#signin button[type=submit]');
    await who.state('timed-out');
    await who.look('timed-out');
    await who.authenticator.present(true);
    await who.page.click('#stage [data-act=again]');
    await who.page.waitForURL('**/account');
  });

  inEach('the answer comes too late', async (t, locale) => {
    const who = await at.visit(t, { journey: 'expired', locale });
    await who.signUp(`expired-${locale}`);
    await who.signOut();
    await who.page.route('**/api/v1/login/verify', async (route) => {
      await new Promise((late) => setTimeout(late, 3200));
      await route.continue();
    });
    await who.authenticator.present(true);
    await who.page.click('#signin button[type=submit]');
    await who.state('expired');
    await who.look('expired');
    await who.page.unrouteAll({ behavior: 'wait' });
    await who.page.click('#stage [data-act=again]');
    await who.page.waitForURL('**/account');
  });
});
