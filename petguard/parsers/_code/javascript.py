"""JavaScript and TypeScript, also inside Vue, Svelte, Astro and HTML files."""

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from petguard.parsers._code.form import Call, Either, Expr, Import, Loaded, Member, Nothing, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assigned,
    assignment,
    binary,
    declaration,
    items,
    member,
    name,
    nothing,
    returned,
    string,
    subscript,
    ternary,
    through,
)

_LOADERS = frozenset({"require", "import"})
_NAMES = ("identifier", "shorthand_property_identifier", "type_identifier", "this", "property_identifier")
_WRAPPERS = (
    *("parenthesized_expression", "await_expression", "as_expression", "satisfies_expression", "non_null_expression"),
    *("type_assertion", "expression_statement", "jsx_expression", "spread_element"),
)


def _call(lowering: Lowering, node: Node) -> Expr:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    given = node.child_by_field_name("arguments")
    nodes = [each for each in given.named_children if each.type != "comment"] if given else []
    arguments = tuple(lowering.expr(each) for each in nodes)
    if lowering.text(callee) in _LOADERS:
        first = arguments[0] if arguments else None
        return Loaded(node.start_byte, first.value) if isinstance(first, Text) else Opaque(node.start_byte)
    return Call(node.start_byte, lowering.expr(callee), arguments, new=node.type == "new_expression")


def _object(lowering: Lowering, node: Node) -> Expr:
    return Record(node.start_byte, tuple(pair for child in node.named_children for pair in _pair(lowering, child)))


def _pair(lowering: Lowering, node: Node) -> Iterator[tuple[str, Expr]]:
    if node.type == "pair":
        yield _key(lowering, node.child_by_field_name("key")), lowering.expr(node.child_by_field_name("value"))
    elif node.type == "shorthand_property_identifier":
        yield lowering.text(node), lowering.expr(node)
    elif node.type == "spread_element":
        yield from _spread(lowering.expr(node))


def _spread(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """`...(url ? { baseURL: url } : {})`: the pairs may be there."""
    options = expr.options if isinstance(expr, Either) else (expr,)
    records = [each for each in options if isinstance(each, Record)]
    for record in records:
        for key, value in record.pairs:
            yield key, Either(value.start, (Nothing(value.start), value)) if len(options) > 1 else value


def _key(lowering: Lowering, node: Node | None) -> str:
    if node is None:
        return ""
    if node.type == "computed_property_name":
        inner = lowering.expr(node.named_children[0]) if node.named_children else None
        return inner.value if isinstance(inner, Text) else ""
    return lowering.text(node).strip("\"'")


def _import(lowering: Lowering, node: Node) -> Iterator[Import]:
    source = node.child_by_field_name("source")
    required = next((each for each in node.named_children if each.type == "import_require_clause"), None)
    if required is not None:
        source = required.child_by_field_name("source")
    if source is None:
        return
    module = lowering.text(source).strip("\"'`")
    start = node.start_byte
    if required is not None:
        yield Import(start, module, "", lowering.text(required.named_children[0]))
        return
    clause = next((each for each in node.named_children if each.type == "import_clause"), None)
    clause = clause or next((each for each in node.named_children if each.type == "export_clause"), None)
    inner = clause.named_children if clause is not None and clause.type == "import_clause" else filter(None, [clause])
    named = [each for child in inner for each in _clause(lowering, child)]
    yield from (Import(start, module, name_, local) for name_, local in named)
    if not named:
        yield Import(start, module)


def _clause(lowering: Lowering, node: Node) -> Iterator[tuple[str, str]]:
    if node.type == "identifier":
        yield "default", lowering.text(node)
    elif node.type == "namespace_import":
        yield "", lowering.text(node.named_children[-1])
    elif node.type in ("named_imports", "export_clause"):
        for each in node.named_children:
            given, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
            yield lowering.text(given), lowering.text(alias or given)


def _declarator(lowering: Lowering, node: Node) -> Iterator[Bound]:
    target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if target is not None and target.type == "object_pattern":
        yield from _unpacked(lowering, target, lowering.expr(value))
    elif target is not None:
        yield from assigned(lowering, target, value)


def _unpacked(lowering: Lowering, pattern: Node, value: Expr) -> Iterator[Bound]:
    """`const { OpenAI: Client, model = "gpt-4o" } = ...`."""
    for child in pattern.named_children:
        default = child.child_by_field_name("right")
        local = child.child_by_field_name("value") or child.child_by_field_name("left") or child
        if local.type == "assignment_pattern":
            default, local = local.child_by_field_name("right"), local.child_by_field_name("left") or local
        key = _key(lowering, child.child_by_field_name("key")) or lowering.text(local)
        member_ = Member(child.start_byte, value, key)
        yield (
            lowering.text(local),
            Either(child.start_byte, (member_, lowering.expr(default))) if default else member_,
            False,
        )


def _parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """A parameter of TypeScript; its default is what it has unless somebody gives another value."""
    pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
    if pattern is None:
        return
    if pattern.type == "object_pattern":
        yield from _unpacked(lowering, pattern, Opaque(node.start_byte))
        return
    found = lowering.expr(value) if value else Opaque(node.start_byte)
    yield lowering.text(pattern), found, False
    if any(each.type == "accessibility_modifier" for each in node.named_children):
        yield lowering.text(pattern), found, True


def _parameters(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """The parameters of JavaScript."""
    for child in node.named_children:
        if child.type == "identifier":
            yield lowering.text(child), Opaque(child.start_byte), False
        elif child.type == "object_pattern":
            yield from _unpacked(lowering, child, Opaque(child.start_byte))
        elif child.type == "assignment_pattern":
            left = child.child_by_field_name("left")
            if left is not None and left.type == "identifier":
                yield lowering.text(left), lowering.expr(child.child_by_field_name("right")), False


def _attribute(lowering: Lowering, node: Node) -> Iterator[Bound]:
    """`<Chat model="gpt-4o" />`."""
    if len(node.named_children) == 2:
        yield f"<>.{lowering.text(node.named_children[0])}", lowering.expr(node.named_children[1]), False


_JAVASCRIPT = Grammar(
    ecosystem="npm",
    module="tree_sitter_javascript",
    readers={
        **dict.fromkeys(_NAMES, name),
        **dict.fromkeys(_WRAPPERS, through()),
        "string": string(),
        "template_string": string("template_substitution"),
        "member_expression": member("object", "property"),
        "subscript_expression": subscript("object", "index"),
        "call_expression": _call,
        "new_expression": _call,
        "object": _object,
        "array": items,
        "binary_expression": binary(),
        "ternary_expression": ternary("consequence", "alternative"),
        "assignment_expression": through("right"),
        "null": nothing,
        "undefined": nothing,
    },
    imports={"import_statement": _import, "export_statement": _import},
    bindings={
        "variable_declarator": _declarator,
        "field_definition": declaration("property", "value", member=True),
        "formal_parameters": _parameters,
        "jsx_attribute": _attribute,
        "return_statement": returned,
    },
    assignments={
        "assignment_expression": assignment("left", "right"),
        "augmented_assignment_expression": assignment("left", "right"),
    },
    calls=frozenset({"call_expression", "new_expression"}),
    records=frozenset({"object"}),
    texts=frozenset({"string", "template_string"}),
    scopes=frozenset(
        [
            *("function_declaration", "function_expression", "arrow_function", "method_definition", "statement_block"),
            *("generator_function_declaration", "generator_function", "for_statement", "for_in_statement"),
        ]
    ),
    classes=frozenset({"class_body"}),
)

_UNTYPED = ("field_definition", "jsx_attribute")
_TYPESCRIPT = replace(
    _JAVASCRIPT,
    module="tree_sitter_typescript",
    function="language_typescript",
    bindings={
        **{
            kind: bind
            for kind, bind in _JAVASCRIPT.bindings.items()
            if kind not in ("field_definition", "jsx_attribute")
        },
        "public_field_definition": declaration("name", "value", member=True),
        "required_parameter": _parameter,
        "optional_parameter": _parameter,
        "enum_assignment": declaration("name", "value", member=True),
    },
    classes=frozenset({"class_body", "enum_body"}),
)
_TSX = replace(_TYPESCRIPT, function="language_tsx", bindings={**_TYPESCRIPT.bindings, "jsx_attribute": _attribute})

GRAMMARS = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), _JAVASCRIPT),
    **dict.fromkeys((".ts", ".mts", ".cts"), _TYPESCRIPT),
    ".tsx": _TSX,
}
