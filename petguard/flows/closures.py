"""Which names of the code around it a function changes: what it declares as not its own, and what it fills."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from petguard.flows import form as f

Node = f.Expr | f.Statement | f.Field | f.Parameter | f.Argument


@dataclass
class Closures:
    """Looks through each function once. `fills` tells methods that put something into what they are called on."""

    fills: Callable[[str], bool]
    _known: dict[f.Function, frozenset[str]] = field(default_factory=dict)
    _read: dict[f.Function, frozenset[str]] = field(default_factory=dict)

    def changed_by(self, function: f.Function) -> frozenset[str]:
        """The names around a function that may stand for something else once it has run."""
        if function not in self._known:
            own = {each.name for each in function.parameters}
            changed: set[str] = set()
            for node in _inside(function.body):
                own.update(_bound(node))
                changed.update(self._changed(node))
            self._known[function] = frozenset((changed - own - {"self"}) | function.outer)
        return self._known[function]

    def read_by(self, function: f.Function) -> frozenset[str]:
        """The names in a function, those of functions in it too."""
        if function not in self._read:
            found = {node.name for node in _inside(function.body) if isinstance(node, f.Var)}
            for node in _inside(function.body):
                if isinstance(node, f.Function | f.Lambda):
                    found |= self.read_by(node if isinstance(node, f.Function) else node.function)
            self._read[function] = frozenset(found)
        return self._read[function]

    def changed_in(self, body: Iterable[f.Statement]) -> frozenset[str]:
        """The names that the functions and methods in a block change."""
        return frozenset(name for node in _inside(body) for name in self._inner(node))

    def _changed(self, node: Node) -> Iterator[str]:
        match node:
            case f.Let(targets=targets):
                yield from (_root(each) for each in targets if isinstance(each, f.Attr | f.Item))
            case f.Call(callee=f.Attr(of=of, name=name)) if self.fills(name):
                yield _root(of)
        yield from self._inner(node)

    def _inner(self, node: Node) -> Iterator[str]:
        if isinstance(node, f.Function):
            yield from self.changed_by(node)
        elif isinstance(node, f.Lambda):
            yield from self.changed_by(node.function)


def _inside(body: Iterable[f.Statement]) -> Iterator[Node]:
    """Every node of a block, but not those of the functions in it."""
    pending: list[Node] = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, f.Function | f.Lambda):
            pending += _children(node)


def _children(node: Node) -> Iterator[Node]:
    for slot in getattr(node, "__slots__", ()):
        value = getattr(node, slot)
        pending = [value]
        while pending:
            each = pending.pop()
            if isinstance(each, list | tuple):
                pending += each
            elif not isinstance(each, str | int | None):
                yield each


def _bound(node: Node) -> Iterator[str]:
    match node:
        case f.Let(targets=targets):
            yield from (name for each in targets for name in _names(each))
        case f.Loop(target=target) if target is not None:
            yield from _names(target)
        case f.Assigned(target=target):
            yield from _names(target)
        case f.Function(name=name) | f.Class(name=name):
            yield name


def _names(target: f.Expr) -> Iterator[str]:
    pending: list[f.Expr] = [target]
    while pending:
        match pending.pop():
            case f.Var(name=name):
                yield name
            case f.Items(items=items):
                pending += items
            case f.Record(pairs=pairs):
                pending += [each for _, each in pairs]
            case f.Spread(of=of):
                pending.append(of)


def _root(each: f.Expr) -> str:
    while not isinstance(each, f.Var):
        if isinstance(each, f.Attr | f.Item):
            each = each.of
        elif isinstance(each, f.Call):
            each = each.callee
        else:
            return ""
    return each.name
