"""The form into which every language is brought: imports, bindings, calls and records, with expressions as values.

`start` is always the byte at which a thing begins. What a language says in many ways is said here in one: keyword,
object and builder arguments are named arguments, `??`, `||`, `?:` and a default are alternatives.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from petguard import secrets
from petguard.catalog import Ecosystem
from petguard.model import Gap, Location

_MANY = 200  # bindings of one name
_BLOCK = 4096  # bytes whose characters are counted once
_CONTINUES = bytes(range(0x80, 0xC0))  # the bytes of UTF-8 that no character begins with
_EVIDENCE = 160  # characters of a line that a report shows
_NEAR = 600  # bytes on either side of a place that its evidence is taken from


@dataclass(frozen=True, slots=True)
class Opaque:
    """An expression nobody here looks into: a function, a number, a comparison."""

    start: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """`null`, `nil`, `undefined`: as an argument the same as none."""

    start: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    start: int
    value: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A template or a concatenation."""

    start: int
    parts: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A name without anything before it."""

    start: int
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`, `of::name`, `of["name"]`."""

    start: int
    of: "Expr"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, the making of an object, or a struct that is filled in."""

    start: int
    callee: "Expr"
    arguments: tuple["Expr", ...] = ()
    named: tuple[tuple[str, "Expr"], ...] = ()
    new: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Names with values: an object, a map, a hash."""

    start: int
    pairs: tuple[tuple[str, "Expr"], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list, an array, a set."""

    start: int
    items: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several, the last one being what holds unless somebody sets it otherwise."""

    start: int
    options: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A module that is loaded by an expression: `require("openai")`, `await import("openai")`."""

    start: int
    module: str


Expr = Opaque | Nothing | Text | Joined | Name | Member | Call | Record | Items | Either | Loaded
Scope = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Import:
    """`name` of `module` under a `local` name; an empty name is the module itself, an empty local one opens it.

    An opened module (`using OpenAI.Chat;`, `import OpenAI` in Swift) lets its names be written without it.
    """

    start: int
    module: str
    name: str = ""
    local: str = ""
    everywhere: bool = False  # for every file of the tree: `global using`


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that gets a value: `config.BaseURL` for a member, without `this`. `scope` is where it is known."""

    name: str
    value: Expr
    start: int
    scope: Scope
    member: bool = False  # a member of an object or class
    exported: bool = True
    assigned: bool = False  # gives a value to a name that was declared elsewhere


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain `a.b(x).c`: its name, and the call when it is called."""

    name: str
    call: Call | None


def chain(expr: Expr) -> tuple[Expr, tuple[Step, ...]]:
    """What a chain starts from, and its links; the first step has no name when the root itself is called."""
    steps: list[Step] = []
    while True:
        call = expr if isinstance(expr, Call) else None
        inner = call.callee if call else expr
        if isinstance(inner, Member):
            steps.append(Step(inner.name, call))
            expr = inner.of
        elif call is not None and not isinstance(inner, Call):
            return inner, (Step("", call), *reversed(steps))
        elif call is not None:
            expr = inner
        else:
            return inner, tuple(reversed(steps))


@dataclass
class Code:
    """One file in the common form. `data` are the bytes that every `start` counts in."""

    path: str
    ecosystem: Ecosystem
    data: bytes
    imports: list[Import] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)  # whole chains only, in the order of the text
    records: list[Record] = field(default_factory=list)
    loaded: list[Loaded] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)  # every literal, also those nobody gives to anything
    words: dict[int, str] = field(default_factory=dict)  # identifiers and whole literals that look like constants
    declares: str = ""  # the package or namespace the file belongs to
    gap: Gap | None = None
    _places: dict[int, Location] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, list[Binding]]:
        """The bindings of each name, in the order of the text.

        One that gets a value hundreds of times stands for nothing certain, and is left out.
        """
        found: dict[str, list[Binding]] = {}
        for each in self.bindings:
            found.setdefault(each.name, []).append(each)
        return {name: bound for name, bound in found.items() if len(bound) <= _MANY}

    @cached_property
    def members(self) -> dict[str, list[Binding]]:
        """What is set on an object, by the object's name."""
        found: dict[str, list[Binding]] = {}
        for each in self.bindings:
            found.setdefault(each.name.rpartition(".")[0], []).append(each)
        return {name: bound for name, bound in found.items() if len(bound) <= _MANY}

    @cached_property
    def made(self) -> dict[int, list[Binding]]:
        """The names that the object of a call gets, by the call."""
        found: dict[int, list[Binding]] = {}
        for each in self.bindings:
            if isinstance(each.value, Call):
                found.setdefault(id(each.value), []).append(each)
        return found

    def bound(self, name: str, at: int) -> list[Binding]:
        """What a name gets in the innermost scope around `at` that knows it."""
        seen = [each for each in self.by_name.get(name, ()) if each.scope[0] <= at < each.scope[1]]
        innermost = max((each.scope for each in seen), default=None)
        return [each for each in seen if each.scope == innermost]

    def exported(self, name: str) -> list[Binding]:
        """What a name of the file, or of a class in it, gets for other files."""
        return [each for each in self.by_name.get(name, ()) if each.exported]

    @cached_property
    def _lines(self) -> list[int]:
        starts, at = [0], self.data.find(b"\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.data.find(b"\n", at + 1)
        return starts

    def line(self, start: int) -> int:
        """The 1-based line of a byte."""
        return bisect_right(self._lines, start)

    def position(self, start: int) -> tuple[int, int]:
        """The 1-based line and column of a byte."""
        line = self.line(start)
        return line, self._characters(start) - self._characters(self._lines[line - 1]) + 1

    def _characters(self, start: int) -> int:
        """How many characters stand before a byte; a line of a bundle is too long to be counted each time."""
        block = start // _BLOCK
        return self._before_blocks[block] + _count(self.data[block * _BLOCK : start])

    @cached_property
    def _before_blocks(self) -> list[int]:
        blocks = (self.data[at : at + _BLOCK] for at in range(0, len(self.data), _BLOCK))
        return [0, *accumulate(map(_count, blocks))]

    def at(self, start: int) -> Location:
        """Where a byte is, with its line as evidence; secrets in it are masked."""
        if start not in self._places:
            self._places[start] = self._place(start)
        return self._places[start]

    def _place(self, start: int) -> Location:
        line, column = self.position(start)
        first, last = self._lines[line - 1], self.data.find(b"\n", start)
        near = self.data[max(first, start - _NEAR) : start].decode("utf-8", "replace")
        after = self.data[start : min(last if last >= 0 else len(self.data), start + _NEAR)].decode("utf-8", "replace")
        masked = secrets.mask_near(near + after, len(near), code="`" not in near + after)
        return Location(path=self.path, line=line, column=column, evidence=masked[:_EVIDENCE])


def _count(data: bytes) -> int:
    """The characters that begin in a piece of UTF-8."""
    return len(data.translate(None, _CONTINUES))


def within(expr: Expr) -> Iterator[Expr]:
    """The alternatives that an expression has, or itself; never more than a few."""
    pending, left = [expr], 16
    while pending and left:
        left -= 1
        each = pending.pop(0)
        if isinstance(each, Either):
            pending += each.options
        else:
            yield each


def pairs_of(call: Call) -> Sequence[tuple[str, Expr]]:
    """The named arguments of a call, those in an object that is handed over included."""
    inner = [pair for each in call.arguments if isinstance(each, Record) for pair in each.pairs]
    return [*call.named, *inner]
