"""Reads released tables, some rows at a time and column by column.

CSV, TSV and JSON lines, each also gzipped, and with an extra Parquet. Every row counts: a missing value is the empty
text, so that rows with gaps form classes of their own. A file that cannot be read to its end is judged by nothing
(Undecided), because the rows behind the break could decide.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from petguard import secrets, taxonomy
from petguard.artefacts import Artefacts, Undecided, optional
from petguard.model import Reason

_MOST_BYTES = 4 * 1024**3
_LONGEST_LINE = 16 * 1024 * 1024
_DELIMITERS = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_TEXTS = frozenset({".csv", ".tsv", ".tab", ".psv"})
_RECORDS = frozenset({".jsonl", ".ndjson"})
_SAMPLE = 64 * 1024
_NAMING = ("user.contact.email", "user.contact.phone_number", "user.name", "user.government_id", "user.financial")

_CELLS = 2_000  # that are held at a time: few enough to stay in the processor's cache, which is four times as fast

Row = tuple[str, ...]
Batch = Sequence[Row]  # the values of each wanted column, of as many rows as the columns are long


@dataclass(frozen=True)
class Table:
    """The columns of a released file, in order, and where it is."""

    files: Artefacts
    name: str
    columns: tuple[str, ...]

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """The values of these columns as text, in the order of the rows; Undecided for a row that cannot be read."""
        return _READERS[_kind(self.name)].batches(self, columns)

    def need(self, columns: Iterable[str]) -> tuple[str, ...]:
        """These columns; Undecided that names those the file has not."""
        wanted = tuple(columns)
        missing = [name for name in wanted if name not in self.columns]
        if missing:
            raise Undecided(Reason.MISSING_PARAMETER, f"{self.name} has no column {', '.join(missing)}")
        return wanted


def open_table(files: Artefacts, name: str) -> Table:
    """The table with its columns; Undecided when the file is no table that can be read here."""
    columns = tuple(_READERS[_kind(name)].columns(files, name))
    if not columns:
        raise _broken(name, 1, "there is no header")
    twice = sorted({column for column in columns if columns.count(column) > 1}) if len(columns) < 10_000 else []
    if twice or len(set(columns)) != len(columns):
        raise _broken(name, 1, f"the column {', '.join(twice[:3]) or 'names'} stands twice")
    return Table(files, name, columns)


def _kind(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    last = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    kind = "text" if last in _TEXTS else "records" if last in _RECORDS else "parquet" if last == ".parquet" else ""
    if not kind:
        raise Undecided(Reason.GAP, f"{name} is no CSV, TSV, JSON lines or Parquet file")
    return kind


def _broken(name: str, line: int, why: str) -> Undecided:
    return Undecided(Reason.GAP, f"{name}:{line}: {why}; the rows cannot be counted")


class _Bounded(io.RawIOBase):
    """A stream that ends with an error rather than after `_MOST_BYTES`: a small gzip file may hold very much."""

    def __init__(self, inner: BinaryIO, name: str) -> None:
        self._inner = inner
        self._name = name
        self._left = _MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._inner.read(len(buffer))
        self._left -= len(chunk)
        if self._left < 0:
            raise Undecided(Reason.GAP, f"{self._name} is larger than {_MOST_BYTES:,} bytes")
        buffer[: len(chunk)] = chunk
        return len(chunk)


@contextmanager
def _lines(files: Artefacts, name: str) -> Iterator[io.TextIOWrapper]:
    """The file as text with its line ends; what is no text, or no whole gzip file, is Undecided."""
    with files.open(name) as file:
        plain = gzip.GzipFile(fileobj=file) if name.lower().endswith(".gz") else file
        wide = plain.peek(4)[:2] in (b"\xff\xfe", b"\xfe\xff") if hasattr(plain, "peek") else False
        buffered = io.BufferedReader(_Bounded(plain, name), 1024 * 1024)  # type: ignore[arg-type]
        text = io.TextIOWrapper(buffered, "utf-16" if wide else "utf-8-sig", newline="")
        try:
            yield text
        except (UnicodeError, EOFError, gzip.BadGzipFile, OSError) as error:
            raise Undecided(Reason.GAP, f"{name} cannot be read to its end: {error}") from error


class _Text:
    """CSV and its relatives: the delimiter is told by the name or by the header."""

    @staticmethod
    def columns(files: Artefacts, name: str) -> Iterable[str]:
        with _lines(files, name) as text:
            reader = csv.reader(text, delimiter=_delimiter(files, name), strict=True)
            with _strictly(name, reader):
                return next(reader, [])

    @staticmethod
    def batches(table: Table, columns: Sequence[str]) -> Iterator[Batch]:
        width, where = len(table.columns), [table.columns.index(name) for name in columns]
        before = 0
        with _lines(table.files, table.name) as text:
            reader = csv.reader(text, delimiter=_delimiter(table.files, table.name), strict=True)
            with _strictly(table.name, reader):
                next(reader, None)
                while batch := list(islice(reader, max(1, _CELLS // width))):
                    rows = _whole(table.name, batch, width, before)
                    before += len(batch)
                    if rows:
                        held = tuple(zip(*rows, strict=True))
                        yield [held[at] for at in where]


def _whole(name: str, batch: list[list[str]], width: int, before: int) -> list[list[str]]:
    """The rows of a batch, without empty lines; a row of another width breaks the file."""
    if set(map(len, batch)) == {width}:
        return batch
    for number, cells in enumerate(batch, before + 1):
        if cells and len(cells) != width:
            raise Undecided(Reason.GAP, f"{name}: row {number:,} has {len(cells)} cells under {width} columns")
    return [cells for cells in batch if cells]


@contextmanager
def _strictly(name: str, reader: Any) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise _broken(name, reader.line_num, str(error)) from error


def _delimiter(files: Artefacts, name: str) -> str:
    """What stands most often between the names of the header, a comma where nothing does."""
    suffix = next((each for each in PurePosixPath(name).suffixes[::-1] if each.lower() in _TEXTS), ".csv").lower()
    if suffix in _DELIMITERS:
        return _DELIMITERS[suffix]
    with _lines(files, name) as text:
        header = text.readline(_SAMPLE)
    return max(",;\t|", key=header.count)


class _Records:
    """JSON lines: the columns are those of the first record; a record with others is broken."""

    @staticmethod
    def columns(files: Artefacts, name: str) -> Iterable[str]:
        with _lines(files, name) as text:
            return next((tuple(record) for _, record in _records(name, text)), ())

    @staticmethod
    def batches(table: Table, columns: Sequence[str]) -> Iterator[Batch]:
        known = set(table.columns)
        with _lines(table.files, table.name) as text:
            records = _records(table.name, text)
            while batch := list(islice(records, max(1, _CELLS // len(known)))):
                for line, record in batch:
                    if not known.issuperset(record):
                        raise _broken(table.name, line, "a record has keys that the first one has not")
                yield [tuple([_plain(record.get(name)) for _, record in batch]) for name in columns]


def _records(name: str, text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise _broken(name, number, "the line is too long")
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _broken(name, number, "no JSON") from error
            if not isinstance(record, dict):
                raise _broken(name, number, "no JSON object")
            yield number, record


class _Parquet:
    """Parquet, by pyarrow: only the wanted columns are read, a batch at a time."""

    @staticmethod
    def columns(files: Artefacts, name: str) -> Iterable[str]:
        return tuple(_parquet(files, name).schema_arrow.names)

    @staticmethod
    def batches(table: Table, columns: Sequence[str]) -> Iterator[Batch]:
        arrow = optional("pyarrow", "tabular")
        file = _parquet(table.files, table.name)
        try:
            for batch in file.iter_batches(columns=list(dict.fromkeys(columns))):
                yield [tuple([_plain(value) for value in batch.column(name).to_pylist()]) for name in columns]
        except (arrow.ArrowException, OSError) as error:
            raise Undecided(Reason.GAP, f"{table.name} cannot be read to its end: {error}") from error


def _parquet(files: Artefacts, name: str) -> Any:
    arrow, parquet = optional("pyarrow", "tabular"), optional("pyarrow.parquet", "tabular")
    try:
        return parquet.ParquetFile(files.path(name))
    except (arrow.ArrowException, OSError) as error:
        raise Undecided(Reason.GAP, f"{name} is no Parquet file that can be read: {error}") from error


_READERS: dict[str, type[_Text | _Records | _Parquet]] = {"text": _Text, "records": _Records, "parquet": _Parquet}


def _plain(value: Any) -> str:
    """A value as text: numbers as Python writes them, nothing as the empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, default=str)


def shown(column: str, cell: str) -> str:
    """A value for a report: masked where it tells who somebody is, and of long text, which may too, the ends."""
    if cell and any(taxonomy.covers(known, each) for known in _NAMING for each in taxonomy.possible(column)):
        return secrets.mask_personal(cell)
    plain = secrets.mask_in(cell)
    return plain if len(plain) <= 12 or plain != cell else f"{cell[:4]}\u2026{cell[-2:]}"
