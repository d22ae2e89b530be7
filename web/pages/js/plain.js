// SPDX-License-Identifier: Apache-2.0
// A page that only tells something: "not found", "in trouble".

import { setState, main, onClick } from './dom.js';
import './shell.js';

if (main.querySelector('#retry'))
  onClick('#retry', main, () => location.reload());
setState('ready');
