"""Go."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Expr, Import, Items, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    binary,
    member,
    name,
    nothing,
    positional,
    string,
    subscript,
    through,
    typed,
    unpacked,
)

_VERSION = re.compile(r"/v\d+$")
_AROUND = re.compile(r"^go-|-go$|\.v\d+$|-sdk$|^sdk-")


def _call(lowering: Lowering, node: Node) -> Expr:
    return Call(node.start_byte, lowering.expr(node.child_by_field_name("function")), positional(lowering, node))


def _literal(lowering: Lowering, node: Node) -> Expr:
    """A struct, a map or a slice that is written out."""
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    found = _body(lowering, body)
    if kind is None or kind.type == "map_type" or not isinstance(found, Record):
        return found
    return Call(node.start_byte, lowering.expr(kind), (), found.pairs)


def _body(lowering: Lowering, node: Node | None) -> Expr:
    if node is None:
        return Opaque(0)
    keyed = [each for each in node.named_children if each.type == "keyed_element"]
    if keyed or not node.named_children:
        return Record(node.start_byte, tuple(pair for each in keyed for pair in _pair(lowering, each)))
    return Items(node.start_byte, tuple(lowering.expr(each) for each in node.named_children if each.type != "comment"))


def _pair(lowering: Lowering, node: Node) -> Iterator[tuple[str, Expr]]:
    key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
    found = lowering.expr(key)
    yield found.value if isinstance(found, Text) else lowering.text(key), lowering.expr(value)


def locals_of(module: str) -> tuple[str, ...]:
    """The names under which a package may be known that is imported without one: its folder's, or a part of that."""
    last = _VERSION.sub("", module).rpartition("/")[2]
    return tuple(dict.fromkeys((_AROUND.sub("", _AROUND.sub("", last)), _AROUND.sub("", last), last)))


def _import(lowering: Lowering, node: Node) -> Iterator[Import]:
    module = lowering.text(node.child_by_field_name("path")).strip('"`')
    alias = node.child_by_field_name("name")
    start = node.start_byte
    if alias is None:
        yield from (Import(start, module, "", local) for local in locals_of(module))
    else:
        yield Import(start, module, "", "" if alias.type == "dot" else lowering.text(alias))


def _spec(lowering: Lowering, node: Node) -> Iterator[Bound]:
    values = node.child_by_field_name("value")
    given = values.named_children if values else []
    for index, each in enumerate(node.children_by_field_name("name")):
        yield lowering.text(each), lowering.expr(given[index]) if index < len(given) else typed(lowering, node), False


def _parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    for each in node.children_by_field_name("name"):
        yield lowering.text(each), typed(lowering, node), False


def _returned(lowering: Lowering, node: Node) -> Iterator[Bound]:
    values = next(iter(node.named_children), None)
    for each in values.named_children if values is not None else ():
        yield "return", lowering.expr(each), False


def _raw(lowering: Lowering, node: Node) -> Expr:
    return Text(node.start_byte, lowering.text(node).strip("`"))


GRAMMARS = {
    ".go": Grammar(
        ecosystem="golang",
        module="tree_sitter_go",
        readers={
            **dict.fromkeys(("identifier", "type_identifier", "package_identifier", "field_identifier"), name),
            **dict.fromkeys(("parenthesized_expression", "literal_element", "pointer_type", "generic_type"), through()),
            "unary_expression": through("operand"),
            "type_assertion_expression": through("operand"),
            "interpreted_string_literal": string(),
            "raw_string_literal": _raw,
            "selector_expression": member("operand", "field"),
            "qualified_type": member("package", "name"),
            "index_expression": subscript("operand", "index"),
            "call_expression": _call,
            "composite_literal": _literal,
            "literal_value": _body,
            "binary_expression": binary(either=()),
            "nil": nothing,
        },
        imports={"import_spec": _import},
        bindings={
            "const_spec": _spec,
            "var_spec": _spec,
            "short_var_declaration": unpacked,
            "parameter_declaration": _parameter,
            "return_statement": _returned,
        },
        assignments={"assignment_statement": unpacked},
        calls=frozenset({"call_expression", "composite_literal"}),
        records=frozenset({"composite_literal", "literal_value"}),
        texts=frozenset({"interpreted_string_literal", "raw_string_literal"}),
        scopes=frozenset(
            [*("function_declaration", "method_declaration", "func_literal", "block"), "if_statement", "for_statement"]
        ),
        classes=frozenset(),
    )
}
