"""What the bytes of a file are: which text they encode, or why nobody here reads them."""

import codecs
import re
from pathlib import PurePosixPath

from petguard.errors import UnreadableInput

LANGUAGE = "unsupported_language"

# UTF-32 first: its little-endian mark starts with the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COOKIE = re.compile(rb"\A(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))?[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
# Only encodings that agree with ASCII: utf-7 or unicode_escape would hide code from every search for literals.
_COOKIES = re.compile(
    r"utf-8(-sig)?|ascii|iso8859-\d+|cp(125\d|437|850|866|932|949|950)|koi8-[ru]|"
    r"euc_(jp|kr)|shift_jis|gb(k|2312|18030)|big5"
)
# Only marks that no text starts with; most other binary formats hold a NUL byte.
_MAGIC = (
    *(b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x7fELF"),
    *(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
)
_PYTHON = re.compile(r"\.py[iwx]?")
_DOCUMENTATION = re.compile(r"\.(md|markdown|mdx|rst|txt|adoc|asciidoc|tex|org|pod|bib|1)")
_DOCUMENT_NAMES = re.compile(
    r"(readme|licen[cs]e|copying|notice|authors|contributors|changelog|changes|install|news|todo)\b.*", re.I
)
_DATA = re.compile(
    r"\.(csv|tsv|json|jsonl|ndjson|geojson|xml|xsd|xslt?|ya?ml|toml|ini|cfg|conf|lock|po|pot|svg|css|scss|sass|less|map|"
    r"properties|pem|crt|key|log|diff|patch|kml|gml|srt|plist|snap|env)"
)
_LANGUAGES = re.compile(
    r"\.([mc]?js|jsx|[mc]?ts|tsx|vue|svelte|astro|java|kts?|scala|groovy|gradle|clj|go|[cf]s|vb|rb|erb|rs|php|dart|swift|"
    r"mm?|c|h|cc|cpp|cxx|hpp|cu|(ba|z|fi)?sh|ps1|bat|cmd|sql|ipynb|py[iwx]?|r|rmd|qmd|jl|lua|p[lm]|exs?|erl|hs|ml|nim|"
    r"zig|sol|tf|bicep|html?|ejs|hbs|jinja|j2|proto|graphql)"
)
_SHEBANG = re.compile(rb"#![ \t]*/")


def is_made(path: str) -> bool:
    """Whether a file of this name is made from others that are read themselves."""
    return path.endswith((".js.map", ".css.map", ".mjs.map"))


def looks_binary(data: bytes) -> bool:
    """Whether these bytes are no text in any encoding that marks itself."""
    return _mark(data) is None and (b"\0" in data or data.startswith(_MAGIC))


def as_utf8(data: bytes) -> bytes:
    """The content a literal search can trust: without byte-order mark, UTF-16 and UTF-32 turned into UTF-8."""
    encoding = _mark(data)
    return data if encoding is None else data.decode(encoding, "replace").encode("utf-8")


def decode(path: str, data: bytes) -> str:
    """The text with plain line feeds; UnreadableInput with byte and line where the encoding is broken."""
    encoding = _mark(data) or _cookie(path, data) or "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        detail = f"not valid {encoding} at byte {error.start}; save the file as UTF-8"
        raise UnreadableInput(detail, reason="encoding", line=line) from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def unread_because(path: str, data: bytes) -> str:
    """Why no parser wants a file: the reason under which it is counted. Source code is never called binary."""
    if not data.strip():
        return "empty"
    name, suffix = PurePosixPath(path).name, PurePosixPath(path).suffix.lower()
    if _LANGUAGES.fullmatch(suffix) or _SHEBANG.match(data):
        return LANGUAGE
    if looks_binary(data):
        return "binary"
    if _DOCUMENTATION.fullmatch(suffix) or _DOCUMENT_NAMES.fullmatch(name):
        return "documentation"
    return "data" if _DATA.fullmatch(suffix) else "other"


def _mark(data: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def _cookie(path: str, data: bytes) -> str | None:
    """The encoding a Python file names for itself (PEP 263)."""
    head = data[:1000]
    found = _COOKIE.match(head)
    if found is None or not (
        _PYTHON.fullmatch(PurePosixPath(path).suffix.lower()) or b"python" in head.split(b"\n", 1)[0]
    ):
        return None
    name = found[1].decode("ascii", "replace")
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        encoding = "unknown"
    if not _COOKIES.fullmatch(encoding):
        raise UnreadableInput(f"the file says its encoding is {name}; save it as UTF-8", reason="encoding", line=1)
    return encoding
