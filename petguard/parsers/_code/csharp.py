"""C#."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.parsers._code.form import Call, Expr, Import, Items, Member, Name, Opaque, Record, Text
from petguard.parsers._code.tree import (
    Bound,
    Grammar,
    Lowering,
    assignment,
    binary,
    items,
    joined,
    name,
    nothing,
    path,
    plain,
    returned,
    ternary,
    through,
    typed,
    unquoted,
)

_CONTENT = frozenset({"string_literal_content", "string_content", "raw_string_content", "escape_sequence"})
_MAPS = ("Dictionary", "Json", "SortedDictionary", "ConcurrentDictionary")


def _string(lowering: Lowering, node: Node) -> Expr:
    parts: list[Expr] = []
    for child in node.named_children:
        if child.type == "interpolation":
            inner = [each for each in child.named_children if each.type != "interpolation_brace"]
            parts.append(lowering.expr(next(iter(inner), None)))
        elif child.type in _CONTENT:
            parts.append(Text(child.start_byte, plain(lowering.text(child), escape="escape" in child.type)))
    if node.type == "verbatim_string_literal":
        parts = [Text(node.start_byte, unquoted(lowering.text(node)))]
    return joined(node.start_byte, parts)


def _call(lowering: Lowering, node: Node) -> Expr:
    callee = lowering.expr(node.child_by_field_name("function"))
    positional, named = _arguments(lowering, node.child_by_field_name("arguments"))
    return Call(node.start_byte, callee, positional, named)


def _creation(lowering: Lowering, node: Node) -> Expr:
    """`new X(a) { B = c }`; a dictionary or list that is written out is a record or a list."""
    kind = node.child_by_field_name("type")
    positional, named = _arguments(lowering, node.child_by_field_name("arguments"))
    initial = node.child_by_field_name("initializer")
    found = lowering.expr(initial) if initial else None
    if isinstance(found, Items) or (
        isinstance(found, Record) and lowering.text(kind).startswith(("Dictionary", "Json"))
    ):
        return found
    filled = found.pairs if isinstance(found, Record) else ()
    return Call(node.start_byte, lowering.expr(kind), positional, (*named, *filled), new=True)


def _implicit(lowering: Lowering, node: Node) -> Expr:
    """`OpenAIClient client = new(key);`: the type stands where the name is declared."""
    given = next((each for each in node.named_children if each.type == "argument_list"), None)
    initial = next((each for each in node.named_children if each.type == "initializer_expression"), None)
    positional, named = _arguments(lowering, given)
    found = lowering.expr(initial) if initial else None
    filled = found.pairs if isinstance(found, Record) else ()
    around = node.parent
    while around is not None and around.type in ("variable_declarator", "equals_value_clause"):
        around = around.parent
    kind = around.child_by_field_name("type") if around is not None else None
    return Call(node.start_byte, lowering.expr(kind), positional, (*named, *filled), new=True)


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


def _initializer(lowering: Lowering, node: Node) -> Expr:
    pairs = [pair for each in node.named_children for pair in _pair(lowering, each)]
    if pairs or not node.named_children:
        return Record(node.start_byte, tuple(pairs))
    return items(lowering, node)


def _pair(lowering: Lowering, node: Node) -> Iterator[tuple[str, Expr]]:
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        key = lowering.expr(left)
        yield (
            key.value if isinstance(key, Text) else lowering.text(left),
            lowering.expr(node.child_by_field_name("right")),
        )
    elif node.type == "initializer_expression" and len(node.named_children) == 2:
        key = lowering.expr(node.named_children[0])
        if isinstance(key, Text):
            yield key.value, lowering.expr(node.named_children[1])


def _anonymous(lowering: Lowering, node: Node) -> Expr:
    """`new { model = "x", url }`: names and values are neighbours, with the sign between them."""
    pairs: list[tuple[str, Expr]] = []
    children = [each for each in node.children if each.type not in ("new", "{", "}", "comment")]
    for index, child in enumerate(children):
        before = children[index - 1].type if index else ","
        after = children[index + 1].type if index + 1 < len(children) else ","
        if before == "=" and index >= 2:
            pairs.append((lowering.text(children[index - 2]), lowering.expr(child)))
        elif child.is_named and after != "=":
            pairs.append((lowering.text(child).rpartition(".")[2], lowering.expr(child)))
    return Record(node.start_byte, tuple(pairs))


def _conditional(lowering: Lowering, node: Node) -> Expr:
    """`a?.B`, and `a?.B(x)` where the call is the part after the sign."""
    of = lowering.expr(node.child_by_field_name("condition"))
    last = node.named_children[-1]
    if last.type == "member_binding_expression":
        return Member(node.start_byte, of, _bare(lowering.text(last.child_by_field_name("name"))))
    binding = last.child_by_field_name("function") if last.type == "invocation_expression" else None
    if binding is None or binding.type != "member_binding_expression":
        return Opaque(node.start_byte)
    callee = Member(node.start_byte, of, _bare(lowering.text(binding.child_by_field_name("name"))))
    return Call(node.start_byte, callee, *_arguments(lowering, last.child_by_field_name("arguments")))


def _bare(text: str) -> str:
    return text.partition("<")[0]


def _member(lowering: Lowering, node: Node) -> Expr:
    of = node.child_by_field_name("expression")
    return Member(node.start_byte, lowering.expr(of), _bare(lowering.text(node.child_by_field_name("name"))))


def _index(lowering: Lowering, node: Node) -> Expr:
    given, _ = _arguments(lowering, node.child_by_field_name("subscript"))
    of = lowering.expr(node.child_by_field_name("expression"))
    known = given and isinstance(given[0], Text)
    return (
        Member(node.start_byte, of, given[0].value) if known and isinstance(given[0], Text) else Opaque(node.start_byte)
    )


def _using(lowering: Lowering, node: Node) -> Iterator[Import]:
    alias = node.child_by_field_name("name")
    target = lowering.text(node.named_children[-1] if node.named_children else None)
    local = lowering.text(alias) if alias is not None and len(node.named_children) > 1 else ""
    yield Import(node.start_byte, target, "", local, everywhere=any(each.type == "global" for each in node.children))


def _declarator(lowering: Lowering, node: Node) -> Iterator[Bound]:
    around = node.parent
    field = around is not None and around.parent is not None and around.parent.type == "field_declaration"
    values = [each for each in node.named_children[1:] if each.type != "bracketed_argument_list"]
    value = lowering.expr(values[-1]) if values else typed(lowering, around)
    yield lowering.text(node.child_by_field_name("name")), value, bool(field)


def _property(lowering: Lowering, node: Node) -> Iterator[Bound]:
    value = node.child_by_field_name("value")
    found = lowering.expr(value) if value else typed(lowering, node)
    yield lowering.text(node.child_by_field_name("name")), found, True


def _parameter(lowering: Lowering, node: Node) -> Iterator[Bound]:
    last = node.named_children[-1] if node.named_children else None
    has_value = any(each.type == "=" for each in node.children)
    yield (
        lowering.text(node.child_by_field_name("name")),
        lowering.expr(last) if has_value else typed(lowering, node),
        False,
    )


def _declares(lowering: Lowering, root: Node) -> str:
    kinds = ("file_scoped_namespace_declaration", "namespace_declaration")
    found = next((each for each in root.named_children if each.type in kinds), None)
    return lowering.text(found.child_by_field_name("name")) if found else ""


def _generic(lowering: Lowering, node: Node) -> Expr:
    return Name(node.start_byte, _bare(lowering.text(node)))


_STRINGS = ("string_literal", "interpolated_string_expression", "raw_string_literal", "verbatim_string_literal")
_CREATIONS = ("object_creation_expression", "implicit_object_creation_expression")
GRAMMARS = {
    ".cs": Grammar(
        ecosystem="nuget",
        module="tree_sitter_c_sharp",
        readers={
            **dict.fromkeys(("identifier", "this", "base", "this_expression"), name),
            **dict.fromkeys(_STRINGS, _string),
            **dict.fromkeys(("parenthesized_expression", "await_expression", "postfix_unary_expression"), through()),
            **dict.fromkeys(("arrow_expression_clause", "nullable_type", "argument", "expression_element"), through()),
            **dict.fromkeys(("element_binding_expression", "collection_element"), through()),
            "cast_expression": through("value"),
            "generic_name": _generic,
            "qualified_name": path,
            "member_access_expression": _member,
            "conditional_access_expression": _conditional,
            "element_access_expression": _index,
            "invocation_expression": _call,
            "object_creation_expression": _creation,
            "implicit_object_creation_expression": _implicit,
            "anonymous_object_creation_expression": _anonymous,
            "initializer_expression": _initializer,
            "implicit_array_creation_expression": through(),
            "array_creation_expression": lambda lowering, node: lowering.expr(node.named_children[-1]),
            "collection_expression": items,
            "binary_expression": binary(either=("??",)),
            "conditional_expression": ternary("consequence", "alternative"),
            "assignment_expression": through("right"),
            "null_literal": nothing,
        },
        imports={"using_directive": _using},
        bindings={
            "variable_declarator": _declarator,
            "property_declaration": _property,
            "parameter": _parameter,
            "return_statement": returned,
        },
        assignments={"assignment_expression": assignment("left", "right")},
        calls=frozenset({"invocation_expression", "conditional_access_expression", *_CREATIONS}),
        records=frozenset({"anonymous_object_creation_expression", "object_creation_expression"}),
        texts=frozenset(_STRINGS),
        scopes=frozenset(
            [
                *("method_declaration", "constructor_declaration", "lambda_expression", "block"),
                *("local_function_statement", "for_statement", "foreach_statement", "accessor_declaration"),
            ]
        ),
        classes=frozenset({"class_declaration", "record_declaration", "struct_declaration", "interface_declaration"}),
        declares=_declares,
    )
}
