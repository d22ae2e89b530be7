// SPDX-License-Identifier: Apache-2.0
// Every page in both languages, on a phone and at twice its size; what a page
// weighs; Japanese from the first page to the last.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { scene, until } from './lib.mjs';

const OUTSIDE = ['/', '/signup'];
const INSIDE = ['/account', '/account/devices', '/account/sessions',
  '/account/history', '/account/settings'];

describe('pages', () => {
  const at = scene();

  const nameOf = (where) => where.slice(1).replaceAll('/', '-') || 'sign-in';

  async function everyPage(who, name, act) {
    for (const where of OUTSIDE) {
      await who.goto(where);
      await who.state('ready', 'name');
      await act(nameOf(where));
    }
    await who.signUp(name);
    for (const where of INSIDE) {
      await who.goto(where);
      await who.ready();
      await act(nameOf(where));
    }
  }

  for (const [locale, name] of [['en-GB', 'english'], ['ja-JP', '日本語']])
    test(`every page, ${locale}`, async (t) => {
      const who = await at.visit(t, { journey: 'page', locale });
      await everyPage(who, name, async (where) => {
        assert.equal(await who.page.getAttribute('html', 'lang'), who.lang);
        await who.look(where);
      });
    });

  for (const [locale, name] of [['en-GB', 'phone'], ['ja-JP', '電話']])
    test(`on a phone in one hand, ${locale}`, async (t) => {
      const who = await at.visit(t, { journey: 'phone', locale,
        viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true,
        deviceScaleFactor: 2 });
      await everyPage(who, name, async (where) => {
        assert.ok(await who.page.evaluate(() =>
          document.documentElement.scrollWidth <= innerWidth),
        `${where} is no wider than the screen`);
        const small = await who.page.evaluate(() =>
          [...document.querySelectorAll('button, a, input, summary')]
            .filter((at) => at.checkVisibility()
              && !at.closest('p, .skip') && at.type !== 'radio')
            .map((at) => [at.id || at.textContent.trim(),
              at.getBoundingClientRect()])
            .filter(([, { width, height }]) =>
              width && (height < 44 || width < 44))
            .map(([what, { width, height }]) =>
              `${what}: ${width} x ${height}`));
        assert.deepEqual(small, [], `targets of ${where}`);
        await who.look(where);
      });
    });

  test('at twice the size nothing is lost', async (t) => {
    const who = await at.visit(t, { journey: 'zoom',
      viewport: { width: 550, height: 400 }, deviceScaleFactor: 2 });
    await everyPage(who, 'zoom', async (where) =>
      assert.ok(await who.page.evaluate(() =>
        document.documentElement.scrollWidth <= innerWidth), where));
  });

  test('in forced colours every button can be seen', async (t) => {
    const who = await at.visit(t, { journey: 'forced',
      forcedColors: 'active' });
    await everyPage(who, 'forced',
      (where) => who.look(where, { forced: true }));
  });

  test('Japanese, switched to and kept', async (t) => {
    const who = await at.visit(t, { journey: 'language' });
    await who.goto('/');
    await who.state('ready');
    await who.page.click('#language');
    await who.page.waitForSelector('html[lang=ja]');
    who.lang = 'ja';
    await who.look('switched');
    await who.goto('/signup');
    assert.equal(await who.page.getAttribute('html', 'lang'), 'ja');
    await who.page.click('#language');
    await who.page.waitForSelector('html[lang=en]');
  });

  test('the sign-in page is under 60 kB in all, in one round trip more',
    async (t) => {
      const who = await at.visit(t, { journey: 'weight' });
      const cdp = await who.page.context().newCDPSession(who.page);
      let bytes = 0;
      const asked = [];
      await cdp.send('Network.enable');
      cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
      });
      cdp.on('Network.requestWillBeSent', ({ request, initiator, type }) =>
        asked.push([type, new URL(request.url).pathname, initiator.type]));
      await who.goto('/');
      await who.state('ready');
      await who.page.waitForLoadState('networkidle');
      t.diagnostic(`${bytes} bytes in ${asked.length} requests`);
      assert.ok(bytes > 2000 && bytes < 60000, `${bytes} bytes`);
      /* What the page needs to work is named by the document itself. */
      const late = asked.filter(([type, , initiator]) =>
        ['Script', 'Stylesheet', 'Font', 'Image'].includes(type)
        && initiator !== 'parser');
      assert.deepEqual(late, []);
    });

  test('settings are kept, and an account can be removed', async (t) => {
    const who = await at.visit(t, { journey: 'settings' });
    await who.signUp('settings');
    await who.goto('/account/settings');
    await who.ready();
    await who.page.check('[name=locale][value=ja]');
    await who.page.click('#languages button');
    await who.page.waitForSelector('html[lang=ja]');
    who.lang = 'ja';
    await who.ready();
    await who.look('japanese');
    await who.page.click('#remove-account');
    await who.page.waitForSelector('#remove[open]');
    await who.page.fill('#confirm', 'settings');
    await who.look('remove');
    await who.page.click('#remove button[value=remove]');
    await who.page.waitForURL((url) => url.pathname === '/');
    await who.page.waitForSelector('#note[data-note=removed]');
    await who.look('removed');
    assert.equal((await who.authenticator.credentials()).length, 0);
  });

  test('always passkey is switched off and on', async (t) => {
    const who = await at.visit(t, { journey: 'always' });
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
