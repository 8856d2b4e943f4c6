"""Finds the constants that pseudonyms may be made with: salts, peppers and keys in code and settings of the project.

A bounded search over lines, no reading of programs: literals on lines that hash or encrypt, and literals given to a
name that says what they are. A constant that has nothing to do with the column does no harm, since only a digest that
comes out equal counts.
"""

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
_MOST = 24
_LONGEST_LINE = 1_000
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
    """The first constants of the project, those on lines that hash before those that only have a telling name."""
    hashed: dict[str, Constant] = {}
    named: dict[str, Constant] = {}
    for path, number, line in lines(files):
        if _HASHING.search(line):
            for value in _literals(line):
                hashed.setdefault(value, Constant(value, path, number))
        elif (found := _NAMED.search(line)) and (given := _value(found["value"])) is not None:
            named.setdefault(given, Constant(given, path, number))
        if len(hashed) >= _MOST:
            break
    return tuple({**named, **hashed}[value] for value in dict.fromkeys((*hashed, *named)))[:_MOST]


def lines(files: Artefacts) -> Iterator[tuple[str, int, str]]:
    """The lines of code and settings that are not too long: path, number from 1, text."""
    for count, path in enumerate(files.ending(_FILES)):
        if count >= _MOST_FILES:
            return
        try:
            text = files.read(path, _MOST_BYTES).decode("utf-8", "replace")
        except Undecided:
            continue
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
