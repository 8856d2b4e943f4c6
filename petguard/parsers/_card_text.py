"""The parts of a Markdown document that state things: paragraphs, lists and tables, each under its heading.

Code, comments and front matter are no prose and left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LEFT_OUT = re.compile(
    r"\A\ufeff?---[ \t]*\n(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?=\n|\Z)"
    r"|^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)|<!--.*?(?:-->|\Z)",
    re.M | re.S,
)
_HEADING = re.compile(r"#{1,6}[ \t]+(?P<title>.+)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?P<text>.+)")
_RULE = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(?:\||$)")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z(\"'*])")
_LONGEST = 2_000  # characters of a line that are read


@dataclass(frozen=True)
class Block:
    """A paragraph, a list (`whole`: its items belong together) or a table, with what stands above it.

    A table with two columns is a list of keys and values; any other has `header` and `rows`.
    """

    heading: str
    sentences: tuple[tuple[str, int], ...] = ()
    whole: bool = False
    header: tuple[str, ...] = ()
    rows: tuple[tuple[tuple[str, ...], int], ...] = ()


def without_code(text: str) -> str:
    """The text with code, comments and front matter blanked; its lines stay where they are."""
    return _LEFT_OUT.sub(lambda found: "\n" * found[0].count("\n"), text)


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a document whose code has been blanked."""
    heading, lines = "", [line[:_LONGEST] for line in text.split("\n")]
    group: list[tuple[str, int]] = []
    kind = ""
    for at, line in enumerate([*lines, ""], 1):
        title = _HEADING.match(line)
        found = "" if title or not line.strip() else _kind(line, kind)
        if group and found != kind:
            yield _block(kind, heading, group)
            group = []
        if title:
            heading = title["title"]
        elif found:
            group.append((line, at))
        kind = found


def _kind(line: str, before: str) -> str:
    if line.lstrip().startswith("|"):
        return "table"
    return "list" if _ITEM.match(line) or (before == "list" and line.startswith((" ", "\t"))) else "paragraph"


def _block(kind: str, heading: str, group: Sequence[tuple[str, int]]) -> Block:
    if kind == "table":
        return _table(heading, group)
    if kind == "list":
        return Block(heading, tuple((_item(line), at) for line, at in group), whole=True)
    return Block(heading, tuple(_sentences(group)))


def _item(line: str) -> str:
    found = _ITEM.match(line)
    return found["text"] if found else line.strip()


def _sentences(group: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The sentences of a paragraph, each at the line where it begins."""
    text, start = " ".join(line for line, _ in group), 0
    ends = [found.span() for found in _SENTENCE.finditer(text)]
    offsets = [sum(len(line) + 1 for line, _ in group[:index]) for index in range(len(group))]
    for end, following in [*ends, (len(text), len(text))]:
        index = max(number for number, offset in enumerate(offsets) if offset <= start)
        yield text[start:end].strip(), group[index][1]
        start = following


def _table(heading: str, group: Sequence[tuple[str, int]]) -> Block:
    rows = [(tuple(cell.strip() for cell in line.strip().strip("|").split("|")), at) for line, at in group]
    ruled = len(group) > 1 and _RULE.match(group[1][0].strip()) is not None
    body = tuple(rows[2:] if ruled else rows)
    header = rows[0][0] if ruled else ()
    if all(len(cells) == 2 for cells, _ in rows):
        return Block(heading, tuple((f"{cells[0]}: {cells[1]}", at) for cells, at in body), whole=True)
    return Block(heading, header=header, rows=body)
