"""Notebooks as Python: the code cells in one text, and the way back to the lines of the notebook's file.

Outputs are never read. Cells that are shell, SQL or another language, and lines that only IPython understands, are
kept apart as pieces.
"""

import ast
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from petguard import telltales
from petguard.collect import Input
from petguard.documents import Document, Step, read_json
from petguard.errors import UnreadableInput
from petguard.model import Claim, Edge, Facts, Gap, Location, Node, State
from petguard.parsers._magics import Piece, cell_piece, commented_pieces, line_pieces, read
from petguard.parsers._shell_place import Place

SUFFIX = ".ipynb"
_EDITORS = ("vscode", "polyglot_notebook", "dotnet_interactive", "microsoft")
T = TypeVar("T", Edge, Claim)
_PYTHON = frozenset({"python", "python3", "python2", "ipython", "pypy", "xpython", "sage", "pyspark"})


@dataclass(frozen=True)
class Spot:
    """Where a line of a cell stands in the notebook's file: `column` is that of its first character."""

    line: int
    column: int
    cell: int


@dataclass
class Sheet:
    """The code of a notebook: `lines` as written, `python` with everything else blanked; both count lines alike."""

    path: str
    language: str = "python"
    lines: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def input(self) -> Input:
        """The Python of the notebook under the notebook's path."""
        return Input(self.path, "\n".join(self.python))

    def location(self, place: Location) -> Location:
        """A place of this sheet as one of the file."""
        spot = self.spot(place.line)
        before = self.lines[place.line - 1][: place.column - 1] if place.line <= len(self.lines) else ""
        evidence = f"cell {spot.cell}: {place.evidence}" if place.evidence else ""
        column = spot.column + len(json.dumps(before, ensure_ascii=False)) - 2
        return Location(path=place.path, line=spot.line, column=column, evidence=evidence)

    def spot(self, line: int) -> Spot:
        """Where a line of the sheet stands in the file."""
        return self.spots[line - 1] if 0 < line <= len(self.spots) else Spot(1, 1, 0)


class Notebooks:
    """The inputs of the Python parser, with notebooks turned into Python.

    A notebook that cannot be read and tells of AI is a gap.
    """

    def __init__(self, inputs: Iterable[Input]) -> None:
        self.python: list[Input] = []
        self._sheets: dict[str, Sheet] = {}
        self._gaps: list[Gap] = []
        for item in inputs:
            if item.path.lower().endswith(SUFFIX):
                self._open(item)
            else:
                self.python.append(item)

    def _open(self, item: Input) -> None:
        try:
            opened = _sheet(item)
        except UnreadableInput as error:
            if telltales.told(item.text.encode("utf-8", "replace")):
                gap = Gap(path=item.path, state=State.FAILED, reason=error.reason, detail=error.detail, line=error.line)
                self._gaps.append(gap)
            return
        self._sheets[item.path] = opened
        self._gaps += opened.gaps
        self.python.append(opened.input())

    def beside(self) -> Iterator[Facts | Gap]:
        """What stands beside Python: shell lines, SQL, cells of other languages; and what could not be read."""
        yield from self._gaps
        for path, opened in self._sheets.items():
            place = Place(path, "\n".join(opened.lines))
            for piece in opened.pieces:
                yield from (self.home(found) for found in read(piece, place))
        for item in self.python:
            if item.path not in self._sheets:
                place = Place(item.path, item.text)
                yield from (found for piece in commented_pieces(item.text) for found in read(piece, place))

    def home(self, found: Facts | Gap) -> Facts | Gap:
        """What was found in the Python of a notebook, at its place in the notebook's file."""
        if isinstance(found, Gap):
            opened = self._sheets.get(found.path)
            line = opened.spot(found.line).line if opened is not None and found.line is not None else None
            return found if line is None else found.model_copy(update={"line": line})
        if not self._sheets:
            return found
        return Facts(
            nodes=tuple(self._node(node) for node in found.nodes),
            edges=tuple(self._placed(edge) for edge in found.edges),
            claims=tuple(self._placed(claim) for claim in found.claims),
        )

    def _location(self, place: Location) -> Location:
        opened = self._sheets.get(place.path)
        return opened.location(place) if opened is not None else place

    def _node(self, node: Node) -> Node:
        return node.model_copy(update={"locations": tuple(map(self._location, node.locations))})

    def _placed(self, found: T) -> T:
        return found.model_copy(update={"location": self._location(found.location)})


def _sheet(item: Input) -> Sheet:
    """Read a notebook; parts of the wrong type become gaps, and UnreadableInput what is no notebook at all."""
    document = read_json(item.text)
    made = Sheet(item.path, _language(document.value))
    for number, (pointer, cell) in enumerate(_cells(document, made), 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            key = "input" if "input" in cell and "source" not in cell else "source"
            _add(made, _source(document, made, (*pointer, key), cell.get(key)), number, _cell_language(cell, made))
    return made


def _language(value: Any) -> str:
    """The language of the kernel; Python unless the notebook says otherwise."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    metadata = metadata if isinstance(metadata, dict) else {}
    for group, key in (("kernelspec", "language"), ("language_info", "name")):
        inner = metadata.get(group)
        if isinstance(inner, dict) and isinstance(inner.get(key), str) and inner[key]:
            return str(inner[key]).lower()
    return "python"


def _cell_language(cell: dict[str, Any], made: Sheet) -> str:
    """The language of one cell: an editor, or Snowflake, may give it another than the notebook's."""
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    inner = [metadata, *(metadata[group] for group in _EDITORS if isinstance(metadata.get(group), dict))]
    said = (group[key] for group in inner for key in ("languageId", "kernelName", "language") if key in group)
    return next((each.lower() for each in said if isinstance(each, str) and each), made.language)


def _cells(document: Document, made: Sheet) -> Iterator[tuple[tuple[Step, ...], Any]]:
    value = document.value
    if not isinstance(value, dict):
        raise UnreadableInput("a notebook is a JSON object with cells", reason="wrong_type", line=1)
    homes: list[tuple[tuple[Step, ...], Any]] = [(("cells",), value["cells"])] if "cells" in value else []
    sheets = value.get("worksheets")
    for index, each in enumerate(sheets if isinstance(sheets, list) else ()):
        if isinstance(each, dict) and "cells" in each:
            homes.append((("worksheets", index, "cells"), each["cells"]))
    for home, cells in homes:
        if not isinstance(cells, list):
            _doubt(document, made, "the cells are not a list", home)
            continue
        for index, cell in enumerate(cells):
            if not isinstance(cell, dict):
                _doubt(document, made, "a cell is not an object", (*home, index))
            yield (*home, index), cell


def _source(document: Document, made: Sheet, pointer: tuple[Step, ...], value: Any) -> list[tuple[str, int, int]]:
    """The lines of a cell, each with its line and column in the file."""
    texts = [(value, pointer)] if isinstance(value, str) else []
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        texts = [(each, (*pointer, index)) for index, each in enumerate(value)]
    elif not isinstance(value, str):
        _doubt(document, made, "the source of a cell is not text", pointer)
    return list(_lines(document, texts))


def _lines(document: Document, texts: Sequence[tuple[str, tuple[Step, ...]]]) -> Iterator[tuple[str, int, int]]:
    """Texts follow each other without a break: a line may be made of several, and one text hold several lines."""
    kept, line, column = "", 1, 1
    for text, pointer in texts:
        at, start = document.line(*pointer), _value_column(document, pointer)
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        offset = 0
        for index, piece in enumerate(pieces):
            if not kept:
                line, column = at, start + offset
            kept += piece
            offset += len(json.dumps(piece, ensure_ascii=False))  # the quotes around it make up for the two of `\n`
            if index < len(pieces) - 1:
                yield kept, line, column
                kept = ""
    if kept:
        yield kept, line, column


def _value_column(document: Document, pointer: tuple[Step, ...]) -> int:
    """The first character of a text, behind its quote; of a mapping's entry only the key's place is known."""
    return document.column(*pointer) + (1 if isinstance(pointer[-1], int) else len(f'"{pointer[-1]}": "'))


def _doubt(document: Document, made: Sheet, detail: str, pointer: tuple[Step, ...]) -> None:
    line = document.line(*pointer)
    made.gaps.append(Gap(path=made.path, state=State.PARTIAL, reason="wrong_type", detail=detail, line=line))


def _add(made: Sheet, lines: Sequence[tuple[str, int, int]], number: int, language: str) -> None:
    """Put a cell below the others; what is no Python goes to the pieces."""
    first = len(made.lines) + 1
    texts = [text for text, _, _ in lines]
    made.lines += texts
    made.spots += [Spot(line, column, number) for _, line, column in lines]
    piece = cell_piece(texts, first, language if language not in _PYTHON else "python")
    if piece is not None and piece.kind != "python":
        made.pieces.append(piece)
        made.python += [""] * len(texts)
        return
    skipped = piece.line - first if piece is not None else 0
    body = ["", *texts[1:]] if skipped else texts
    if not _is_python(body):
        body, found = line_pieces(body, first)
        made.pieces += found
    if not _is_python(body):
        if telltales.told("\n".join(texts).encode("utf-8", "replace")):
            detail = f"cell {number} is not valid Python"
            made.gaps.append(
                Gap(path=made.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=lines[0][1])
            )
        body = [""] * len(texts)
    made.python += body


def _is_python(lines: Sequence[str]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
