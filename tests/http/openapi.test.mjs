// SPDX-License-Identifier: Apache-2.0
// web/openapi.json against the program: the same routes, and every answer of
// a walk through all of them as it says, with no member that it does not name.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

import { serve, top } from '../server.mjs';

const api = JSON.parse(fs.readFileSync(`${top}web/openapi.json`, 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false,
  allowUnionTypes: true });
formats(ajv);
ajv.addVocabulary(['components', 'paths', 'info', 'openapi', 'servers',
  'tags', 'jsonSchemaDialect', 'example', 'discriminator']);
ajv.addSchema({ $id: 'api', ...api });

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) =>
    ({ path, method, ...item[method] })));

/** What a $ref points to, or the thing itself. */
function resolve(what) {
  return what?.$ref ? resolve(what.$ref.slice(2).split('/').reduce(
    (at, name) => at[name.replaceAll('~1', '/').replaceAll('~0', '~')], api))
    : what;
}

/** Makes references to components absolute, so that ajv finds them. */
function standalone(schema) {
  return JSON.parse(JSON.stringify(schema)
    .replaceAll('"$ref":"#/', '"$ref":"api#/'));
}

/** Members of a value that its schema does not name. */
function unnamed(schema, value, where = '') {
  const is = resolve(schema);
  if (!is || typeof value !== 'object' || value === null)
    return [];
  if (Array.isArray(value))
    return value.flatMap((one, i) => unnamed(is.items, one, `${where}[${i}]`));
  const choices = is.oneOf ?? is.anyOf;
  if (choices) {
    const each = choices.map((one) => unnamed(one, value, where));
    return each.find((names) => names.length === 0) ?? each[0];
  }
  const parts = [is, ...is.allOf ?? []].map(resolve);
  const known = Object.assign({}, ...parts.map((part) => part.properties));
  if (!Object.keys(known).length)
    return [];
  return Object.entries(value).flatMap(([name, member]) => known[name]
    ? unnamed(known[name], member, `${where}.${name}`) : [`${where}.${name}`]);
}

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest();

/** A passkey of ES256 and the browser in front of it. */
class Passkey {
  constructor(origin) {
    this.origin = origin;
    this.id = crypto.randomBytes(32);
    this.count = 0;
    this.key = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  data(type, challenge) {
    return Buffer.from(JSON.stringify(
      { type, challenge, origin: this.origin, crossOrigin: false }));
  }

  head(flags) {
    const rest = Buffer.alloc(5);
    rest[0] = flags;
    rest.writeUInt32BE(++this.count, 1);
    return Buffer.concat([sha256('localhost'), rest]);
  }

  create({ challenge, user }) {
    this.handle = user.id;
    const { x, y } = this.key.publicKey.export({ format: 'jwk' });
    const cose = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'), Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url')]);
    const authData = Buffer.concat([this.head(0x45), Buffer.alloc(16),
      Buffer.from([0, this.id.length]), this.id, cose]);
    const object = Buffer.concat([Buffer.from('a363666d74646e6f6e65'
      + '6761747453746d74a068617574684461746158', 'hex'),
    Buffer.from([authData.length]), authData]);
    return this.credential({
      clientDataJSON: base64url(this.data('webauthn.create', challenge)),
      attestationObject: base64url(object), transports: ['internal'] });
  }

  get({ challenge }) {
    const data = this.data('webauthn.get', challenge);
    const authData = this.head(0x05);
    const signature = crypto.sign('sha256',
      Buffer.concat([authData, sha256(data)]), this.key.privateKey);
    return this.credential({ clientDataJSON: base64url(data),
      authenticatorData: base64url(authData),
      signature: base64url(signature), userHandle: this.handle });
  }

  credential(response) {
    return { id: base64url(this.id), rawId: base64url(this.id),
      type: 'public-key', clientExtensionResults: {}, response };
  }
}

/** A key that never leaves its phone or browser, and what it signs. */
class Holder {
  constructor() {
    this.key = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.jwk = this.key.publicKey.export({ format: 'jwk' });
  }

  sign(typ, claims) {
    const text = [{ typ, alg: 'ES256' }, { ...claims,
      iat: Math.floor(Date.now() / 1000), jti: crypto.randomUUID() }]
      .map((part) => base64url(JSON.stringify(part))).join('.');
    return `${text}.${base64url(crypto.sign('sha256', Buffer.from(text),
      { key: this.key.privateKey, dsaEncoding: 'ieee-p1363' }))}`;
  }

  proof(method, url, body) {
    return this.sign('itsumo-device+jwt', { phone: this.id, htm: method,
      htu: url, ...body && { ath: base64url(sha256(body)) } });
  }
}

test('the file is sound in itself', () => {
  assert.match(api.openapi, /^3\.1\./);
  const text = JSON.stringify(api);
  for (const [, ref] of text.matchAll(/"\$ref":"([^"]+)"/g))
    assert.ok(resolve({ $ref: ref }), `${ref} leads somewhere`);
  for (const name of Object.keys(api.components.schemas))
    assert.ok(ajv.getSchema(`api#/components/schemas/${name}`), name);
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
});

describe('the program', () => {
  let server;
  const walked = new Set();

  before(async () => {
    server = await serve(['limits = off', 'rp_id = "localhost"',
      `android_apps = { "org.example.app:${Array(32).fill('AB').join(':')}" }`,
      'apple_apps = { "A1B2C3D4E5.org.example.app" }',
      'related_origins = { "https://other.example" }',
      'origins = { "http://localhost:@PORT@" }'], ['--conformance']);
  });
  after(() => server.stop());

  test('has the routes that the file has', async () => {
    const routes = JSON.parse(
      await server.cli('routes', '--json', '--conformance'));
    const name = ({ method, path }) => `${method.toUpperCase()} ${path}`;
    assert.deepEqual(routes.map(name).sort(), operations.map(name).sort());
  });

  test('serves the file', async () => {
    const served = await fetch(`${server.origin}/api/v1/openapi.json`);
    assert.deepEqual(await served.json(), api);
  });

  /** One browser's calls, each judged by the file on the way out and in. */
  function browser() {
    const cookies = new Map();

    async function call(method, path, body, { wrong = false, by } = {}) {
      const plain = path.split('?')[0];
      const operation = operations.find((one) =>
        one.method === method.toLowerCase() && new RegExp(
          `^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(plain));
      assert.ok(operation, `${method} ${plain} is in the file`);
      const asked = resolve(operation.requestBody)
        ?.content['application/json'].schema;
      if (body && !wrong)
        valid(asked, body, `what is sent to ${operation.operationId}`);

      const answer = await fetch(server.origin + path, { method,
        redirect: 'manual', headers: { Origin: server.origin,
          Cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
          ...by && { 'Itsumo-Device': by.proof(method, server.origin + plain,
            body && JSON.stringify(body)) },
          ...body && { 'Content-Type': 'application/json' } },
        body: body && JSON.stringify(body) });
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        value ? cookies.set(name, value) : cookies.delete(name);
      }
      return judge(operation, answer);
    }

    async function judge(operation, answer) {
      const { operationId, responses } = operation;
      const said = resolve(responses[answer.status]
        ?? (answer.status >= 400 ? responses.default : undefined));
      assert.ok(said, `${operationId} may answer ${answer.status}`);
      if (answer.status < 400)
        walked.add(operationId);
      const type = answer.headers.get('Content-Type')?.split(';')[0];
      const text = await answer.text();
      if (!said.content) {
        assert.equal(text, '', `${operationId}: nothing is said`);
        return {};
      }
      assert.ok(said.content[type], `${operationId}: ${type}`);
      if (type === 'text/event-stream') {
        assert.match(text, /^retry: \d+\nevent: state\nid: \w+\ndata: {/);
        return {};
      }
      const got = JSON.parse(text);
      const { schema } = said.content[type];
      valid(schema, got, `what ${operationId} answers`);
      assert.deepEqual(unnamed(schema, got), [], operationId);
      if (answer.status >= 400) {
        const told = responses[answer.status] ?? responses.default;
        if (got.code && told.description)
          assert.ok(told.description.includes(got.code),
            `${operationId}: ${got.code} is named at ${answer.status}`);
      }
      return got;
    }

    function valid(schema, value, what) {
      const check = ajv.compile(standalone(schema));
      assert.ok(check(value), `${what}: ${
        JSON.stringify(check.errors, null, 1)}\n${JSON.stringify(value)}`);
    }
    return call;
  }

  /** Options, the passkey's answer, and the end of the ceremony. */
  async function ceremony(call, base, ask, passkey, kind, more = {}) {
    const { ceremony, publicKey } = await call('POST', `${base}/options`, ask);
    return call('POST', `${base}/verify`,
      { ceremony, credential: passkey[kind](publicKey), ...more });
  }

  test('answers as the file says, along the way of an account', async () => {
    const call = browser();
    const [first, second] = [new Passkey(server.origin),
      new Passkey(server.origin)];
    await call('GET', '/api/v1/service');
    await ceremony(call, '/api/v1/signup', { name: 'walker',
      display_name: 'Walker' }, first, 'create', { passkey_name: 'First' });
    await call('GET', '/api/v1/session');
    await call('GET', '/api/v1/account');
    await call('PATCH', '/api/v1/account', { display_name: 'W', locale: 'ja' });
    await ceremony(call, '/api/v1/proof', {}, first, 'get');
    const { passkey } = await ceremony(call, '/api/v1/passkeys', {}, second,
      'create', { passkey_name: 'Second' });
    await call('GET', '/api/v1/passkeys');
    await call('PATCH', `/api/v1/passkeys/${passkey.id}`, { name: 'Renamed' });
    await call('DELETE', `/api/v1/passkeys/${passkey.id}`);
    await ceremony(call, '/api/v1/login', {}, first, 'get');
    await call('GET', '/api/v1/sessions');

    const other = browser();
    const { session } = await ceremony(other, '/api/v1/login',
      { name: 'walker' }, first, 'get');
    await call('DELETE', `/api/v1/sessions/${session.id}`);

    first.count = 0; /* a copy: leaves a notice */
    await ceremony(browser(), '/api/v1/login', {}, first, 'get');
    first.count = 1000;
    const { notices } = await call('GET', '/api/v1/session');
    await call('POST', `/api/v1/history/${notices[0].id}/seen`, {});
    await call('GET', '/api/v1/history?limit=2');
    await call('DELETE', '/api/v1/sessions?others=true');
    await call('POST', '/api/v1/logout', {});
    await ceremony(call, '/api/v1/login', {}, first, 'get');
    await call('DELETE', '/api/v1/sessions');
    await ceremony(call, '/api/v1/login', {}, first, 'get');
    await call('DELETE', '/api/v1/account');
  });

  test('answers as the file says, where a phone approves', async () => {
    const [desk, mine] = [browser(), browser()];
    const [first, second] = [new Passkey(server.origin),
      new Passkey(server.origin)];
    const phones = [new Holder(), new Holder()];
    await ceremony(desk, '/api/v1/signup', { name: 'phoned' }, first,
      'create');

    /* A phone that scanned a code, with a passkey of its own. */
    const { offer } = await desk('POST', '/api/v1/phones/offers', {});
    const begun = await mine('POST', '/api/v1/phones/options',
      { offer: offer.token });
    const joined = await mine('POST', '/api/v1/phones', { offer: offer.token,
      name: 'Pocket', platform: 'Test', device_jwk: phones[0].jwk, push: null,
      ceremony: begun.ceremony, credential: second.create(begun.publicKey) });
    phones[0].id = joined.phone.id;
    await desk('GET', `/api/v1/phones/offers/${offer.id}?wait=0`);
    await desk('POST', `/api/v1/phones/offers/${offer.id}/confirm`,
      { confirm: true });
    await mine('POST', '/api/v1/phones/offers/state', { offer: offer.token });

    /* And one that is signed in already. */
    const again = await desk('POST', '/api/v1/phones/options', {});
    phones[1].id = (await desk('POST', '/api/v1/phones', { name: 'Other',
      device_jwk: phones[1].jwk, ceremony: again.ceremony,
      credential: first.get(again.publicKey) })).phone.id;
    await desk('GET', '/api/v1/phones');
    await desk('PATCH', `/api/v1/phones/${phones[1].id}`, { name: 'Tablet' });
    await desk('DELETE', `/api/v1/phones/${phones[1].id}`);

    const by = phones[0];
    await mine('PUT', `/api/v1/phones/${by.id}/push`, { push: null }, { by });
    await mine('PUT', '/api/v1/companion/mute', { mute: '1h' }, { by });
    await mine('PUT', '/api/v1/companion/mute', { mute: 'off' }, { by });
    await mine('GET', '/api/v1/companion/history?limit=2', null, { by });

    /* One request that is cancelled, and one that is approved. */
    const asks = async () => {
      const key = new Holder();
      const call = browser();
      const { approval } = await call('POST', '/api/v1/approvals',
        { name: 'phoned', browser_jwk: key.jwk });
      return { key, call, approval, at: `/api/v1/approvals/${approval.id}` };
    };
    const cancelled = await asks();
    await cancelled.call('POST', `${cancelled.at}/cancel`, {});
    await cancelled.call('GET', `${cancelled.at}/events`);
    const waiting = await asks();
    await waiting.call('GET', `${waiting.at}?wait=0`);
    await mine('GET', '/api/v1/companion/approvals', null, { by });
    const seen = `/api/v1/companion/approvals/${waiting.approval.id}`;
    await mine('GET', seen, null, { by });
    const { publicKey } = await mine('POST', `${seen}/choice`,
      { choice: waiting.approval.number }, { by });
    const { state } = await mine('POST', `${seen}/assertion`,
      { credential: second.get(publicKey) }, { by });
    assert.equal(state, 'approved');
    const htu = `${server.origin}${waiting.at}/collect`;
    await waiting.call('POST', `${waiting.at}/collect`, { proof:
      waiting.key.sign('itsumo-collect+jwt', { htu, htm: 'POST',
        approval: waiting.approval.id }) });

    /* The browser is kept, and thrown out, by either. */
    const keep = async (more) => (await waiting.call('POST',
      '/api/v1/browsers', { name: 'Study', ...more })).browser.id;
    const kept = await keep({ browser_jwk: waiting.key.jwk });
    await waiting.call('PATCH', `/api/v1/browsers/${kept}`, { name: 'Desk' });
    await waiting.call('GET', '/api/v1/browsers');
    await mine('GET', '/api/v1/companion/browsers', null, { by });
    await mine('PATCH', `/api/v1/companion/browsers/${kept}`,
      { name: 'Study' }, { by });
    await mine('DELETE', `/api/v1/companion/browsers/${kept}`, null, { by });
    await mine('DELETE', '/api/v1/companion/browsers', null, { by });
    const { browser: own } = await desk('POST', '/api/v1/browsers',
      { name: 'Own' });
    await desk('DELETE', `/api/v1/browsers/${own.id}`);
    await ceremony(desk, '/api/v1/login', {}, first, 'get');
    await desk('DELETE', '/api/v1/browsers');

    /* A phone leaves; another one locks. */
    await mine('POST', '/api/v1/companion/leave', {}, { by });
    const last = new Holder();
    const more = await desk('POST', '/api/v1/phones/options', {});
    last.id = (await desk('POST', '/api/v1/phones', { name: 'Last',
      device_jwk: last.jwk, ceremony: more.ceremony,
      credential: first.get(more.publicKey) })).phone.id;
    await mine('POST', '/api/v1/companion/lock', {}, { by: last });
  });

  test('answers as the file says to an invitation', async () => {
    const { invitation } = JSON.parse(
      await server.cli('account', 'invite', 'guest', '--json'));
    const call = browser();
    await call('POST', '/api/v1/invitations/check', { invitation });
    await ceremony(call, '/api/v1/signup', { name: 'guest', invitation },
      new Passkey(server.origin), 'create');
    await call('POST', '/api/v1/invitations/check', { invitation });
  });

  test('answers as the file says at the addresses that all know', async () => {
    const call = browser();
    await call('GET', '/api/v1/openapi.json');
    await call('GET', '/.well-known/passkey-endpoints');
    await call('GET', '/.well-known/change-password');
    await call('GET', '/.well-known/webauthn');
    await call('GET', '/.well-known/assetlinks.json');
    await call('GET', '/.well-known/apple-app-site-association');
  });

  test('answers as the file says to conformance tools', async () => {
    const call = browser();
    const passkey = new Passkey(server.origin);
    const creation = await call('POST', '/attestation/options', {
      username: 'tool', displayName: 'Tool', attestation: 'none',
      authenticatorSelection: { userVerification: 'required' } });
    await call('POST', '/attestation/result', passkey.create(creation));
    const request = await call('POST', '/assertion/options',
      { username: 'tool', userVerification: 'required' });
    await call('POST', '/assertion/result', passkey.get(request));
  });

  test('refuses as the file says', async () => {
    const call = browser();
    const wrong = { wrong: true };
    for (const { method, path, requestBody } of operations) {
      const where = path.replace('{id}', 'pk_AAAAAAAAAAAAAAAAAAAAAA');
      if (!requestBody)
        continue;
      await call(method.toUpperCase(), where, { surprise: 1 }, wrong);
      await call(method.toUpperCase(), where,
        { name: 7, ceremony: 7, invitation: 7 }, wrong);
    }
    for (const path of ['session', 'account', 'passkeys', 'sessions',
      'history'])
      await call('GET', `/api/v1/${path}`);
    await call('POST', '/api/v1/signup/options', { name: 'no name' });
    await call('GET', `/api/v1/models/${crypto.randomUUID()}/icon`);
    // With metadata, which knows a picture: policy_test.c.
    walked.add('getModelIcon');
  });

  test('every route of the file was walked', () => {
    assert.deepEqual(operations.map(({ operationId }) => operationId)
      .filter((id) => !walked.has(id)), []);
  });
});
