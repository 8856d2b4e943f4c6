"""Kotlin. Its tree names few fields, so most children are told by their place."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Either, Expr, Import, Member, Name, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assignment,
    binary,
    joined,
    name,
    nothing,
    plain,
    returned,
    through,
    typed,
)

_HOLE = re.compile(r"[A-Za-z_]\w*")
_NO_VALUE = frozenset(
    [
        "modifiers",
        "variable_declaration",
        "user_type",
        "nullable_type",
        "getter",
        "setter",
        "type_parameters",
        "comment",
    ]
)


def _string(lowering: Lowering, node: Node) -> Expr:
    """A text; the grammar gives the `$` of a plain `$name` as a piece of its own, and the name as text after it."""
    parts: list[Expr] = []
    dollar = False
    for child in node.named_children:
        text = lowering.text(child)
        if child.type == "interpolation":
            parts.append(lowering.expr(next(iter(child.named_children), None)))
        elif text == "$":
            dollar = True
            continue
        else:
            text = plain(text, escape="escape" in child.type)
            hole = _HOLE.match(text) if dollar else None
            parts += [Name(child.start_byte, hole[0])] if hole else []
            parts.append(Text(child.start_byte, text[hole.end() :] if hole else text))
        dollar = False
    return joined(node.start_byte, parts)


def _navigation(lowering: Lowering, node: Node) -> Expr:
    inner = node.named_children
    if len(inner) < 2:
        return Opaque(node.start_byte)
    return Member(node.start_byte, lowering.expr(inner[0]), lowering.text(inner[-1]))


def _call(lowering: Lowering, node: Node) -> Expr:
    callee = next(iter(node.named_children), None)
    given = next((each for each in node.named_children if each.type == "value_arguments"), None)
    if given is None and callee is not None and callee.type == "call_expression":
        return lowering.expr(callee)  # a call with a lambda after it
    found = [_argument(lowering, each) for each in (given.named_children if given else ())]
    positional = tuple(value for key, value in found if not key)
    if lowering.text(callee).lower().endswith("mapof"):
        pairs = tuple(pair for each in positional if isinstance(each, Record) for pair in each.pairs)
        return Record(node.start_byte, pairs)
    named = tuple((key, value) for key, value in found if key)
    return Call(node.start_byte, lowering.expr(callee), positional, named)


def _argument(lowering: Lowering, node: Node) -> tuple[str, Expr]:
    inner = node.named_children
    if len(inner) == 2 and any(each.type == "=" for each in node.children):
        return lowering.text(inner[0]), lowering.expr(inner[1])
    return "", lowering.expr(inner[-1] if inner else None)


def _infix(lowering: Lowering, node: Node) -> Expr:
    inner = node.named_children
    key = lowering.expr(inner[0]) if len(inner) == 3 and lowering.text(inner[1]) == "to" else None
    if not isinstance(key, Text):
        return Opaque(node.start_byte)
    return Record(node.start_byte, ((key.value, lowering.expr(inner[2])),))


def _if(lowering: Lowering, node: Node) -> Expr:
    condition = node.child_by_field_name("condition")
    options = [each for each in node.named_children if each != condition]
    return Either(node.start_byte, tuple(lowering.expr(each) for each in options))


def _index(lowering: Lowering, node: Node) -> Expr:
    inner = node.named_children
    key = lowering.expr(inner[1]) if len(inner) == 2 else None
    return (
        Member(node.start_byte, lowering.expr(inner[0]), key.value)
        if isinstance(key, Text)
        else Opaque(node.start_byte)
    )


def _import(lowering: Lowering, node: Node) -> Iterator[Import]:
    inner = node.named_children
    if not inner:
        return
    dotted = lowering.text(inner[0])
    if any(each.type == "*" for each in node.children) or dotted.endswith(".*"):
        yield Import(node.start_byte, dotted.removesuffix(".*"))
        return
    module, _, last = dotted.rpartition(".")
    yield Import(node.start_byte, module, last, lowering.text(inner[1]) if len(inner) > 1 else last)


def _property(lowering: Lowering, node: Node) -> Iterator[Bound]:
    declared = next((each for each in node.named_children if each.type == "variable_declaration"), None)
    if declared is None or not declared.named_children:
        return
    values = [each for each in node.named_children if each.type not in _NO_VALUE]
    value = lowering.expr(values[-1]) if values else typed(lowering, declared)
    in_class = node.parent is not None and node.parent.type in ("class_body", "enum_class_body")
    yield lowering.text(declared.named_children[0]), value, in_class


def _class_parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    names = [each for each in node.named_children if each.type == "identifier"]
    last = node.named_children[-1] if node.named_children else None
    if names:
        has_value = any(each.type == "=" for each in node.children)
        yield lowering.text(names[0]), lowering.expr(last) if has_value else typed(lowering, node), True


def _parameters(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """Parameters; a default follows its parameter as the next child."""
    children = node.named_children
    for index, child in enumerate(children):
        if child.type == "parameter" and child.named_children:
            after = children[index + 1] if index + 1 < len(children) else None
            default = after if after is not None and after.type not in ("parameter", "parameter_modifiers") else None
            value = lowering.expr(default) if default else typed(lowering, child)
            yield lowering.text(child.named_children[0]), value, False


def _entry(lowering: Lowering, node: Node) -> Iterator[Bound]:
    given = next((each for each in node.named_children if each.type == "value_arguments"), None)
    arguments = [_argument(lowering, each)[1] for each in given.named_children] if given else []
    first = next((each for each in node.named_children if each.type == "identifier"), None)
    yield lowering.text(first), arguments[0] if arguments else Opaque(node.start_byte), True


def _declares(lowering: Lowering, root: Node) -> str:
    found = next((each for each in root.named_children if each.type == "package_header"), None)
    return lowering.text(found.named_children[-1]) if found and found.named_children else ""


_KOTLIN = Grammar(
    ecosystem="maven",
    module="tree_sitter_kotlin",
    readers={
        **dict.fromkeys(("identifier", "this_expression", "super_expression"), name),
        **dict.fromkeys(("parenthesized_expression", "unary_expression", "as_expression", "user_type"), through()),
        "nullable_type": through(),
        "string_literal": _string,
        "multiline_string_literal": _string,
        "navigation_expression": _navigation,
        "call_expression": _call,
        "infix_expression": _infix,
        "index_expression": _index,
        "binary_expression": binary(either=("?:",)),
        "if_expression": _if,
        "null": nothing,
    },
    imports={"import": _import},
    bindings={
        "property_declaration": _property,
        "class_parameter": _class_parameter,
        "function_value_parameters": _parameters,
        "enum_entry": _entry,
        "return_expression": returned,
    },
    assignments={"assignment": assignment("left", "right")},
    calls=frozenset({"call_expression"}),
    records=frozenset({"call_expression"}),  # `mapOf("a" to 1, "b" to 2)`
    texts=frozenset({"string_literal", "multiline_string_literal"}),
    scopes=frozenset(
        {"function_declaration", "lambda_literal", "block", "secondary_constructor", "anonymous_function"}
    ),
    classes=frozenset({"class_declaration", "object_declaration", "companion_object"}),
    declares=_declares,
)
GRAMMARS = {".kt": _KOTLIN, ".kts": _KOTLIN}
