// SPDX-License-Identifier: Apache-2.0
// A certificate of our own making, for servers that tests stand up.

import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/**
 * Self-signed, good for a day.  Programs that take a file of authorities are
 * given `file`; Chromium is given `spki`.
 *
 * @param {string} folder where key and certificate are put
 * @param {string[]} names DNS names, "*." allowed
 */
export function makeCertificate(folder, names) {
  const keyFile = path.join(folder, 'tls-key.pem');
  const file = path.join(folder, 'tls-cert.pem');

  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec',
    '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
    '-subj', '/CN=a test of itsumo', '-keyout', keyFile, '-out', file,
    '-addext', `subjectAltName=${names.map((n) => `DNS:${n}`).join(',')}`],
  { stdio: 'pipe' });
  const cert = fs.readFileSync(file);
  const spki = new X509Certificate(cert).publicKey
    .export({ type: 'spki', format: 'der' });

  return { key: fs.readFileSync(keyFile), cert, file,
    spki: createHash('sha256').update(spki).digest('base64') };
}
