"""Brings a text into the common form with tree-sitter: a grammar says by tables which node of its tree means what."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module

from tree_sitter import Language, Node, Query, QueryCursor

from petguard.catalog import Ecosystem
from petguard.documents import tree_of
from petguard.errors import UnreadableInput
from petguard.model import Gap, State
from petguard.parsers._code.form import (
    Binding,
    Call,
    Code,
    Either,
    Expr,
    Import,
    Items,
    Joined,
    Loaded,
    Member,
    Name,
    Nothing,
    Opaque,
    Record,
    Scope,
    Text,
)
from petguard.telltales import told

_SMALL = 100  # bytes of an error that may be the grammar's
NOT_VALID = "the text is not valid there; what is around it was read"
_DEEPEST = 150  # of one expression; the rest of it is not looked into
CONSTANT = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_QUOTES = re.compile(r"^[@$#rbR]*(\"\"\"|'''|[\"'`])(.*)\1$", re.S)

Reader = Callable[["Lowering", Node], Expr]
Bound = tuple[str, Expr, bool]  # name, value, whether it is a member of an object or class
Binder = Callable[["Lowering", Node], Iterable[Bound]]


@dataclass(frozen=True)
class Grammar:
    """Which nodes of one language's tree mean what.

    `readers` turns an expression node into the common form; whatever is not named there is opaque. `calls`, `records`
    and `texts` are the nodes to be listed; `scopes` bound what a name is known in, `classes` those of members.
    `bindings` make a name known where they stand, `assignments` give a value to one that is known already.
    """

    ecosystem: Ecosystem
    module: str
    readers: Mapping[str, Reader]
    imports: Mapping[str, Callable[["Lowering", Node], Iterable[Import]]]
    bindings: Mapping[str, Binder]
    assignments: Mapping[str, Binder]
    calls: frozenset[str]
    records: frozenset[str]
    texts: frozenset[str]
    scopes: frozenset[str]
    classes: frozenset[str]
    function: str = "language"
    itself: frozenset[str] = frozenset({"this", "self"})
    declares: Callable[["Lowering", Node], str] = field(default=lambda _lowering, _root: "")


def read(path: str, data: bytes, grammar: Grammar) -> Code:
    """The common form of a file; what its grammar does not understand is left out, and noted as a gap."""
    language, query = _tools(grammar.module, grammar.function, _kinds(grammar))
    lowering = Lowering(data, grammar)
    code = Code(path, grammar.ecosystem, data)
    try:
        tree = tree_of(language, data)
    except UnreadableInput as error:
        code.gap = Gap(path=path, state=State.FAILED, reason=error.reason, detail=error.detail)
        return code
    captured = QueryCursor(query).captures(tree.root_node)
    nodes = {
        name: sorted(found, key=lambda node: (node.start_byte, -node.end_byte)) for name, found in captured.items()
    }
    code.imports = [each for node in nodes.get("import", ()) for each in grammar.imports[node.type](lowering, node)]
    code.bindings = declared_first(list(_bindings(lowering, nodes, len(data))))
    called = [lowering.expr(node) for node in nodes.get("call", ())]
    code.calls = whole_chains(called)
    code.loaded = [each for each in called if isinstance(each, Loaded)]
    lowered = (lowering.expr(node) for node in nodes.get("record", ()))
    code.records = [each for each in lowered if isinstance(each, Record)]
    code.texts = [each for node in nodes.get("text", ()) for each in lowering.literals(node)]
    code.words = dict(_words(tree.root_node, data))
    code.declares = grammar.declares(lowering, tree.root_node)
    code.gap = _gap(path, tree.root_node)
    return code


def _reading_order(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


def _kinds(grammar: Grammar) -> tuple[tuple[str, frozenset[str]], ...]:
    return (
        ("import", frozenset(grammar.imports)),
        ("bind", frozenset(grammar.bindings) | frozenset(grammar.assignments)),
        ("call", grammar.calls),
        ("record", grammar.records),
        ("text", grammar.texts),
        ("scope", grammar.scopes | grammar.classes),
    )


@cache
def _tools(module: str, function: str, kinds: tuple[tuple[str, frozenset[str]], ...]) -> tuple[Language, Query]:
    language = Language(getattr(import_module(module), function)())
    groups = ((name, " ".join(f"({each})" for each in sorted(types))) for name, types in kinds if types)
    return language, Query(language, "\n".join(f"[{types}] @{name}" for name, types in groups))


def _bindings(lowering: "Lowering", nodes: Mapping[str, list[Node]], size: int) -> Iterator[Binding]:
    """Every binding with the scope around it: both lists are in the order of the text, so one pass finds them."""
    grammar = lowering.grammar
    scopes = [(node.start_byte, node.end_byte, node.type in grammar.classes) for node in nodes.get("scope", ())]
    open_: list[tuple[int, int, bool]] = []
    index = 0
    for node in nodes.get("bind", ()):
        start = node.start_byte
        while index < len(scopes) and scopes[index][0] <= start:
            open_ = [each for each in open_ if each[1] > scopes[index][0]]
            open_.append(scopes[index])
            index += 1
        open_ = [each for each in open_ if each[1] > start]
        binder = grammar.bindings.get(node.type) or grammar.assignments[node.type]
        for name, value, member in binder(lowering, node):
            around = open_[:-1] if node.type in grammar.classes else open_  # a class is known outside itself
            scope, exported = _scope(around, size, member=member)
            yield Binding(name, value, start, scope, member, exported, node.type in grammar.assignments)


def declared_first(found: list[Binding]) -> list[Binding]:
    """The same bindings, an assignment with the scope in which its name, or its object's, was declared."""
    scopes: dict[str, set[Scope]] = {}
    for each in found:
        if not each.assigned:
            scopes.setdefault(each.name, set()).add(each.scope)
    return [replace(each, scope=_home(each, scopes)) if each.assigned and not each.member else each for each in found]


def _home(each: Binding, scopes: Mapping[str, set[Scope]]) -> Scope:
    known = scopes.get(each.name) or scopes.get(each.name.partition(".")[0]) or ()
    return max((scope for scope in known if scope[0] <= each.start < scope[1]), default=each.scope)


def _scope(open_: list[tuple[int, int, bool]], size: int, *, member: bool) -> tuple[Scope, bool]:
    """Where a binding is known, and whether other files may know it: it stands at the top, or in a class there."""
    around = [each for each in open_ if each[2]] if member else open_
    exported = all(is_class for _, _, is_class in open_)
    return (around[-1][:2] if around else (0, size)), exported


def whole_chains(found: Iterable[Expr]) -> list[Call]:
    """The calls that are not the beginning of a longer chain."""
    calls = [each for each in found if isinstance(each, Call)]
    inner = {id(each) for call in calls for each in _receivers(call)}
    return [call for call in calls if id(call) not in inner]


def _receivers(call: Call) -> Iterator[Expr]:
    expr: Expr = call.callee
    while isinstance(expr, Member):
        expr = expr.of
    if isinstance(expr, Call):
        yield expr


def _words(root: Node, data: bytes) -> Iterator[tuple[int, str]]:
    """Names in capitals that stand in the code as a name or a whole literal, not inside a comment or a sentence."""
    for match in CONSTANT.finditer(data):
        node = root.descendant_for_byte_range(match.start(), match.end())
        if node is None or "comment" in node.type:
            continue
        text = (node.text or b"").strip(b"\"'`:@$")
        if text == match[0]:
            yield match.start(), match[0].decode()


def _gap(path: str, root: Node) -> Gap | None:
    line = broken_at(root)
    if line is None:
        return None
    return Gap(path=path, state=State.PARTIAL, reason="parse_error", detail=NOT_VALID, line=line)


def broken_at(root: Node) -> int | None:
    """The first line that could not be read; where only a few characters were odd, what is around them was read.

    Grammars lag behind their languages, and a language's newest type syntax says nothing about AI.
    """
    if not root.has_error:
        return None
    broken = next((each for each in _errors(root) if _matters(each)), None)
    return None if broken is None else broken.start_point.row + 1


def _matters(error: Node) -> bool:
    text = error.text or b""
    if error.parent is not None and error.parent.type == "jsx_element" and not set(text) & set(b"{}<>"):
        return False  # words between tags, `Terms & conditions`: nothing is done there
    return len(text) > _SMALL or b"\n" in text or bool(told(text))


def _errors(root: Node) -> Iterator[Node]:
    """The outermost nodes that do not fit the grammar, in the order of the text."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            pending += reversed(node.children)


class Lowering:
    """Turns the nodes of one file into expressions, each node once."""

    def __init__(self, data: bytes, grammar: Grammar) -> None:
        self.data = data
        self.grammar = grammar
        self._done: dict[int, Expr] = {}
        self._depth = 0

    def text(self, node: Node | None) -> str:
        """The source text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace") if node else ""

    def expr(self, node: Node | None) -> Expr:
        """The expression that a node is; opaque where the grammar names no reader for it."""
        if node is None:
            return Opaque(0)
        known = self._done.get(node.id)
        if known is None:
            reader = self.grammar.readers.get(node.type)
            if reader is None or self._depth > _DEEPEST:
                return Opaque(node.start_byte)
            self._depth += 1
            known = self._done[node.id] = reader(self, node)
            self._depth -= 1
        return known

    def literals(self, node: Node) -> list[Text]:
        """The text that a literal is, or the texts between its holes."""
        found = self.expr(node)
        parts = found.parts if isinstance(found, Joined) else (found,)
        return [part for part in parts if isinstance(part, Text)]


def through(field_name: str = "") -> Reader:
    """An expression that only wraps another one."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        inner = node.child_by_field_name(field_name) if field_name else None
        return lowering.expr(inner or next(iter(node.named_children), None))

    return reader


def name(lowering: Lowering, node: Node) -> Expr:
    """A plain name."""
    return Name(node.start_byte, lowering.text(node).lstrip("$@"))


def nothing(_lowering: Lowering, node: Node) -> Expr:
    """A value that stands for none."""
    return Nothing(node.start_byte)


def member(of: str, property_: str) -> Reader:
    """A member that is named in the text."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        inner = lowering.text(node.child_by_field_name(property_)).lstrip("$@:")
        return Member(node.start_byte, lowering.expr(node.child_by_field_name(of)), inner)

    return reader


def subscript(of: str, index: str) -> Reader:
    """A member that is named by a text: `process.env["KEY"]`."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        inner = lowering.expr(node.child_by_field_name(index))
        if not isinstance(inner, Text):
            return Opaque(node.start_byte)
        return Member(node.start_byte, lowering.expr(node.child_by_field_name(of)), inner.value)

    return reader


def string(*holes: str) -> Reader:
    """A literal; a child of a type in `holes` is an expression inside it."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        if not node.named_child_count:
            return Text(node.start_byte, unquoted(lowering.text(node)))
        parts: list[Expr] = []
        for child in node.named_children:
            if child.type in holes:
                parts.append(lowering.expr(next(iter(child.named_children), None)))
            elif child.type != "comment":
                parts.append(Text(child.start_byte, plain(lowering.text(child), escape="escape" in child.type)))
        return joined(node.start_byte, parts)

    return reader


def unquoted(text: str) -> str:
    """A literal's text without its quotes."""
    found = _QUOTES.match(text)
    return found[2] if found else text


def plain(text: str, *, escape: bool) -> str:
    return _ESCAPES.get(text[1:], text[1:]) if escape else text


def joined(start: int, parts: Iterable[Expr]) -> Expr:
    """Parts as one text; neighbouring literals become one."""
    merged: list[Expr] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Text) and isinstance(last, Text):
            merged[-1] = Text(last.start, last.value + part.value)
        elif isinstance(part, Joined):
            merged += part.parts
        else:
            merged.append(part)
    if not merged:
        return Text(start, "")
    if len(merged) == 1 and isinstance(merged[0], Text):
        return Text(start, merged[0].value)
    return Joined(start, tuple(merged))


def binary(*, joins: str = "+", either: Iterable[str] = ("??", "||")) -> Reader:
    """An operator between two expressions; the left spine of a long concatenation is followed without recursion."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        operator = _operator(node)
        if operator in either:
            sides = node.child_by_field_name("left"), node.child_by_field_name("right")
            return Either(node.start_byte, tuple(lowering.expr(each) for each in sides))
        if operator != joins:
            return lowering.expr(node.child_by_field_name("right")) if operator == "&&" else Opaque(node.start_byte)
        return joined(node.start_byte, [lowering.expr(each) for each in _spine(node, joins)])

    return reader


def _operator(node: Node) -> str:
    named = node.child_by_field_name("operator")
    found = named or next((each for each in node.children if not each.is_named), None)
    return found.type if found else ""


def _spine(node: Node, joins: str) -> list[Node | None]:
    found: list[Node | None] = []
    inner: Node | None = node
    while inner is not None and inner.type == node.type and _operator(inner) == joins:
        found.append(inner.child_by_field_name("right"))
        inner = inner.child_by_field_name("left")
    return [inner, *reversed(found)]


def ternary(then: str, otherwise: str) -> Reader:
    """One of two."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        sides = node.child_by_field_name(then), node.child_by_field_name(otherwise)
        return Either(node.start_byte, tuple(lowering.expr(each) for each in sides))

    return reader


def positional(lowering: Lowering, node: Node) -> tuple[Expr, ...]:
    """The plain arguments of a call."""
    given = node.child_by_field_name("arguments")
    return tuple(lowering.expr(each) for each in given.named_children if each.type != "comment") if given else ()


def path(lowering: Lowering, node: Node) -> Expr:
    """A name with its packages before it, as one chain."""
    inner = [each for each in node.named_children if each.type != "comment"]
    if not inner:
        return Name(node.start_byte, lowering.text(node))
    if len(inner) == 1:
        return lowering.expr(inner[0])
    return Member(node.start_byte, lowering.expr(inner[0]), lowering.text(inner[-1]).partition("<")[0])


def typed(_lowering: Lowering, node: Node | None) -> Expr:
    """What is known of a name that has a type and no value."""
    return Opaque(node.start_byte if node else 0)


def parameter(name_: str) -> Binder:
    """A parameter without a default: it hides what had its name outside, and nobody knows its value."""

    def bind(lowering: Lowering, node: Node) -> Iterator[Bound]:
        yield lowering.text(node.child_by_field_name(name_)), Opaque(node.start_byte), False

    return bind


def defined(name_: str) -> Binder:
    """A class or module of one's own, which is not the library's of that name."""

    def bind(lowering: Lowering, node: Node) -> Iterator[Bound]:
        yield lowering.text(node.child_by_field_name(name_)), Opaque(node.start_byte), False

    return bind


def returned(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """What a function gives back."""
    value = next((each for each in node.named_children if each.type != "comment"), None)
    if value is not None:
        yield "return", lowering.expr(value), False


def unpacked(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """Several names that get several values, or the first of what one call gives back."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    targets = left.named_children if left else []
    values = right.named_children if right else []
    for target, value in zip(targets, values, strict=False):
        yield from assigned(lowering, target, value)


def items(lowering: Lowering, node: Node) -> Expr:
    """A list of expressions."""
    return Items(node.start_byte, tuple(lowering.expr(each) for each in node.named_children))


def dotted(expr: Expr, itself: Iterable[str] = ()) -> tuple[str, bool] | None:
    """A name or member as `a.b`, and whether it is a member; `this.b` is `b`. None for everything else."""
    if isinstance(expr, Name):
        return expr.name, False
    if not isinstance(expr, Member) or not isinstance(expr.of, Name):
        return None
    return (expr.name, True) if expr.of.name in itself else (f"{expr.of.name}.{expr.name}", False)


def assigned(lowering: Lowering, left: Node | None, right: Node | None) -> Iterator[Bound]:
    """The binding that an assignment makes."""
    target = dotted(lowering.expr(left), lowering.grammar.itself)
    if target is not None:
        yield target[0], lowering.expr(right), target[1]


def assignment(left: str, right: str) -> Binder:
    """A node that assigns one field of it to another."""

    def bind(lowering: Lowering, node: Node) -> Iterator[Bound]:
        yield from assigned(lowering, node.child_by_field_name(left), node.child_by_field_name(right))

    return bind


def declaration(name_: str, value: str, *, member: bool = False) -> Binder:
    """A node that names something and may give it a value."""

    def bind(lowering: Lowering, node: Node) -> Iterator[Bound]:
        named = node.child_by_field_name(name_)
        if named is not None:
            yield lowering.text(named).lstrip("$@"), lowering.expr(node.child_by_field_name(value)), member

    return bind
