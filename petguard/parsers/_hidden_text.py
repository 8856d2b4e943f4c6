"""Text that a model reads and a person does not see: tag characters, overridden directions, runs of nothing."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from petguard import secrets

# The flags of England, Scotland and Wales are a black flag and tag characters.
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{3,6}\U000e007f")
_TAGS = re.compile("[\U000e0000-\U000e007f]{2,}")
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]{3,}")
_DIRECTIONS = re.compile("[\u202d\u202e]")
_NOTHING = re.compile("[\u200b\u2060-\u2064]{4,}|(?:[\u200b-\u200d\u2060-\u2064\ufeff]){8,}")


class Hidden(NamedTuple):
    """One piece of hidden text: its line and what it is, with what it says where that can be read."""

    line: int
    says: str


def find(text: str) -> Iterator[Hidden]:
    """Every piece of hidden text, at most one a line."""
    if text.isascii():
        return
    for number, line in enumerate(text.split("\n"), 1):
        said = None if line.isascii() else _said(line)
        if said:
            yield Hidden(number, said)


def _said(line: str) -> str | None:
    if found := _TAGS.search(_FLAG.sub("", line)):
        plain = "".join(chr(ord(char) - 0xE0000) for char in found[0])
        return f"{len(found[0])} tag characters: {secrets.mask_in(''.join(filter(str.isprintable, plain)))}"
    if found := _SELECTORS.search(line):
        return f"{len(found[0])} variation selectors in a row"
    if _DIRECTIONS.search(line):
        return "a character that overrides the direction of the text"
    if found := _NOTHING.search(line):
        return f"{len(found[0])} characters without width in a row"
    return None
