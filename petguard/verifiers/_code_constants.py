"""Finds the constants that pseudonyms may be made with: salts, peppers and keys in code and settings of the project.

A bounded search over lines, no reading of programs: literals on lines that hash or encrypt, and literals given to a
name that says what they are. A constant that has nothing to do with the column does no harm, since only a digest that
comes out equal counts.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from petguard import secrets
from petguard.artefacts import Artefacts, Undecided

_FILES = (
    ".py", ".ipynb", ".js", ".ts", ".mjs", ".cjs", ".sql", ".go", ".java", ".kt", ".rb", ".php", ".r", ".scala",
    ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".env", ".properties", ".key", ".conf",
)  # fmt: skip
_MOST_FILES = 2_000
_MOST_BYTES = 1024 * 1024
_MOST_TOGETHER = 16 * 1024 * 1024
_MOST = 24
_LONGEST_LINE = 1_000
_HINTS = (
    "salt",
    "pepper",
    "secret",
    "key",
    "tweak",
    "hmac",
    "hash",
    "sha",
    "md5",
    "blake",
    "digest",
    "kdf",
    "ff3",
    "fpe",
    "ffx",
)
_SALT = re.compile(r"(?i)salt|pepper|hmac|tweak|pseudonym|hash")
_HASHING = re.compile(r"(?i)sha-?\d|md5|blake|hmac|createhash|digest|pbkdf2|\bhash\w*\(|ff3cipher|pyffx|\bfpe\b")
_NAME = r"(?i:[\w.-]{0,60}?(?:salt|pepper|secret|hmac|key|tweak)[\w-]{0,20})"
_NAMED = re.compile(rf"[\"']?(?P<name>{_NAME})[\"']?\s*(?::\s*\w+\s*=|[:=])\s*(?P<value>.{{1,300}})")
_LITERAL = re.compile(r"[rbfuRBFU]{0,2}(?:\"((?:[^\"\\]|\\.){1,256})\"|'((?:[^'\\]|\\.){1,256})')")
_BARE = re.compile(r"[\w+/=.@!-]{4,256}")
_BLANK = re.compile(r"\$?\{[^}]*\}")
_NO_SALT = re.compile(
    r"(?i)sha-?\d[\w/-]*|md5|blake2?[bs]?|hex|base64|utf-?8|ascii|latin-?1|utf-16|binary|digest|w|r|rb|wb|true|false"
)


@dataclass(frozen=True)
class Constant:
    """A literal, and where it stands."""

    value: str
    path: str
    line: int

    @property
    def told(self) -> str:
        """The place and the masked value."""
        return f"{secrets.mask(self.value)} at {self.path}:{self.line}"

    def as_bytes(self) -> tuple[bytes, ...]:
        """The literal itself, and what it writes in hex."""
        is_hex = len(self.value) >= 16 and re.fullmatch(r"(?:[0-9a-fA-F]{2})+", self.value)
        return (self.value.encode(), bytes.fromhex(self.value)) if is_hex else (self.value.encode(),)


def constants(files: Artefacts) -> tuple[Constant, ...]:
    """The first constants of the project: named as salts, then on lines that hash, then named as keys of any kind."""
    ranked: tuple[dict[str, Constant], ...] = ({}, {}, {})
    for path, number, line in _lines(files):
        lower = line.lower()
        if not any(word in lower for word in _HINTS):
            continue
        found = _NAMED.search(line)
        given = _value(found["value"]) if found else None
        hashes = _HASHING.search(line) is not None
        if found is not None and given is not None:
            rank = 0 if _SALT.search(found["name"]) else 1 if hashes else 2
            ranked[rank].setdefault(given, Constant(given, path, number))
        for value in _literals(line) if hashes else ():
            ranked[1].setdefault(value, Constant(value, path, number))
        if len(ranked[0]) >= _MOST:
            break
    first = {value: each for held in reversed(ranked) for value, each in held.items()}
    order = dict.fromkeys(value for held in ranked for value in held)
    return tuple(first[value] for value in order)[:_MOST]


def _lines(files: Artefacts) -> Iterator[tuple[str, int, str]]:
    """The lines of code and settings that are not too long, of so many files and bytes: path, number from 1, text."""
    left = _MOST_TOGETHER
    for path in itertools.islice(files.ending(_FILES), _MOST_FILES):
        try:
            text = files.read(path, min(left, _MOST_BYTES)).decode("utf-8", "replace")
        except Undecided:
            continue
        left -= len(text)
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) <= _LONGEST_LINE:
                yield path, number, line


def _literals(line: str) -> Iterator[str]:
    for found in _LITERAL.finditer(line):
        text = found[1] or found[2]
        for part in _BLANK.split(text):
            if part and not _NO_SALT.fullmatch(part) and not part.isspace():
                yield part


def _value(text: str) -> str | None:
    """The value given to a name: the first literal, or in settings the bare word."""
    found = _LITERAL.match(text)
    if found:
        return found[1] or found[2]
    bare = text.split("#", maxsplit=1)[0].strip().strip("\"',;")
    return bare if _BARE.fullmatch(bare) and any(char.isdigit() for char in bare) else None
