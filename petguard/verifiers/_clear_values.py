"""Collects clear values that pseudonyms may stand for: from the other columns of a table and from the tables near it.

These come before any enumeration, because a value that stands beside its own hash, or in another file of the same
project, links the two at once. Columns are chosen by their names; values are bounded, in the order of the files.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from petguard import taxonomy
from petguard.artefacts import Artefacts, Undecided
from petguard.verifiers._released import Table, open_table
from petguard.verifiers._spaces import Space, streamed

_TABLES = (".csv", ".tsv", ".tab", ".psv", ".jsonl", ".ndjson", ".parquet", ".csv.gz", ".tsv.gz", ".jsonl.gz")
_MOST_TABLES = 100
_MOST_CELLS = 3_000_000
_MOST_VALUES = 100_000  # of one column
_MOST_COLUMNS = 40
_MOST_VARIANTS = 9
_MOST_NAMES = 300  # given names or surnames that make addresses
_LONGEST = 200
_MISSING = frozenset({"", "nan", "none", "null", "na", "n/a", "unknown", "-", "0"})
_PERSONAL_WORDS = frozenset({"id", "name", "number", "user", "customer", "patient", "member", "account"})
_DOMAINS = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "example.com", "example.org")
_ADDRESSES = ("{0}.{1}@{2}", "{0}{1}@{2}", "{0}_{1}@{2}", "{3}{1}@{2}", "{0}@{2}", "{1}@{2}", "{0}{4}@{2}")
# Frequent names of several countries, for where the project names nobody.
_GIVEN = [
    "james",
    "mary",
    "john",
    "patricia",
    "robert",
    "jennifer",
    "michael",
    "linda",
    "david",
    "elizabeth",
    "william",
    "barbara",
    "richard",
    "susan",
    "joseph",
    "jessica",
    "thomas",
    "sarah",
    "charles",
    "karen",
    "daniel",
    "lisa",
    "matthew",
    "nancy",
    "anthony",
    "emily",
    "mark",
    "anna",
    "paul",
    "laura",
    "andrew",
    "julia",
    "peter",
    "maria",
    "kevin",
    "emma",
    "alex",
    "sophie",
    "martin",
    "alice",
    "jan",
    "max",
    "carlos",
    "ana",
    "jose",
    "luis",
    "wei",
    "li",
    "ali",
    "mohammed",
    "fatima",
    "priya",
]
_FAMILY = [
    "smith",
    "johnson",
    "williams",
    "brown",
    "jones",
    "garcia",
    "miller",
    "davis",
    "rodriguez",
    "martinez",
    "hernandez",
    "lopez",
    "gonzalez",
    "wilson",
    "anderson",
    "thomas",
    "taylor",
    "moore",
    "jackson",
    "martin",
    "lee",
    "perez",
    "thompson",
    "white",
    "harris",
    "clark",
    "lewis",
    "robinson",
    "walker",
    "young",
    "allen",
    "king",
    "mueller",
    "schmidt",
    "schneider",
    "fischer",
    "weber",
    "meyer",
    "rossi",
    "ferrari",
    "dupont",
    "bernard",
    "silva",
    "santos",
    "wang",
    "chen",
    "kim",
    "nguyen",
    "khan",
]
_EMAIL = re.compile(r"[^@\s]+@([\w-]+(?:\.[\w-]+)+)")


@dataclass(frozen=True)
class Column:
    """The distinct clear values of one column of one file."""

    table: str
    name: str
    values: tuple[str, ...]

    @property
    def where(self) -> str:
        """The place, as a reader can find it."""
        return f"{self.table}: {self.name}"


def tables(files: Artefacts, own: str) -> Iterator[Table]:
    """The other tables of the project; one that cannot be read holds no candidates."""
    names = (name for name in files.ending(_TABLES) if name != own)
    for name in itertools.islice(names, _MOST_TABLES):
        try:
            yield open_table(files, name)
        except Undecided:
            continue


def columns(table: Table, without: str) -> Iterator[Column]:
    """Clear columns beside the pseudonyms, then the personal ones of other tables, until enough cells were read."""
    left = _MOST_CELLS
    beside = [name for name in table.columns if name != without]
    for each in itertools.chain([(table, beside)], _personal(table)):
        for found in _values(*each, left):
            left -= len(found.values)
            yield found
        if left <= 0:
            return


def _personal(own: Table) -> Iterator[tuple[Table, list[str]]]:
    for table in tables(own.files, own.name):
        yield table, [name for name in table.columns if is_personal(table.name, name)]


def is_personal(table: str, column: str) -> bool:
    """Whether a column holds what tells people apart, by its name."""
    words = frozenset(taxonomy.tokens(column))
    told = taxonomy.classify(PurePosixPath(table).stem, column) or taxonomy.possible(column)
    return bool(told) or not words.isdisjoint(_PERSONAL_WORDS)


def _values(table: Table, names: Sequence[str], left: int) -> Iterator[Column]:
    names = names[:_MOST_COLUMNS]
    held: list[dict[str, None]] = [{} for _ in names]
    cells = 0
    try:
        for batch in table.batches(names) if names else ():
            for kept, values in zip(held, batch, strict=True):
                if len(kept) < _MOST_VALUES:
                    kept.update(dict.fromkeys(values))
            cells += sum(map(len, batch))
            if cells >= left:
                break
    except Undecided:
        pass  # what was read before the break is still a list of candidates
    for name, kept in zip(names, held, strict=True):
        values = tuple(value for value in kept if len(value) <= _LONGEST and value.strip().lower() not in _MISSING)
        if values:
            yield Column(table.name, name, values[:_MOST_VALUES])


def space(column: Column) -> Space:
    """The values of a column, each as people normalise it before they hash it."""
    most = _MOST_VARIANTS * len(column.values)
    return streamed(column.where, most, lambda: itertools.chain.from_iterable(map(_variants, column.values)))


def _variants(value: str) -> Iterable[str]:
    plain = value.strip()
    made = [value, plain, plain.lower(), plain.upper(), "".join(plain.split())]
    digits = "".join(char for char in plain if char.isdigit())
    if len(digits) >= 7:
        made += [digits, f"+{digits}", f"+1{digits}", digits.removeprefix("1")]
    return dict.fromkeys(made)


def grid(found: Sequence[Column]) -> Space:
    """E-mail addresses made of the names and the domains that were seen, and of common ones, in the usual forms."""
    given = _names(found, "user.name.first", 0) or _GIVEN
    family = _names(found, "user.name.last", -1) or _FAMILY
    seen = (match[1].lower() for each in found for value in each.values if (match := _EMAIL.fullmatch(value)))
    domains = list(dict.fromkeys((*itertools.islice(dict.fromkeys(seen), 20), *_DOMAINS)))

    def made() -> Iterator[str]:
        for first, last in itertools.product(given, family):
            for form, domain in itertools.product(_ADDRESSES, domains):
                yield form.format(first, last, domain, first[:1], last[:1])

    size = len(given) * len(family) * len(_ADDRESSES) * len(domains)
    return streamed("e-mail addresses made of names", size, made)


def _names(found: Sequence[Column], category: str, part: int) -> Sequence[str]:
    """Given names or surnames, from columns of these or from those of whole names."""
    names: dict[str, None] = {}
    for each in found:
        told = taxonomy.possible(each.name)
        if told == (category,):
            names.update(dict.fromkeys(value.strip().lower() for value in each.values))
        elif told == ("user.name",):
            names.update(dict.fromkeys(value.lower().split()[part] for value in each.values if value.split()))
    return [name for name in names if name.isalpha()][:_MOST_NAMES]


def areas(found: Sequence[Column]) -> tuple[str, ...]:
    """The telephone area codes that were seen, the most frequent first."""
    counts: dict[str, int] = {}
    for each in found:
        if taxonomy.possible(each.name) == ("user.contact.phone_number",):
            for value in each.values:
                digits = "".join(char for char in value if char.isdigit())[-10:]
                counts[digits[:3]] = counts.get(digits[:3], 0) + (len(digits) == 10)
    return tuple(sorted((area for area, count in counts.items() if count), key=lambda area: (-counts[area], area)))
