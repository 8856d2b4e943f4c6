"""Swift."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Either, Expr, Import, Member, Name, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assignment,
    defined,
    items,
    joined,
    name,
    nothing,
    plain,
    ternary,
    through,
)


def _string(lowering: Lowering, node: Node) -> Expr:
    parts: list[Expr] = []
    for child in node.named_children:
        if child.type == "interpolated_expression":
            parts.append(lowering.expr(child.child_by_field_name("value")))
        elif child.type != "comment":
            parts.append(Text(child.start_byte, plain(lowering.text(child), escape="escape" in child.type)))
    return joined(node.start_byte, parts)


def _call(lowering: Lowering, node: Node) -> Expr:
    callee = next(iter(node.named_children), None)
    suffix = next((each for each in node.named_children if each.type == "call_suffix"), None)
    given = next((each for each in (suffix.named_children if suffix else ()) if each.type == "value_arguments"), None)
    found = [_argument(lowering, each) for each in (given.named_children if given else ())]
    of = lowering.expr(callee)
    subscript = given is not None and given.children[:1] and given.children[0].type == "["
    if subscript and len(found) == 1 and isinstance(found[0][1], Text):
        return Member(node.start_byte, of, found[0][1].value)
    positional = tuple(value for key, value in found if not key)
    return Call(node.start_byte, of, positional, tuple((key, value) for key, value in found if key))


def _argument(lowering: Lowering, node: Node) -> tuple[str, Expr]:
    label = node.child_by_field_name("name")
    return lowering.text(label), lowering.expr(node.child_by_field_name("value"))


def _navigation(lowering: Lowering, node: Node) -> Expr:
    of, suffix = node.child_by_field_name("target"), node.child_by_field_name("suffix")
    text = lowering.text(suffix).lstrip(".?!")
    if text in ("self", "rawValue"):
        return lowering.expr(of)
    return Member(node.start_byte, lowering.expr(of), text)


def _implicit(lowering: Lowering, node: Node) -> Expr:
    """`.gpt4_o`: a member of whatever type is expected there."""
    if not lowering.text(node).startswith("."):
        return lowering.expr(node.child_by_field_name("target"))
    return Member(node.start_byte, Name(node.start_byte, "."), lowering.text(node.child_by_field_name("target")))


def _dictionary(lowering: Lowering, node: Node) -> Expr:
    keys, values = node.children_by_field_name("key"), node.children_by_field_name("value")
    found = ((lowering.expr(key), lowering.expr(value)) for key, value in zip(keys, values, strict=False))
    return Record(node.start_byte, tuple((key.value, value) for key, value in found if isinstance(key, Text)))


def _coalesced(lowering: Lowering, node: Node) -> Expr:
    options = (node.child_by_field_name("value"), node.child_by_field_name("if_nil"))
    return Either(node.start_byte, tuple(lowering.expr(each) for each in options))


def _sum(lowering: Lowering, node: Node) -> Expr:
    if not any(each.type == "+" for each in node.children):
        return Opaque(node.start_byte)
    return joined(node.start_byte, [lowering.expr(node.child_by_field_name(side)) for side in ("lhs", "rhs")])


def _import(lowering: Lowering, node: Node) -> Iterator[Import]:
    found = next((each for each in node.named_children if each.type == "identifier"), None)
    if found is not None:
        yield Import(node.start_byte, lowering.text(found).partition(".")[0])


def _property(lowering: Lowering, node: Node) -> Iterator[Bound]:
    around = node.parent.type if node.parent else ""
    values = node.children_by_field_name("value")
    for index, each in enumerate(node.children_by_field_name("name")):
        value = lowering.expr(values[index]) if index < len(values) else _computed(lowering, node)
        yield lowering.text(each), value, around in ("class_body", "enum_class_body")


def _computed(lowering: Lowering, node: Node) -> Expr:
    """`var url: String { "https://..." }`."""
    computed = node.child_by_field_name("computed_value")
    statements = next(
        (each for each in (computed.named_children if computed else ()) if each.type == "statements"), None
    )
    inner = statements.named_children if statements else []
    if len(inner) != 1:
        return Opaque(node.start_byte)
    return lowering.expr(inner[0].child_by_field_name("result") or inner[0])


def _parameters(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """The parameters of a function, each with the default that follows it."""
    default: Expr | None = None
    for index, child in reversed(list(enumerate(node.children))):
        if node.field_name_for_child(index) == "default_value":
            default = lowering.expr(child)
        elif child.type == "parameter":
            names = child.children_by_field_name("name")
            text = next((lowering.text(each) for each in reversed(names) if each.type == "simple_identifier"), "")
            yield text, default or Opaque(child.start_byte), False
            default = None


def _entries(lowering: Lowering, node: Node) -> Iterator[Bound]:
    value: Expr | None = None
    for index, child in reversed(list(enumerate(node.children))):
        field = node.field_name_for_child(index)
        if field == "raw_value":
            value = lowering.expr(child)
        elif field == "name":
            yield lowering.text(child), value or Opaque(child.start_byte), True
            value = None


def _result(lowering: Lowering, node: Node) -> Iterator[Bound]:
    yield "return", lowering.expr(node.child_by_field_name("result")), False


_STRINGS = ("line_string_literal", "multi_line_string_literal", "raw_string_literal")
_WRAPPERS = ("directly_assignable_expression", "tuple_expression", "prefix_expression", "user_type")
GRAMMARS = {
    ".swift": Grammar(
        ecosystem="swift",
        module="tree_sitter_swift",
        readers={
            **dict.fromkeys(("simple_identifier", "type_identifier", "self_expression", "super_expression"), name),
            **dict.fromkeys(_STRINGS, _string),
            **dict.fromkeys(_WRAPPERS, through()),
            **dict.fromkeys(("try_expression", "await_expression"), through("expr")),
            "as_expression": through("expr"),
            "postfix_expression": through("target"),
            "prefix_expression": _implicit,
            "navigation_expression": _navigation,
            "call_expression": _call,
            "constructor_expression": _call,
            "array_literal": items,
            "dictionary_literal": _dictionary,
            "nil_coalescing_expression": _coalesced,
            "ternary_expression": ternary("if_true", "if_false"),
            "additive_expression": _sum,
            "nil": nothing,
        },
        imports={"import_declaration": _import},
        bindings={
            "property_declaration": _property,
            "function_declaration": _parameters,
            "init_declaration": _parameters,
            "enum_entry": _entries,
            "class_declaration": defined("name"),
            "control_transfer_statement": _result,
        },
        assignments={"assignment": assignment("target", "result")},
        calls=frozenset({"call_expression", "constructor_expression"}),
        records=frozenset({"dictionary_literal"}),
        texts=frozenset(_STRINGS),
        scopes=frozenset({"function_declaration", "init_declaration", "lambda_literal", "statements"}),
        classes=frozenset({"class_body", "enum_class_body", "protocol_body"}),
    )
}
