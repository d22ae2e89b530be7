// SPDX-License-Identifier: Apache-2.0
// Wakes the companion.  A push says that there is something to look at, never
// what: the notification holds neither a name nor a number.

const HOME = '/companion';

/** What a push may be about, and what is said of it. */
const WORDS = {
  approval: [{{json push.approval-title}}, {{json push.approval-text}}],
  notice: [{{json push.notice-title}}, {{json push.notice-text}}],
};

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) =>
  event.waitUntil(self.clients.claim()));

function read(data) {
  try {
    const { t, id } = data.json();
    return { t: t === 'approval' ? t : 'notice',
      id: /^apr_[\w-]{1,64}$/.test(id) ? id : '' };
  } catch {
    return { t: 'notice', id: '' };
  }
}

function windows() {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true });
}

async function show(data) {
  const { t, id } = read(data);
  const [title, body] = WORDS[t];
  const urgent = t === 'approval';
  await self.registration.showNotification(title, { body, tag: t,
    renotify: true, requireInteraction: urgent, lang: '{{lang}}',
    icon: '{{asset icon-192.png}}', data: { id } });
  for (const client of await windows())
    client.postMessage({ news: t, id });
}

async function open(id) {
  const to = HOME + (id ? `#approval=${id}` : '');
  const found = (await windows()).find(({ url }) =>
    new URL(url).pathname === HOME);
  if (!found)
    return self.clients.openWindow(to);
  found.postMessage({ open: id });
  return found.focus();
}

self.addEventListener('push', (event) => event.waitUntil(show(event.data)));
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.id));
});

/*
 * The push service has changed the address of this phone, maybe long before
 * the page is open again: the server is told here, with the phone's own proof.
 */
self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(renew());
});

async function renew() {
  const { phone, device } = await kept();
  const answer = await fetch('/api/v1/service');
  const { push } = await answer.json();
  if (!phone || !device || !push.application_server_key)
    return;
  const got = await self.registration.pushManager.subscribe({
    userVisibleOnly: true, applicationServerKey: push.application_server_key });
  const { endpoint, keys: { p256dh, auth } } = got.toJSON();
  const path = `/api/v1/phones/${phone.id}/push`;
  const body = JSON.stringify({ push: { endpoint, keys: { p256dh, auth } } });
  await fetch(path, { method: 'PUT', body, headers: {
    'Content-Type': 'application/json', 'Itsumo-Device': await proof(device, {
      phone: phone.id, ath: base64url(await sha256(body)), htm: 'PUT',
      htu: self.location.origin + path,
      iat: Math.floor(Date.parse(answer.headers.get('Date')) / 1000),
      jti: base64url(crypto.getRandomValues(new Uint8Array(16))) }) } });
}

/** What the page keeps, as keys.js does it. */
function kept() {
  return new Promise((resolve, reject) => {
    const base = indexedDB.open('itsumo', 1);
    base.onupgradeneeded = () => base.result.createObjectStore('kept');
    base.onerror = () => reject(base.error);
    base.onsuccess = () => {
      const table = base.result.transaction('kept').objectStore('kept');
      const [phone, device] = ['phone', 'device'].map((name) =>
        table.get(name));
      table.transaction.oncomplete = () => {
        base.result.close();
        resolve({ phone: phone.result, device: device.result });
      };
    };
  });
}

async function proof(pair, claims) {
  const text = [{ typ: 'itsumo-device+jwt', alg: 'ES256' }, claims]
    .map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, utf8(text));
  return `${text}.${base64url(signature)}`;
}

function utf8(text) {
  return new TextEncoder().encode(text);
}

function sha256(text) {
  return crypto.subtle.digest('SHA-256', utf8(text));
}

function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/* The page itself says what it cannot do without a connection; where it does
 * not even load, this says it. */
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate'
    && new URL(event.request.url).pathname === HOME)
    event.respondWith(fetch(event.request).catch(offline));
});

function offline() {
  return new Response('<!DOCTYPE html><html lang="{{lang}}">'
    + '<meta charset="utf-8">'
    + '<meta name="viewport" content="width=device-width,initial-scale=1">'
    + '<meta name="color-scheme" content="light dark">'
    + `<title>{{t state.offline.title}}</title>`
    + `<main><h1>{{t state.offline.title}}</h1>`
    + `<p>{{t state.offline.text}}</p></main>`,
  { status: 503, headers: { 'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'" } });
}
