// SPDX-License-Identifier: Apache-2.0
// The pages as they leave the build, without a browser: valid HTML, typed
// scripts, messages complete in both languages, small, and alone.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { HtmlValidate } from 'html-validate';

const tests = fileURLToPath(new URL('../', import.meta.url));
const sources = path.join(tests, '../web/pages');
const LANGUAGES = ['en', 'ja'];

/** @param {string} folder of sources @param {string[]} args */
function embed(folder, ...args) {
  return spawnSync('python3', [path.join(folder, 'embed.py'), ...args],
    { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
}

function readMessages(lang) {
  return JSON.parse(
    fs.readFileSync(path.join(sources, `messages/${lang}.json`), 'utf8'));
}

describe('the pages as built', () => {
  let tree, pages, assets;

  before(() => {
    tree = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-pages-'));
    const built = embed(sources, '--tree', tree);
    assert.equal(built.status, 0, built.stderr);
    const all = fs.readdirSync(tree, { recursive: true })
      .map(String).filter((name) => fs.statSync(path.join(tree, name))
        .isFile());
    const read = (name) => [name, fs.readFileSync(path.join(tree, name),
      'utf8')];
    pages = new Map(all.filter((name) => name.endsWith('.html')).map(read));
    assets = new Map(all.filter((name) => name.startsWith('a/')).map(read));
  });
  after(() => fs.rmSync(tree, { recursive: true }));

  const loads = (html) => [...html.matchAll(/(?:href|src)="\/(a\/[^"]+)"/g)]
    .map(([, name]) => name);

  test('every page exists in every language', () => {
    const names = (lang) => [...pages.keys()]
      .filter((name) => name.startsWith(`${lang}/`))
      .map((name) => name.slice(lang.length + 1)).sort();
    assert.deepEqual(names('en'), ['404.html', 'account.html',
      'account/devices.html', 'account/history.html', 'account/sessions.html',
      'account/settings.html', 'companion.html', 'error.html', 'index.html',
      'signup.html']);
    assert.deepEqual(names('ja'), names('en'));
  });

  test('each is valid HTML', async () => {
    const judge = new HtmlValidate({ root: true,
      extends: ['html-validate:recommended'] });
    assert.equal((await judge.validateString('<p><h1></p>')).valid, false);
    for (const [name, html] of pages) {
      const { results } = await judge.validateString(html, name);
      assert.deepEqual(results.flatMap(({ messages }) =>
        messages.map(({ line, message }) => `${name}:${line} ${message}`)), []);
    }
  });

  test('each keeps to the policy: nothing inline, nothing from elsewhere',
    () => {
      for (const [name, text] of [...pages, ...assets]) {
        if (name.endsWith('.html')) {
          assert.doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=/, name);
          for (const [tag] of text.matchAll(/<script[^>]*>/g))
            assert.match(tag, / src="\/a\/| type="application\/json"/, name);
        }
        const outside = [...text.matchAll(/(?:https?:)?\/\/[a-z][\w.-]+\.\w+/g)]
          .map(([url]) => url)
          .filter((url) => url !== 'http://www.w3.org');
        assert.deepEqual(outside, [], name);
        if (name.endsWith('.js'))
          assert.doesNotMatch(text,
            /\b(?:eval|innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/,
            name);
      }
    });

  test('what a page loads is there, all named in the document', () => {
    for (const [name, html] of pages) {
      const named = loads(html);
      assert.ok(named.length > 2, name);
      for (const one of named) {
        assert.ok(assets.has(one), `${name}: ${one}`);
        for (const [, other] of assets.get(one)
          .matchAll(/(?:from|import) '\.\/([^']+)'/g))
          assert.ok(named.includes(`a/${other}`), `${name}: ${other}`);
      }
    }
  });

  test('the sign-in page is under 60 kB, uncompressed', (t) => {
    for (const lang of LANGUAGES) {
      const html = pages.get(`${lang}/index.html`);
      const bytes = [html, ...loads(html).map((name) => assets.get(name))]
        .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      t.diagnostic(`${lang}: ${bytes} bytes`);
      assert.ok(bytes > 10000 && bytes < 60000, `${lang}: ${bytes}`);
    }
  });

  test('no page speaks of what stands behind a passkey', () => {
    for (const [name, html] of pages) {
      const said = html.replaceAll(
        /(?:autocomplete|crossorigin|href|src)="[^"]*"/g, '');
      assert.doesNotMatch(said,
        /FIDO|WebAuthn|credential|assertion|attestation|ceremony/i, name);
    }
  });
});

test('the scripts are typed', () => {
  const { status, stdout } = spawnSync(
    path.join(tests, 'node_modules/.bin/tsc'), ['-p', sources],
    { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('each state that a script can show has its words', () => {
  const script = fs.readFileSync(path.join(sources, 'js/stage.js'), 'utf8');
  const list = (name) => [...script.match(
    new RegExp(`const ${name} = (?:new Set\\()?\\[([^\\]]+)`))[1]
    .matchAll(/'([\w-]+)'/g)].map(([, word]) => word);
  const readme = fs.readFileSync(path.join(sources, 'README.md'), 'utf8');
  const messages = readMessages('en');
  const states = list('FAMILIES').flatMap((family) => Object.keys(messages)
    .filter((key) => key.startsWith(`${family}.`) && key.endsWith('.title'))
    .map((key) => [family, key.slice(family.length + 1, -'.title'.length)]));
  assert.ok(states.length > 50);
  for (const [family, state] of states) {
    assert.ok(messages[`${family}.${state}.text`], state);
    assert.ok(readme.includes(`\`${state}\``), `README.md: ${state}`);
  }
  for (const state of list('FINAL'))
    assert.ok(states.some(([, known]) => known === state), state);
});

test('Japanese is Japanese, in its own marks', () => {
  const messages = readMessages('ja');
  for (const [key, text] of Object.entries(messages)) {
    assert.match(text.replaceAll(/\{\w+\}/g, 'の'),
      /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u, key);
    assert.doesNotMatch(text, /[,;!?](?:\s|$)|[“”]/, key);
  }
});

describe('a fault in the sources stops the build', () => {
  let copy;

  before(() => {
    copy = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-pages-'));
  });
  after(() => fs.rmSync(copy, { recursive: true }));

  for (const [what, file, from, to, says] of [
    ['a message missing in one language', 'messages/ja.json',
      /\n {2}"action.back":.*/, '', /not in both.*action\.back/],
    ['a message that nothing says', 'messages/ja.json',
      '{', '{ "idle.key": "暇",', /not in both.*idle\.key/],
    ['a message that a page lacks', 'index.html',
      '{{t signin.title}}', '{{t signin.nonsense}}', /no message signin\.non/],
    ['a message that a script lacks', 'js/text.js',
      't(\'time.when\'', 't(\'time.nonsense\'', /no message time\.non/],
    ['a message twice', 'messages/en.json',
      '{', '{ "action.back": "x",', /action\.back stands there twice/],
    ['a gap with another name', 'messages/ja.json',
      '{left}', '{rest}', /stage\.left: the gaps differ/],
    ['an import of nothing', 'js/history.js',
      './dom.js', './doom.js', /doom\.js, which is not there/],
    ['imports in a circle', 'js/text.js',
      'export const lang', 'import \'./dom.js\';\nexport const lang',
      /import each other/],
    ['an icon that is not there', 'index.html',
      '{{icon passkey}}', '{{icon nonsense}}', /no icon nonsense/],
    ['a word that means nothing', 'index.html',
      '{{icon passkey}}', '{{nonsense}}', /what is \{\{nonsense\}\}/],
  ])
    test(what, () => {
      fs.cpSync(sources, copy, { recursive: true, force: true });
      const target = path.join(copy, file);
      const before = fs.readFileSync(target, 'utf8');
      const text = before.replace(from, to);
      assert.notEqual(text, before);
      fs.writeFileSync(target, text);
      const { status, stderr } = embed(copy);
      assert.equal(status, 1);
      assert.match(stderr, says);
      assert.equal(stderr.trim().split('\n').length, 1);
    });

  test('a message in both that nothing says', () => {
    fs.cpSync(sources, copy, { recursive: true, force: true });
    for (const lang of LANGUAGES) {
      const target = path.join(copy, `messages/${lang}.json`);
      fs.writeFileSync(target, fs.readFileSync(target, 'utf8')
        .replace('{', '{ "idle.key": "暇",'));
    }
    const { status, stderr } = embed(copy);
    assert.equal(status, 1);
    assert.match(stderr, /nothing says.*idle\.key/);
  });
});

test('two builds of the same sources are the same', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itsumo-pages-'));
  const [one, two] = ['one.c', 'two.c'].map((name) => {
    const target = path.join(folder, name);
    assert.equal(embed(sources, target).status, 0);
    return fs.readFileSync(target);
  });
  fs.rmSync(folder, { recursive: true });
  assert.ok(one.equals(two));
});
