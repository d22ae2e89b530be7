// SPDX-License-Identifier: Apache-2.0
// D-Bus, as much of it as a small service needs: one connection to a bus,
// method calls in and out, signals out.  Little-endian; no file descriptors.

import net from 'node:net';

const ALIGNED = { y: 1, b: 4, n: 2, q: 2, i: 4, u: 4, x: 8, t: 8, d: 8, s: 4,
  o: 4, g: 1, a: 4, v: 1, '(': 8, '{': 8 };

/** The first complete type of a signature. */
function firstType(signature) {
  if (signature[0] === 'a')
    return 'a' + firstType(signature.slice(1));
  if (signature[0] !== '(' && signature[0] !== '{')
    return signature[0];
  for (let i = 0, depth = 0; i < signature.length; i++) {
    depth += '({'.includes(signature[i]) ? 1 : 0;
    depth -= ')}'.includes(signature[i]) ? 1 : 0;
    if (depth === 0)
      return signature.slice(0, i + 1);
  }
  throw new Error(`no type: ${signature}`);
}

/** @returns {string[]} the complete types of a signature */
function types(signature) {
  const list = [];
  while (signature !== '') {
    list.push(firstType(signature));
    signature = signature.slice(list.at(-1).length);
  }
  return list;
}

class Writer {
  bytes = Buffer.alloc(0);

  append(more) {
    this.bytes = Buffer.concat([this.bytes, more]);
  }

  align(n) {
    this.append(Buffer.alloc((n - this.bytes.length % n) % n));
  }

  uint(size, value) {
    const b = Buffer.alloc(size);
    b.writeUIntLE(value, 0, size);
    this.append(b);
  }

  put(type, value) {
    this.align(ALIGNED[type[0]]);
    switch (type[0]) {
      case 'y': return this.uint(1, value);
      case 'q': return this.uint(2, value);
      case 'u': return this.uint(4, value);
      case 'b': return this.uint(4, value ? 1 : 0);
      case 's': case 'o': {
        const text = Buffer.from(value);
        this.uint(4, text.length);
        return this.append(Buffer.concat([text, Buffer.alloc(1)]));
      }
      case 'g':
        this.uint(1, value.length);
        return this.append(Buffer.from(`${value}\0`));
      case 'v': // [signature, value]
        this.put('g', value[0]);
        return this.put(value[0], value[1]);
      case '(': case '{':
        return types(type.slice(1, -1)).forEach((t, i) =>
          this.put(t, value[i]));
      case 'a': return this.#array(type.slice(1), value);
      default: throw new Error(`cannot write ${type}`);
    }
  }

  #array(of, values) {
    const lengthAt = this.bytes.length;
    this.uint(4, 0);
    this.align(ALIGNED[of[0]]);
    const start = this.bytes.length;
    values.forEach((v) => this.put(of, v));
    this.bytes.writeUInt32LE(this.bytes.length - start, lengthAt);
  }
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  align(n) {
    this.at += (n - this.at % n) % n;
  }

  take(n) {
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  get(type) {
    this.align(ALIGNED[type[0]]);
    switch (type[0]) {
      case 'y': return this.take(1)[0];
      case 'n': return this.take(2).readInt16LE();
      case 'q': return this.take(2).readUInt16LE();
      case 'i': return this.take(4).readInt32LE();
      case 'u': return this.take(4).readUInt32LE();
      case 'b': return this.take(4).readUInt32LE() === 1;
      case 'x': return this.take(8).readBigInt64LE();
      case 't': return this.take(8).readBigUInt64LE();
      case 'd': return this.take(8).readDoubleLE();
      case 's': case 'o': return this.#text(this.get('u'));
      case 'g': return this.#text(this.get('y'));
      case 'v': return this.get(this.get('g'));
      case '(': case '{':
        return types(type.slice(1, -1)).map((t) => this.get(t));
      case 'a': return this.#array(type.slice(1));
      default: throw new Error(`cannot read ${type}`);
    }
  }

  #text(n) {
    return this.take(n + 1).subarray(0, n).toString();
  }

  #array(of) {
    const n = this.get('u');
    this.align(ALIGNED[of[0]]);
    if (of === 'y')
      return this.take(n);
    const list = [], end = this.at + n;
    while (this.at < end)
      list.push(this.get(of));
    return of[0] === '{' ? Object.fromEntries(list) : list;
  }
}

const TYPE = { call: 1, answer: 2, error: 3, signal: 4 };
const FIELD = { path: [1, 'o'], interface: [2, 's'], member: [3, 's'],
  error: [4, 's'], answers: [5, 'u'], destination: [6, 's'], sender: [7, 's'],
  signature: [8, 'g'] };
const FIELD_NAME = Object.fromEntries(Object.entries(FIELD)
  .map(([name, [code]]) => [code, name]));

function encode(serial, { type, body = [], ...fields }) {
  const content = new Writer(), head = new Writer();

  types(fields.signature ?? '').forEach((t, i) => content.put(t, body[i]));
  for (const value of ['l'.charCodeAt(0), type, 0, 1])
    head.put('y', value);
  head.put('u', content.bytes.length);
  head.put('u', serial);
  head.put('a(yv)', Object.entries(fields).map(([name, value]) =>
    [FIELD[name][0], [FIELD[name][1], value]]));
  head.align(8);
  return Buffer.concat([head.bytes, content.bytes]);
}

/** @returns {{message: any, length: number} | undefined} when it is whole */
function decode(bytes) {
  if (bytes.length < 16)
    return undefined;
  const length = Math.ceil((16 + bytes.readUInt32LE(12)) / 8) * 8;
  const whole = length + bytes.readUInt32LE(4);
  if (bytes.length < whole)
    return undefined;
  const message = { type: bytes[1], serial: bytes.readUInt32LE(8), body: [] };
  for (const [code, value] of new Reader(bytes, 12).get('a(yv)'))
    if (FIELD_NAME[code])
      message[FIELD_NAME[code]] = value;
  /* Alignment counts from the body's own beginning. */
  const content = new Reader(bytes.subarray(length, whole));
  message.body = types(message.signature ?? '').map((t) => content.get(t));
  return { message, length: whole };
}

export class Bus {
  /**
   * @param {string} socket the path of the bus's socket
   * @param {(call: any) => [string, any[]] | undefined} answer what a method
   *   call is answered with: signature and values; undefined: no such method
   */
  static async connect(socket, answer) {
    const bus = new Bus(net.connect(socket), answer);
    await bus.#authenticate();
    await bus.call('Hello');
    return bus;
  }

  constructor(connection, answer) {
    this.connection = connection;
    this.answer = answer;
    this.serial = 0;
    this.open = new Map();
    connection.on('error', () => {}); // the bus has ended
  }

  async #authenticate() {
    const uid = Buffer.from(String(process.getuid())).toString('hex');
    await new Promise((ready, fail) => {
      this.connection.once('data', (said) =>
        String(said).startsWith('OK ') ? ready() : fail(new Error(said)));
      this.connection.write(`\0AUTH EXTERNAL ${uid}\r\n`);
    });
    this.connection.write('BEGIN\r\n');
    let buffer = Buffer.alloc(0);
    this.connection.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      for (let got; (got = decode(buffer));) {
        buffer = buffer.subarray(got.length);
        this.#hear(got.message);
      }
    });
  }

  #send(message) {
    this.connection.write(encode(++this.serial, message));
    return this.serial;
  }

  #hear(message) {
    if (message.type === TYPE.call)
      return this.#serve(message);
    const waiting = this.open.get(message.answers);
    this.open.delete(message.answers);
    if (message.type === TYPE.answer)
      waiting?.resolve(message.body);
    else if (message.type === TYPE.error)
      waiting?.reject(new Error(`${message.error}: ${message.body[0]}`));
  }

  #serve(call) {
    const answer = this.answer(call);
    const to = { answers: call.serial, destination: call.sender };
    if (!answer)
      this.#send({ type: TYPE.error, ...to,
        error: 'org.freedesktop.DBus.Error.UnknownMethod' });
    else
      this.#send({ type: TYPE.answer, ...to,
        ...(answer[0] && { signature: answer[0] }), body: answer[1] });
  }

  /** A method of the bus itself. */
  call(member, signature = '', body = []) {
    const serial = this.#send({ type: TYPE.call, path: '/org/freedesktop/DBus',
      destination: 'org.freedesktop.DBus', interface: 'org.freedesktop.DBus',
      member, ...(signature && { signature }), body });
    return new Promise((resolve, reject) =>
      this.open.set(serial, { resolve, reject }));
  }

  signal(path, iface, member, signature, body) {
    this.#send({ type: TYPE.signal, path, interface: iface, member, signature,
      body });
  }

  close() {
    this.connection.destroy();
  }
}
