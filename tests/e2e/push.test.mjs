// SPDX-License-Identifier: Apache-2.0
// Pushes as a browser sees them: Chromium subscribes, we encrypt and send,
// and Chromium itself decrypts, wakes the service worker and shows a
// notification that can be clicked.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once as onceEvent } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { makeCertificate } from './certificate.mjs';
import { FakeFcm, pushEndpoint } from './fakefcm.mjs';
import { FakeNotify } from './fakenotify.mjs';
import { until } from './lib.mjs';
import { PushOnce } from './pushonce.mjs';

/* Tells the server everything that happens to it. */
const worker = `
const tell = (what) => fetch('/told', { method: 'POST',
  body: JSON.stringify(what) });
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('push', (event) => event.waitUntil((async () => {
  const payload = event.data.text();
  await registration.showNotification('itsumo', { body: 'a request',
    data: payload, actions: [{ action: 'look', title: 'Look' }] });
  await tell({ push: payload });
})()));
addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const client = await clients.openWindow('/?opened');
    await tell({ click: event.action, trusted: event.isTrusted,
      opened: client?.url ?? null });
  })());
});`;

/** A site with that worker; what it told is in `told`. */
async function site() {
  const told = [];
  const server = http.createServer((request, response) => {
    if (request.url === '/worker.js')
      return response.writeHead(200, { 'content-type': 'text/javascript' })
        .end(worker);
    if (request.url !== '/told')
      return response.writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>a phone</title>');
    let text = '';
    request.on('data', (part) => { text += part; });
    return request.on('end', () => {
      told.push({ ...JSON.parse(text), at: Date.now() });
      response.writeHead(204).end();
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { told, origin: `http://localhost:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    } };
}

function subscribe(page, key) {
  return page.evaluate(async (applicationServerKey) => {
    await navigator.serviceWorker.register('/worker.js');
    const { pushManager } = await navigator.serviceWorker.ready;
    const got = await pushManager.subscribe({ userVisibleOnly: true,
      applicationServerKey });
    return got.toJSON();
  }, key);
}

describe('a push on its way to a phone', () => {
  let folder, fcm, endpoint, notify, phone, page, home, push, subscription;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-phone-'));
    const certificate = makeCertificate(folder,
      ['localhost', '*.google.com', 'fcm.googleapis.com']);
    [fcm, notify, home] = await Promise.all([FakeFcm.start(certificate),
      FakeNotify.start(), site()]);
    endpoint = await pushEndpoint(certificate,
      (...sent) => fcm.deliver(...sent));
    fs.writeFileSync(path.join(folder, 'vapid'), crypto.randomBytes(32));
    /* The rules as they are without any configuration. */
    push = await PushOnce.start('--key', path.join(folder, 'vapid'),
      '--ca', certificate.file, '--network', '127.0.0.1',
      '--connect-to', `:443:127.0.0.1:${endpoint.port}`);
    phone = await chromium.launchPersistentContext(
      path.join(folder, 'profile'), {
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: false, /* the new headless mode is a flag of its own */
        env: { ...process.env, ...notify.environment },
        args: ['--headless=new', '--no-sandbox', '--disable-gpu',
          '--disable-quic', '--no-first-run', '--disable-component-update',
          '--disable-sync', ...fcm.flags,
          `--ignore-certificate-errors-spki-list=${certificate.spki}`],
      });
    await phone.grantPermissions(['notifications'], { origin: home.origin });
    page = await phone.newPage();
    await page.goto(home.origin);
    subscription = await subscribe(page, push.key);
    await fcm.connected();
  });
  after(async () => {
    await phone?.close();
    await push?.end();
    await notify?.stop();
    endpoint?.close();
    fcm?.close();
    home?.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Sends, and waits until the worker has told what it read. */
  async function arrives(payload, more) {
    const before = home.told.length, began = Date.now();
    const { result, status } = await push.send(subscription, payload, more);
    assert.deepEqual({ result, status }, { result: 'sent', status: 201 });
    await until(() => home.told.length > before, 'the worker is told');
    assert.equal(home.told.at(-1).push, payload);
    return home.told.at(-1).at - began;
  }

  test('Chromium decrypts what we encrypted', async (t) => {
    const payload = '{"v":1,"t":"approval","id":"apr_いつも"}';
    t.diagnostic(`${await arrives(payload)} ms from hand-over to worker`);
    const { headers, host } = endpoint.requests.at(-1);
    assert.match(host, /\.google(apis)?\.com$/);
    assert.match(headers.authorization, new RegExp(`k=${push.key}$`));
  });

  test('full and empty messages too', async () => {
    await arrives('x'.repeat(256));
    await arrives('{}', { urgent: true, topic: 'one' });
  });

  test('a changed byte wakes nobody', async () => {
    const before = home.told.length;
    const { body, token } = endpoint.requests.at(-1);
    const changed = Buffer.from(body);
    changed[changed.length - 1] ^= 1;
    assert.equal(fcm.deliver(token, changed), true);
    /* The next one comes over the same connection, so after it. */
    await arrives('after');
    assert.equal(home.told.length, before + 1);
  });

  test('a click on the notification opens a page', async () => {
    const shown = onceEvent(notify, 'shown');
    await arrives('to be clicked');
    const [notification] = await shown;
    assert.equal(notification.summary, 'itsumo');
    const opens = phone.waitForEvent('page');
    notify.click(notification);
    await (await opens).waitForURL((url) => url.search === '?opened');
    await until(() => 'click' in home.told.at(-1), 'the click is told');
    assert.deepEqual({ ...home.told.at(-1), at: 0 }, { click: '',
      trusted: true, opened: `${home.origin}/?opened`, at: 0 });
  });

  test('a click on its button says which', async () => {
    const shown = onceEvent(notify, 'shown');
    await arrives('to be looked at');
    const [notification] = await shown;
    notify.click(notification, 'Look');
    await until(() => 'click' in home.told.at(-1), 'the click is told');
    assert.equal(home.told.at(-1).click, 'look');
  });

  test('who has unsubscribed is gone', async () => {
    await page.bringToFront();
    assert.equal(await page.evaluate(async () => {
      const { pushManager } = await navigator.serviceWorker.ready;
      return (await pushManager.getSubscription()).unsubscribe();
    }), true);
    fcm.subscriptions.clear();
    const { result, status } = await push.send(subscription, 'x');
    assert.deepEqual({ result, status }, { result: 'gone', status: 410 });
    /* Subscribing again makes a new one, which works. */
    const old = subscription.endpoint;
    subscription = await subscribe(page, push.key);
    assert.notEqual(subscription.endpoint, old);
    await arrives('back again');
  });
});
