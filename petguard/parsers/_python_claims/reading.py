"""The fields of one claim: what is certain, and what stands there instead where it is not."""

import ast
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from petguard.model import Danger
from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_file import argument
from petguard.parsers._python_pets import Call
from petguard.parsers._python_syntax import span
from petguard.parsers._python_values import UNKNOWN

_MOST_SITES: Final = 50  # calls of one function that are claims of their own


@dataclass(frozen=True)
class Site:
    """A call of the function around a claim, and what it gives for the parameters that the claim is made of."""

    call: ast.Call
    given: Mapping[str, ast.expr]


def sites(ground: Ground, call: ast.Call, names: Container[str]) -> list[Site | None]:
    """Where a function that is given what it claims is called in the same file; None stands for the claim itself."""
    function = ground.function(call)
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return [None]
    defaults = ground.module.scopes[id(function)].defaults
    places = {name: place for name, place in _parameters(function).items() if name in names}
    found: list[Site | None] = []
    for caller in ground.called(function.name) if places else ():
        given = {name: argument(caller, [name], place) or defaults.get(name) for name, place in places.items()}
        if ground.function(caller) is not function:
            found.append(Site(caller, {name: value for name, value in given.items() if value is not None}))
    return found if 0 < len(found) <= _MOST_SITES else [None]


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, int | None]:
    """The parameters of a function with their places in a call; a method is called without its first."""
    positional = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    positional = positional[1:] if positional[:1] in (["self"], ["cls"]) else positional
    return {**dict(zip(positional, count(), strict=False)), **{each.arg: None for each in function.args.kwonlyargs}}


class Reading:
    """One call that states a claim, and what has been read of it so far."""

    def __init__(self, ground: Ground, kind: Call, call: ast.Call, site: Site | None = None) -> None:
        self.ground = ground
        self.kind = kind
        self.call = call  # of the library, or of the generator that the noise is drawn from
        self.place: ast.Call = site.call if site else call  # where the claim stands
        self.inlined: Mapping[str, ast.expr] = site.given if site else {}
        self.start, _ = span(self.place)
        self.values: dict[str, object] = dict(kind.fixed)
        self.unresolved: dict[str, str] = {}
        self.doubts: list[str] = []
        self.dangers: list[Danger] = []
        self.data: list[ast.expr] = []  # what the release is about
        self.named: list[str] = []  # data sets that the call itself names

    def given(self, name: str) -> ast.expr | None:
        """The argument for a parameter of the call, by name or by position."""
        places = self.kind.parameters
        return argument(self.call, [name], places.index(name) if name in places else None)

    def value(self, node: ast.expr | None) -> object:
        """The constant that an expression must be, or UNKNOWN; also through `settings.epsilon` of `S(epsilon=1)`."""
        if node is None:
            return UNKNOWN
        meant = self.meant(node)
        value = self.ground.module.value(meant)
        return value if value is not UNKNOWN else self.ground.module.value(self._held(meant) or meant)

    def whole(self, node: ast.expr | None) -> int | None:
        """The constant whole number that an expression must be."""
        value = self.value(node)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, node: ast.expr | None) -> float | None:
        """The constant number that an expression must be."""
        return as_number(self.value(node))

    def meant(self, node: ast.expr) -> ast.expr:
        """What stands for a parameter of the function around, where one of its calls is read."""
        return self.inlined.get(node.id, node) if isinstance(node, ast.Name) else node

    def _held(self, node: ast.expr) -> ast.expr | None:
        """What an object, a table or an unpacked row holds: each made once, with this part, and never changed."""
        module = self.ground.module
        if isinstance(node, ast.Name):
            return self.ground.unpacked_part(node)
        if isinstance(node, ast.Attribute) and not module.bound(node):
            maker = module.binding(node.value)
            return argument(maker, [node.attr]) if isinstance(maker, ast.Call) else None
        return self.ground.entry(node) if isinstance(node, ast.Subscript) else None

    def take(self, field: str, node: ast.expr | None) -> None:
        """Read a field; an argument that is not there says nothing."""
        if node is None or field in self.values or (isinstance(node, ast.Constant) and node.value is None):
            return
        value = self.value(node)
        if value is UNKNOWN:
            self.leave(field, node)
        elif value is None:
            return
        elif field != "delta" or value != 0 or isinstance(value, bool):  # a delta of zero is a claim of pure privacy
            self.values[field] = value

    def leave(self, field: str, node: ast.expr, why: str = "is not a constant") -> None:
        """Note why a field stays open."""
        if field not in self.values:
            self.unresolved[field] = f"{self.ground.file.excerpt(self.meant(node))} {why}"


def as_number(value: object) -> float | None:
    """A value that is a number, and not a truth value."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


Reader = Callable[[Reading], None]


def read_arguments(reading: Reading) -> None:
    """Bind what the call's arguments state, and the defaults of its library for what they leave out."""
    for name, field in reading.kind.fields.items():
        reading.take(field, reading.given(name))
    if _is_partly_hidden(reading):
        reading.doubts.append("arguments come in a mapping or a row, which may change sampling and noise")
        return
    told = {field for name, field in reading.kind.fields.items() if reading.given(name) is not None}
    for field, value in reading.kind.defaults.items():
        if field not in told:
            reading.values.setdefault(field, value)


def _is_partly_hidden(reading: Reading) -> bool:
    """Whether a mapping, or a row of positional arguments, may hold a field that the call does not name."""
    named = {keyword.arg for keyword in reading.call.keywords}
    starred = any(isinstance(each, ast.Starred) for each in reading.call.args)
    return None in named or (starred and not set(reading.kind.fields) <= named)


def states_something(reading: Reading) -> bool:
    """Whether the call gives one of the parameters without which it claims nothing."""
    wanted = reading.kind.requires
    return not wanted or any(reading.given(name) is not None for name in wanted)


def decided_by(ground: Ground, kind: Call, call: ast.Call) -> set[str]:
    """The names that the fields of a call are given by: those of them that are parameters decide at each call."""
    reading = Reading(ground, kind, call)
    given = [reading.given(name) for name in kind.fields]
    return {each.id for each in given if isinstance(each, ast.Name)}
