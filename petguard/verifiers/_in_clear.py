"""The simplest attack: cells that are no pseudonyms at all, but the values themselves, as they are or only encoded."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from petguard.claims import Pseudonymisation
from petguard.verifiers import Bench, _pseudonyms
from petguard.verifiers._pseudonyms import Breach, Outcome, Pseudonyms

_CLEAR = re.compile(
    r"(?P<email>[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})"
    r"|(?P<ssn>(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4})"
    r"|(?P<ipv4>(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d))"
)
_LONGEST = 400


def attack(column: Pseudonyms, said: Pseudonymisation, _bench: Bench) -> Outcome:
    """Cells in clear refute a hash; what keeps the form of a value may be encrypted, so elsewhere only encodings do."""
    for name, read in _ways(said.method):
        pairs = dict(_clear(column, read))
        if pairs:
            words = f"{column.words}: {len(pairs):,} of them are {name}, and no pseudonyms"
            number = len(pairs)
            witness = {"recovered": number, "share": _pseudonyms.share(number, column), "by": [name]}
            return Breach(words, {**witness, "examples": _pseudonyms.examples(pairs)}), ""
    return None, ""


def _ways(method: str | None) -> Iterator[tuple[str, Callable[[str], str]]]:
    if method in {"hash", "hmac"}:
        yield "in clear", str
    if method != "fpe":
        yield from _ENCODINGS


def _clear(column: Pseudonyms, read: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for cell in column.cells:
        value = read(cell[:_LONGEST])
        if _CLEAR.fullmatch(value):
            yield cell, value


def _from_base64(cell: str) -> str:
    try:
        return base64.b64decode(cell + "=" * (-len(cell) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""


def _from_hex(cell: str) -> str:
    try:
        return bytes.fromhex(cell).decode("ascii")
    except ValueError:
        return ""


_ENCODINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("encoded in base64", _from_base64),
    ("encoded in hex", _from_hex),
)
