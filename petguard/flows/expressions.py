"""What expressions may stand for; calls in them are noted on the way."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from petguard.flows import form as f
from petguard.flows.calls import Calling
from petguard.flows.sources import Spot
from petguard.flows.summary import signature
from petguard.flows.values import ELEMENT, LITERAL, NOTHING, Value, joined, mixed

if TYPE_CHECKING:
    from petguard.flows.interpret import Interpreter


class Expressions:
    """Follows expressions for an interpreter."""

    def __init__(self, interpreter: "Interpreter") -> None:
        self._in = interpreter
        self._ways: Mapping[type, Callable[[Any], Value]] = {
            f.Constant: self._constant,
            f.Text: self._text,
            f.Var: self._name,
            f.Attr: self._attribute,
            f.Item: self._item,
            f.Call: Calling(interpreter).value,
            f.Record: self._record,
            f.Items: self._items,
            f.Spread: self._spread,
            f.Mix: self._mix,
            f.Choice: self._choice,
            f.Only: self._only,
            f.Each: self._each,
            f.Lambda: self._lambda,
            f.Assigned: self._assigned,
        }

    def value(self, each: f.Expr) -> Value:
        """What an expression may stand for; calls in it are noted."""
        return self._ways[type(each)](each)

    def _constant(self, _each: f.Constant) -> Value:
        return LITERAL

    def _text(self, each: f.Text) -> Value:
        return Value(literal=True, text=each.value)

    def _mix(self, each: f.Mix) -> Value:
        return mixed([self.value(part) for part in each.parts])

    def _choice(self, each: f.Choice) -> Value:
        return joined([self.value(option) for option in each.options])

    def _only(self, each: f.Only) -> Value:
        for part in each.parts:
            self.value(part)
        return LITERAL

    def _assigned(self, each: f.Assigned) -> Value:
        value = self.value(each.value)
        at = each.target.at if isinstance(each.target, f.Var | f.Attr | f.Item) else f.place(1, 1)
        if isinstance(each.target, f.Record):
            self._in.take_apart(each.target, value, at, each.value)
        else:
            self._in.assign(each.target, value, at)
        return value

    def _spread(self, each: f.Spread) -> Value:
        return self.value(each.of)

    def _name(self, each: f.Var) -> Value:
        known = self._in.scope.names.get(each.name)
        if known is not None:
            home = self._in.scope.shared.get(each.name)
            if home is None:
                return known
            return joined([known, Value(frozenset({("g", home, "")}), refs=(f"v:{home}|",))])
        return self._of_the_file(each)

    def _of_the_file(self, each: f.Var) -> Value:
        """A name that no function around binds."""
        summary, name = self._in.summary, each.name
        if name == "super" and self._in.scope.owner in summary.classes:
            return Value(refs=(f"b:{self._in.scope.owner}|",))
        if name in summary.functions or name in summary.classes:
            return Value(refs=(f"l:{name}|",))
        if name in summary.imports:
            module, imported = summary.imports[name]
            return Value(frozenset({("i", module, imported, "")}), refs=(f"i:{module}|{imported}|",))
        if not self._in.scope.is_file and (name in summary.keeps or name in self._in.top.shared):
            own = (f"v:{name}|",) if name in summary.keeps else (f"v:{name}|", f"n:{name}|")
            return Value(frozenset({("g", name, "")}), refs=own, text=self._in.texts.get(name))
        return self._in.reading.variable(name, Value(refs=(f"n:{name}|",)), each.at, self._in.scope.name)

    def _attribute(self, each: f.Attr) -> Value:
        if isinstance(each.of, f.Var) and each.of.name == "self" and self._in.scope.owner:
            return self._own(each)
        base = self.value(each.of)
        owner = _class_of(base)
        if owner in self._in.summary.classes and not base.has(each.name):
            return self._kept(base.part(each.name), owner, each)
        return self._in.reading.part(base, each.of, each.name, each.at, self._in.scope.name)

    def _kept(self, value: Value, owner: str, each: f.Attr) -> Value:
        """What objects of a class keep in an attribute."""
        value = Value(value.atoms | {("f", owner, each.name, "")}, refs=value.refs)
        spot = Spot(each.at, self._in.scope.name)
        return self._in.reading.named(value, (owner,), f.Var(owner, each.at), each.name, spot)

    def _own(self, each: f.Attr) -> Value:
        """`self.x`: what this method put there, else what any method may have."""
        base, owner = self.value(each.of), self._in.scope.owner
        if base.parts is not None and each.name in base.parts:
            return base.parts[each.name]
        refs = (f"s:{owner}|.{each.name}",)
        if self._is_accessor(each.name):  # where it is called, that is read
            return Value(frozenset({("f", owner, each.name, "")}), refs=refs)
        return self._kept(Value(refs=refs), owner, each)

    def _is_accessor(self, name: str) -> bool:
        """Whether the method that is followed is called after what it reads: `getEmail`, `email`."""
        method = self._in.scope.name.rpartition(".")[2]
        return method.removeprefix("get").removeprefix("is").removeprefix("_").lower() == name.lower()

    def _item(self, each: f.Item) -> Value:
        base = self.value(each.of)
        match each.key:
            case f.Text():
                return self._in.reading.part(base, each.of, each.key.value, each.at, self._in.scope.name)
            case f.Items() if all(isinstance(key, f.Text) for key in each.key.items):
                return self._columns(each, base)
            case f.Constant() | f.Only():
                self.value(each.key)
                self._in.scope.summary.cuts = True
                return base.copied()
        self.value(each.key)
        return base.element()

    def _columns(self, each: f.Item, base: Value) -> Value:
        """Several columns of a table by name."""
        assert isinstance(each.key, f.Items), "only called for a list of keys"
        names = [key.value for key in each.key.items if isinstance(key, f.Text)]
        parts = {name: self._in.reading.part(base, each.of, name, each.at, self._in.scope.name) for name in names}
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
        names = self._in.scope.names
        with self._in.layer() as layer:
            for target, over in each.clauses:
                at = target.at if isinstance(target, f.Var) else f.place(1, 1)
                self._in.assign(target, self.value(over).element(), at)
            own = layer.held().keys()
            for condition in each.conditions:
                self.value(condition)
            element = self.value(each.element)
        # What is assigned or filled on the way outlasts the comprehension, its own names do not.
        names.may_be({name: [value] for name, value in layer.held().items() if name not in own})
        return Value(NOTHING, {ELEMENT: element}, closed=True)

    def _lambda(self, each: f.Lambda) -> Value:
        function = each.function
        line, column = f.line_and_column(function.at)
        name = f"{self._in.scope.name}.<{line}:{column}>".lstrip(".")
        if self._in.scope.is_file:
            # It may use what the file defines further down.
            self._in.summary.functions.setdefault(name, signature(function, owner=""))
            self._in.scope.later.append((function, name))
            return Value(refs=(f"l:{name}|",))
        self._in.share(self._in.closures.changed_by(function))
        inner = self._in.follow(function, name, self._in.scope)
        for later, its in inner.later:
            self._in.follow(later, its, inner)
        return Value(refs=(f"l:{name}|",))


def _class_of(value: Value) -> str:
    """The class of this file that a value is."""
    return next((ref[2:-1] for ref in value.refs if ref.startswith("l:") and ref.endswith("|")), "")
