// SPDX-License-Identifier: Apache-2.0
// The desktop's notifications: a session bus of its own and the service
// org.freedesktop.Notifications on it.  Chromium shows its notifications
// there, and a click on one is a real click: trusted, and allowed to open a
// window.  Needs dbus-daemon, and a persistent profile.

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Bus } from './dbus.mjs';

const NAME = 'org.freedesktop.Notifications';
const PATH = '/org/freedesktop/Notifications';

const configuration = (socket) => `<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>`;

/**
 * @typedef {object} Notification
 * @property {number} id
 * @property {string} summary its title
 * @property {string} body
 * @property {Record<string, string>} actions label of each, by key
 */

/** Tells 'shown' (a Notification) and 'closed' (an id). */
export class FakeNotify extends EventEmitter {
  static async start() {
    const notify = new FakeNotify();
    notify.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-bus-'));
    const socket = path.join(notify.folder, 'bus');
    const config = path.join(notify.folder, 'bus.conf');
    fs.writeFileSync(config, configuration(socket));
    notify.daemon = spawn('dbus-daemon', ['--nofork', '--print-address=1',
      `--config-file=${config}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(notify.daemon.stdout, 'data');
    notify.address = `unix:path=${socket}`;
    notify.bus = await Bus.connect(socket, (call) => notify.#answer(call));
    await notify.bus.call('RequestName', 'su', [NAME, 0]);
    return notify;
  }

  /** @type {Notification[]} in the order in which they came */
  shown = [];
  #ids = 0;

  /** For the environment of Chromium. */
  get environment() {
    return { DBUS_SESSION_BUS_ADDRESS: this.address };
  }

  #answer({ member, body }) {
    switch (member) {
      case 'GetCapabilities': return ['as', [['actions', 'body']]];
      case 'GetServerInformation':
        return ['ssss', ['a test', 'itsumo', '1', '1.2']];
      case 'Notify': return ['u', [this.#show(body)]];
      case 'CloseNotification':
        this.emit('closed', body[0]);
        this.#tellClosed(body[0], 3); // by a call
        return ['', []];
      default: return undefined;
    }
  }

  #show([, replaces, , summary, body, actions]) {
    const id = replaces || ++this.#ids;
    const pairs = [];
    for (let i = 0; i < actions.length; i += 2)
      pairs.push([actions[i], actions[i + 1]]);
    const notification = { id, summary, body,
      actions: Object.fromEntries(pairs) };
    this.shown.push(notification);
    this.emit('shown', notification);
    return id;
  }

  #tellClosed(id, why) {
    this.bus.signal(PATH, NAME, 'NotificationClosed', 'uu', [id, why]);
  }

  /**
   * Clicks a notification, or one of its buttons by its label.
   *
   * @param {Notification} notification
   */
  click({ id, actions }, label = undefined) {
    const key = label === undefined ? 'default' :
      Object.keys(actions).find((k) => actions[k] === label);
    if (key === undefined)
      throw new Error(`no button ${label}: ${JSON.stringify(actions)}`);
    this.bus.signal(PATH, NAME, 'ActionInvoked', 'us', [id, key]);
  }

  /** Swipes it away. */
  dismiss({ id }) {
    this.#tellClosed(id, 2);
  }

  async stop() {
    const ended = once(this.daemon, 'exit');
    this.bus.close();
    this.daemon.kill('SIGTERM');
    await ended;
    fs.rmSync(this.folder, { recursive: true });
  }
}
