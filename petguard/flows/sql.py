"""Which columns of which table a query reads: enough of SQL to name the personal data in its rows."""

import re
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"(?i)\b(?:select\s+(?:distinct\s)?|from\s+[\"`\[]?([\w.]+))")
_LONGEST_LIST = 2000  # characters between `select` and `from`
_PARENTHESES = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Query:
    """The table a query reads first, and its columns as they are written; `*` for all."""

    table: str
    columns: tuple[str, ...]


@lru_cache(10_000)
def selected(text: str) -> Query | None:
    """The columns that a query selects; None for a text that is no query."""
    starts: list[int] = []
    for word in _WORD.finditer(text):
        if word[1] is None:
            starts.append(word.end())
            continue
        near = next((start for start in starts if word.start() - start <= _LONGEST_LIST), None)
        if near is not None:
            wanted = _PARENTHESES.sub("", text[near : word.start()])
            return Query(word[1].rpartition(".")[2], tuple(each.strip() for each in wanted.split(",")))
        starts.clear()
    return None
