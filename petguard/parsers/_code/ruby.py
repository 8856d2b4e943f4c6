"""Ruby."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Expr, Import, Items, Loaded, Member, Name, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assigned,
    binary,
    defined,
    items,
    member,
    name,
    nothing,
    returned,
    string,
    ternary,
    through,
)

_LOADERS = frozenset({"require", "require_relative", "autoload"})


def _call(lowering: Lowering, node: Node) -> Expr:
    of, method = node.child_by_field_name("receiver"), lowering.text(node.child_by_field_name("method"))
    given, block = node.child_by_field_name("arguments"), node.child_by_field_name("block")
    nodes = [each for each in given.named_children if each.type != "comment"] if given else []
    pairs = tuple(pair for each in nodes for pair in _pair(lowering, each))
    positional = tuple(lowering.expr(each) for each in nodes if each.type not in ("pair", "hash_splat_argument"))
    if of is None and method in _LOADERS:
        first = positional[0] if positional else None
        return Loaded(node.start_byte, first.value) if isinstance(first, Text) else Opaque(node.start_byte)
    callee: Expr = Member(node.start_byte, lowering.expr(of), method) if of else Name(node.start_byte, method)
    if given is None and block is None and of is not None and of.type != "constant":
        return callee  # `config.url` reads, `OpenAI.new` makes
    return Call(node.start_byte, callee, positional, (*pairs, *_configured(lowering, block)))


def _configured(lowering: Lowering, block: Node | None) -> Iterator[tuple[str, Expr]]:
    """`OpenAI.configure { |config| config.uri_base = "..." }`: what a block sets is what the call is told."""
    body = block.child_by_field_name("body") if block else None
    for each in body.named_children if body else ():
        left = each.child_by_field_name("left") if each.type == "assignment" else None
        if left is not None and left.type == "call":
            yield lowering.text(left.child_by_field_name("method")), lowering.expr(each.child_by_field_name("right"))


def _hash(lowering: Lowering, node: Node) -> Expr:
    return Record(node.start_byte, tuple(pair for each in node.named_children for pair in _pair(lowering, each)))


def _pair(lowering: Lowering, node: Node) -> Iterator[tuple[str, Expr]]:
    if node.type == "pair":
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        found = lowering.expr(key)
        text = found.value if isinstance(found, Text) else lowering.text(key).strip(":\"'")
        yield text, lowering.expr(value) if value else Name(node.start_byte, text)


def _element(lowering: Lowering, node: Node) -> Expr:
    key = lowering.expr(node.named_children[-1]) if len(node.named_children) == 2 else None
    of = lowering.expr(node.child_by_field_name("object"))
    return Member(node.start_byte, of, key.value) if isinstance(key, Text) else Opaque(node.start_byte)


def _require(lowering: Lowering, node: Node) -> Iterator[Import]:
    found = lowering.expr(node)
    if isinstance(found, Loaded) and not lowering.text(node).startswith("require_relative"):
        yield Import(node.start_byte, found.module)


def _parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    value = node.child_by_field_name("value")
    found = lowering.expr(value) if value else Opaque(node.start_byte)
    yield lowering.text(node.child_by_field_name("name")), found, False


def _parameters(lowering: Lowering, node: Node) -> Iterator[Bound]:
    for child in node.named_children:
        if child.type == "identifier":
            yield lowering.text(child), Opaque(child.start_byte), False


def _assignment(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """Constants and instance variables belong to the class, all others to the method."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    of_class = left is not None and left.type in ("constant", "instance_variable", "class_variable")
    for name_, value, member_ in assigned(lowering, left, right):
        yield name_, value, member_ or of_class


def _words(lowering: Lowering, node: Node) -> Expr:
    return Items(node.start_byte, tuple(Text(each.start_byte, lowering.text(each)) for each in node.named_children))


_NAMES = ("identifier", "constant", "self", "instance_variable", "class_variable", "global_variable")
_RUBY = Grammar(
    ecosystem="gem",
    module="tree_sitter_ruby",
    readers={
        **dict.fromkeys(_NAMES, name),
        **dict.fromkeys(("parenthesized_statements", "argument_list", "begin", "then", "else"), through()),
        "string": string("interpolation"),
        "scope_resolution": member("scope", "name"),
        "call": _call,
        "element_reference": _element,
        "hash": _hash,
        "array": items,
        "string_array": _words,
        "symbol_array": _words,
        "binary": binary(either=("||", "or")),
        "conditional": ternary("consequence", "alternative"),
        "assignment": through("right"),
        "nil": nothing,
    },
    imports={"call": _require},
    bindings={
        "assignment": _assignment,
        "operator_assignment": _assignment,
        "keyword_parameter": _parameter,
        "optional_parameter": _parameter,
        "method_parameters": _parameters,
        "class": defined("name"),
        "module": defined("name"),
        "return": returned,
    },
    assignments={},
    calls=frozenset({"call"}),
    records=frozenset({"hash"}),
    texts=frozenset({"string", "heredoc_body"}),
    scopes=frozenset({"method", "singleton_method"}),
    classes=frozenset({"class", "module"}),
)
GRAMMARS = dict.fromkeys((".rb", ".rake", ".ru", ".gemspec"), _RUBY)
