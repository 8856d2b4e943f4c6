"""What a bare name means where an object needs no `this`: a local, a member of a class, or something of the file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from petguard.flows import form as f

_KEEPS = frozenset(
    ["filter", "sorted", "limit", "skip", "peek", "distinct", "sortedBy", "take", "drop", "onEach", "also"]
)


@dataclass
class Known:
    """A class that is being lowered: what it is called from outside, and the members that it declares."""

    name: str
    members: frozenset[str]
    has_bases: bool = False
    base: str = ""  # the class that it is made from
    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of its fields


@dataclass
class Names:
    """The names around the place that is being lowered. `nested`: the whole names of inner classes."""

    nested: dict[str, str] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)  # functions and variables of the file itself
    _classes: list[Known] = field(default_factory=list)
    _locals: list[tuple[dict[str, tuple[str, ...]], int]] = field(default_factory=list)
    _makes: int = 0
    _handed: tuple[str, ...] = ()

    @contextmanager
    def inside(self, known: Known) -> Iterator[None]:
        """The body of a class."""
        self._classes.append(known)
        try:
            yield
        finally:
            self._classes.pop()

    @contextmanager
    def block(self) -> Iterator[None]:
        """A function, a lambda or a block: what is declared in it is known in it."""
        self._locals.append(({}, len(self._classes)))
        try:
            yield
        finally:
            self._locals.pop()

    @contextmanager
    def initialiser(self) -> Iterator[None]:
        """The value of a field: there is no object yet whose method is followed."""
        self._makes += 1
        try:
            yield
        finally:
            self._makes -= 1

    @contextmanager
    def handing(self, of: f.Expr) -> Iterator[None]:
        """The arguments of a call on `of`: a lambda among them gets its elements."""
        before, self._handed = self._handed, self._elements(of)
        try:
            yield
        finally:
            self._handed = before

    def handed(self) -> tuple[str, ...]:
        """The type of what a lambda gets here, told once: lambdas inside of it get something else."""
        found, self._handed = self._handed, ()
        return found

    def _elements(self, of: f.Expr) -> tuple[str, ...]:
        while isinstance(of, f.Call) and isinstance(of.callee, f.Attr) and of.callee.name in _KEEPS:
            of = of.callee.of
        if isinstance(of, f.Attr) and isinstance(of.of, f.Var) and of.of.name == "self" and self._classes:
            return self._classes[-1].types.get(of.name, ())[-1:]
        kinds = self.types(of.name) if isinstance(of, f.Var) else None
        return (kinds or ())[-1:]

    def declare(self, name: str, types: tuple[str, ...] = ()) -> None:
        """Know a local from here on."""
        if self._locals:
            self._locals[-1][0][name] = types

    def types(self, name: str) -> tuple[str, ...] | None:
        """The names in the declared type of a local; None for what is no local."""
        return next((known[name] for known, _ in reversed(self._locals) if name in known), None)

    @property
    def owner(self) -> str:
        """The whole name of the class around; empty outside of all."""
        return self._classes[-1].name if self._classes else ""

    @property
    def base(self) -> str:
        """The class that the one around is made from; empty when it names none."""
        return self._classes[-1].base if self._classes else ""

    def member(self, name: str) -> bool:
        """Whether the innermost class declares this."""
        return bool(self._classes) and name in self._classes[-1].members

    def itself(self, at: f.Place) -> f.Expr:
        """The object around, or its class where there is no object yet."""
        return self.of_class(self.owner, at) if self._makes and self._classes else f.Var("self", at)

    def of_class(self, name: str, at: f.Place) -> f.Expr:
        """A class by its whole name."""
        first, *rest = name.split(".")
        found: f.Expr = f.Var(first, at)
        for each in rest:
            found = f.Attr(found, each, at)
        return found

    def meant(self, name: str, at: f.Place) -> f.Expr:
        """What a bare name stands for."""
        if self.types(name) is not None or name == "self":
            return f.Var(name, at)
        for index, known in enumerate(reversed(self._classes)):
            if name in known.members:
                return f.Attr(self.itself(at) if not index else self.of_class(known.name, at), name, at)
        if name in self.nested:
            return self.of_class(self.nested[name], at)
        if name in self.imported or name in self.outside or not name[:1].islower():
            return f.Var(name, at)
        inherits = next((known for known in reversed(self._classes[-1:]) if known.has_bases), None)
        return f.Attr(self.itself(at), name, at) if inherits else f.Var(name, at)

    def whole(self, kind: str) -> str:
        """A type as other places know it: of a class inside of another, the whole name."""
        first, dot, rest = kind.partition(".")
        return f"{self.nested.get(first, first)}{dot}{rest}"


def one_each(functions: Iterable[f.Function]) -> list[f.Function]:
    """The functions of a class, those of one name made one: which of them is called is decided by what it is given."""
    found: dict[str, list[f.Function]] = {}
    for each in functions:
        found.setdefault(each.name, []).append(each)
    return [_one(each) if len(each) > 1 else each[0] for each in found.values()]


def _one(ways: Sequence[f.Function]) -> f.Function:
    """One function that does what any of several does."""
    first = max(ways, key=lambda each: len(each.parameters))
    parameters = [_shared(index, ways) for index in range(len(first.parameters))]
    arms = [[*_own_names(each, parameters), *each.body] for each in ways if each.body]
    returns = tuple(dict.fromkeys(name for each in ways for name in each.returns))[:8]
    return f.Function(
        first.name,
        parameters,
        [f.Branch([], arms, first.at)] if arms else [],
        ways[0].at,
        ways[0].end,
        returns,
        first.decorators,
        static=all(each.static for each in ways),
    )


def _shared(index: int, ways: Sequence[f.Function]) -> f.Parameter:
    given = [each.parameters[index] for each in ways if index < len(each.parameters)]
    names = {each.name for each in given}
    types = tuple(dict.fromkeys(name for each in given for name in each.types))[:8]
    kind = given[0].kind if len({each.kind for each in given}) == 1 else ""
    default = next((each.default for each in given if each.default is not None), None)
    return f.Parameter(names.pop() if len(names) == 1 else f"<{index}>", given[0].at, types, default, kind)


def _own_names(one: f.Function, shared: Sequence[f.Parameter]) -> Iterator[f.Statement]:
    for each, common in zip(one.parameters, shared, strict=False):
        if each.name != common.name:
            yield f.Let([f.Var(each.name, each.at)], f.Var(common.name, each.at), each.at, types=each.types)
