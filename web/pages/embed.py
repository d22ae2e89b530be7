#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Render the pages in every language and write them into one C file.

    embed.py [--depfile FILE] OUTPUT.c      what the build calls
    embed.py --tree DIRECTORY               the same as files, to look at
    embed.py --sizes                        what a first visit loads, by page

Sources stand beside this file; README.md says how they are written.  Whatever
is inconsistent (a message missing in one language or used nowhere, a script
that imports what is not there) stops the build with one line that says so.
"""

import argparse
import gzip
import hashlib
import html
import json
import math
import pathlib
import re
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = {"en": "English", "ja": "日本語"}
MIME = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
FILLED = ("companion.webmanifest", "sw.js")  # at the root, not named by hash
ICONS = (192, 512)  # pixels: what the companion is installed with


class Wrong(Exception):
    """A fault in the sources, for the person who builds."""


def read(path):
    return path.read_text(encoding="utf-8")


def digest(data):
    return hashlib.sha256(data).hexdigest()


# Messages


def no_duplicates(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise Wrong(f"message {key} stands there twice")
        found[key] = value
    return found


def catalogues():
    """Return {language: {key: text}}, all with the same keys and gaps."""
    found = {}
    for lang in LANGUAGES:
        text = read(HERE / "messages" / f"{lang}.json")
        found[lang] = json.loads(text, object_pairs_hook=no_duplicates)
    first, *others = LANGUAGES
    for lang in others:
        odd = found[lang].keys() ^ found[first].keys()
        if odd:
            raise Wrong(f"not in both {first} and {lang}: {sorted(odd)}")
        for key, text in found[lang].items():
            if gaps(text) != gaps(found[first][key]):
                raise Wrong(f"message {key}: the gaps differ in {lang}")
    return found


def gaps(text):
    return set(re.findall(r"\{\w+\}", text))


# Scripts


class Script:
    """A module: its text as sent, what it imports and what it may say."""

    def __init__(self, name):
        source = read(HERE / "js" / name)
        self.name = name
        self.imports = re.findall(r"(?:from|import) '\./([\w-]+\.js)'", source)
        self.later = re.findall(r"\bimport\('\./([\w-]+\.js)'\)", source)
        self.keys = set(re.findall(r"\bt\('([\w.-]+)'", source))
        self.words = set(re.findall(r"'([\w.-]+)'", source))
        self.families = set()
        for line in re.findall(r"// @messages (.+)", source):
            self.families |= set(line.split())
        self.icons = set(re.findall(r"\bicon\('([\w-]+)'", source))
        self.text = slim(name, source)


def slim(name, source):
    """Leave out comments and indentation.

    By lines, not by tokens, hence two rules for our scripts: no template
    literal over several lines, and a block comment has its lines for itself.
    """
    source = re.sub(r"/\*\* @type \{[^*]+\} \*/ ?", "", source)
    lines = []
    inside = False
    for line in source.splitlines():
        line = line.strip()
        if inside:
            inside = not line.endswith("*/")
        elif line.startswith("/*"):
            inside = "*/" not in line
        elif line and not line.startswith("//"):
            if line.count("`") % 2:
                raise Wrong(f"{name}: a template literal over several lines")
            lines.append(line)
    return "\n".join(lines) + "\n"


def slim_css(source):
    """Leave out comments and space.

    A space before a colon stays: behind it may stand a selector.
    """
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    source = re.sub(r"\s+", " ", source)
    source = re.sub(r" ?([{};]) ?", r"\1", source)
    return re.sub(r"([\w-]): ", r"\1:", source).strip() + "\n"


def slim_html(source):
    source = re.sub(r"<!--.*?-->", "", source, flags=re.S)
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


class Site:
    """All sources read, all assets named; renders one page at a time."""

    def __init__(self):
        self.messages = catalogues()
        self.used = set()
        self.scripts = {
            path.name: Script(path.name) for path in (HERE / "js").glob("*.js")
        }
        self.icons = {
            path.stem: read(path) for path in (HERE / "icons").glob("*.svg")
        }
        self.assets = {}  # source name: (path, bytes)
        for path in HERE.glob("*.css"):
            self.add(path.name, slim_css(read(path)))
        self.add("favicon.svg", self.icons["favicon"])
        for side in ICONS:
            self.add(f"icon-{side}.png", app_icon(side))
        for name in sorted(self.scripts):
            self.add_script(name, ())

    def add(self, name, content):
        data = content if isinstance(content, bytes) else content.encode()
        stem, suffix = name.rsplit(".", 1)
        self.assets[name] = (f"/a/{stem}.{digest(data)[:10]}.{suffix}", data)

    def add_script(self, name, above):
        """Add a module after those that it imports: they give it its name."""
        if name in above:
            raise Wrong(f"scripts import each other: {above + (name,)}")
        if name in self.assets:
            return
        if name not in self.scripts:
            raise Wrong(f"{above[-1]} imports {name}, which is not there")
        script = self.scripts[name]
        text = script.text
        for other in script.imports + script.later:
            self.add_script(other, above + (name,))
            target = self.assets[other][0].removeprefix("/a/")
            text = text.replace(f"'./{other}'", f"'./{target}'")
        self.add(name, text)

    def modules(self, name, later=False):
        """The module and all that it imports (also later), itself first."""
        found = [name]
        for one in found:
            script = self.scripts[one]
            more = script.imports + (script.later if later else [])
            found += [n for n in dict.fromkeys(more) if n not in found]
        return found

    def spoken(self, script):
        """The keys of the messages that a module and its imports may say."""
        keys = set()
        known = self.messages["en"]
        for name in self.modules(script, later=True):
            keys |= self.scripts[name].keys
            keys |= self.scripts[name].words & known.keys()
            for family in self.scripts[name].families:
                some = {k for k in known if k.startswith(family)}
                if not some:
                    raise Wrong(f"{name}: no message begins with {family}")
                keys |= some
        return keys

    def render(self, path, lang):
        """Return (address, html) of one page source in one language."""
        source = read(path)
        head = re.match(r"<!--(.*?)-->", source, flags=re.S)
        if not head:
            raise Wrong(f"{path.name}: no comment with its settings on top")
        page = dict(re.findall(r"^(\w+): (.+)$", head[1], flags=re.M))
        return page["path"], slim_html(Page(self, page, lang).expand(
            read(HERE / page["layout"]).replace("{{content}}", source)))

    def fill(self, name, lang):
        """Return the text of a file that is no page, in one language."""
        source = read(HERE / name)
        if name.endswith(".js"):
            source = slim(name, source)
        return Page(self, {"path": f"/{name}"}, lang).expand(source)

    def finish(self):
        idle = self.messages["en"].keys() - self.used
        if idle:
            raise Wrong(f"messages that nothing says: {sorted(idle)}")


class Page:
    """The words in double braces of one page in one language."""

    def __init__(self, site, settings, lang):
        self.site = site
        self.settings = settings
        self.lang = lang
        self.drawn = set()

    def expand(self, source):
        include = re.compile(r"\{\{include ([\w.-]+)\}\}")
        while include.search(source):
            source = include.sub(lambda m: read(HERE / m[1]), source)
        return re.sub(r"\{\{(\w+)(?: ([^}]+))?\}\}", self.word, source)

    def word(self, match):
        name, argument = match[1], match[2]
        answer = getattr(self, "word_" + name, None)
        if not answer:
            raise Wrong(f"{self.settings['path']}: what is {match[0]}?")
        return answer(argument) if argument else answer()

    def say(self, key):
        text = self.site.messages[self.lang].get(key)
        if text is None:
            raise Wrong(f"{self.settings['path']}: no message {key}")
        self.site.used.add(key)
        return text

    def word_t(self, key):
        return html.escape(self.say(key))

    def word_title(self):
        return html.escape(self.say(self.settings["title"]))

    def word_description(self):
        return html.escape(self.say(self.settings["description"]))

    def word_lang(self):
        return self.lang

    def word_other(self):
        return next(code for code in LANGUAGES if code != self.lang)

    def word_other_name(self):
        return LANGUAGES[self.word_other()]

    def word_asset(self, name):
        return self.site.assets[name][0]

    def word_current(self, path):
        here = self.settings["path"] == path
        return ' aria-current="page"' if here else ""

    def word_icon(self, name):
        self.draw(name)
        return (f'<svg class="icon" aria-hidden="true">'
                f'<use href="#i-{name}"></use></svg>')

    def draw(self, name):
        if name not in self.site.icons:
            raise Wrong(f"{self.settings['path']}: no icon {name}")
        self.drawn.add(name)

    def word_json(self, key):
        return json.dumps(self.say(key), ensure_ascii=False)

    def word_styles(self):
        """Those that a page names besides the one of all pages."""
        name = self.settings.get("styles")
        return name and (f'<link rel="stylesheet" '
                         f'href="{self.word_asset(name)}">') or ""

    def word_installs(self):
        """For the page that can be installed: its manifest, and its icon."""
        name = self.settings.get("manifest")
        return name and (f'<link rel="manifest" href="{name}" '
                         f'crossorigin="use-credentials">\n'
                         f'<link rel="apple-touch-icon" '
                         f'href="{self.word_asset("icon-192.png")}">') or ""

    def word_scripts(self):
        """All modules at once: none waits until another was read."""
        script = self.settings["script"]
        first, *others = self.site.modules(script)
        lines = [f'<link rel="modulepreload" href="{self.word_asset(n)}">'
                 for n in others]
        lines.append(
            f'<script type="module" src="{self.word_asset(first)}"></script>')
        return "\n".join(lines)

    def word_messages(self):
        """What the scripts of this page may say, as a block of data."""
        keys = sorted(self.site.spoken(self.settings["script"]))
        text = json.dumps({key: self.say(key) for key in keys},
                          ensure_ascii=False, separators=(",", ":"))
        return ('<script type="application/json" id="messages">'
                + text.replace("<", "\\u003c") + "</script>")

    def word_sprite(self):
        """The icons used above and by the scripts; stands last in a page."""
        for name in self.site.modules(self.settings["script"], later=True):
            for icon in self.site.scripts[name].icons:
                self.draw(icon)
        symbols = []
        for name in sorted(self.drawn):
            inner = re.search(r"<svg[^>]*>(.*)</svg>", self.site.icons[name],
                              flags=re.S)[1]
            inner = re.sub(r"\s+", " ", inner).strip()
            symbols.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">'
                           f"{inner}</symbol>")
        return ('<svg class="sprite" aria-hidden="true">'
                + "".join(symbols) + "</svg>")


# The icon of the companion


def app_icon(side):
    """The mark on its ground, as PNG, with room around it for any mask."""
    ground, ink = (0x2C, 0x4A, 0x9A), (0xFF, 0xFF, 0xFF)
    unit = side / 40  # the mark is 24 wide, as in favicon.svg
    rows = bytearray()
    margin = int(9 * unit)
    blank = bytes(ground)
    for y in range(side):
        rows.append(0)  # filter: none
        if not margin <= y < side - margin:
            rows += blank * side
            continue
        rows += blank * margin
        for x in range(margin, side - margin):
            u, v = (x + .5) / unit - 20, (y + .5) / unit - 20
            far = math.hypot(u, v)
            edge = max(1.4 - abs(far - 8.9), 3.2 - far)
            if far > 5 and -80 < math.degrees(math.atan2(v, u)) < -48:
                edge = -1
            cover = min(1, max(0, edge * unit + .5))
            rows += bytes(round(g + (i - g) * cover)
                          for g, i in zip(ground, ink))
        rows += blank * margin
    return (b"\x89PNG\r\n\x1a\n"
            + png_chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0))
            + png_chunk(b"IDAT", zlib.compress(bytes(rows), 9))
            + png_chunk(b"IEND", b""))


def png_chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(
        ">I", zlib.crc32(body))


# Output


def everything(site):
    """Return [(path, lang, mime, data, immutable)], sorted for the search."""
    found = []
    for source in sorted(HERE.glob("*.html")):
        if source.name.startswith("_"):
            continue
        for lang in LANGUAGES:
            path, text = site.render(source, lang)
            found.append((path, lang, MIME[".html"], text.encode(), False))
    for name in FILLED:
        for lang in LANGUAGES:
            data = site.fill(name, lang).encode()
            found.append((f"/{name}", lang, MIME[suffix(name)], data, False))
    for path, data in site.assets.values():
        found.append((path, "", MIME[suffix(path)], data, True))
    site.finish()
    return sorted(found, key=lambda one: (one[0].encode(), one[1]))


def suffix(name):
    return "." + name.rsplit(".", 1)[1]


def c_bytes(name, data):
    numbers = ",".join(map(str, data))
    lines = "\n".join(re.findall(r"(?:\d+,?){1,24}", numbers))
    return f"static const uint8_t {name}[] = {{\n{lines}\n}};\n"


def c_file(found):
    arrays, rows = [], []
    for i, (path, lang, mime, data, immutable) in enumerate(found):
        packed = gzip.compress(data, 9, mtime=0)
        arrays.append(c_bytes(f"plain_{i}", data))
        pair = "NULL, 0"
        if len(packed) < len(data):
            arrays.append(c_bytes(f"gzip_{i}", packed))
            pair = f"gzip_{i}, sizeof gzip_{i}"
        rows.append(
            f'\t{{ "{path}", "{lang}", "{mime}",\n'
            f'\t    "W/\\"{digest(data)[:20]}\\"",\n'
            f"\t    plain_{i}, sizeof plain_{i}, {pair},\n"
            f"\t    {'true' if immutable else 'false'} }},\n")
    return ("/* SPDX-License-Identifier: Apache-2.0 */\n"
            "/* Written by web/pages/embed.py. */\n"
            '#include "web/pages/pages.h"\n\n' + "\n".join(arrays)
            + "\nconst struct web_asset web_assets[] = {\n" + "".join(rows)
            + "};\nconst size_t web_asset_count =\n"
            "    sizeof web_assets / sizeof web_assets[0];\n")


def write_tree(found, directory):
    for path, lang, _, data, _ in found:
        name = path.strip("/") or "index"
        if lang:
            name = f"{lang}/{name}" + ("" if "." in name else ".html")
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def print_sizes(found):
    assets = {path: data for path, _, _, data, _ in found}
    print(f"{'page':28}{'html':>8}{'css':>8}{'js':>8}{'all':>8}{'gzip':>8}")
    for path, lang, _, data, _ in found:
        if not lang or "." in path:
            continue
        loads = set(re.findall(r'(?:href|src)="(/a/[^"]+)"', data.decode()))
        kinds = {"css": 0, "js": 0, "svg": 0, "png": 0}
        packed = len(gzip.compress(data, 9))
        for one in loads:
            kinds[one.rsplit(".", 1)[1]] += len(assets[one])
            packed += len(gzip.compress(assets[one], 9))
        total = len(data) + sum(kinds.values())
        print(f"{path + ' ' + lang:28}{len(data):8}{kinds['css']:8}"
              f"{kinds['js']:8}{total:8}{packed:8}")


def sources():
    """Every file that a build reads, and the folders that may get more."""
    folders = [HERE, HERE / "js", HERE / "icons", HERE / "messages"]
    kinds = {".html", ".css", ".js", ".svg", ".json", ".py", ".webmanifest"}
    files = [p for f in folders for p in f.iterdir() if p.suffix in kinds]
    return sorted(folders + files)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depfile", type=pathlib.Path)
    parser.add_argument("--tree", type=pathlib.Path)
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("output", type=pathlib.Path, nargs="?")
    args = parser.parse_args()
    try:
        found = everything(Site())
    except (Wrong, KeyError, OSError, ValueError) as fault:
        sys.exit(f"embed.py: {fault}")
    if args.tree:
        write_tree(found, args.tree)
    if args.sizes:
        print_sizes(found)
    if args.output:
        args.output.write_text(c_file(found), encoding="utf-8")
    if args.depfile and args.output:
        names = " ".join(str(p).replace(" ", "\\ ") for p in sources())
        args.depfile.write_text(f"{args.output}: {names}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
