"""A column of pseudonyms as the attacks on it see it, and what an attack gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from petguard import secrets, taxonomy
from petguard.artefacts import Artefacts, Undecided
from petguard.claims import Pseudonymisation
from petguard.model import Reason
from petguard.verifiers import _digests, _released
from petguard.verifiers._digests import Shape
from petguard.verifiers._released import Table

_MOST = 200_000  # distinct pseudonyms that are looked at
_MOST_ROWS = 2_000_000
_SAMPLE = 2_000
_SHOWN = 3
_MISSING = frozenset({"", "nan", "none", "null", "na", "n/a"})
_MAKERS = frozenset(
    {
        *("hash", "hashed", "hashes", "sha", "sha1", "sha256", "sha512", "md5", "hmac", "digest", "token", "tokens"),
        *("pseudonym", "pseudonyms", "pseudonymized", "pseudonymised", "pseudo", "anon", "anonymized", "anonymised"),
        *("tokenized", "tokenised", "encrypted", "masked", "id", "key", "md", "1", "256", "512", "5"),
    }
)
_KINDS = {
    "user.contact.email": "email",
    "user.contact.phone_number": "phone",
    "user.government_id.ssn": "ssn",
    "user.demographic.date_of_birth": "date",
    "user.device.ip_address": "ipv4",
    "user.contact.address.postal_code": "postcode",
}


@dataclass(frozen=True)
class Pseudonyms:
    """The distinct pseudonyms of one column, in the order of the rows; `whole` unless there are more."""

    table: Table
    column: str
    cells: tuple[str, ...]
    whole: bool

    @property
    def words(self) -> str:
        """What it is about."""
        return f"{len(self.cells):,} distinct values of {self.column} in {self.table.name}"

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was left out."""
        return (
            ()
            if self.whole
            else (f"at most {_MOST:,} distinct values of about {_MOST_ROWS:,} rows from the start were looked at",)
        )

    @cached_property
    def shape(self) -> Shape | None:
        """The kind of digests that they are, told by the first of them."""
        return _digests.shape(self.cells[:_SAMPLE])

    @property
    def about(self) -> tuple[str, ...]:
        """The words of the column's name that say what it stands for."""
        return tuple(word for word in taxonomy.tokens(self.column) if word not in _MAKERS)


@dataclass(frozen=True)
class Breach:
    """Pseudonyms that were led back: in words, with the masked witness."""

    words: str
    witness: Mapping[str, Any]


Outcome = tuple[Breach | None, str]  # what was found, or what was tried


def read(files: Artefacts, name: str, column: str) -> Pseudonyms:
    """The column; Undecided when it is not there or empty."""
    table = _released.open_table(files, name)
    table.need([column])
    held: dict[str, None] = {}
    rows = 0
    for (values,) in table.batches([column]):
        held.update(dict.fromkeys(value.strip() for value in values))
        rows += len(values)
        if len(held) > _MOST or rows > _MOST_ROWS:
            break
    cells = tuple(value for value in held if value.lower() not in _MISSING)
    if not cells:
        raise Undecided(Reason.GAP, f"{name} has no value in {column}, so there is nothing to judge")
    return Pseudonyms(table, column, cells[:_MOST], len(held) <= _MOST and rows <= _MOST_ROWS)


def kind(column: Pseudonyms, said: Pseudonymisation) -> str:
    """What the pseudonyms stand for, as stated or by the name of the column; `any` where neither tells."""
    if said.kind is not None:
        return said.kind
    found = taxonomy.possible("_".join(column.about)) if column.about else ()
    return next((name for category, name in _KINDS.items() for each in found if taxonomy.covers(category, each)), "any")


def examples(pairs: Mapping[str, str]) -> list[str]:
    """The first few pairs of pseudonym and value, both masked."""
    return [
        f"{secrets.mask_personal(pseudonym)} is {secrets.mask_personal(value)}"
        for pseudonym, value in list(pairs.items())[:_SHOWN]
    ]


def share(hits: int, column: Pseudonyms) -> float:
    """How many of the pseudonyms, between 0 and 1, to four digits."""
    return round(hits / len(column.cells), 4)
