"""Follows the statements of one file in order and notes where every value comes from and where it goes.

Each function is followed once, by itself: what callers pass stands as an atom for what they may pass. Loops run twice, so
that what one round leaves behind reaches the next.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from petguard.flows import form as f
from petguard.flows.calls import Calling
from petguard.flows.scopes import Names
from petguard.flows.sources import Reading, Spot, words_of
from petguard.flows.summary import (
    Atoms,
    ClassSummary,
    FunctionSummary,
    Ref,
    Site,
    Summary,
)
from petguard.flows.values import ELEMENT, EMPTY, LITERAL, NOTHING, Value, joined, mixed

_CONSENT = re.compile(r"(?i)(?:^|_|\b)(?:has_?)?(?:consent|opted_?in|opt_?in|gave_?permission|agreed_?to)")
_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property", "computed_field", "get"})
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

    @property
    def is_file(self) -> bool:
        """Whether this is the code outside of all functions."""
        return not self.name


class Interpreter:
    """Follows one file; `summary` grows while it does."""

    def __init__(self, path: str, code: f.Form) -> None:
        self.summary = Summary(path, package=code.package, unread=list(code.unread))
        self.sites: dict[tuple[str, f.Place, f.Place], int] = {}
        self.reading = Reading(self.summary)
        self.calling = Calling(self)
        self._code = code
        self._classes: list[tuple[f.Class, str]] = []
        self._written: dict[str, list[Value]] = {}
        top = FunctionSummary(f.place(1, 1), f.place(1, 1), ())
        self.scope = Scope("", Names(self._small), top)

    def run(self) -> Summary:
        """Follow the file from top to bottom, then each function in it."""
        for each in self._code.imports:
            self._import(each)
        for export in self._code.exports:
            self.summary.exports[export.name] = (export.module, export.local)
        self._declare(self._code.body, "")
        self._block(self._code.body)
        self._keep_variables()
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
                self.summary.functions[name] = _signature(each, owner="")
            elif isinstance(each, f.Class):
                self._declare_class(each, f"{prefix}{each.name}")

    def _declare_class(self, each: f.Class, name: str) -> None:
        known = ClassSummary(each.at, each.bases, record=each.record)
        known.fields = {one.name: one.types for one in each.fields}
        known.places = {one.name: one.at for one in each.fields}
        self.summary.classes[name] = known
        for one in each.body:
            if isinstance(one, f.Function):
                signature = _signature(one, owner=name)
                signature.reads_as_field = any(_last(each) in _PROPERTIES for each in one.decorators)
                self.summary.functions[f"{name}.{one.name}"] = signature
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
        signature = self.summary.functions.setdefault(name, _signature(function, owner=around.owner))
        outer = None if around.is_file else around.names
        own = Scope(name, Names(self._small, outer), signature, signature.owner or around.owner, around.guards)
        before, self.scope = self.scope, own
        try:
            self._bind_parameters(function)
            self._block(function.body)
            self._note_puts()
        except RecursionError:
            self.summary.unread.append((f.line_and_column(function.at)[0], f"{name} is nested too deeply to follow"))
        finally:
            self.scope = before
        return own

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
            if value is not None and value.parts:
                own = ("p", scope.name, name)
                put = {part: frozenset(a for a in each.all if a[:3] != own) for part, each in value.parts.items()}
                kept = {part: atoms for part, atoms in put.items() if atoms}
                if kept:
                    scope.summary.puts[name] = kept

    # --- statements -----------------------------------------------------------------------------------------------

    def _block(self, body: Sequence[f.Statement]) -> bool:
        """Follow statements in order; False when the end of the block is not reached."""
        guards = self.scope.guards
        try:
            return all(self._statement(each) for each in body)
        finally:
            self.scope.guards = guards

    def _statement(self, each: f.Statement) -> bool:
        match each:
            case f.Let():
                self._let(each)
            case f.Do():
                self.value(each.value)
            case f.Give():
                self._give(each)
                return each.more
            case f.Branch():
                return self._branch(each)
            case f.Loop():
                self._loop(each)
            case f.Try():
                return self._try(each)
            case f.Stop():
                if each.value is not None:
                    self.value(each.value)
                return False
            case f.Drop():
                self.scope.names.set(each.name, None)
            case f.Function():
                self._define(each)
            case f.Class():
                self._define_class(each)
        return True

    def _let(self, each: f.Let) -> None:
        value = EMPTY if each.value is None else self.value(each.value)
        if each.types:
            value = value.with_refs(_some([*value.refs, *(f"t:{name}|" for name in each.types)]))
        for target in each.targets:
            if each.adds:
                self.assign(target, mixed([self.value(target), value]), each.at)
            elif each.value is not None:
                self.assign(target, value, each.at)
            elif isinstance(target, f.Var):
                self.scope.names.set(target.name, value)

    def _give(self, each: f.Give) -> None:
        value = EMPTY if each.value is None else self.value(each.value)
        summary = self.scope.summary
        for part, atoms in value.given():
            summary.gives[part] = summary.gives.get(part, NOTHING) | atoms
        summary.refs = _some([*summary.refs, *value.refs])

    def _branch(self, each: f.Branch) -> bool:
        for test in each.tests:
            self.value(test)
        consent = _consent(each.tests)
        ends, names, guards = [], self.scope.names, self.scope.guards
        for index, arm in enumerate(each.arms):
            granted = consent is not None and (index == 0) is consent[1]
            if consent is not None and granted:
                self.scope.guards = (*guards, consent[0])
            with self._layer() as layer:
                if self._block(arm):
                    ends.append(layer)
            self.scope.guards = guards
        names.take_one_of(ends)
        if consent is not None and len(ends) < len(each.arms):
            self.scope.guards = (*guards, consent[0])
        return bool(ends) or not each.arms

    @contextmanager
    def _layer(self) -> Iterator[Names]:
        before = self.scope.names
        self.scope.names = before.layer()
        try:
            yield self.scope.names
        finally:
            self.scope.names = before

    def _loop(self, each: f.Loop) -> None:
        names = self.scope.names
        for _ in range(2):
            over = EMPTY if each.over is None else self.value(each.over)
            with self._layer() as layer:
                if each.target is not None:
                    self.assign(each.target, over.element(), each.at)
                self._block(each.body)
            names.take_one_of([layer, names.layer()])

    def _try(self, each: f.Try) -> bool:
        names, ends = self.scope.names, []
        with self._layer() as tried:
            if self._block(each.body):
                ends.append(tried)
        for handler in each.handlers:
            with self._layer() as layer:
                layer.take_one_of([tried, names.layer()])
                if self._block(handler):
                    ends.append(layer)
        names.take_one_of(ends or [tried])
        return self._block(each.final) and bool(ends)

    def _define(self, each: f.Function) -> None:
        scope = self.scope
        name = each.name if scope.is_file else f"{scope.name}.{each.name}"
        self.summary.functions.setdefault(name, _signature(each, owner=""))
        scope.names.set(each.name, Value(refs=(f"l:{name}|",)))
        scope.later.append((each, name))
        for decorator in each.decorators:
            self.value(decorator)

    def _define_class(self, each: f.Class) -> None:
        scope = self.scope
        name = each.name if scope.is_file else f"{scope.name}.{each.name}"
        if name not in self.summary.classes:
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
                self.scope.later.append((inner, f"{name}.{inner.name}"))
            elif isinstance(inner, f.Class):
                self._class_body(inner, f"{name}.{inner.name}")
            else:
                self._class_statement(inner, name)

    def _method(self, function: f.Function, owner: str, name: str) -> None:
        """A field that is given a function is a method: it knows the object."""
        whole = f"{owner}.{name}"
        self.summary.functions[whole] = _signature(function, owner=owner)
        self.scope.later.append((function, whole))

    def _class_statement(self, each: f.Statement, name: str) -> None:
        with self._layer() as layer:
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
            case f.Item(of=of, key=f.Text(value=name)):
                self._assign_part(of, name, value, at)
            case f.Item():
                self.value(target.key)
                self._assign_part(target.of, ELEMENT, value, at, adds=True)
            case f.Items():
                for index, each in enumerate(target.items):
                    self.assign(each, value if isinstance(each, f.Spread) else value.part(str(index)), at)
            case f.Record():
                for name, each in target.pairs:
                    self.assign(each, self.reading.part(value, None, name, at, self.scope.name) if name else value, at)
            case f.Spread():
                self.assign(target.of, value, at)
            case f.Choice() if target.options:  # a pattern with a default
                self.assign(target.options[0], joined([value, *map(self.value, target.options[1:])]), at)
            case _:
                self.value(target)

    def _assign_name(self, target: f.Var, value: Value) -> None:
        named = self.reading.variable(target.name, value, target.at, self.scope.name)
        self.scope.names.set(target.name, named)
        if self.scope.is_file:
            self._written.setdefault(target.name, []).append(named)

    def _assign_part(self, of: f.Expr, name: str, value: Value, at: f.Place, *, adds: bool = False) -> None:
        if isinstance(of, f.Var) and of.name == "self" and self.scope.owner:
            self.keep_attribute(self.scope.owner, name, value)
        elif isinstance(of, f.Attr) and isinstance(of.of, f.Var) and of.of.name == "self" and self.scope.owner:
            self.keep_attribute(self.scope.owner, of.name, EMPTY.with_part(name, value))
        whole = self.value(of)
        if isinstance(of, f.Var):
            self.scope.names.set(of.name, whole.with_part(name, value, adds=adds))
            if self.scope.is_file or self.scope.names.get(of.name) is None:
                self._written.setdefault(of.name, []).append(whole.with_part(name, value))
        elif isinstance(of, f.Attr | f.Item):
            self.assign(of, whole.with_part(name, value, adds=adds), at)

    # --- expressions ----------------------------------------------------------------------------------------------

    def value(self, each: f.Expr) -> Value:  # noqa: PLR0911 - one way for each form
        """What an expression may stand for; calls in it are noted."""
        match each:
            case f.Var():
                return self._name(each)
            case f.Attr():
                return self._attribute(each)
            case f.Call():
                return self.calling.value(each)
            case f.Constant():
                return LITERAL
            case f.Text():
                return Value(literal=True, text=each.value)
            case f.Item():
                return self._item(each)
            case f.Mix():
                return mixed([self.value(part) for part in each.parts])
            case f.Record():
                return self._record(each)
            case f.Items():
                return self._items(each)
            case f.Choice():
                return joined([self.value(option) for option in each.options])
            case f.Only():
                for part in each.parts:
                    self.value(part)
                return LITERAL
            case f.Each():
                return self._each(each)
            case f.Lambda():
                return self._lambda(each.function)
            case f.Assigned():
                value = self.value(each.value)
                at = each.target.at if isinstance(each.target, f.Var | f.Attr | f.Item) else f.place(1, 1)
                self.assign(each.target, value, at)
                return value
            case f.Spread():
                return self.value(each.of)

    def _name(self, each: f.Var) -> Value:
        known = self.scope.names.get(each.name)
        if known is not None:
            return known
        summary, name = self.summary, each.name
        if name in summary.functions or name in summary.classes:
            return Value(refs=(f"l:{name}|",))
        if name in summary.imports:
            module, imported = summary.imports[name]
            return Value(frozenset({("i", module, imported, "")}), refs=(f"i:{module}|{imported}|",))
        if not self.scope.is_file and name in summary.keeps:
            return Value(frozenset({("g", name, "")}), refs=(f"v:{name}|",))
        return self.reading.variable(name, Value(refs=(f"n:{name}|",)), each.at, self.scope.name)

    def _attribute(self, each: f.Attr) -> Value:
        if isinstance(each.of, f.Var) and each.of.name == "self" and self.scope.owner:
            return self._own(each)
        base = self.value(each.of)
        return self.reading.part(base, each.of, each.name, each.at, self.scope.name)

    def _own(self, each: f.Attr) -> Value:
        """`self.x`: what this method put there, else what any method may have."""
        base, owner = self.value(each.of), self.scope.owner
        if base.parts is not None and each.name in base.parts:
            return base.parts[each.name]
        value = Value(frozenset({("f", owner, each.name, "")}), refs=(f"s:{owner}|.{each.name}",))
        return self.reading.named(value, (owner,), f.Var(owner, each.at), each.name, Spot(each.at, self.scope.name))

    def _item(self, each: f.Item) -> Value:
        base = self.value(each.of)
        match each.key:
            case f.Text():
                return self.reading.part(base, each.of, each.key.value, each.at, self.scope.name)
            case f.Items() if all(isinstance(key, f.Text) for key in each.key.items):
                return self._columns(each, base)
            case f.Constant() | f.Only():
                self.value(each.key)
                return base
        self.value(each.key)
        return base.element()

    def _columns(self, each: f.Item, base: Value) -> Value:
        """Several columns of a table by name."""
        assert isinstance(each.key, f.Items), "only called for a list of keys"
        names = [key.value for key in each.key.items if isinstance(key, f.Text)]
        parts = {name: self.reading.part(base, each.of, name, each.at, self.scope.name) for name in names}
        return Value(NOTHING, parts, closed=True)

    def _record(self, each: f.Record) -> Value:
        value, whole = Value(NOTHING, {}, closed=True), []
        for name, inner in each.pairs:
            given = self.value(inner)
            if name:
                value = value.with_part(name, given)
            elif isinstance(inner, f.Spread) and given.parts is not None:
                for part, its in given.parts.items():
                    value = value.with_part(part, its)
                whole.append(Value(given.atoms))
            else:
                whole.append(given)
        if not whole:
            return value
        # A key that nobody can read may be any key.
        value = value.with_part(ELEMENT, joined(whole), adds=True)
        return value if all(not each.atoms for each in whole) else Value(mixed(whole).all, value.parts)

    def _items(self, each: f.Items) -> Value:
        values = [self.value(item) for item in each.items]
        if not values:
            return Value(NOTHING, {}, closed=True)
        spread = [isinstance(item, f.Spread) for item in each.items]
        elements = [value.element() if many else value for value, many in zip(values, spread, strict=True)]
        parts = {ELEMENT: joined(elements)}
        if not any(spread) and len(values) <= 8:
            parts |= {str(index): value for index, value in enumerate(values)}
        return Value(NOTHING, parts, closed=True)

    def _each(self, each: f.Each) -> Value:
        with self._layer():
            for target, over in each.clauses:
                at = target.at if isinstance(target, f.Var) else f.place(1, 1)
                self.assign(target, self.value(over).element(), at)
            for condition in each.conditions:
                self.value(condition)
            element = self.value(each.element)
        return Value(NOTHING, {ELEMENT: element}, closed=True)

    def _lambda(self, function: f.Function) -> Value:
        line, column = f.line_and_column(function.at)
        name = f"{self.scope.name}.<{line}:{column}>".lstrip(".")
        if self.scope.is_file:
            # It may use what the file defines further down.
            self.summary.functions.setdefault(name, _signature(function, owner=""))
            self.scope.later.append((function, name))
            return Value(refs=(f"l:{name}|",))
        inner = self.follow(function, name, self.scope)
        for each, its in inner.later:
            self.follow(each, its, inner)
        return Value(refs=(f"l:{name}|",))

    def _small(self, value: Value) -> Value:
        """A value that may come from more places than a few dozen, as one atom that stands for them."""
        if len(value.all) <= _MANY_ATOMS:
            return value
        self.summary.bundles.append(value.all)
        return Value(frozenset({("u", len(self.summary.bundles) - 1, "")}), refs=value.refs)

    def site(self, each: f.Call, refs: tuple[Ref, ...], name: str) -> tuple[int, Site]:
        """The number and the note of a call; one that runs in a loop is noted once."""
        key = self.scope.name, each.at, each.end
        if key not in self.sites:
            self.sites[key] = len(self.summary.sites)
            made = Site(each.at, each.end, self.scope.name, refs, name, new=each.new, guards=self.scope.guards)
            self.summary.sites.append(made)
        return self.sites[key], self.summary.sites[self.sites[key]]


def _signature(each: f.Function, owner: str) -> FunctionSummary:
    return FunctionSummary(
        each.at,
        each.end,
        tuple((one.name, one.kind) for one in each.parameters),
        {one.name: one.types for one in each.parameters if one.types},
        returns=each.returns,
        owner=owner,
    )


def _last(decorator: f.Expr) -> str:
    if isinstance(decorator, f.Call):
        decorator = decorator.callee
    return decorator.name if isinstance(decorator, f.Var | f.Attr) else ""


def _some(refs: Iterable[Ref]) -> tuple[Ref, ...]:
    return tuple(dict.fromkeys(refs))[:_REFS_KEPT]


def _consent(tests: Sequence[f.Expr]) -> tuple[str, bool] | None:
    """What a condition says of consent, and whether it asks that there is some."""
    if not tests:
        return None
    test = tests[0]
    denied = isinstance(test, f.Only) and len(test.parts) == 1
    named = next((name for name in words_of(test, EMPTY) if _CONSENT.search(name)), None)
    return (named, not denied) if named else None
