"""Columns that a declaration says are personal and whose names do not say so: `ref_7`, marked in a schema of dbt.

The taxonomy finds `email` wherever it is read. Of these columns only the declaration tells, so what reads them is
compared with it: by the name of the column, and by that of the table or of the class that stands for it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from petguard import taxonomy
from petguard.columns import Words, entity
from petguard.model import Facts, Node, NodeKind, Trait

# What a row, or all rows of some table, is called when nothing is said about which.
_SOME_ROW = frozenset(
    {
        *("row", "rows", "record", "records", "rec", "r", "df", "frame", "dataframe", "table", "data", "dataset"),
        *("item", "items", "entry", "result", "res", "pdf", "sdf", "batch", "sample", "each", "it", "csv"),
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One such column: what its table holds, its categories, and who says so."""

    thing: Words
    categories: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Told:
    """All such columns of a tree, by the words of their names."""

    columns: Mapping[Words, tuple[Column, ...]] = field(default_factory=dict)

    @classmethod
    def by(cls, facts: Iterable[Facts]) -> Self:
        """Take from what declarations say the columns that nothing else would tell."""
        found: defaultdict[Words, set[Column]] = defaultdict(set)
        for node in (node for part in facts for node in part.nodes):
            table, name = node.details.get("table"), node.details.get("column")
            if _counts(node) and isinstance(table, str) and isinstance(name, str):
                *outer, last = name.split(".")
                if taxonomy.explain(table, *outer, last) is None:
                    found[taxonomy.tokens(last)].add(_column(node, outer[-1] if outer else table))
        return cls({words: tuple(sorted(each, key=repr)) for words, each in sorted(found.items()) if words})

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.columns)

    def of(self, owners: Iterable[str], name: str) -> Column | None:
        """The column that `name` is when it is read from what bears these names.

        A row of which nobody says what it is a row of is enough for a name that is no plain word: there is a `status`
        in many tables, and a `ref_7` in one.
        """
        known = self.columns.get(_words(name), ()) if self.columns else ()
        if not known:
            return None
        things = [_thing(owner) for owner in owners]
        met = next((each for each in known if each.thing in things), None)
        if met is None and things and not any(things) and not _is_plain(name):
            return known[0]
        return met

    def dialect(self, name: str) -> str:
        """The name of a language for what is remembered of its files: with other columns they read differently."""
        return f"{name} {hashlib.sha256(repr(self.columns).encode()).hexdigest()[:16]}" if self.columns else name


NOTHING_TOLD = Told()


def _counts(node: Node) -> bool:
    """Whether a node is said to be personal, and not said to be masked where it is read."""
    is_said = node.kind is NodeKind.DATA and Trait.SAID_PERSONAL in node.traits
    return is_said and Trait.SAID_MASKED not in node.traits and bool(node.categories)


def _column(node: Node, table: str) -> Column:
    at = node.locations[0]
    return Column(entity(table), node.categories, f"{at.path}:{at.line} says that {node.name} is personal")


@lru_cache(20_000)
def _words(name: str) -> Words:
    return taxonomy.tokens(name)


@lru_cache(20_000)
def _thing(owner: str) -> Words:
    """What an object or a table holds, without words that only say that it is one: `customers_df` holds customers."""
    return entity("_".join(word for word in taxonomy.tokens(owner) if word not in _SOME_ROW))


def _is_plain(name: str) -> bool:
    return len(_words(name)) == 1 and name.isalpha()
