"""What the classes of Java declare, and what its compiler, Lombok, Spring Data and langchain4j write for them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tree_sitter import Node

from petguard.flows import form as f

if TYPE_CHECKING:
    from petguard.parsers._code.flow_java_expressions import Expressions

CLASSES = (
    "class_declaration",
    "record_declaration",
    "interface_declaration",
    "enum_declaration",
    "annotation_type_declaration",
)
_BUILT = frozenset({"Builder", "SuperBuilder", "Data", "Value", "AllArgsConstructor", "RequiredArgsConstructor"})
_READ = frozenset({"Data", "Value", "Getter"})
_REPOSITORY = re.compile(r"(?:\w*Repository|CrudRepository|PanacheRepository\w*|BaseMapper)")
_FINDS = (
    "findById",
    "getById",
    "getReferenceById",
    "getOne",
    "findAll",
    "findAllById",
    "findOne",
    "listAll",
    "selectById",
)
_ANSWERS = frozenset({"AiService", "RegisterAiService", "SystemMessage", "UserMessage"})
_AI_SERVICES = "<AiServices>"
_NAMES = 8
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_GIVEN_BY_NAME = frozenset(
    {"RequestParam", "PathVariable", "RequestHeader", "QueryParam", "FormParam", "PathParam", "Param"}
)


def split(dotted: str) -> tuple[str, str]:
    """A dotted name as its package, and the classes and members of it: `org.x.Prompts.render` is in `org.x`."""
    parts = dotted.split(".")
    first = next((index for index, each in enumerate(parts) if each[:1].isupper()), max(len(parts) - 1, 0))
    return ".".join(parts[:first]), ".".join(parts[first:])


def names_in(low: "Expressions", node: Node | None) -> tuple[str, ...]:
    """The names in a type, in the order of the text; `var` and `void` say nothing."""
    found: list[str] = []
    pending = [] if node is None else [node]
    while pending and len(found) < _NAMES:
        each = pending.pop(0)
        if each.type in ("type_identifier", "scoped_type_identifier", "identifier"):
            name = low.named(re.sub(r"<[^<>]*>|\s", "", low.text(each)))
            found += [] if name == "var" else [low.names.whole("bool" if name == "Boolean" else name)]
        elif each.type in ("integral_type", "floating_point_type"):
            found.append(low.text(each))
        elif each.type == "boolean_type":
            found.append("bool")
        else:
            pending[:0] = low.kids(each)
    return tuple(found)


def builder(value: f.Expr | None) -> tuple[str, ...]:
    """The type of a local that is declared with `var`, as far as it matters: that it builds something."""
    step = value
    while isinstance(step, f.Call) and isinstance(step.callee, f.Attr):
        if step.callee.name in ("builder", "newBuilder"):
            return ("Builder",)
        step = step.callee.of
    return (
        ("Builder",)
        if isinstance(step, f.Call)
        and isinstance(step.callee, f.Attr | f.Var)
        and (step.new and step.callee.name.endswith("Builder"))
        else ()
    )


def nested(low: "Expressions", top: Iterable[Node], around: str = "") -> Iterator[tuple[str, str]]:
    """The classes inside of classes, with their whole name."""
    for each in top:
        if each.type in CLASSES:
            name = low.text(low.field(each, "name"))
            whole = f"{around}.{name}" if around else name
            if around:
                yield name, whole
            if whole.count(".") < _NAMES:
                yield from nested(low, members(low, each), whole)


def members(low: "Expressions", node: Node) -> list[Node]:
    """What stands in the body of a class."""
    inner = low.kids(low.field(node, "body"))
    return [one for each in inner for one in (low.kids(each) if each.type == "enum_body_declarations" else [each])]


def names_of_members(low: "Expressions", node: Node, body: Iterable[Node]) -> frozenset[str]:
    """The fields and methods that a class declares."""
    found = {low.text(low.field(each, "name")) for each in body if each.type in ("method_declaration", "enum_constant")}
    for each in body:
        if each.type in ("field_declaration", "constant_declaration"):
            found |= {low.text(low.field(one, "name")) for one in each.children_by_field_name("declarator")}
    return frozenset(found | {each.name for each in components(low, node)})


def field_types(low: "Expressions", node: Node, body: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    """The types of the fields of a class."""
    found = {each.name: each.types for each in components(low, node)}
    for each in body:
        if each.type == "field_declaration":
            kinds = names_in(low, low.field(each, "type"))
            found |= {low.text(low.field(one, "name")): kinds for one in each.children_by_field_name("declarator")}
    return found


def bases(low: "Expressions", node: Node) -> tuple[str, ...]:
    """The classes and interfaces that a class is made from."""
    clauses = low.kids(node, "superclass", "super_interfaces", "extends_interfaces")
    named = [one for each in clauses for one in low.kids(each)]
    inner = [one for each in named for one in (low.kids(each) if each.type == "type_list" else [each])]
    return tuple(names[0] for each in inner if (names := names_in(low, each)))


def components(low: "Expressions", node: Node) -> list[f.Field]:
    """What a record is made of."""
    found = []
    for each in low.kids(low.field(node, "parameters") if node.type == "record_declaration" else None):
        name, kind = _name(low, each), _kind(low, each)
        found.append(f.Field(low.text(name), low.at(each), names_in(low, kind)))
    return found


def _name(low: "Expressions", parameter: Node) -> Node | None:
    declared = next(iter(low.kids(parameter, "variable_declarator")), None)
    return low.field(parameter, "name") or (low.field(declared, "name") if declared is not None else None)


def _kind(low: "Expressions", parameter: Node) -> Node | None:
    others = [each for each in low.kids(parameter) if each.type not in ("modifiers", "variable_declarator")]
    return low.field(parameter, "type") or next(iter(others), None)


def annotations(low: "Expressions", node: Node) -> list[f.Expr]:
    """The annotations of a declaration."""
    return [low.expression(each) for each in _marks(low, node)]


def _marks(low: "Expressions", node: Node) -> list[Node]:
    return [one for each in low.kids(node, "modifiers") for one in low.kids(each, "annotation", "marker_annotation")]


def _marked(low: "Expressions", node: Node) -> set[str]:
    return {low.text(low.field(each, "name")).rpartition(".")[2] for each in _marks(low, node)}


def is_record(low: "Expressions", node: Node, body: Iterable[Node]) -> bool:
    """Whether the fields can be given when an object is made: a record, or a class with a builder."""
    has_builder = any(
        each.type == "class_declaration" and low.text(low.field(each, "name")) == "Builder" for each in body
    )
    return node.type == "record_declaration" or has_builder or not _BUILT.isdisjoint(_marked(low, node))


def parameters(low: "Expressions", node: Node | None) -> list[f.Parameter]:
    """The parameters of a method, known as locals from here on."""
    found = []
    for each in low.kids(node, "formal_parameter", "spread_parameter"):
        name, kinds = low.text(_name(low, each)), names_in(low, _kind(low, each))
        low.names.declare(name, kinds)
        found.append(f.Parameter(name, low.at(each), kinds, kind="*" if each.type == "spread_parameter" else ""))
    return found


def renamed(low: "Expressions", node: Node | None) -> Iterator[f.Statement]:
    """`@RequestParam("email") String value`: what comes in under another name bears that name, too."""
    for each in low.kids(node, "formal_parameter"):
        own, at = low.text(_name(low, each)), low.at(each)
        for mark in _marks(low, each):
            said = _said(low, mark)
            is_given = low.text(low.field(mark, "name")).rpartition(".")[2] in _GIVEN_BY_NAME
            if is_given and said != own and _IDENTIFIER.fullmatch(said):
                yield f.Let([f.Var(said, at)], f.Var(own, at), at)
                yield f.Let([f.Var(own, at)], f.Var(said, at), at)


def _said(low: "Expressions", mark: Node) -> str:
    for each in low.kids(low.field(mark, "arguments")):
        value = low.field(each, "value") if each.type == "element_value_pair" else each
        is_name = each.type != "element_value_pair" or low.text(low.field(each, "key")) in ("value", "name")
        if value is not None and is_name and value.type == "string_literal":
            return low.string(value)
    return ""


def generated(low: "Expressions", node: Node, body: Sequence[Node], written: set[str]) -> Iterator[f.Function]:
    """Methods that nobody writes: accessors of records, Lombok's getters, the queries of a repository."""
    for part in components(low, node):
        if part.name not in written:
            yield _reads(part.name, part.name, part.types, part.at)
    of_class = not _READ.isdisjoint(_marked(low, node))
    for each in body:
        if each.type == "field_declaration" and (of_class or "Getter" in _marked(low, each)):
            kinds = names_in(low, low.field(each, "type"))
            for one in each.children_by_field_name("declarator"):
                name = low.text(low.field(one, "name"))
                getter = f"{'is' if kinds == ('bool',) else 'get'}{name[:1].upper()}{name[1:]}"
                if getter not in written:
                    yield _reads(getter, name, kinds, low.at(one))
    kept = _entity(low, node)
    for name in _FINDS if kept else ():
        if name not in written:
            yield f.Function(
                name, [], [_found(kept, low.at(node), low.end(node))], low.at(node), low.end(node), (kept,)
            )


def _reads(name: str, member: str, kinds: tuple[str, ...], at: f.Place) -> f.Function:
    return f.Function(name, [], [f.Give(f.Attr(f.Var("self", at), member, at), at)], at, at, kinds)


def _found(kept: str, at: f.Place, end: f.Place) -> f.Statement:
    """An object that is read from where those of its class are kept."""
    return f.Give(f.Call(f.Attr(f.Var(kept, at), "find", at), [], at, end), at)


def _entity(low: "Expressions", node: Node) -> str:
    """Whose objects a repository keeps: the first type that its base is given."""
    for clause in low.kids(node, "superclass", "super_interfaces", "extends_interfaces"):
        names = names_in(low, clause)
        if len(names) > 1 and _REPOSITORY.fullmatch(names[0].rpartition(".")[2]):
            return names[1]
    return ""


def answer(
    low: "Expressions", node: Node, owner: Node, given: Sequence[f.Parameter], returns: Sequence[str]
) -> list[f.Statement]:
    """What a method without a body does: query a repository, or ask the model that langchain4j puts behind it."""
    kept, at = _entity(low, owner), low.at(node)
    if kept and kept in returns:
        return [_found(kept, at, low.end(node))]
    if _ANSWERS.isdisjoint(_marked(low, owner) | _marked(low, node)):
        return []
    low.form.imports.append(f.Import("dev.langchain4j.service", "AiServices", _AI_SERVICES))
    asked = f.Attr(f.Call(f.Attr(f.Var(_AI_SERVICES, at), "create", at), [], at, at), "chat", at)
    arguments = [f.Argument(f.Var(each.name, each.at)) for each in given]
    return [f.Give(f.Call(asked, arguments, at, low.end(node)), at)]
