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
