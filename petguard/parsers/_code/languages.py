"""Which grammar reads a file, and which part of it: of Vue, Svelte, Astro and HTML files only the scripts."""

import re
from pathlib import PurePosixPath

from petguard.parsers._code import csharp, dart, go, java, javascript, kotlin, php, ruby, rust, swift, tree
from petguard.parsers._code.form import Code

_LANGUAGES = (javascript, java, kotlin, go, csharp, ruby, rust, php, swift)
_GRAMMARS = {suffix: grammar for language in _LANGUAGES for suffix, grammar in language.GRAMMARS.items()}
SCRIPTED = frozenset({".vue", ".svelte", ".astro", ".html", ".htm"})
_SCRIPT = re.compile(rb"<script\b([^>]{0,500})>(.*?)(?:</script\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TYPED = re.compile(rb"lang\s*=\s*[\"']?tsx?\b", re.IGNORECASE)
_NO_SCRIPT = re.compile(
    rb"type\s*=\s*[\"']?(?!module|text/javascript|text/babel|application/javascript)[\w+/-]", re.IGNORECASE
)
_FRONT = re.compile(rb"\A\s*---\r?\n(.*?)\n---", re.DOTALL)
# Types that the grammar does not know yet, with what it reads instead; nothing may move.
_NEW_SYNTAX = (
    (re.compile(rb"(?<=\bexport )type(?=\s*\*)"), lambda match: b" " * len(match[0])),
    (re.compile(rb"(?<=\btypeof )import\([\"'][^\"'\n]{1,200}[\"']\)"), lambda match: b"_" * len(match[0])),
)
# A component that a module gives by default, `<Skeleton.default width={1} />`: the grammar reads a keyword there.
_DEFAULT_TAG = re.compile(rb"(?<=<)(/?[A-Z][\w.]{0,100}\.)default\b")
_NO_LINE_FEED = re.compile(rb"[^\n]")

_SHEBANG = re.compile(rb"\A#![^\n]*\b(ruby|node|bun|deno|php)\b")
_SHEBANGS = {b"ruby": ".rb", b"php": ".php", b"node": ".js", b"bun": ".ts", b"deno": ".ts"}

SUFFIXES = frozenset({*_GRAMMARS, *SCRIPTED, ".dart"})


def suffix_of(path: str, head: bytes) -> str | None:
    """The suffix that a file of one of our languages has, or would have: a script may have none."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    found = None if suffix else _SHEBANG.match(head)
    return _SHEBANGS[found[1]] if found else None


def read(path: str, text: str) -> Code:
    """The common form of a file in one of our languages."""
    data, suffix = prepared(path, text)
    return dart.read(path, data) if suffix == ".dart" else tree.read(path, data, _GRAMMARS[suffix])


def prepared(path: str, text: str) -> tuple[bytes, str]:
    """What a grammar reads of a file, in place, and the suffix that says which grammar that is."""
    data = text.encode("utf-8", "replace")
    suffix = suffix_of(path, data[:200]) or ".js"
    if suffix in SCRIPTED:
        data, suffix = _scripts(data, suffix)
    if suffix in (".ts", ".tsx", ".mts", ".cts"):
        for new, old in _NEW_SYNTAX:
            data = new.sub(old, data)
    return _DEFAULT_TAG.sub(rb"\1Default", data), suffix


def _scripts(data: bytes, suffix: str) -> tuple[bytes, str]:
    """The scripts of a page where they stand, everything else blank, so that lines and columns stay the same."""
    found = [match for match in _SCRIPT.finditer(data) if not _NO_SCRIPT.search(match[1])]
    spans = [match.span(2) for match in found]
    front = _FRONT.match(data) if suffix == ".astro" else None
    spans = [front.span(1), *spans] if front else spans
    blank = bytearray(_NO_LINE_FEED.sub(b" ", data))
    for start, end in spans:
        blank[start:end] = data[start:end]
    typed = front is not None or any(_TYPED.search(match[1]) for match in found)
    return bytes(blank), ".ts" if typed else ".js"
