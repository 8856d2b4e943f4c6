"""Functions, classes and objects with methods in JavaScript and TypeScript."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_javascript_expressions import Expressions
from petguard.parsers._code.flow_typescript import Types

FUNCTIONS = ("function_declaration", "generator_function_declaration", "function_expression", "generator_function")
_DECLARED = ("function_declaration", "generator_function_declaration")
_SHOWN = 3  # names of a pattern
_LONGEST_NAME = 80


class Classes(Expressions):
    """Lowers the functions and classes of one file."""

    def __init__(self, data: bytes, function: str) -> None:
        super().__init__(data, function)
        self.types = Types(self)
        self._in_switch = False  # where `break` only ends the arm
        self.expressions = {
            **self.expressions,
            **dict.fromkeys(("arrow_function", "method_definition", *FUNCTIONS), self._lambda),
        }
        self.statements = {
            **dict.fromkeys(FUNCTIONS, lambda node: [self.function(node)]),
            **dict.fromkeys(("class_declaration", "abstract_class_declaration"), lambda node: [self.class_of(node)]),
            "break_statement": lambda node: [] if self._in_switch and not self.kids(node) else [f.Stop()],
            **self.types.statements,
        }

    def _lambda(self, node: Node) -> f.Expr:
        return f.Lambda(self.function(node))

    def function(self, node: Node, *, static: bool = False) -> f.Function:
        """A function, an arrow or a method; what one arrow gives back without `return`, it gives back."""
        body, single = self.field(node, "body"), self.field(node, "parameter")
        around = [] if single is None else [single]
        parameters = self.kids(self.field(node, "parameters")) or around
        lowered = [self._parameter(each, index) for index, each in enumerate(parameters)]
        return f.Function(
            self.text(self.field(node, "name")),
            [each for each in lowered if each.name != "this"],
            self._body(body),
            self.at(node),
            self.end(node),
            self.types.names(self.field(node, "return_type")),
            static=static,
        )

    def _body(self, body: Node | None) -> list[f.Statement]:
        if body is None:
            return []
        if body.type == "statement_block":
            # Functions may be called above the place where they stand.
            kids = sorted(self.kids(body), key=lambda each: each.type not in _DECLARED)
            return self.inside(kids, in_switch=False)
        return [f.Give(self.expression(body), self.at(body))]

    def _parameter(self, node: Node, index: int) -> f.Parameter:
        at, types, default = self.at(node), self.types.names(self.field(node, "type")), self.field(node, "value")
        target: Node | None = node
        if node.type in ("required_parameter", "optional_parameter"):
            target = self.field(node, "pattern")
        elif node.type == "assignment_pattern":
            target, default = self.field(node, "left"), self.field(node, "right")
        kind = "*" if target is not None and target.type == "rest_pattern" else ""
        if kind and target is not None:
            target = next(iter(self.kids(target)), None)
        value = None if default is None else self.expression(default)
        if target is None or target.type in ("identifier", "this"):
            return f.Parameter(self.text(target) or f"<{index}>", at, types, value, kind)
        pattern = self.expression(target)
        return f.Parameter(_pattern_name(pattern, index), at, types, value, kind, pattern)

    def class_of(self, node: Node) -> f.Class:
        fields: list[f.Field] = []
        body: list[f.Statement] = []
        for each in self.kids(self.field(node, "body")):
            if each.type == "method_definition":
                body.append(self._method(each, fields))
            elif each.type in ("public_field_definition", "field_definition"):
                fields.append(self._field(each))
            elif each.type == "class_static_block":
                body += self.block(self.kids(self.field(each, "body")))
        return f.Class(
            self.text(self.field(node, "name")),
            self._bases(node),
            fields,
            body,
            self.at(node),
            decorators=self.decorators(node),
        )

    def _bases(self, node: Node) -> tuple[str, ...]:
        """What a class extends, then what it implements."""
        found: list[str] = []
        for each in (inner for clause in self.kids(node, "class_heritage") for inner in self.kids(clause)):
            if each.type == "extends_clause":
                found.append(self.text(self.field(each, "value")))
            elif each.type == "implements_clause":
                found += [name for kind in self.kids(each) for name in self.types.names(kind)[:1]]
            else:
                found.append(self.text(each))
        return tuple(name for name in found if len(name) < _LONGEST_NAME)

    def decorators(self, node: Node) -> list[f.Expr]:
        return [self.inner(each) for each in self.kids(node, "decorator")]

    def _method(self, node: Node, fields: list[f.Field]) -> f.Function:
        before = {each.type for each in node.children}
        made = self.function(node, static="static" in before)
        made.decorators = [*self.decorators(node), *([f.Var("get", made.at)] if "get" in before else [])]
        if "set" in before:
            made.name = f"set {made.name}"  # what is read under this name is another function
        if made.name == "constructor":
            made.name = "__init__"
            made.body = [*self._kept_parameters(node, fields), *made.body]
        return made

    def _kept_parameters(self, node: Node, fields: list[f.Field]) -> Iterator[f.Statement]:
        """`constructor(private readonly llm: LlmService)` declares a field and fills it."""
        for each in self.kids(self.field(node, "parameters"), "required_parameter", "optional_parameter"):
            target = self.field(each, "pattern")
            marks = {child.type for child in each.children}
            if target is None or marks.isdisjoint({"accessibility_modifier", "readonly", "override_modifier"}):
                continue
            name, at = self.text(target), self.at(each)
            fields.append(f.Field(name, at, self._kept_types(name, each)))
            yield f.Let([f.Attr(f.Var("self", at), name, at)], f.Var(name, at), at)

    def _field(self, node: Node) -> f.Field:
        name = self.text(self.field(node, "name") or self.field(node, "property"))
        value = self.field(node, "value")
        types = self._kept_types(name, node)
        return f.Field(name, self.at(node), types, None if value is None else self.expression(value))

    def _kept_types(self, name: str, node: Node) -> tuple[str, ...]:
        """The types of a field; what a repository keeps is remembered."""
        kind = self.field(node, "type")
        entity = self.types.entity(kind)
        if entity:
            self.stores[name] = entity
        return self.types.names(kind)

    def named_class(self, name: str, value: Node | None) -> f.Class | None:
        """`const A = class {...}`, and an object whose methods speak of `this`: a class that there is one object of."""
        if value is not None and value.type == "class":
            made = self.class_of(value)
            made.name = name
            return made
        if value is None or value.type != "object" or b"this" not in self.data[value.start_byte : value.end_byte]:
            return None
        methods = [each for each in self.kids(value) if _is_method(each)]
        return self._object_class(name, value) if methods else None

    def _object_class(self, name: str, node: Node) -> f.Class:
        """An object as a class; the methods in `methods` and `computed` of a Vue component are its own, too."""
        fields: list[f.Field] = []
        body: list[f.Statement] = []
        for each in self.kids(node):
            value = self.field(each, "value")
            if each.type == "method_definition":
                body.append(self._method(each, fields))
            elif each.type == "pair" and value is not None:
                key = self.key(each)
                if key in ("methods", "computed") and value.type == "object":
                    inner = self._object_class(name, value)
                    fields += inner.fields
                    body += inner.body
                elif key:
                    fields.append(f.Field(key, self.at(each), (), self.expression(value)))
            elif each.type == "shorthand_property_identifier":
                fields.append(f.Field(self.text(each), self.at(each), (), self.name(each)))
        return f.Class(name, (), fields, body, self.at(node))

    def inside(self, nodes: list[Node], *, in_switch: bool) -> list[f.Statement]:
        """Statements of a switch or a loop, which a `break` in them ends."""
        before, self._in_switch = self._in_switch, in_switch
        try:
            return self.block(nodes)
        finally:
            self._in_switch = before


def _pattern_name(pattern: f.Expr, index: int) -> str:
    """What a parameter that is taken apart is called in a report; a second one in the same function says which."""
    names = [name for name, _ in pattern.pairs if name] if isinstance(pattern, f.Record) else []
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return f"{{{shown}}}{index or ''}"


def _is_method(node: Node) -> bool:
    """Whether a part of an object is a method, or an object of methods."""
    if node.type == "method_definition":
        return True
    value = node.child_by_field_name("value")
    return value is not None and value.type in ("function_expression", "object")
