// SPDX-License-Identifier: Apache-2.0
// A ceremony from its options to the server's verdict, with all that can
// happen on the way.

import { Problem } from './api.js';
import { Declined, ask, tell } from './passkey.js';
import { stateOf } from './stage.js';

/** @typedef {import('./api.js').Ceremony} Ceremony */
/** @typedef {import('./stage.js').Stage} Stage */

/** @typedef {{ceremony: string, credential: any}} Answer */
/** @typedef {{code: string, field?: string}} Refusal by server or device */

/**
 * @template T
 * @typedef {object} Flow
 * @property {'create' | 'get'} kind
 * @property {() => Promise<Ceremony>} options fresh ones each time
 * @property {(answer: Answer) => Promise<T>} verify
 * @property {() => Answer | undefined} [given] what the device gave already
 * @property {(error: Refusal) => boolean} [own] what the caller tells himself
 */

/**
 * Runs a ceremony until it succeeds or the person gives it up.  One that
 * expired on the way is begun anew once without a question.
 *
 * @template T
 * @param {Stage} stage
 * @param {Flow<T>} flow
 * @returns {Promise<T | null>} null: given up; throws what flow.own() claims
 */
export async function run(stage, flow) {
  let anew = 1;
  for (;;) {
    try {
      const answer = await attempt(stage, flow);
      stage.still();
      return answer;
    } catch (error) {
      if (error instanceof Problem)
        await tell(error.signal);
      if ((error instanceof Problem || error instanceof Declined)
        && flow.own?.(error)) {
        stage.leave();
        throw error;
      }
      if (stateOf(error) === 'expired' && anew-- > 0)
        continue;
      if (await stage.refused(error) !== 'again') {
        stage.leave();
        return null;
      }
    }
  }
}

/**
 * Some browsers ask the device only soon after a click or key: where that is
 * long ago (a first ceremony took its time), one more is asked for.
 *
 * @template T
 * @param {Stage} stage
 * @param {Flow<T>} flow
 * @returns {Promise<T>}
 */
async function attempt(stage, flow) {
  stage.busy();
  const given = flow.given?.();
  if (given)
    return await flow.verify(given);
  const { ceremony, publicKey, deadline } = await flow.options();
  if (navigator.userActivation && !navigator.userActivation.isActive
    && await stage.ask('next', ['continue', 'back']) === 'back')
    throw new Declined('cancelled');
  const stop = new AbortController();
  stage.waiting(deadline, (why) => stop.abort(why));
  const credential = await ask(flow.kind, publicKey, stop.signal);
  stage.busy();
  return await flow.verify({ ceremony, credential });
}
