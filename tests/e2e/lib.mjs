// SPDX-License-Identifier: Apache-2.0
// What every journey needs: a server of its own, Debian's Chromium, people
// with an authenticator, and a look at each state that they meet.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { serve, top } from '../server.mjs';

export { serve, until } from '../server.mjs';

const screens = path.join(top, 'build/screens');
const axe = fs.readFileSync(
  new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** Chromium, one for a file of tests. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: false, /* the new headless mode is a flag of its own */
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic',
      '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
      '--force-color-profile=srgb', '--hide-scrollbars'],
  });
}

/**
 * A server and a browser for the tests of a describe(), and who visits.
 *
 * @param {string[]} [config] lines of the server's configuration
 */
export function scene(config) {
  const at = {
    server: /** @type {Awaited<ReturnType<typeof serve>>} */ ({}),
    browser: /** @type {import('playwright-core').Browser} */ ({}),
    /**
     * @param {import('node:test').TestContext} t
     * @param {{journey: string, [option: string]: any}} options
     */
    visit: (t, options) => person(t, at.browser, at.server, options),
  };
  before(async () => {
    at.server = await serve(config);
    at.browser = await launch();
  });
  after(async () => {
    await at.browser.close();
    await at.server.stop();
  });
  return at;
}

/**
 * A journey that is made in each language, for those who read each.
 *
 * @param {string} name
 * @param {(t: import('node:test').TestContext, locale: string) =>
 *   Promise<void>} journey
 */
export function inEach(name, journey) {
  for (const locale of ['en-GB', 'ja-JP'])
    test(`${name}, ${locale}`, (t) => journey(t, locale));
}

/** An authenticator of one page, over CDP. */
export class Authenticator {
  /** @param {import('playwright-core').Page} page */
  static async of(page, options = {}) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await cdp.send(
      'WebAuthn.addVirtualAuthenticator', { options: {
        protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal',
        hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
        automaticPresenceSimulation: true, ...options } });
    return new Authenticator(cdp, authenticatorId);
  }

  constructor(cdp, authenticatorId) {
    this.cdp = cdp;
    this.authenticatorId = authenticatorId;
    /** @type {{event: string, [key: string]: any}[]} */
    this.events = [];
    for (const event of ['credentialAdded', 'credentialUpdated',
      'credentialDeleted', 'credentialAsserted'])
      cdp.on(`WebAuthn.${event}`, (got) => this.events.push({ event, ...got }));
  }

  send(method, more = {}) {
    return this.cdp.send(`WebAuthn.${method}`,
      { authenticatorId: this.authenticatorId, ...more });
  }

  /** Whether somebody touches it; off, a question to it stays open. */
  present(enabled) {
    return this.send('setAutomaticPresenceSimulation', { enabled });
  }

  verified(isUserVerified) {
    return this.send('setUserVerified', { isUserVerified });
  }

  /** @param {{isBogusSignature?: boolean, isBadUV?: boolean}} bits */
  lie(bits) {
    return this.send('setResponseOverrideBits', bits);
  }

  async credentials() {
    return (await this.send('getCredentials')).credentials;
  }

  add(credential) {
    return this.send('addCredential', { credential });
  }

  remove(credentialId) {
    return this.send('removeCredential', { credentialId });
  }
}

/**
 * Somebody with a browser and an authenticator, gone when the test ends.
 * Nothing that a page of ours does may break its policy, ask another host, or
 * throw: that is looked at in the end.
 *
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').Browser} browser
 * @param {Awaited<ReturnType<typeof import('../server.mjs').serve>>} server
 * @param {{journey: string, [option: string]: any}} options those of
 *   playwright's newContext(), and: the journey's name for its pictures
 */
export async function person(t, browser, server, { journey, ...options }) {
  const locale = options.locale ?? 'en-GB';
  const context = await browser.newContext({
    locale, viewport: { width: 1100, height: 800 }, reducedMotion: 'reduce',
    ...options });
  const trouble = [];

  context.setDefaultTimeout(15000);
  await context.exposeBinding('policyBroken', (_, what) => trouble.push(what));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.policyBroken(`policy: ${event.violatedDirective} `
        + `${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(server.origin)
      && !request.url().startsWith('data:'))
      trouble.push(`asked elsewhere: ${request.url()}`);
  });
  context.on('weberror', (error) => trouble.push(String(error.error())));
  t.after(async () => {
    await context.close();
    assert.deepEqual(trouble, []);
  });

  const page = await context.newPage();
  const who = new Person(page, await Authenticator.of(page), server, journey,
    locale.slice(0, 2));
  who.trouble = trouble;
  return who;
}

export class Person {
  constructor(page, authenticator, server, journey, lang) {
    this.page = page;
    this.authenticator = authenticator;
    this.server = server;
    this.journey = journey;
    this.lang = lang;
  }

  goto(where) {
    return this.page.goto(this.server.origin + where);
  }

  /** Until the page is in one of these states (main[data-state]). */
  async state(...names) {
    await this.page.waitForSelector(
      names.map((name) => `main[data-state="${name}"]`).join(','))
      .catch(async () => {
        const is = await this.page.locator('main').getAttribute('data-state');
        throw new Error(`not ${names.join(' or ')}, but ${is} at ${
          this.page.url()}: ${await this.page.locator('main').innerText()}`);
      });
  }

  /**
   * Keeps a picture of what is shown, in light and in dark, and has axe look
   * at it: in dark at what differs there, the contrast, and once, since a
   * language has no colours.  Forced ones are the system's own, and axe does
   * not see them.
   *
   * @param {string} state
   * @param {{forced?: boolean}} [how]
   */
  async look(state, { forced = false } = {}) {
    for (const theme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme: theme });
      fs.mkdirSync(screens, { recursive: true });
      await this.page.screenshot({ fullPage: true, path: path.join(screens,
        `${this.journey}-${state}-${this.lang}-${theme}.png`) });
      if (theme === 'light' || !forced && this.lang === 'en')
        await this.scan(`${state}, ${theme}`, { forced,
          contrastOnly: theme === 'dark' });
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
  }

  /** axe finds nothing. */
  async scan(what, { forced = false, contrastOnly = false } = {}) {
    if (!await this.page.evaluate(() => 'axe' in window))
      await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(([seen, only]) =>
      window.axe.run(only ? { runOnly: ['color-contrast'] } : {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
          'best-practice'],
        rules: { 'color-contrast': { enabled: seen } } }),
    [!forced, contrastOnly]);
    assert.deepEqual(violations.map(({ id, nodes }) => [id,
      ...nodes.map((node) => `${node.target}: ${node.failureSummary}`)]), [],
    `${this.journey}: ${what}`);
  }

  /** Makes an account, and stays on the page that says so. */
  async signUp(name) {
    await this.goto('/signup');
    await this.page.fill('#name', name);
    await this.page.click('#choose-name button[type=submit]');
    await this.state('create');
    await this.page.click('#create');
    await this.state('done');
  }

  /** From anywhere to the sign-in page with nobody signed in. */
  async signOut() {
    await this.goto('/account');
    await this.ready();
    await this.authenticator.present(false);
    await this.page.click('#sign-out');
    await this.page.waitForURL((url) => url.pathname === '/');
    await this.state('ready');
  }

  /** On the sign-in page: with the button, and a name or none. */
  async signIn(name = '') {
    await this.authenticator.present(true);
    await this.page.fill('#name', name);
    await this.page.click('#signin button[type=submit]');
    await this.page.waitForURL('**/account');
    await this.ready();
  }

  /** A page of the account has shown what it has. */
  async ready() {
    await this.state('ready');
    await this.page.waitForSelector('#content:not([hidden])');
  }

  /** The text of the first visible element. */
  text(selector) {
    return this.page.locator(selector).filter({ visible: true }).first()
      .innerText();
  }

  /** Another tab of the same browser, with a copy of the authenticator. */
  async tab() {
    const page = await this.page.context().newPage();
    const other = new Person(page, await Authenticator.of(page), this.server,
      this.journey, this.lang);
    for (const one of await this.authenticator.credentials())
      await other.authenticator.add(one);
    return other;
  }
}
