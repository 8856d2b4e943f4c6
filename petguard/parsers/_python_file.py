"""A Python file together with what semgrep matched in it: the common ground of the fact finders."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from petguard import secrets
from petguard.catalog import Package
from petguard.model import Edge, EdgeKind, Location, Node, NodeKind, Origin
from petguard.parsers._names import HOLE
from petguard.parsers._python_module import Module
from petguard.parsers._python_rules import Detector, Fact, detectors
from petguard.parsers._python_syntax import Position, span, spelled
from petguard.parsers._python_values import UNKNOWN
from petguard.semgrep import Match

_EVIDENCE = 160  # characters of a line that a report shows


@dataclass(frozen=True)
class Found:
    """A detector's match, with the call that it matched."""

    detector: Detector
    match: Match
    call: ast.Call


@dataclass
class Facts:
    """What has been found so far; turned into the frozen facts of the model at the end."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    calls: list[Found] = field(default_factory=list)  # those that send something to a model


class File:
    """One file's syntax tree and matches; `libraries` are the AI and PET packages behind its names."""

    def __init__(self, module: Module, libraries: Mapping[str, Package]) -> None:
        self.module = module
        self.libraries = libraries
        self.path = module.path
        self.found: list[Found] = []
        self._seen: set[Match] = set()

    def add(self, matches: Iterable[Match]) -> None:
        """Take in what detectors matched."""
        for match in matches:
            detector = detectors().get(match.rule)
            if detector is None or match in self._seen:
                continue
            self._seen.add(match)
            call = self.module.calls.get((match.start, match.end))
            if call is not None:
                self.found.append(Found(detector, match, call))

    def of(self, *facts: Fact) -> list[Found]:
        """The calls matched for these facts, in position order; several detectors may match one call."""
        chosen = [found for found in self.found if found.detector.fact in facts]
        return sorted(chosen, key=lambda found: (found.match.start, found.match.end, found.detector.id))

    def location(self, position: Position) -> Location:
        """Where a position is, with its line as evidence; secrets in it are masked."""
        line = position[0]
        text = self.module.lines[line - 1] if line <= len(self.module.lines) else ""
        column = self.module.column(position)
        evidence = secrets.mask_near(text, column - 1, code=True)[:_EVIDENCE]
        return Location(path=self.path, line=line, column=column, evidence=evidence)

    def at(self, node: ast.expr | ast.stmt) -> Location:
        """Where a piece of the syntax tree starts."""
        return self.location((node.lineno, node.col_offset + 1))

    def excerpt(self, node: ast.expr) -> str:
        """How an expression reads, for a report: its first line, shortened, with secrets masked."""
        (line, first), (end, last) = span(node)
        raw = self.module.lines[line - 1].encode("utf-8", "replace") if line <= len(self.module.lines) else b""
        text = raw[first - 1 : last - 1 if end == line else None].decode("utf-8", "replace")
        return secrets.mask_literals_in(text)[:80]

    def call_id(self, start: Position) -> str:
        """The id of the call that starts here."""
        line, column = start
        return f"call:{self.path}:{line}:{column}"


def argument(call: ast.Call, names: Sequence[str], position: int | None = None) -> ast.expr | None:
    """The argument with one of these names, the earliest name first, or at this position."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    named = next((given[name] for name in names if name in given), None)
    if named is not None or position is None or position >= len(call.args):
        return named
    plain = call.args[position]
    return None if any(isinstance(each, ast.Starred) for each in call.args[: position + 1]) else plain


def text(module: Module, node: ast.expr | None) -> str | None:
    """The string that an expression most likely is; None when no part of it can be read."""
    value = UNKNOWN if node is None else module.value(node, hint=True)
    return value if isinstance(value, str) and value.strip(HOLE) else None


def whole_text(module: Module, node: ast.expr | None) -> str | None:
    """Like `text`, when every part of it can be read."""
    value = text(module, node)
    if value and secrets.find(value):
        return secrets.mask(value)  # a key that was passed as a name by mistake
    return value if value and HOLE not in value else None


def edge(kind: EdgeKind, source: str, target: str, location: Location) -> Edge:
    """An edge that was seen in code."""
    return Edge(kind=kind, source=source, target=target, origin=Origin.DETECTED, location=location)


def call_node(key: str, call: ast.Call, location: Location) -> Node:
    """A call through which data moves on."""
    return Node(id=key, kind=NodeKind.CODE, name=spelled(call.func), origin=Origin.DETECTED, locations=(location,))
