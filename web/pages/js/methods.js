// SPDX-License-Identifier: Apache-2.0
// In plain words, how somebody came in.

import { said, t } from './text.js';

// @messages method.

/**
 * @param {{event?: string, ok?: boolean, method?: string,
 *   passkey?: string, phone?: string}} way a session, or an entry of the history
 * @returns {string} '' when it is not told
 */
export function methodOf({ event, ok, method, passkey, phone }) {
  const name = method === 'approval' && phone || passkey;
  /* A request that nobody approved is no way in. */
  if (event === 'approval' && !ok || !said(`method.${method}`))
    return '';
  return name ? t(`method.${method}-named`, { name }) : t(`method.${method}`);
}
