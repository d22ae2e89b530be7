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
  const parts = [is, ...is.allOf ?? [], ...is.oneOf ?? [], ...is.anyOf ?? []]
    .map(resolve);
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

    async function call(method, path, body, { wrong = false } = {}) {
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
  });

  test('every route of the file was walked', () => {
    assert.deepEqual(operations.map(({ operationId }) => operationId)
      .filter((id) => !walked.has(id)), []);
  });
});
