"""Two attacks on tokens: a table that leads back from them ships with the data, or they are numbered as people are."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from petguard import taxonomy
from petguard.artefacts import Undecided
from petguard.claims import Pseudonymisation
from petguard.verifiers import Bench, _clear_values, _digests, _pseudonyms
from petguard.verifiers._pseudonyms import Breach, Outcome, Pseudonyms
from petguard.verifiers._released import Table

_IDENTIFIERS = ("user.contact.email", "user.contact.phone_number", "user.name", "user.government_id", "user.financial")
_FEWEST = 3  # tokens that must be found in another table
_PARTS = frozenset(
    [
        "email",
        "e",
        "mail",
        "phone",
        "telephone",
        "mobile",
        "number",
        "address",
        "name",
        "first",
        "last",
        "full",
        "given",
        "family",
        "ssn",
        "id",
    ]
)
_SEVERAL = 0.1  # share of the pseudonyms that may stand beside several values
_MOST_ROWS = 200_000
_SPECIFIC = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{8,}|.{16,}")
_NUMBERED = re.compile(r"([^\d]{0,12})(\d{1,12})")
_BY_CHANCE = 1e-6


def table_beside(column: Pseudonyms, _said: Pseudonymisation, _bench: Bench) -> Outcome:
    """Look for a file that holds the pseudonyms and, in the same rows, who they are."""
    for name in _same_thing(column):
        if found := _mapping(column, column.table, column.column, name):
            return found, ""
    looked = 0
    for table in _clear_values.tables(column.table.files, column.table.name):
        looked += 1
        named = (name for name in table.columns if _identifies(table.name, name))
        identifiers = [name for name in named if not _of_another(column, name)]
        for key in table.columns if identifiers else ():
            if key not in identifiers and (found := _mapping(column, table, key, identifiers[0])):
                return found, ""
    return None, f"no table among {looked:,} others leads from them to names, addresses or numbers of people"


def _same_thing(column: Pseudonyms) -> Iterator[str]:
    """Columns of the same file that hold in clear what the pseudonyms stand for: `email` beside `user_email_hash`."""
    words = frozenset(taxonomy.tokens(column.column))
    for name in column.table.columns:
        alike = words.issuperset(taxonomy.tokens(name)) and name != column.column
        if alike and _identifies(column.table.name, name):
            yield name


def _identifies(table: str, name: str) -> bool:
    """Whether a column tells who somebody is; a bare `name` only in a table about people."""
    told = taxonomy.classify(PurePosixPath(table).stem, name) or taxonomy.possible(name)
    bare = taxonomy.tokens(name) == ("name",) and not taxonomy.classify(PurePosixPath(table).stem, name)
    return not bare and any(taxonomy.covers(known, each) for known in _IDENTIFIERS for each in told)


def _of_another(column: Pseudonyms, name: str) -> bool:
    """Whether a column is about other people than the pseudonyms: `seller_email` beside `customer_hash`."""
    own = {word for word in taxonomy.tokens(column.column) if taxonomy.is_person(word)}
    theirs = set(taxonomy.tokens(name)) - _PARTS
    return bool(own and theirs) and own.isdisjoint(theirs)


def _mapping(column: Pseudonyms, table: Table, key: str, clear: str) -> Breach | None:
    """The rows in which a pseudonym stands beside a clear value; numbers only count in a column of the same name."""
    wanted = {cell for cell in column.cells if key == column.column or _SPECIFIC.fullmatch(cell)}
    pairs: dict[str, str] = {}
    several: set[str] = set()  # pseudonyms beside more than one value, as beside what people bought
    try:
        for keys, values in table.batches([key, clear]):
            for each, value in zip(keys, values, strict=True):
                if each in wanted and value and pairs.setdefault(each, value) != value:
                    several.add(each)
            if not pairs or len(pairs) >= _MOST_ROWS:
                break
    except Undecided:
        return None
    in_clear = {each: value for each, value in pairs.items() if value != each and len(value) < 200}
    if len(several) > _SEVERAL * len(pairs) or len(set(in_clear.values())) < (1 - _SEVERAL) * len(in_clear):
        return None
    if len(in_clear) < min(_FEWEST, len(column.cells)) or _digests.shape(list(in_clear.values())[:1000]) is not None:
        return None
    words = f"{column.words}: {len(in_clear):,} of them stand beside {clear} in clear in {table.name} ({key})"
    witness = {
        "recovered": len(in_clear), "share": _pseudonyms.share(len(in_clear), column),
        "by": [f"the table {table.name}"], "examples": _pseudonyms.examples(in_clear),
    }  # fmt: skip
    return Breach(words, witness)


def order(column: Pseudonyms, _said: Pseudonymisation, _bench: Bench) -> Outcome:
    """Consecutive numbers given in the order of the identifiers, shown by the other columns of both tables."""
    numbers = _consecutive(column.cells)
    if numbers is None:
        return None, ""
    for table in _clear_values.tables(column.table.files, column.table.name):
        shared = [name for name in table.columns if name in column.table.columns and name != column.column]
        for name in table.columns if shared else ():
            if name not in shared and _identifies(table.name, name):
                found = _aligned(column, numbers, table, name, shared)
                if found is not None:
                    return found, ""
    return None, "they are consecutive numbers, so whoever knows the order in which people were numbered knows them all"


def _consecutive(cells: Sequence[str]) -> dict[str, int] | None:
    """The number in each pseudonym, where together they leave out none."""
    found = [_NUMBERED.fullmatch(cell) for cell in cells]
    if len(cells) < 2 or None in found or len({match[1] for match in found if match}) != 1:
        return None
    numbers = {cell: int(match[2]) for cell, match in zip(cells, found, strict=True) if match}
    return numbers if max(numbers.values()) - min(numbers.values()) + 1 == len(set(numbers.values())) else None


def _aligned(
    column: Pseudonyms, numbers: dict[str, int], table: Table, name: str, shared: Sequence[str]
) -> Breach | None:
    """Lay both tables side by side, sorted, and see whether what they share agrees in every row."""
    hidden, known = _rows(column.table, column.column, shared), _rows(table, name, shared)
    if hidden is None or known is None or len(hidden) != len(known) or len(hidden) != len(numbers):
        return None
    by_number = sorted(hidden, key=lambda row: numbers.get(row[0].strip(), -1))
    for told, ordered in ((f"sorted by {name}", sorted(known)), ("as they stand", known)):
        agree = all(one[1:] == other[1:] for one, other in zip(by_number, ordered, strict=True))
        if agree and _chance([row[1:] for row in known]) < _BY_CHANCE:
            pairs = {one[0]: other[0] for one, other in zip(by_number, ordered, strict=True)}
            words = f"{column.words} are numbered as the rows of {table.name} {told}: {', '.join(shared)} agree in all"
            witness = {"recovered": len(pairs), "share": 1.0, "by": ["order"], "examples": _pseudonyms.examples(pairs)}
            return Breach(words, witness)
    return None


def _rows(table: Table, first: str, shared: Sequence[str]) -> list[tuple[str, ...]] | None:
    held: list[tuple[str, ...]] = []
    try:
        for batch in table.batches([first, *shared]):
            held += zip(*batch, strict=True)
            if len(held) > _MOST_ROWS:
                return None
    except Undecided:
        return None
    return held


def _chance(rows: Sequence[tuple[str, ...]]) -> float:
    """At most how likely rows in random order agree so: one over the number of orders that look different."""
    alike = sum(math.lgamma(count + 1) for count in Counter(rows).values())
    return math.exp(min(0.0, alike - math.lgamma(len(rows) + 1)))
