// SPDX-License-Identifier: Apache-2.0
// Says so where the pages cannot work.  A plain script in the language of the
// oldest browsers, since the modules would not even be read by those.

(function () {
  var main = document.getElementById('main');
  var able = window.PublicKeyCredential && window.HTMLDialogElement
    && window.AbortSignal && 'timeout' in AbortSignal && 'at' in [];
  if (!main || (window.isSecureContext !== false && able))
    return;
  var state = window.isSecureContext === false ? 'insecure' : 'unsupported';
  var shown = document.getElementById(state);
  if (!shown || main.getAttribute('data-needs') === 'nothing')
    return;
  for (var node = main.firstElementChild; node; node = node.nextElementSibling)
    node.setAttribute('hidden', '');
  shown.removeAttribute('hidden');
  main.setAttribute('data-state', state);
})();
