"""Files of data in the tree: the names of their columns tell whether they hold personal data.

Only the header of a CSV file, or the keys of the first record of a JSON Lines file, is read; no row is ever shown. A
file whose header says nothing about people is left to the count of skipped data.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from petguard import taxonomy
from petguard.blobs import HEAD, Blob
from petguard.contents import as_utf8
from petguard.documents import read_json
from petguard.errors import UnreadableInput
from petguard.model import Facts, Gap, Location, State
from petguard.parsers import Parser, _declared, one_by_one
from petguard.parsers._model_file import shown

_TABLES = frozenset({".csv", ".tsv", ".tab", ".psv"})
_RECORDS = frozenset({".jsonl", ".ndjson"})
_LONGEST_RECORD = 1_000_000
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"\n]*+"')
_VALUE = re.compile(r"[-+]?[\d.,:/%\s-]+|.*@.*|https?:.*", re.S)  # what stands in rows, and not in a header
_LONGEST_NAME = 60
_MOST_WORDS = 6
_DEEPEST = 3
_MOST_NAMES = 2_000


@dataclass(frozen=True)
class _Header:
    """The names of the columns, outermost first where records are nested; `whole` unless some stand further behind."""

    names: tuple[tuple[str, ...], ...]
    whole: bool = True

    def personal(self, path: str) -> dict[str, tuple[str, ...]]:
        """The columns that are personal data, with their categories."""
        around = [_subject(path), *self._key()]
        found = {".".join(name): taxonomy.classify(*around, *name) for name in self.names}
        return {name: categories for name, categories in found.items() if categories}

    def _key(self) -> Iterator[str]:
        """A first column such as `PatientId` says what a row is about."""
        words = taxonomy.tokens(self.names[0][-1]) if self.names else ()
        if words[-1:] == ("id",):
            yield self.names[0][-1]


def _subject(path: str) -> str:
    """What the file is called; the folder where the name is only a number or a date."""
    pure = PurePosixPath(path)
    return pure.stem if re.search(r"[A-Za-z]{2}", pure.stem) else pure.parent.name


def _recognises(blob: Blob) -> bool:
    header = _header(blob)
    return header is not None and bool(header.personal(blob.path))


def _header(blob: Blob) -> _Header | None:
    suffix = PurePosixPath(blob.path).suffix.lower()
    if suffix in _TABLES:
        return _of_table(*_first_line(blob, HEAD))
    if suffix in _RECORDS:
        return _of_record(*_first_line(blob, _LONGEST_RECORD))
    return None


def _first_line(blob: Blob, longest: int) -> tuple[str, bool]:
    """The first line that says something, and whether all of it was read."""
    for length in (len(blob.head), longest):
        data = blob.part(0, length)
        text = as_utf8(data).decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        lines = [line for line in text.split("\n") if line.strip() and not line.startswith(("#", "sep="))]
        ended = len(data) >= blob.size
        if len(lines) > 1 or (lines and (ended or text.endswith("\n"))):
            return lines[0], True
    return (lines[0], False) if lines else ("", True)


def _of_table(line: str, whole: bool) -> _Header | None:
    bare = _QUOTED.sub("", line)
    delimiter = max(_DELIMITERS, key=bare.count)
    try:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    except (csv.Error, StopIteration):
        return None
    cells = cells if whole else cells[:-1]
    return _Header(tuple((cell,) for cell in cells if cell), whole) if _is_header(cells) else None


def _is_header(cells: Sequence[str]) -> bool:
    """Whether these are names: a file may begin with its first row, and that must not be taken for a header."""
    named = [cell for cell in cells if cell]
    alike = len({cell.lower() for cell in named}) < len(named)
    if not named or alike or (len(cells) == 1 and not re.fullmatch(r"\w+", cells[0])):
        return False
    return all(_is_name(cell) for cell in named)


def _is_name(cell: str) -> bool:
    short = len(cell) <= _LONGEST_NAME and len(taxonomy.tokens(cell)) <= _MOST_WORDS
    return short and not _VALUE.fullmatch(cell)


def _of_record(line: str, whole: bool) -> _Header | None:
    if not whole or not line.startswith("{"):
        return None
    try:
        record = read_json(line).value
    except UnreadableInput:
        return None
    names = [name for name, _ in zip(_keys(record, ()), range(_MOST_NAMES), strict=False)]
    return _Header(tuple(name for name in names if _is_name(name[-1])))


def _keys(value: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict) and len(above) < _DEEPEST:
        for key, inner in value.items():
            yield (*above, key)
            yield from _keys(inner, (*above, key))


def _examine(blobs: Sequence[Blob]) -> Iterable[Facts | Gap]:
    for blob in blobs:
        gaps: list[Gap] = []

        def whole(blob: Blob, gaps: list[Gap] = gaps) -> Facts:
            return _read(blob, gaps)

        yield from one_by_one([blob], whole)
        yield from gaps


def _read(blob: Blob, gaps: list[Gap]) -> Facts:
    header = _header(blob)
    assert header is not None, f"{blob.path} was recognised a moment ago"
    if not header.whole:
        detail = f"the header is longer than {HEAD:,} bytes; what stands behind them was not looked at"
        gaps.append(Gap(path=blob.path, state=State.PARTIAL, reason="too_large", detail=detail, line=1))
    personal = header.personal(blob.path)
    categories = tuple(sorted({each for found in personal.values() for each in found}))
    node = _declared.data_file(blob.path, Location(path=blob.path), categories=categories)
    columns = tuple(dict.fromkeys(shown(name) for name in personal))
    details = {**node.details, "columns": columns, "column_count": len(header.names)}
    return Facts(nodes=(node.model_copy(update={"details": details}),))


PARSER = Parser.of_blobs("data_csv", _recognises, _examine)
