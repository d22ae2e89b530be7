// SPDX-License-Identifier: Apache-2.0
// Stands in for Firebase Cloud Messaging, so that PushManager.subscribe()
// works in a Chromium without a network and pushes reach it, which it then
// decrypts itself.  Chromium speaks to three places:
//
//   check-in      HTTP, protobuf: who are you; an id and a token
//   registration  HTTP, form: a token for each subscription
//   MCS           TLS: one connection, over which messages come
//
// Needs a persistent profile; without one Chromium refuses to subscribe.

import crypto from 'node:crypto';
import http from 'node:http';
import http2 from 'node:http2';
import tls from 'node:tls';

// ---- protobuf, as much of it as is needed ----

/** @param {number | bigint} value */
function varint(value) {
  const bytes = [];
  let left = BigInt(value);
  do {
    const low = Number(left & 0x7fn);
    left >>= 7n;
    bytes.push(left > 0n ? low | 0x80 : low);
  } while (left > 0n);
  return Buffer.from(bytes);
}

const number = (field, value) =>
  Buffer.concat([varint(field << 3), varint(value)]);

const fixed64 = (field, value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint((field << 3) | 1), bytes]);
};

const bytes = (field, value) => {
  const content = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length),
    content]);
};

const message = (...fields) => Buffer.concat(fields);

// ---- MCS: after a byte for the version, tag, length, protobuf ----

const VERSION = 41;
const TAG = { ping: 0, pong: 1, login: 2, loggedIn: 3, data: 8 };

const frame = (tag, body) =>
  Buffer.concat([Buffer.from([tag]), varint(body.length), body]);

/** Takes whole frames out of what has come in; the rest is returned. */
function takeFrames(buffer, each) {
  for (;;) {
    let at = 1, length = 0, shift = 0, byte;
    do {
      if (at >= buffer.length)
        return buffer;
      byte = buffer[at++];
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    if (buffer.length < at + length)
      return buffer;
    each(buffer[0], buffer.subarray(at, at + length));
    buffer = buffer.subarray(at + length);
  }
}

export class FakeFcm {
  /** @param {{key: Buffer, cert: Buffer}} certificate for localhost */
  static async start(certificate) {
    const fcm = new FakeFcm();
    fcm.http = http.createServer((request, response) =>
      fcm.#answer(request, response));
    fcm.mcs = tls.createServer({ key: certificate.key,
      cert: certificate.cert }, (connection) => fcm.#converse(connection));
    for (const server of [fcm.http, fcm.mcs])
      await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
    return fcm;
  }

  constructor() {
    /** @type {Map<string, {app: string, sender: string, subtype: string}>} */
    this.subscriptions = new Map();
    this.waiting = [];
  }

  /** For Chromium's command line. */
  get flags() {
    const web = `http://127.0.0.1:${this.http.address().port}`;
    return [`--gcm-checkin-url=${web}/checkin`,
      `--gcm-registration-url=${web}/register3`,
      `--gcm-mcs-endpoint=https://localhost:${this.mcs.address().port}`];
  }

  #answer(request, response) {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      if (request.url.startsWith('/checkin'))
        return response.writeHead(200,
          { 'content-type': 'application/x-protobuf' }).end(message(
          number(1, 1),               // stats_ok
          number(3, Date.now()),      // time_msec
          fixed64(7, 0x1234567890abn), // android_id
          fixed64(8, 0xfedcba987654n))); // security_token
      if (request.url.startsWith('/register'))
        return response.end(this.#register(
          new URLSearchParams(Buffer.concat(parts).toString())));
      return response.writeHead(404).end();
    });
  }

  #register(form) {
    if (form.get('delete'))
      return 'deleted=';
    const token = crypto.randomBytes(24).toString('base64url');
    this.subscriptions.set(token, { app: form.get('app') ?? '',
      sender: form.get('sender') ?? '', subtype: form.get('X-subtype') ?? '' });
    return `token=${token}`;
  }

  #converse(connection) {
    let buffer = Buffer.alloc(0);
    let greeted = false;

    connection.on('error', () => {}); // the browser was closed
    connection.on('close', () => {
      if (this.connection === connection)
        this.connection = undefined;
    });
    connection.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      if (!greeted) {
        buffer = buffer.subarray(1);
        greeted = true;
      }
      buffer = takeFrames(buffer, (tag) => this.#hear(connection, tag));
    });
  }

  #hear(connection, tag) {
    if (tag === TAG.login) {
      connection.write(Buffer.concat([Buffer.from([VERSION]),
        frame(TAG.loggedIn, message(bytes(1, 'login'),
          number(8, Date.now())))]));
      this.connection = connection;
      this.waiting.splice(0).forEach((go) => go());
    } else if (tag === TAG.ping)
      connection.write(frame(TAG.pong, Buffer.alloc(0)));
  }

  /** Until the browser listens. */
  async connected() {
    if (!this.connection)
      await new Promise((go) => this.waiting.push(go));
  }

  /**
   * Hands a message to the browser as a push service does, body and coding as
   * the application server sent them.
   *
   * @returns {boolean} false: there is no such subscription
   */
  deliver(token, body, coding = 'aes128gcm') {
    const to = this.subscriptions.get(token);
    if (!to)
      return false;
    if (!this.connection)
      throw new Error('the browser is not connected');
    const data = (key, value) =>
      bytes(7, message(bytes(1, key), bytes(2, value)));
    this.connection.write(frame(TAG.data, message(
      bytes(2, ''), bytes(3, to.sender), bytes(5, to.app),
      data('subtype', to.subtype), data('content-encoding', coding),
      bytes(9, crypto.randomUUID()), number(17, 60), number(18, Date.now()),
      bytes(21, body))));
    return true;
  }

  close() {
    this.connection?.destroy();
    this.http.close();
    this.http.closeAllConnections();
    this.mcs.close();
  }
}

/**
 * The other side of a push service: where application servers post to.  Over
 * TLS, HTTP/2 and 1.1.  Chromium's endpoints are
 * https://<some name>.google.com/fcm/send/<token>; a sender is brought here by
 * connect-to.
 *
 * Each request is kept in `requests`.  It is answered with a status that the
 * test has put into `answers`, else it is delivered and answered 201, or 410
 * for a subscription that there is not.
 *
 * @param {{key: Buffer, cert: Buffer}} certificate
 * @param {(token: string, body: Buffer, coding: string) => boolean} deliver
 */
export async function pushEndpoint(certificate, deliver) {
  const requests = [], answers = [];
  const server = http2.createSecureServer({ key: certificate.key,
    cert: certificate.cert, allowHTTP1: true }, (request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const token = request.url.split('/').at(-1) ?? '';
      const { status, headers } = answers.shift() ?? {};
      requests.push({ method: request.method, url: request.url, token, body,
        headers: request.headers, version: request.httpVersion,
        host: request.authority ?? request.headers.host });
      if (status)
        response.writeHead(status, headers ?? {});
      else
        response.writeHead(deliver(token, body,
          String(request.headers['content-encoding'])) ? 201 : 410);
      response.end();
    });
  });
  const sessions = new Set();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    requests, answers, port: server.address().port,
    close() {
      server.close();
      sessions.forEach((session) => session.destroy());
    },
  };
}
