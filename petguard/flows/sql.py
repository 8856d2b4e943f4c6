"""Which columns of which table a query reads: enough of SQL to name the personal data in its rows."""

import re
from dataclasses import dataclass
from functools import lru_cache

_SELECT = re.compile(r"(?is)\bselect\s+(?:distinct\s+)?(.{1,2000}?)\s+from\s+[\"`\[]?([\w.]+)")
_PARENTHESES = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Query:
    """The table a query reads first, and its columns as they are written; `*` for all."""

    table: str
    columns: tuple[str, ...]


@lru_cache(10_000)
def selected(text: str) -> Query | None:
    """The columns that a query selects; None for a text that is no query."""
    found = _SELECT.search(text)
    if found is None:
        return None
    wanted, table = found.groups()
    columns = tuple(each.strip() for each in _PARENTHESES.sub("", wanted).split(","))
    return Query(table.rpartition(".")[2], columns)
