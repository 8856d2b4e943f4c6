"""PHP."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Either, Expr, Import, Items, Member, Name, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    Reader,
    assignment,
    binary,
    defined,
    joined,
    member,
    name,
    nothing,
    plain,
    returned,
    through,
)

_CONTENT = frozenset({"string_content", "escape_sequence", "string_value", "nowdoc_string"})


def _string(lowering: Lowering, node: Node) -> Expr:
    parts: list[Expr] = []
    for child in node.named_children:
        if child.type in _CONTENT:
            parts.append(Text(child.start_byte, plain(lowering.text(child), escape="escape" in child.type)))
        elif child.type in ("heredoc_body", "nowdoc_body"):
            parts.append(_string(lowering, child))
        elif child.type not in ("heredoc_start", "heredoc_end"):
            parts.append(lowering.expr(child))
    return joined(node.start_byte, parts)


def _qualified(lowering: Lowering, node: Node) -> Expr:
    r"""`\OpenAI\Client` as one chain."""
    parts = [each for each in lowering.text(node).split("\\") if each]
    expr: Expr = Name(node.start_byte, parts[0] if parts else "")
    for each in parts[1:]:
        expr = Member(node.start_byte, expr, each)
    return expr


def _call(of: str, called: str) -> Reader:
    """A call of a function, of a method of an object, or of a class."""

    def reader(lowering: Lowering, node: Node) -> Expr:
        receiver, method = node.child_by_field_name(of), node.child_by_field_name(called)
        callee = (
            Member(node.start_byte, lowering.expr(receiver), lowering.text(method))
            if receiver
            else lowering.expr(method)
        )
        return Call(node.start_byte, callee, *_arguments(lowering, node.child_by_field_name("arguments")))

    return reader


def _creation(lowering: Lowering, node: Node) -> Expr:
    kind = next((each for each in node.named_children if each.type != "arguments"), None)
    given = next((each for each in node.named_children if each.type == "arguments"), None)
    return Call(node.start_byte, lowering.expr(kind), *_arguments(lowering, given), new=True)


def _arguments(lowering: Lowering, node: Node | None) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
    positional: list[Expr] = []
    named: list[tuple[str, Expr]] = []
    for each in node.named_children if node is not None else ():
        key = each.child_by_field_name("name")
        value = lowering.expr(each.named_children[-1]) if each.named_children else Opaque(each.start_byte)
        if key is None:
            positional.append(value)
        else:
            named.append((lowering.text(key), value))
    return tuple(positional), tuple(named)


def _array(lowering: Lowering, node: Node) -> Expr:
    elements = [each for each in node.named_children if each.type == "array_element_initializer"]
    keyed = [each.named_children for each in elements if len(each.named_children) == 2]
    if keyed or not elements:
        return Record(node.start_byte, tuple(pair for key, value in keyed for pair in _pair(lowering, key, value)))
    return Items(node.start_byte, tuple(lowering.expr(each) for each in elements))


def _pair(lowering: Lowering, key: Node, value: Node) -> Iterator[tuple[str, Expr]]:
    found = lowering.expr(key)
    if isinstance(found, Text | Member):
        yield found.value if isinstance(found, Text) else found.name, lowering.expr(value)


def _conditional(lowering: Lowering, node: Node) -> Expr:
    """`a ? b : c`, and `a ?: c`."""
    first = node.child_by_field_name("body") or node.child_by_field_name("condition")
    options = (lowering.expr(first), lowering.expr(node.child_by_field_name("alternative")))
    return Either(node.start_byte, options)


def _last_two(lowering: Lowering, node: Node) -> Expr:
    """`A::B`, `$a['b']`."""
    inner = node.named_children
    if len(inner) != 2:
        return Opaque(node.start_byte)
    key = lowering.expr(inner[1])
    text = key.value if isinstance(key, Text) else lowering.text(inner[1])
    constant = node.type == "class_constant_access_expression"
    return Member(node.start_byte, lowering.expr(inner[0]), text) if constant or isinstance(key, Text) else Opaque(0)


def _use(lowering: Lowering, node: Node) -> Iterator[Import]:
    before = next((lowering.text(each) for each in node.named_children if each.type == "namespace_name"), "")
    body = node.child_by_field_name("body")
    for each in (body or node).named_children:
        if each.type == "namespace_use_clause":
            alias = each.child_by_field_name("alias")
            full = lowering.text(each.named_children[0]).strip("\\")
            module, _, last = (f"{before}\\{full}" if before else full).rpartition("\\")
            local = lowering.text(alias) if alias is not None else last
            yield Import(each.start_byte, module, last, local) if module else Import(each.start_byte, last, "", local)


def _constant(lowering: Lowering, node: Node) -> Iterator[Bound]:
    inner, around = node.named_children, node.parent.parent if node.parent else None
    if len(inner) == 2:
        in_class = around is not None and "declaration_list" in around.type
        yield lowering.text(inner[0]), lowering.expr(inner[1]), in_class


def _property(lowering: Lowering, node: Node) -> Iterator[Bound]:
    value = node.child_by_field_name("default_value")
    found = lowering.expr(value) if value else Opaque(node.start_byte)
    yield lowering.text(node.child_by_field_name("name")).lstrip("$"), found, True


def _parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    value = node.child_by_field_name("default_value")
    found = lowering.expr(value) if value else Opaque(node.start_byte)
    text = lowering.text(node.child_by_field_name("name")).lstrip("$")
    yield text, found, False
    if node.type == "property_promotion_parameter":
        yield text, found, True


def _case(lowering: Lowering, node: Node) -> Iterator[Bound]:
    value = node.child_by_field_name("value")
    found = lowering.expr(value) if value else Opaque(node.start_byte)
    yield lowering.text(node.child_by_field_name("name")), found, True


def _declares(lowering: Lowering, root: Node) -> str:
    found = next((each for each in root.named_children if each.type == "namespace_definition"), None)
    return lowering.text(found.child_by_field_name("name")) if found else ""


_STRINGS = ("string", "encapsed_string", "heredoc", "nowdoc")
_CALLS = {
    "function_call_expression": _call("", "function"),
    "member_call_expression": _call("object", "name"),
    "nullsafe_member_call_expression": _call("object", "name"),
    "scoped_call_expression": _call("scope", "name"),
    "object_creation_expression": _creation,
}
_PHP = Grammar(
    ecosystem="composer",
    module="tree_sitter_php",
    function="language_php",
    readers={
        **dict.fromkeys(("name", "variable_name", "relative_scope"), name),
        **dict.fromkeys(_STRINGS, _string),
        **dict.fromkeys(("parenthesized_expression", "array_element_initializer", "expression_statement"), through()),
        **dict.fromkeys(("class_constant_access_expression", "subscript_expression"), _last_two),
        **dict.fromkeys(("member_access_expression", "nullsafe_member_access_expression"), member("object", "name")),
        **_CALLS,
        "scoped_property_access_expression": member("scope", "name"),
        "cast_expression": through("value"),
        "qualified_name": _qualified,
        "array_creation_expression": _array,
        "binary_expression": binary(joins=".", either=("??", "||", "or")),
        "conditional_expression": _conditional,
        "assignment_expression": through("right"),
        "null": nothing,
    },
    imports={"namespace_use_declaration": _use},
    bindings={
        "const_element": _constant,
        "property_element": _property,
        "simple_parameter": _parameter,
        "property_promotion_parameter": _parameter,
        "enum_case": _case,
        "class_declaration": defined("name"),
        "return_statement": returned,
        "assignment_expression": assignment("left", "right"),
    },
    assignments={"augmented_assignment_expression": assignment("left", "right")},
    calls=frozenset(_CALLS),
    records=frozenset({"array_creation_expression"}),
    texts=frozenset(_STRINGS),
    scopes=frozenset({"function_definition", "method_declaration", "anonymous_function", "arrow_function"}),
    classes=frozenset({"class_declaration", "trait_declaration", "interface_declaration", "enum_declaration"}),
    declares=_declares,
)
GRAMMARS = dict.fromkeys((".php", ".phtml"), _PHP)
