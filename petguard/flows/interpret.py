"""Follows the statements of one file in order and notes where every value comes from and where it goes.

Each function is followed once, by itself: what callers pass stands as an atom for what they may pass.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from petguard import taxonomy
from petguard.flows import form as f
from petguard.flows.calls import TAKES_OUT, fills
from petguard.flows.closures import Closures
from petguard.flows.control import Control
from petguard.flows.expressions import Expressions
from petguard.flows.scopes import Names, Passed
from petguard.flows.sources import Reading, Spot
from petguard.flows.summary import (
    Atoms,
    ClassSummary,
    FunctionSummary,
    Ref,
    Site,
    Summary,
    Write,
    signature,
)
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.flows.values import ELEMENT, EMPTY, NOTHING, Value, joined, listed, mixed, of_field

_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property", "computed_field", "get"})
_OWN_DECORATORS = frozenset({*_PROPERTIES, "staticmethod", "classmethod", "abstractmethod", "override", "setter"})
_ELSEWHERE = ("l:", "i:", "s:", "t:", "v:")
_REFS_KEPT = 4
_MANY_ATOMS = 64


@dataclass
class Scope:
    """The function that is being followed, or with an empty name the file itself."""

    name: str
    names: Names
    summary: FunctionSummary
    owner: str = ""  # the class around it
    guards: tuple[str, ...] = ()
    later: list[tuple[f.Function, str]] = field(default_factory=list)  # inner functions, with their names
    parameters: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()  # names that it says are not its own
    around: "Scope | None" = None
    gives: Value | None = None
    shared: dict[str, str] = field(default_factory=dict)  # names that inner functions change, and where that is kept

    def __post_init__(self) -> None:
        """Remember which names are its own."""
        self.base = self.names

    def home(self, name: str) -> str:
        """Where a variable of the code around is kept."""
        scope = self.around
        while scope is not None and not scope.is_file:
            if scope.names.binds(name, scope.base):
                return scope.key(name)
            scope = scope.around
        return name

    def key(self, name: str) -> str:
        """Where a variable of this code is kept for inner functions."""
        return name if self.is_file else f"{self.name}/{name}"

    @property
    def is_file(self) -> bool:
        """Whether this is the code outside of all functions."""
        return not self.name


class Interpreter:
    """Follows one file; `summary` grows while it does."""

    def __init__(self, path: str, code: f.Form, told: Told = NOTHING_TOLD) -> None:
        self.summary = Summary(path, package=code.package, unread=list(code.unread))
        self.sites: dict[tuple[str, f.Place, f.Place], int] = {}
        self.reading = Reading(self.summary, told)
        self.value = Expressions(self).value
        self._code = code
        self._classes: list[tuple[f.Class, str]] = []
        self._written: dict[str, list[Value]] = {}
        self._writes: dict[tuple[tuple[Ref, ...], str, Atoms], Write] = {}
        self._seen: dict[str, tuple[Passed, dict[str, int]]] = {}  # values of names when an inner function was defined
        self.texts: Mapping[str, str] = {}  # of the file's variables, where they stand for one
        self._bundled: dict[Atoms, int] = {}
        top = FunctionSummary(f.place(1, 1), f.place(1, 1), ())
        self.top = self.scope = Scope("", Names(self.small), top)
        self.closures = Closures(fills)
        control = Control(self)
        self._statements: Mapping[type, Callable[[Any], bool | None]] = {
            f.Let: self._let,
            f.Do: self._do,
            f.Give: self._give,
            f.Branch: control.branch,
            f.Loop: control.loop,
            f.Try: control.attempt,
            f.Stop: control.stop,
            f.Drop: self._drop,
            f.Function: self._define,
            f.Class: self._define_class,
        }

    def run(self) -> Summary:
        """Follow the file from top to bottom, then each function in it."""
        for each in self._code.imports:
            self._import(each)
        for export in self._code.exports:
            self.summary.exports[export.name] = (export.module, export.local)
        self._declare(self._code.body, "")
        self.share(self.closures.changed_in(self._code.body))
        self.block(self._code.body)
        self._keep_variables()
        self.texts = {name: value.text for name, value in self.scope.names.held().items() if value.text is not None}
        self._inner_functions()
        return self.summary

    def _import(self, each: f.Import) -> None:
        if each.name == "*":
            self.summary.opened.append(each.module)
        else:
            self.summary.imports[each.local] = (each.module, each.name)

    def _declare(self, body: Iterable[f.Statement], prefix: str) -> None:
        """Know every function and class of a block before it runs: they may be used before they stand."""
        for each in body:
            if isinstance(each, f.Function):
                name = f"{prefix}{each.name}"
                self.summary.functions[name] = signature(each, owner="")
            elif isinstance(each, f.Class):
                self._declare_class(each, f"{prefix}{each.name}")

    def _declare_class(self, each: f.Class, name: str) -> None:
        """Note what a class has; one that is defined twice, for two platforms, has what either says."""
        known = self.summary.classes.setdefault(name, ClassSummary(each.at, each.bases, record=each.record))
        known.fields |= {one.name: one.types for one in each.fields}
        known.places |= {one.name: one.at for one in each.fields}
        for one in each.body:
            if isinstance(one, f.Function):
                method = signature(one, owner=name)
                method.reads_as_field = any(_last(each) in _PROPERTIES for each in one.decorators)
                self.summary.functions.setdefault(f"{name}.{one.name}", method)
            elif isinstance(one, f.Class):
                self._declare_class(one, f"{name}.{one.name}")

    def _keep_variables(self) -> None:
        """Note what the variables of the file stand for, for its functions and for other files."""
        for name, value in self.scope.names.held().items():
            self._keep(name, joined([value, *self._written.get(name, ())]))

    def _keep(self, name: str, value: Value) -> None:
        kept = self.summary.keeps.setdefault(name, {})
        for part, atoms in value.given():
            kept[part] = kept.get(part, NOTHING) | atoms
        self.summary.refs[name] = _some([*self.summary.refs.get(name, ()), *value.refs])
        for part, inner in (value.parts or {}).items():
            if inner.refs:
                key = f"{name}.{part}"
                self.summary.refs[key] = _some([*self.summary.refs.get(key, ()), *inner.refs])
        if value.parts:
            key = f"{name}.[]"
            elements = [ref for inner in value.parts.values() for ref in inner.refs]
            self.summary.refs[key] = _some([*self.summary.refs.get(key, ()), *elements])

    # --- functions ------------------------------------------------------------------------------------------------

    def _inner_functions(self) -> None:
        """Follow the functions that were defined inside the current one, and those inside of them."""
        pending = [(function, name, self.scope) for function, name in self.scope.later]
        while pending:
            function, name, around = pending.pop()
            inner = self.follow(function, name, around)
            pending += [(each, its, inner) for each, its in inner.later]

    def follow(self, function: f.Function, name: str, around: Scope) -> Scope:
        """Follow one function by itself; what it does stands in its summary afterwards."""
        known = self.summary.functions.setdefault(name, signature(function, owner=around.owner))
        outer = None if around.is_file else around.names.layer()
        if outer is not None and name in self._seen:
            outer.may_be(around.base.passed_since(*self._seen[name]))
        own = Scope(name, Names(self.small, outer, Passed()), known, known.owner or around.owner, around.guards)
        own.around, own.outer = around, function.outer
        own.shared = {} if around.is_file else dict(around.shared)
        before, self.scope = self.scope, own
        try:
            self._bind_parameters(function)
            self.block(function.body)
            self._note_puts()
            known.gives = {} if own.gives is None else dict(own.gives.given(exactly=True))
            said = NOTHING if own.gives is None else self.reading.returned(function, name, own.gives)
            if said:
                known.gives[""] = known.gives.get("", NOTHING) | said
        except RecursionError:
            self.summary.unread.append((f.line_and_column(function.at)[0], f"{name} is nested too deeply to follow"))
        finally:
            self.scope = before
        return own

    def share(self, names: Iterable[str]) -> None:
        """Expect inner functions to change these names."""
        scope = self.scope
        scope.shared |= {name: scope.key(name) for name in names if name not in scope.shared}

    def _bind_parameters(self, function: f.Function) -> None:
        scope = self.scope
        if scope.owner:
            scope.names.set("self", self._myself(function.at))
        scope.parameters = frozenset(each.name for each in function.parameters)
        for each in function.parameters:
            if each.default is not None:
                value = self.value(each.default)
                scope.summary.defaults[each.name] = value.given()
            atoms: Atoms = frozenset({("p", scope.name, each.name, "")})
            refs: tuple[Ref, ...] = (f"p:{scope.name}|{each.name}|", *(f"t:{one}|" for one in each.types))
            scope.shared.pop(each.name, None)
            value = self.reading.parameter(each, scope.name, Value(atoms, refs=refs))
            scope.names.set(each.name, value)
            if each.pattern is not None:
                self.assign(each.pattern, value, each.at)

    def _myself(self, at: f.Place) -> Value:
        owner = self.scope.owner
        source = self.reading.object(at, "self", (owner,), self.scope.name, NOTHING)
        return Value(frozenset({source}), refs=(f"s:{owner}|",))

    def _note_puts(self) -> None:
        """What the function left in the containers that it was given: their callers hold them, too."""
        scope = self.scope
        for name in scope.parameters:
            value = scope.names.get(name)
            if value is not None and (value.parts or any(atom[0] == "o" for atom in value.atoms)):
                own = ("p", scope.name, name)
                inside = {"": frozenset(a for a in value.atoms if a[0] == "o")}
                inside |= dict(listed(value.parts or {}))
                put = {part: frozenset(a for a in atoms if a[:3] != own) for part, atoms in inside.items()}
                kept = {part: atoms for part, atoms in put.items() if atoms}
                if kept:
                    scope.summary.puts[name] = kept

    # --- statements -----------------------------------------------------------------------------------------------

    def block(self, body: Sequence[f.Statement]) -> bool:
        """Follow statements in order; False when the end of the block is not reached."""
        guards = self.scope.guards
        try:
            return all(self._statement(each) for each in body)
        finally:
            self.scope.guards = guards

    def _statement(self, each: f.Statement) -> bool:
        return self._statements[type(each)](each) is not False

    def _do(self, each: f.Do) -> None:
        self.value(each.value)

    def _drop(self, each: f.Drop) -> None:
        self.scope.names.set(each.name, None)

    def _let(self, each: f.Let) -> None:
        value = EMPTY if each.value is None else self.value(each.value)
        if each.types:
            value = self._declared(each, value)
        for target in each.targets:
            if each.adds:
                self.assign(target, mixed([self.value(target), value]), each.at)
            elif isinstance(target, f.Record) and each.value is not None:
                self.take_apart(target, value, each.at, each.value)
            elif each.value is not None:
                self.assign(target, value, each.at)
            elif isinstance(target, f.Var):
                self.scope.names.set(target.name, value)

    def _declared(self, each: f.Let, value: Value) -> Value:
        """A value that is said to be of a type; one that is put together here is told by its parts instead."""
        value = value.with_refs(_some([*value.refs, *(f"t:{name}|" for name in each.types)]))
        target = each.targets[0]
        if not isinstance(target, f.Var) or value.parts is not None or not value.atoms:
            return value
        return self.reading.typed(target.name, each.types, Spot(target.at, self.scope.name), value)

    def _give(self, each: f.Give) -> bool:
        value = EMPTY if each.value is None else self.value(each.value)
        scope = self.scope
        scope.gives = self.small(value if scope.gives is None else joined([scope.gives, value]))
        scope.summary.refs = _some([*scope.summary.refs, *value.refs])
        return each.more

    @contextmanager
    def layer(self, passed: Passed | None = None) -> Iterator[Names]:
        """Names that are only known while this lasts; `passed` notes all values that they are given."""
        before = self.scope.names
        self.scope.names = before.layer(passed)
        try:
            yield self.scope.names
        finally:
            self.scope.names = before

    def _define(self, each: f.Function) -> None:
        scope = self.scope
        name = each.name if scope.is_file else f"{scope.name}.{each.name}"
        self.summary.functions.setdefault(name, signature(each, owner=""))
        scope.names.set(each.name, Value(refs=(f"l:{name}|",)))
        scope.later.append((each, name))
        if not scope.is_file:
            self._seen[name] = scope.base.passed_for(self.closures.read_by(each), scope.names)
        self.share(self.closures.changed_by(each))
        self._decorate(each, name)

    def _decorate(self, each: f.Function, name: str) -> None:
        """A decorator is called with the function, and what it gives back is called in its place."""
        refs: tuple[Ref, ...] = (f"l:{name}|",)
        for decorator in reversed(each.decorators):
            if _last(decorator) in _OWN_DECORATORS or not isinstance(decorator, f.Var | f.Attr | f.Call):
                continue
            with self.layer() as layer:
                layer.set(name, Value(refs=refs))
                handed = f.Argument(f.Var(name, each.at))
                refs = _some([*refs, *self.value(f.Call(decorator, [handed], decorator.at, each.end)).refs])
        self.summary.functions[name].wrapped = refs[1:]

    def _define_class(self, each: f.Class) -> None:
        scope = self.scope
        name = each.name if scope.is_file else f"{scope.name}.{each.name}"
        self._declare_class(each, name)
        scope.names.set(each.name, Value(refs=(f"l:{name}|",)))
        self._class_body(each, name)

    def _class_body(self, each: f.Class, name: str) -> None:
        known = self.summary.classes[name]
        for one in each.fields:
            if isinstance(one.value, f.Lambda):
                self._method(one.value.function, name, one.name)
            elif one.value is not None:
                self.keep_attribute(name, one.name, self.value(one.value))
            known.refs[one.name] = _some([*known.refs.get(one.name, ()), *(f"t:{kind}|" for kind in one.types)])
        for inner in each.body:
            if isinstance(inner, f.Function):
                self._decorate(inner, f"{name}.{inner.name}")
                self.scope.later.append((inner, f"{name}.{inner.name}"))
            elif isinstance(inner, f.Class):
                self._class_body(inner, f"{name}.{inner.name}")
            else:
                self._class_statement(inner, name)

    def _method(self, function: f.Function, owner: str, name: str) -> None:
        """A field that is given a function is a method: it knows the object."""
        whole = f"{owner}.{name}"
        self.summary.functions[whole] = signature(function, owner=owner)
        self.scope.later.append((function, whole))

    def _class_statement(self, each: f.Statement, name: str) -> None:
        with self.layer() as layer:
            self._statement(each)
        for variable, value in layer.held().items():
            self.keep_attribute(name, variable, value)

    def keep_attribute(self, owner: str, name: str, value: Value) -> None:
        """Note that objects of a class may hold a value in an attribute."""
        known = self.summary.classes.setdefault(owner, ClassSummary(f.place(1, 1)))
        kept = known.keeps.setdefault(name, {})
        for part, atoms in value.given():
            kept[part] = kept.get(part, NOTHING) | atoms
        known.refs[name] = _some([*known.refs.get(name, ()), *value.refs])

    # --- assignments ----------------------------------------------------------------------------------------------

    def assign(self, target: f.Expr, value: Value, at: f.Place) -> None:
        """Give a value to a name, an attribute, a part of a container, or to each name of a pattern."""
        match target:
            case f.Var():
                self._assign_name(target, value)
            case f.Attr():
                self._assign_part(target.of, target.name, value, at)
            case f.Item():
                self._assign_item(target, value, at)
            case f.Items() | f.Record():
                self._assign_pattern(target, value, at)
            case f.Spread():
                self.assign(target.of, value, at)
            case f.Choice() if target.options:  # a pattern with a default
                self.assign(target.options[0], joined([value, *map(self.value, target.options[1:])]), at)
            case _:
                self.value(target)

    def _assign_item(self, target: f.Item, value: Value, at: f.Place) -> None:
        if isinstance(target.key, f.Text):
            self._assign_part(target.of, target.key.value, value, at)
        else:
            self.value(target.key)
            whole = self.value(target.of)
            self.write((), ELEMENT, whole.atoms, value)
            self.change(target.of, whole.with_any(value), at)

    def _assign_pattern(self, target: f.Items | f.Record, value: Value, at: f.Place) -> None:
        if isinstance(target, f.Items):
            rest = False
            for index, each in enumerate(target.items):
                rest = rest or isinstance(each, f.Spread)
                given = value.part(str(index)) if not rest else value if isinstance(each, f.Spread) else value.element()
                self.assign(each, given, at)
            return
        self.take_apart(target, value, at, None)

    def take_apart(self, target: f.Record, value: Value, at: f.Place, of: f.Expr | None) -> None:
        """Take an object apart; `of` is how it is called, which tells what its parts mean."""
        named = [name for name, _ in target.pairs if name]
        for name, each in target.pairs:
            part = self.reading.part(value, of, name, at, self.scope.name) if name else value.without(named)
            if isinstance(each, f.Record) and of is not None:
                self.take_apart(each, part, at, f.Attr(of, name, at))
            else:
                self.assign(each, part, at)

    def _assign_name(self, target: f.Var, value: Value) -> None:
        named = self.reading.variable(target.name, value, target.at, self.scope.name)
        scope = self.scope
        scope.names.set(target.name, named)
        if scope.is_file:
            self._written.setdefault(target.name, []).append(named)
        elif target.name in scope.outer:
            self._keep(scope.home(target.name), named)

    def _assign_part(self, of: f.Expr, name: str, value: Value, at: f.Place) -> None:
        whole = self.value(of)
        if self.is_own(of):
            self.keep_attribute(self.scope.owner, name, value)
        else:
            self.write(whole.refs, name, of_field(whole.atoms, name), value)
            if value.literal:
                whole = self._taken_out(of, whole, name, at)
        self.change(of, whole.with_part(name, value), at)

    def _taken_out(self, of: f.Expr, whole: Value, name: str, at: f.Place) -> Value:
        """What is left of an object once one part is deleted, or overwritten with nobody's data."""
        rest = whole.cut(name)
        if not rest.atoms or not taxonomy.possible(name):
            return rest
        self.change(of, rest, at)
        left = self.value(f.Call(f.Attr(of, TAKES_OUT, at), [f.Argument(f.Text(name, at))], at, at))
        return Value(left.atoms, rest.parts, refs=rest.refs, closed=rest.closed)

    def write(self, refs: tuple[Ref, ...], name: str, into: Atoms, value: Value) -> None:
        """Note that something is put into an object or variable that is known elsewhere, too."""
        refs = tuple(ref for ref in refs if ref.startswith(_ELSEWHERE))
        into = frozenset(atom for atom in into if atom[0] in ("f", "g", "i"))
        if not value.all or not (refs or into):
            return
        key = refs, name, into
        known = self._writes.get(key)
        if known is None:
            known = self._writes[key] = Write(refs, name, into, NOTHING)
            self.summary.writes.append(known)
        known.atoms |= value.all

    def change(self, of: f.Expr, held: Value, at: f.Place) -> None:
        """Let what an expression names hold something else than before; it stays the same thing."""
        if isinstance(of, f.Var):
            scope = self.scope
            if not scope.is_file and not scope.names.binds(of.name, scope.base):
                self._keep(scope.home(of.name), held)
            scope.names.renew(of.name, held)
            if scope.is_file:
                self._written.setdefault(of.name, []).append(held)
        elif isinstance(of, f.Attr | f.Item):
            self.assign(of, held, at)

    def is_own(self, each: f.Expr) -> bool:
        """Whether this is the object whose method is followed."""
        return isinstance(each, f.Var) and each.name == "self" and bool(self.scope.owner)

    def small(self, value: Value) -> Value:
        """A value that may come from more places than a few dozen, as one atom that stands for them."""
        if len(value.all) <= _MANY_ATOMS:
            return value
        number = self._bundled.setdefault(value.all, len(self._bundled))
        if number == len(self.summary.bundles):
            self.summary.bundles.append(value.all)
        return Value(frozenset({("u", number, "")}), refs=value.refs)

    def site(self, each: f.Call, refs: tuple[Ref, ...], name: str) -> tuple[int, Site]:
        """The number and the note of a call; one that runs in a loop is noted once."""
        key = self.scope.name, each.at, each.end
        if key not in self.sites:
            self.sites[key] = len(self.summary.sites)
            made = Site(each.at, each.end, self.scope.name, refs, name, new=each.new, guards=self.scope.guards)
            self.summary.sites.append(made)
        return self.sites[key], self.summary.sites[self.sites[key]]


def _last(decorator: f.Expr) -> str:
    if isinstance(decorator, f.Call):
        decorator = decorator.callee
    return decorator.name if isinstance(decorator, f.Var | f.Attr) else ""


def _some(refs: Iterable[Ref]) -> tuple[Ref, ...]:
    return tuple(dict.fromkeys(refs))[:_REFS_KEPT]
