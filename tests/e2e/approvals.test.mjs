// SPDX-License-Identifier: Apache-2.0
// Sign-in with the phone: a computer and a phone as two browsers, from the
// code that sets the phone up to the browser that is thrown out.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Authenticator, inEach, scene, until } from './lib.mjs';
import { approved, asks, home, join, opens, people, press }
  from './phones.mjs';

describe('sign-in with the phone', () => {
  const { computer, phone } = people(scene());

  inEach('set up, asked, chosen, verified: in',
    async (t, locale) => {
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
      assert.match(await it.text('#entries'), locale === 'ja-JP'
        ? /スマートフォンで承認/ : /Approved on the phone/);
      await it.look('history');
    });

  inEach('a wrong number ends it, and nobody is in', async (t, locale) => {
    const name = `mismatch-${locale}`;
    const owner = await computer(t, 'mismatch-owner', { locale });
    const it = await phone(t, 'mismatch', { locale });
    const pc = await computer(t, 'mismatch', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    const number = await asks(pc, name);
    const wrong = (await opens(it)).find((one) => one !== number);
    await it.page.click(`[data-choice="${wrong}"]`);
    await it.state('request-mismatch');
    await it.look('mismatch');
    await pc.state('request-mismatch');
    await pc.look('mismatch');
    await press(pc, 'back');
    await pc.state('ready');
    /* And requests rest for a while. */
    await pc.page.fill('#name', name);
    await pc.page.click('#use-phone');
    await pc.state('approvals-resting');
    await pc.look('resting');
  });

  inEach('"this is not me" refuses, or reports', async (t, locale) => {
    const name = `not-me-${locale}`;
    const owner = await computer(t, 'not-me-owner', { locale });
    const it = await phone(t, 'not-me', { locale });
    const pc = await computer(t, 'not-me', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    await asks(pc, name);
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
    await asks(pc, name);
    await opens(it);
    await press(it, 'not-me');
    await press(it, 'report');
    await it.state('request-reported');
    await it.look('reported');
    await pc.state('request-reported');
    await pc.look('reported');
  });

  inEach('a newer request takes the place of the older', async (t, locale) => {
    const name = `superseded-${locale}`;
    const owner = await computer(t, 'superseded-owner', { locale });
    const it = await phone(t, 'superseded', { locale });
    const pc = await computer(t, 'superseded', { locale });
    const other = await computer(t, 'superseded-other', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    await asks(pc, name);
    await opens(it);
    const number = await asks(other, name);
    await pc.state('request-superseded');
    await pc.look('superseded');
    /* The one that is open on the phone says so before anything is chosen. */
    await it.state('request-superseded');
    await it.look('superseded');
    await press(it, 'newer');
    await it.state('request');
    assert.ok(await it.page.locator(`[data-choice="${number}"]`).count());
  });

  test('a click on what rang leads to it from wherever one is', async (t) => {
    const owner = await computer(t, 'rang-owner');
    const it = await phone(t, 'rang');
    const pc = await computer(t, 'rang');
    const other = await computer(t, 'rang-other');
    let newest;
    other.page.on('request', (request) => {
      newest = /approvals\/(apr_[\w-]+)/.exec(request.url())?.[1] ?? newest;
    });
    /* As the worker tells the page of it. */
    const click = () => it.page.evaluate((open) =>
      navigator.serviceWorker.dispatchEvent(
        new MessageEvent('message', { data: { open } })), newest);
    await owner.signUp('rang');
    await join(owner, it, 'Phone');
    await asks(pc, 'rang');
    await opens(it);
    /* The page itself hears of nothing. */
    await it.page.route('**/api/v1/companion/approvals', (route) =>
      route.abort());
    const number = await asks(other, 'rang');
    await until(() => newest, 'the other has asked');
    await click();
    await it.page.waitForSelector(`[data-choice="${number}"]`);
    await it.page.unrouteAll({ behavior: 'ignoreErrors' });
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('request-approved');
    await other.state('keep');
    await home(it);
    await press(it, 'history');
    await it.state('history');
    newest = '';
    await other.signOut();
    await asks(other, 'rang');
    await until(() => newest, 'the other has asked again');
    await click();
    await it.state('request');
  });

  inEach('cancelling on the computer takes it off the phone',
    async (t, locale) => {
      const name = `cancel-${locale}`;
      const owner = await computer(t, 'cancel-owner', { locale });
      const it = await phone(t, 'cancel', { locale });
      const pc = await computer(t, 'cancel', { locale });
      await owner.signUp(name);
      await join(owner, it, 'Phone');
      const number = await asks(pc, name);
      await opens(it);
      /* It hears nothing more, and is told when the choice is made. */
      await it.page.route('**/api/v1/companion/approvals', (route) =>
        route.abort());
      await press(pc, 'cancel');
      await pc.state('ready');
      await it.page.click(`[data-choice="${number}"]`);
      await it.state('request-cancelled');
      await it.look('cancelled');
    });

  inEach('the first choice counts, and waits to be confirmed', async (t, locale) => {
    const name = `choice-${locale}`;
    const owner = await computer(t, 'choice-owner', { locale });
    const it = await phone(t, 'choice', { locale });
    const other = await phone(t, 'choice-other', { locale });
    const pc = await computer(t, 'choice', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    await join(owner, other, 'Other phone');
    const number = await asks(pc, name);
    await opens(it);
    const wrong = (await opens(other)).find((one) => one !== number);
    await it.authenticator.present(false);
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('waiting');
    await it.look('waiting');
    await press(it, 'cancel');
    await it.state('cancelled');
    await press(it, 'back');
    await it.state('unsigned');
    await it.look('unsigned');
    await other.page.click(`[data-choice="${wrong}"]`);
    await other.state('choice-made');
    await other.look('choice-made');
    await home(it);
    await it.authenticator.present(true);
    await opens(it);
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('request-approved');
    await pc.state('keep');
  });

  inEach('a trusted browser needs no number, and is out when revoked',
    async (t, locale) => {
      const name = `trusted-${locale}`;
      const owner = await computer(t, 'trusted-owner', { locale });
      const it = await phone(t, 'trusted', { locale });
      const pc = await computer(t, 'trusted', { locale });
      await owner.signUp(name);
      await join(owner, it, 'Phone');
      await approved(pc, it, name);
      await pc.page.click('#keep .main');
      await pc.state('own');
      await press(pc, 'later');
      await pc.page.waitForURL('**/account');
      await pc.ready();
      await pc.page.click('#sign-out');
      await pc.page.waitForURL((url) => url.pathname === '/');
      await pc.state('ready');

      await pc.page.fill('#name', name);
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

  test('the numbers to choose from are those that are signed', async (t) => {
    const owner = await computer(t, 'numbers-owner');
    const it = await phone(t, 'numbers');
    const pc = await computer(t, 'numbers');
    await owner.signUp('numbers');
    await join(owner, it, 'Phone');
    const number = await asks(pc, 'numbers');
    /* Beside them somebody says others, and that none is to be chosen. */
    let signed;
    await it.page.route('**/api/v1/companion/approvals/apr_*', async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      signed = body.context.shown;
      body.choices = ['10', '23', '45'];
      body.match = body.approval.match = 'none';
      await route.fulfill({ response: answer, json: body });
    });
    assert.deepEqual(await opens(it), signed);
    await it.page.click(`[data-choice="${number}"]`);
    await it.state('request-approved');
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

  test('without events it waits by asking, and less and less often',
    async (t) => {
      const owner = await computer(t, 'poll-owner');
      const it = await phone(t, 'poll');
      const pc = await computer(t, 'poll');
      await owner.signUp('poll');
      await join(owner, it, 'Phone');
      const asked = [];
      await pc.page.route('**/events', (route) => route.fulfill({ status: 502,
        body: 'no streams here' }));
      /* Too many wait: three answers come at once, one of them a refusal. */
      await pc.page.route('**/api/v1/approvals/*?wait=25', async (route) => {
        asked.push(Date.now());
        if (asked.length === 2)
          return route.fulfill({ status: 503,
            contentType: 'application/problem+json',
            body: JSON.stringify({ status: 503, code: 'busy' }) });
        if (asked.length > 3)
          return route.continue();
        return route.continue({ url: route.request().url()
          .replace('?wait=25', '') });
      });
      const number = await asks(pc, 'poll');
      await until(() => asked.length > 3, 'it has asked four times');
      const [first, second, third] = asked.slice(1).map((at, i) =>
        at - asked[i]);
      assert.ok(first > 700 && second > 1400 && third > 2900,
        `${first}, ${second} and ${third} ms`);
      await opens(it);
      await it.page.click(`[data-choice="${number}"]`);
      await it.state('request-approved');
      await pc.state('keep');
    });

  /** Where the browser can show a code of its own, the way that is offered. */
  async function ways(t, journey) {
    const pc = await computer(t, journey);
    await pc.page.addInitScript(() => {
      PublicKeyCredential.getClientCapabilities = async () =>
        ({ hybridTransport: true });
    });
    await pc.authenticator.present(false);
    await pc.goto('/');
    await pc.state('ready');
    return pc;
  }

  test('the browser’s own code comes first where it has one', async (t) => {
    const pc = await ways(t, 'hybrid');
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

  for (const transport of ['usb', 'internal'])
    test(`by its code: a passkey that is ${transport === 'usb'
      ? 'elsewhere, and the browser may be kept' : 'here, and no more is asked'
    }`, async (t) => {
      const owner = await computer(t, 'code-owner');
      await owner.signUp(`code-${transport}`);
      const pc = await ways(t, 'code');
      await pc.authenticator.send('removeVirtualAuthenticator');
      pc.authenticator = await Authenticator.of(pc.page, { transport,
        automaticPresenceSimulation: false });
      for (const one of await owner.authenticator.credentials())
        await pc.authenticator.add(one);
      await pc.page.fill('#name', `code-${transport}`);
      await pc.page.click('#use-phone');
      await pc.state('way');
      await pc.authenticator.present(true);
      await press(pc, 'hybrid');
      if (transport === 'usb') {
        await pc.state('keep');
        await pc.page.click('#keep .main');
      }
      await pc.page.waitForURL('**/account');
      await pc.ready();
      await pc.goto('/account/devices');
      await pc.ready();
      assert.equal(await pc.page.locator('.card.browser').count(),
        transport === 'usb' ? 1 : 0);
    });
});

describe('a number that is typed', () => {
  const { computer, phone } = people(scene(['approval_match = "type6"']));

  inEach('six digits, typed as they stand there', async (t, locale) => {
    const name = `typed-${locale}`;
    const owner = await computer(t, 'typed-owner', { locale });
    const it = await phone(t, 'typed', { locale });
    const pc = await computer(t, 'typed', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    const number = await asks(pc, name);
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
  const { computer, phone } = people(scene());

  /* Their clocks go on by four minutes; the server's does not. */
  inEach('expires on both, and each says what to do', async (t, locale) => {
    const name = `expired-${locale}`;
    const owner = await computer(t, 'unanswered-owner', { locale });
    const it = await phone(t, 'unanswered', { locale });
    const pc = await computer(t, 'unanswered', { locale });
    await owner.signUp(name);
    await join(owner, it, 'Phone');
    await it.page.clock.install();
    await pc.page.clock.install();
    await it.goto('/companion');
    await it.state('home');
    await asks(pc, name);
    await opens(it);
    await it.page.clock.fastForward('04:00');
    await it.state('request-expired');
    await it.look('expired');
    await pc.page.clock.fastForward('04:00');
    await pc.state('request-expired');
    await pc.look('expired');
    /* A phone whose clock has jumped is known all the same. */
    await home(it);
    await press(pc, 'again');
    await pc.state('phone-waiting');
  });
});
