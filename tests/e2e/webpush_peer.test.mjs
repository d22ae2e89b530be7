// SPDX-License-Identifier: Apache-2.0
// Pushes as others see them: decrypted by http_ece, the sender's word for
// itself verified by jose, over TLS and HTTP/2.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import ece from 'http_ece';
import { importJWK, jwtVerify } from 'jose';

import { makeCertificate } from './certificate.mjs';
import { pushEndpoint } from './fakefcm.mjs';
import { PushOnce } from './pushonce.mjs';

/** A browser's half of a subscription. */
function browser(endpoint) {
  const ecdh = crypto.createECDH('prime256v1');
  const auth = crypto.randomBytes(16);
  ecdh.generateKeys();
  return { ecdh, auth, subscription: { endpoint, keys: {
    p256dh: ecdh.getPublicKey('base64url'),
    auth: auth.toString('base64url') } } };
}

/** What the browser reads; throws when it was not for this browser. */
const read = (who, body) => ece.decrypt(body, { version: 'aes128gcm',
  privateKey: who.ecdh, authSecret: who.auth.toString('base64url') });

function publicJwk(key) {
  const raw = Buffer.from(key, 'base64url');
  assert.equal(raw.length, 65);
  assert.equal(raw[0], 4);
  return importJWK({ kty: 'EC', crv: 'P-256',
    x: raw.subarray(1, 33).toString('base64url'),
    y: raw.subarray(33).toString('base64url') }, 'ES256');
}

describe('Web Push, read by other implementations', () => {
  let folder, certificate, service, once;
  const subject = 'mailto:security@example.org';

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-push-'));
    certificate = makeCertificate(folder,
      ['push.example', '*.push.example']);
    service = await pushEndpoint(certificate, () => true);
    fs.writeFileSync(path.join(folder, 'vapid'), crypto.randomBytes(32));
    once = await PushOnce.start('--key', path.join(folder, 'vapid'),
      '--subject', subject, '--ca', certificate.file,
      '--host', 'push.example', '--host', 'push.example:8443',
      '--host', 'wrong.example',
      '--network', '127.0.0.0/8',
      '--connect-to', `push.example:443:127.0.0.1:${service.port}`,
      '--connect-to', `push.example:8443:127.0.0.1:${service.port}`,
      '--connect-to', `wrong.example:443:127.0.0.1:${service.port}`);
  });
  after(async () => {
    await once.end();
    service.close();
    fs.rmSync(folder, { recursive: true });
  });

  test('http_ece reads the example of RFC 8291', () => {
    const who = crypto.createECDH('prime256v1');
    who.setPrivateKey('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
      'base64url');
    const body = Buffer.from('DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7'
      + 'VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y'
      + 'l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu'
      + 'lcy4a-fN', 'base64url');
    assert.equal(ece.decrypt(body, { version: 'aes128gcm', privateKey: who,
      authSecret: 'BTBZMqHH6r4Tts7J_aSIgg' }).toString(),
    'When I grow up, I want to be a watermelon');
  });

  for (const payload of ['', '{"v":1,"t":"approval","id":"apr_x"}',
    'いつも', 'x'.repeat(255), 'x'.repeat(256)])
    test(`http_ece reads ${Buffer.byteLength(payload)} bytes`, async () => {
      const who = browser('https://push.example/fcm/send/token');
      const { result, status } = await once.send(who.subscription, payload);
      assert.deepEqual({ result, status }, { result: 'sent', status: 201 });
      const { body } = service.requests.at(-1);
      assert.equal(body.length, 256 + 103);
      assert.equal(read(who, body).toString(), payload);
    });

  test('another browser cannot read it', async () => {
    const who = browser('https://push.example/x');
    await once.send(who.subscription, 'for one alone');
    const { body } = service.requests.at(-1);
    assert.throws(() => read(browser(''), body));
    const changed = Buffer.from(body);
    changed[changed.length - 1] ^= 1;
    assert.throws(() => read(who, changed));
  });

  test('the request is what RFC 8030 asks for', async () => {
    const who = browser('https://push.example/some/where?it=is');
    await once.send(who.subscription, 'x', { ttl: 120, urgent: true,
      topic: 'one' });
    const { method, url, headers, version, host } = service.requests.at(-1);
    assert.equal(version, '2.0');
    assert.equal(method, 'POST');
    assert.equal(url, '/some/where?it=is');
    assert.equal(host, 'push.example');
    assert.equal(headers['content-encoding'], 'aes128gcm');
    assert.equal(headers['urgency'], 'high');
    assert.ok(headers['ttl'] > 110 && headers['ttl'] <= 120, headers['ttl']);
    assert.match(headers['topic'], /^[A-Za-z0-9_-]{22}$/);
    await once.send(who.subscription, 'x');
    assert.equal(service.requests.at(-1).headers['urgency'], 'normal');
    assert.equal(service.requests.at(-1).headers['topic'], undefined);
  });

  for (const origin of ['https://push.example', 'https://push.example:8443'])
    test(`jose believes who we are: ${origin}`, async () => {
      const who = browser(`${origin}/x`);
      assert.equal((await once.send(who.subscription, 'x')).status, 201);
      const said = service.requests.at(-1).headers.authorization;
      const [, token, key] = /^vapid t=([^,]+), k=(\S+)$/.exec(said);
      assert.equal(key, once.key, 'the key that browsers subscribe with');
      const { payload, protectedHeader } = await jwtVerify(token,
        await publicJwk(key), { audience: origin, typ: 'JWT',
          algorithms: ['ES256'], requiredClaims: ['exp', 'sub'] });
      assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'typ']);
      assert.equal(payload.sub, subject);
      const hours = (payload.exp - Date.now() / 1000) / 3600;
      assert.ok(hours > 6 && hours <= 24, `${hours} hours`);
      await once.send(who.subscription, 'y');
      assert.equal(service.requests.at(-1).headers.authorization, said,
        'the same token, which push services remember');
      await assert.rejects(jwtVerify(token, await publicJwk(key),
        { audience: 'https://other.example' }));
    });

  test('a certificate for another name is no push service', async () => {
    const before = service.requests.length;
    const { result } = await once.send(
      browser('https://wrong.example/x').subscription, 'x');
    assert.equal(result, 'tls');
    assert.equal(service.requests.length, before);
  });

  test('an unknown authority is none either', async () => {
    const other = await PushOnce.start('--key', path.join(folder, 'vapid'),
      '--host', 'push.example', '--network', '127.0.0.0/8',
      '--connect-to', `push.example:443:127.0.0.1:${service.port}`);
    const { result } = await other.send(
      browser('https://push.example/x').subscription, 'x');
    assert.equal(result, 'tls');
    await other.end();
  });

  test('a public name that leads inside gets nothing', async () => {
    const before = service.requests.length;
    const other = await PushOnce.start('--key', path.join(folder, 'vapid'),
      '--ca', certificate.file, '--host', 'push.example',
      '--connect-to', `push.example:443:127.0.0.1:${service.port}`);
    const { result } = await other.send(
      browser('https://push.example/x').subscription, 'x');
    assert.equal(result, 'address-refused');
    assert.equal(service.requests.length, before);
    await other.end();
  });

  test('answers over HTTP/2 have the same outcomes', async () => {
    const who = browser('https://push.example/x');
    for (const [status, headers, want] of [
      [200, {}, ['sent', 0]], [410, {}, ['gone', 0]], [404, {}, ['gone', 0]],
      [429, { 'retry-after': '3' }, ['rate-limited', 3000]],
      [503, { 'retry-after': new Date(Date.now() + 9000).toUTCString() },
        ['server-error', undefined]],
      [301, { location: 'https://push.example/elsewhere' }, ['redirect', 0]],
    ]) {
      service.answers.push({ status, headers });
      const got = await once.send(who.subscription, 'x');
      assert.equal(got.result, want[0]);
      assert.equal(got.status, status);
      if (want[1] === undefined) /* a date: what is left of it */
        assert.ok(got.wait_ms > 5000 && got.wait_ms <= 9000, got.wait_ms);
      else
        assert.equal(got.wait_ms, want[1]);
    }
    assert.ok(!service.requests.some(({ url }) => url === '/elsewhere'));
  });
});
