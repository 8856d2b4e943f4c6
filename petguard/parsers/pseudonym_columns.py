"""Columns of released data that are named as pseudonyms, `email_hash` or `patient_pseudonym`, and look like it.

Such a name says that whoever reads the file cannot tell who is meant, which is a claim that can be tried. The name must
say whom or what the pseudonym stands for, because most hashes are those of files, commits and blocks; and the first
rows must hold digests or tokens, so that an author's pen name is no claim.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from petguard import taxonomy
from petguard.blobs import HEAD, Blob
from petguard.claims import Pseudonymisation
from petguard.contents import as_utf8
from petguard.model import Claim, Facts, Gap, Location, Origin
from petguard.parsers import Parser, one_by_one

_TABLES = frozenset({".csv", ".tsv", ".tab", ".psv"})
_RECORDS = frozenset({".jsonl", ".ndjson"})
_DELIMITERS = ",;\t|"
_HASHED = frozenset({"hash", "hashed", "sha", "md", "hmac", "sha1", "sha256", "sha512", "md5"})
_PSEUDONYM = frozenset({"pseudonym", "pseudonyms", "pseudonymized", "pseudonymised", "pseudonymous", "pseudo"})
_SIZES = frozenset({"1", "2", "5", "256", "384", "512", "value", "hex", "of", "the", "key"})
_PERSONAL = (
    "user.contact.email", "user.contact.phone_number", "user.government_id", "user.name.first", "user.name.last",
    "user.device.ip_address", "user.demographic.date_of_birth", "user.account.username", "user.device.device_id",
    "user.financial",
)  # fmt: skip
_DIGEST = re.compile(
    r"(?:0x)?[0-9a-fA-F]{16,128}|[\w+/-]{22,88}={0,2}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_TOKEN = re.compile(r"[A-Za-z]{0,8}[-_:]?[0-9A-Fa-f-]{2,64}")
_ROWS = 50
_FEWEST = 3
_ALIKE = 0.9
_MOST_COLUMNS = 3  # of a file, because each is tried for seconds
_LONGEST = 300


def method(column: str, around: str = "") -> str | None:
    """What a column says it holds: the `hash` of something personal, a `token` for a person, or nothing of the kind."""
    words = taxonomy.tokens(column)
    rest = [word for word in words if word not in _HASHED | _PSEUDONYM | _SIZES]
    if not _PSEUDONYM.isdisjoint(words):
        return "token" if "pseudo" not in words or "id" in rest or is_personal("_".join(rest), around) else None
    if _HASHED.isdisjoint(words):
        return None
    return "hash" if rest and is_personal("_".join(rest), around) else None


def is_personal(name: str, around: str = "") -> bool:
    """Whether a name means a person, or what tells one from others, in the context of what it belongs to."""
    told = taxonomy.classify(*filter(None, (around, name))) or taxonomy.possible(name)
    return taxonomy.is_person(name) or any(taxonomy.covers(known, each) for known in _PERSONAL for each in told)


def _recognises(blob: Blob) -> bool:
    return bool(_found(blob, blob.head))


def _examine(blobs: Sequence[Blob]) -> Iterable[Facts | Gap]:
    yield from one_by_one(blobs, _read)


def _read(blob: Blob) -> Facts:
    return Facts(claims=tuple(_claims(blob)))


def _claims(blob: Blob) -> Iterator[Claim]:
    for number, (column, said) in enumerate(_found(blob, blob.part(0, HEAD)).items(), 1):
        yield Claim(
            id=f"pseudonymisation:{blob.path}:{column}",
            statement=Pseudonymisation.model_validate({"artefact": blob.path, "column": column, "method": said}),
            location=Location(path=blob.path, line=1, column=number, evidence=f"column {column}"),
            subject=f"{blob.path}:{column}",
            origin=Origin.DECLARED,
        )


def _found(blob: Blob, data: bytes) -> dict[str, str | None]:
    """The columns that say so and look like it, with what they say."""
    suffix = PurePosixPath(blob.path).suffix.lower()
    if suffix not in _TABLES | _RECORDS or len(blob.path) > _LONGEST:
        return {}
    lines = as_utf8(data).decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    lines = lines if len(data) >= blob.size else lines[:-1]
    stem = PurePosixPath(blob.path).stem
    columns = _of_table(lines) if suffix in _TABLES else _of_records(lines)
    told = {name: said for name, cells in columns.items() if (said := method(name, stem)) and _looks(said, cells)}
    return dict(list(told.items())[:_MOST_COLUMNS])


def _of_table(lines: Sequence[str]) -> dict[str, list[str]]:
    """The cells of the first rows by the names in the header; none where a name stands twice."""
    if not lines:
        return {}
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        header, *rows = list(csv.reader(lines[: _ROWS + 1], delimiter=delimiter))
    except (csv.Error, ValueError):
        return {}
    if len(set(header)) < len(header):
        return {}
    whole = [row for row in rows if len(row) == len(header)]
    return {name: [row[at] for row in whole] for at, name in enumerate(header) if 0 < len(name) <= _LONGEST}


def _of_records(lines: Sequence[str]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for line in lines[:_ROWS]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for name, value in record.items() if isinstance(record, dict) else ():
            if isinstance(value, str) and 0 < len(name) <= _LONGEST:
                columns.setdefault(name, []).append(value)
    return columns


def _looks(said: str, cells: Sequence[str]) -> bool:
    """Whether the cells are what the name says."""
    held = [cell.strip() for cell in cells if cell.strip()]
    digests = sum(1 for cell in held if _DIGEST.fullmatch(cell) and any(char.isdigit() for char in cell))
    tokens = sum(1 for cell in held if _TOKEN.fullmatch(cell) and any(char.isdigit() for char in cell))
    return len(held) >= _FEWEST and (digests if said == "hash" else max(digests, tokens)) >= _ALIKE * len(held)


PARSER = Parser.of_blobs("pseudonym_columns", _recognises, _examine)
