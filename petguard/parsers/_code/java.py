"""Java."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Either, Expr, Import, Items, Member, Name, Opaque, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assignment,
    binary,
    items,
    member,
    name,
    nothing,
    parameter,
    path,
    positional,
    returned,
    string,
    ternary,
    through,
    typed,
)

_DEFAULT = re.compile(r"\$\{[^:}]+:(.*)\}")


def _invocation(lowering: Lowering, node: Node) -> Expr:
    of, named = node.child_by_field_name("object"), lowering.text(node.child_by_field_name("name"))
    callee: Expr = Member(node.start_byte, lowering.expr(of), named) if of else Name(node.start_byte, named)
    return Call(node.start_byte, callee, positional(lowering, node))


def _creation(lowering: Lowering, node: Node) -> Expr:
    return Call(node.start_byte, lowering.expr(node.child_by_field_name("type")), positional(lowering, node), new=True)


def _annotation(lowering: Lowering, node: Node) -> Expr:
    given = node.child_by_field_name("arguments")
    children = given.named_children if given else []
    pairs = [each for each in children if each.type == "element_value_pair"]
    named = tuple(
        (lowering.text(each.child_by_field_name("key")), lowering.expr(each.child_by_field_name("value")))
        for each in pairs
    )
    plain = tuple(lowering.expr(each) for each in children if each.type != "element_value_pair")
    return Call(node.start_byte, lowering.expr(node.child_by_field_name("name")), plain, named)


def _array(lowering: Lowering, node: Node) -> Expr:
    values = node.child_by_field_name("value")
    return lowering.expr(values) if values else Items(node.start_byte, ())


def _import(lowering: Lowering, node: Node) -> Iterator[Import]:
    inner = next((each for each in node.named_children if each.type in ("scoped_identifier", "identifier")), None)
    dotted = lowering.text(inner)
    if any(each.type == "asterisk" for each in node.named_children):
        yield Import(node.start_byte, dotted)
    else:
        module, _, last = dotted.rpartition(".")
        yield Import(node.start_byte, module, last, last)


def _field(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """A field; `@Value("${openai.url:https://...}")` gives it what stands after the colon unless it is configured."""
    injected = _injected(lowering, node)
    for each in node.children_by_field_name("declarator"):
        value = each.child_by_field_name("value")
        found = lowering.expr(value) if value else injected or typed(lowering, node)
        yield lowering.text(each.child_by_field_name("name")), found, True


def _injected(lowering: Lowering, node: Node) -> Expr | None:
    modifiers = next((each for each in node.named_children if each.type == "modifiers"), None)
    for each in modifiers.named_children if modifiers else ():
        found = lowering.expr(each) if each.type == "annotation" else None
        given = [value for value in found.arguments if isinstance(value, Text)] if isinstance(found, Call) else []
        match = _DEFAULT.fullmatch(given[0].value) if given else None
        if match:
            return Either(node.start_byte, (Opaque(node.start_byte), Text(given[0].start, match[1])))
    return None


def _locals(lowering: Lowering, node: Node) -> Iterator[Bound]:
    for each in node.children_by_field_name("declarator"):
        value = each.child_by_field_name("value")
        found = lowering.expr(value) if value else typed(lowering, node)
        yield lowering.text(each.child_by_field_name("name")), found, False


def _constant(lowering: Lowering, node: Node) -> Iterator[Bound]:
    given = positional(lowering, node)
    yield lowering.text(node.child_by_field_name("name")), given[0] if given else Opaque(node.start_byte), True


def _declares(lowering: Lowering, root: Node) -> str:
    found = next((each for each in root.named_children if each.type == "package_declaration"), None)
    return lowering.text(found.named_children[-1]) if found and found.named_children else ""


GRAMMARS = {
    ".java": Grammar(
        ecosystem="maven",
        module="tree_sitter_java",
        readers={
            **dict.fromkeys(("identifier", "type_identifier", "this", "super"), name),
            **dict.fromkeys(("scoped_identifier", "scoped_type_identifier"), path),
            **dict.fromkeys(("parenthesized_expression", "generic_type", "expression_statement"), through()),
            "cast_expression": through("value"),
            "string_literal": string("string_interpolation"),
            "field_access": member("object", "field"),
            "method_invocation": _invocation,
            "object_creation_expression": _creation,
            "array_creation_expression": _array,
            "array_initializer": items,
            "element_value_array_initializer": items,
            "binary_expression": binary(),
            "ternary_expression": ternary("consequence", "alternative"),
            "assignment_expression": through("right"),
            "annotation": _annotation,
            "null_literal": nothing,
        },
        imports={"import_declaration": _import},
        bindings={
            "field_declaration": _field,
            "local_variable_declaration": _locals,
            "formal_parameter": parameter("name"),
            "enum_constant": _constant,
            "return_statement": returned,
        },
        assignments={"assignment_expression": assignment("left", "right")},
        calls=frozenset({"method_invocation", "object_creation_expression", "annotation"}),
        records=frozenset(),
        texts=frozenset({"string_literal"}),
        scopes=frozenset(
            [*("method_declaration", "constructor_declaration", "lambda_expression", "block"), "for_statement"]
        ),
        classes=frozenset({"class_body", "enum_body", "interface_body", "record_declaration"}),
        declares=_declares,
    )
}
