"""Rust."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Either, Expr, Import, Items, Name, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assignment,
    binary,
    declaration,
    defined,
    items,
    member,
    name,
    positional,
    returned,
    string,
    through,
)


def _call(lowering: Lowering, node: Node) -> Expr:
    return Call(node.start_byte, lowering.expr(node.child_by_field_name("function")), positional(lowering, node))


def _struct(lowering: Lowering, node: Node) -> Expr:
    body = node.child_by_field_name("body")
    pairs = tuple(pair for each in (body.named_children if body else ()) for pair in _field(lowering, each))
    return Call(node.start_byte, lowering.expr(node.child_by_field_name("name")), (), pairs)


def _field(lowering: Lowering, node: Node) -> Iterator[tuple[str, Expr]]:
    if node.type == "field_initializer":
        key = node.child_by_field_name("field") or node.child_by_field_name("name")
        yield lowering.text(key), lowering.expr(node.child_by_field_name("value"))
    elif node.type == "shorthand_field_initializer":
        yield lowering.text(node), Name(node.start_byte, lowering.text(node))


def _macro(lowering: Lowering, node: Node) -> Expr:
    """`json!({...})`, `format!("...", x)`: a macro's arguments are bare tokens."""
    tokens = next((each for each in node.named_children if each.type == "token_tree"), None)
    called = lowering.text(node.child_by_field_name("macro"))
    if called.endswith(("json", "vec")):
        return _tokens(lowering, tokens)
    given = tuple(value for _, value in _arguments(lowering, tokens))
    return Call(node.start_byte, Name(node.start_byte, called), given)


def _tokens(lowering: Lowering, node: Node | None) -> Expr:
    found = _arguments(lowering, node)
    start = node.start_byte if node else 0
    pairs = tuple((key, value) for key, value in found if key)
    if pairs:
        return Record(start, pairs)
    if len(found) == 1 and isinstance(found[0][1], Record):
        return found[0][1]
    return Items(start, tuple(value for _, value in found))


def _arguments(lowering: Lowering, node: Node | None) -> list[tuple[str, Expr]]:
    """What stands between the commas, with its key; what is more than one token is not looked into."""
    found: list[tuple[str, Expr]] = []
    key: str = ""
    part: list[Node] = []
    for child in node.children[1:] if node else ():
        if child.type in (",", ")", "]", "}"):
            value = _value(lowering, part)
            found += [(key, value)] if value is not None else []
            key, part = "", []
        elif child.type == ":" and len(part) == 1:
            inner = lowering.expr(part[0])
            key, part = inner.value if isinstance(inner, Text) else lowering.text(part[0]), []
        else:
            part.append(child)
    return found


def _value(lowering: Lowering, part: list[Node]) -> Expr | None:
    if not part:
        return None
    if len(part) > 1:
        return Opaque(part[0].start_byte)
    return _tokens(lowering, part[0]) if part[0].type == "token_tree" else lowering.expr(part[0])


def _tuple(lowering: Lowering, node: Node) -> Expr:
    """`("groq", "https://...")` in a table: a name with its value."""
    found = [lowering.expr(each) for each in node.named_children]
    if len(found) == 2 and isinstance(found[0], Text):
        return Record(node.start_byte, ((found[0].value, found[1]),))
    return Items(node.start_byte, tuple(found))


def _branches(lowering: Lowering, node: Node) -> Expr:
    """`if` and `match` give one of several."""
    if node.type == "if_expression":
        options = [node.child_by_field_name("consequence"), node.child_by_field_name("alternative")]
    else:
        body = node.child_by_field_name("body")
        arms = [each for each in body.named_children if each.type == "match_arm"] if body else []
        options = [each.child_by_field_name("value") for each in arms]
    return Either(node.start_byte, tuple(lowering.expr(each) for each in options if each))


def _last(lowering: Lowering, node: Node) -> Expr:
    """A block gives what stands last in it."""
    return lowering.expr(node.named_children[-1]) if node.named_children else Opaque(node.start_byte)


def _closure(lowering: Lowering, node: Node) -> Expr:
    body = node.child_by_field_name("body")
    return lowering.expr(body) if body is not None and body.type != "block" else Opaque(node.start_byte)


def _use(lowering: Lowering, node: Node) -> Iterator[Import]:
    argument = node.child_by_field_name("argument")
    if argument is not None:
        yield from _used(lowering, argument, "", 0)


def _used(lowering: Lowering, node: Node, before: str, depth: int) -> Iterator[Import]:
    """`a::{b, c::d as e, f::*}`, one import each."""
    start = node.start_byte
    if depth > 20:
        return
    if node.type == "scoped_use_list":
        inner = _joined(before, lowering.text(node.child_by_field_name("path")))
        listed = node.child_by_field_name("list")
        for each in listed.named_children if listed else ():
            yield from _used(lowering, each, inner, depth + 1)
    elif node.type == "use_list":
        for each in node.named_children:
            yield from _used(lowering, each, before, depth + 1)
    elif node.type == "use_wildcard":
        yield Import(start, _joined(before, lowering.text(node).removesuffix("::*")))
    else:
        alias = node.child_by_field_name("alias") if node.type == "use_as_clause" else None
        path = lowering.text(node.child_by_field_name("path")) if alias is not None else lowering.text(node)
        module, _, last = _joined(before, path).rpartition("::")
        if last == "self":
            module, _, last = module.rpartition("::")
        local = lowering.text(alias) if alias is not None else last
        yield Import(start, module, last, local) if module else Import(start, last, "", local)


def _joined(before: str, path: str) -> str:
    return f"{before}::{path}" if before and path else before or path


def _extern(lowering: Lowering, node: Node) -> Iterator[Import]:
    crate = lowering.text(node.child_by_field_name("name"))
    alias = node.child_by_field_name("alias")
    yield Import(node.start_byte, crate, "", lowering.text(alias) if alias else crate)


def _let(lowering: Lowering, node: Node) -> Iterator[Bound]:
    pattern = node.child_by_field_name("pattern")
    if pattern is not None and pattern.type in ("identifier", "mut_pattern"):
        value = node.child_by_field_name("value")
        text = lowering.text(pattern).removeprefix("mut ").strip()
        yield text, lowering.expr(value) if value else Opaque(node.start_byte), False


def _parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    pattern = node.child_by_field_name("pattern")
    if pattern is not None and pattern.type == "identifier":
        yield lowering.text(pattern), Opaque(node.start_byte), False


def _constant(lowering: Lowering, node: Node) -> Iterator[Bound]:
    in_impl = node.parent is not None and node.parent.type == "declaration_list"
    for name_, value, _ in declaration("name", "value")(lowering, node):
        yield name_, value, in_impl


_WRAPPERS = (
    *("parenthesized_expression", "try_expression", "await_expression", "expression_statement", "else_clause"),
    *("type_cast_expression", "mut_pattern"),
)
GRAMMARS = {
    ".rs": Grammar(
        ecosystem="cargo",
        module="tree_sitter_rust",
        readers={
            **dict.fromkeys(("identifier", "type_identifier", "self", "crate", "super"), name),
            **dict.fromkeys(("scoped_identifier", "scoped_type_identifier"), member("path", "name")),
            **dict.fromkeys(_WRAPPERS, through()),
            **dict.fromkeys(("if_expression", "match_expression"), _branches),
            "reference_expression": through("value"),
            "generic_function": through("function"),
            "generic_type": through("type"),
            "field_expression": member("value", "field"),
            "string_literal": string(),
            "raw_string_literal": string(),
            "call_expression": _call,
            "struct_expression": _struct,
            "macro_invocation": _macro,
            "array_expression": items,
            "tuple_expression": _tuple,
            "block": _last,
            "closure_expression": _closure,
            "binary_expression": binary(either=()),
        },
        imports={"use_declaration": _use, "extern_crate_declaration": _extern},
        bindings={
            "const_item": _constant,
            "static_item": _constant,
            "let_declaration": _let,
            "parameter": _parameter,
            "struct_item": defined("name"),
            "enum_item": defined("name"),
            "mod_item": defined("name"),
            "return_expression": returned,
        },
        assignments={"assignment_expression": assignment("left", "right")},
        calls=frozenset({"call_expression", "struct_expression", "macro_invocation"}),
        records=frozenset({"macro_invocation", "tuple_expression"}),
        texts=frozenset({"string_literal", "raw_string_literal"}),
        scopes=frozenset({"function_item", "closure_expression", "block"}),
        classes=frozenset({"impl_item"}),
    )
}
