"""Brings JavaScript and TypeScript, JSX too, into the form in which values are followed."""

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_builtins import BuiltIns
from petguard.parsers._code.flow_tree import Lowering
from petguard.parsers._code.flow_typescript import Types

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_COMPARES = frozenset(["==", "===", "!=", "!==", "<", ">", "<=", ">=", "in", "instanceof"])
_CHOOSES = frozenset(["||", "??"])
_FUNCTIONS = ("function_declaration", "generator_function_declaration", "function_expression", "generator_function")
_DECLARED = ("function_declaration", "generator_function_declaration")
_JSX = ("jsx_element", "jsx_self_closing_element", "jsx_fragment")
# What a chain is made of, with the field that holds what comes before.
_LINKS = {"member_expression": "object", "subscript_expression": "object", "call_expression": "function"}
_LINKS |= {"non_null_expression": "expression", "instantiation_expression": "function"}
_LONGEST_CHAIN = 200
_LONGEST_ROW = 20  # of `else if`, each inside of the one before
_NAMING = frozenset(
    [
        *("call_expression", "new_expression", "member_expression", "extends_clause", "class_heritage"),
        *("jsx_opening_element", "jsx_self_closing_element", "instantiation_expression"),
    ]
)
_COMPONENTS = frozenset({"defineComponent", "Vue.extend", "reactive", "Object.freeze"})
_SHOWN = 3  # names of a pattern
_LONGEST_TEXT = 4_000
_LONGEST_NAME = 80
_COUNTS = frozenset({"length", "byteLength", "size"})


def form(data: bytes, function: str) -> f.Form:
    """A whole file. `function` names the grammar: `javascript`, `typescript` or `tsx`."""
    return _JavaScript(data, function).lowered()


class _JavaScript(Lowering):
    def __init__(self, data: bytes, function: str) -> None:
        module = "tree_sitter_javascript" if function == "javascript" else "tree_sitter_typescript"
        super().__init__(data, module, "language" if function == "javascript" else f"language_{function}")
        self.types = Types(self)
        self.built_ins = BuiltIns(self)
        self._exported = 0
        self._stores: dict[str, str] = {}  # the fields that hold repositories, with what is kept there
        self._in_switch = False  # where `break` only ends the arm
        self.statements = {
            "import_statement": self._import,
            "export_statement": self._export,
            **dict.fromkeys(("lexical_declaration", "variable_declaration"), self._declaration),
            **dict.fromkeys(_FUNCTIONS, lambda node: [self.function(node)]),
            **dict.fromkeys(("class_declaration", "abstract_class_declaration"), lambda node: [self._class(node)]),
            "expression_statement": self._do,
            "if_statement": self._if,
            "for_statement": self._for,
            "for_in_statement": self._for_each,
            **dict.fromkeys(("while_statement", "do_statement"), self._while),
            "try_statement": self._try,
            "return_statement": self._return,
            "throw_statement": lambda node: [f.Stop(self._first(node))],
            "break_statement": lambda node: [] if self._in_switch and not self.kids(node) else [f.Stop()],
            "continue_statement": lambda _node: [f.Stop()],
            "switch_statement": self._switch,
            "labeled_statement": lambda node: self.block(self.kids(node)),
            "statement_block": lambda node: self.block(self.kids(node)),
            "else_clause": lambda node: self.block(self.kids(node)),
            **self.types.statements,
        }
        self.expressions = {
            **dict.fromkeys(("identifier", "shorthand_property_identifier"), self._name),
            "shorthand_property_identifier_pattern": self._name,
            "property_identifier": self._name,
            "this": lambda node: f.Var("self", self.at(node)),
            "super": lambda node: f.Var("super", self.at(node)),
            "string": lambda node: f.Text(self.string(node), self.at(node)),
            "regex": lambda node: f.Text(self.text(self.field(node, "pattern")), self.at(node)),
            "number": lambda node: f.Text(self.text(node), self.at(node)),
            "template_string": self._template,
            **dict.fromkeys(_LINKS, self._chain),
            "new_expression": self._new,
            **dict.fromkeys(("object", "object_pattern"), self._object),
            **dict.fromkeys(("array", "array_pattern"), self._array),
            **dict.fromkeys(("arrow_function", *_FUNCTIONS), lambda node: f.Lambda(self.function(node))),
            "assignment_expression": self._assigned,
            "augmented_assignment_expression": self._assigned,
            "assignment_pattern": self._default,
            **dict.fromkeys(("rest_pattern", "spread_element"), lambda node: f.Spread(self._inner(node))),
            "binary_expression": self._binary,
            "unary_expression": self._unary,
            "update_expression": lambda node: f.Only([self.expression(self.field(node, "argument"))]),
            "ternary_expression": self._ternary,
            "sequence_expression": self._sequence,
            **dict.fromkeys(("await_expression", "yield_expression", "parenthesized_expression"), self._inner),
            **dict.fromkeys(("as_expression", "satisfies_expression"), self._inner),
            "type_assertion": lambda node: self.expression(next(iter(reversed(self.kids(node))), None)),
            "jsx_expression": self._inner,
            **dict.fromkeys(_JSX, self._jsx),
            "import": lambda node: f.Var("import", self.at(node)),
        }

    def lowered(self) -> f.Form:
        self.form.body = [*self.block(self.kids(self.root)), *self.types.made]
        return self.form

    # --- modules --------------------------------------------------------------------------------------------------

    def _import(self, node: Node) -> list[f.Statement]:
        module = self.string(self.field(node, "source"))
        for clause in self.kids(node, "import_clause"):
            for each in self.kids(clause):
                self._imported(each, module)
        for required in self.kids(node, "import_require_clause"):
            name, path = self.kids(required, "identifier"), self.kids(required, "string")
            if name and path:
                self.form.imports.append(f.Import(self.string(path[0]), "", self.text(name[0])))
        return []

    def _imported(self, node: Node, module: str) -> None:
        if node.type == "identifier":
            self.form.imports.append(f.Import(module, "default", self.text(node)))
        elif node.type == "namespace_import":
            self.form.imports.append(f.Import(module, "", self.text(next(iter(self.kids(node)), None))))
        for each in self.kids(node, "import_specifier"):
            name = self.text(self.field(each, "name"))
            self.form.imports.append(f.Import(module, name, self.text(self.field(each, "alias")) or name))

    def _export(self, node: Node) -> Iterable[f.Statement]:
        source = self.field(node, "source")
        module = self.string(source) if source is not None else ""
        declared, value = self.field(node, "declaration"), self.field(node, "value")
        is_default = any(each.type == "default" for each in node.children)
        for clause in self.kids(node, "export_clause"):
            for each in self.kids(clause, "export_specifier"):
                name = self.text(self.field(each, "name"))
                self.form.exports.append(f.Export(self.text(self.field(each, "alias")) or name, name, module))
        for each in self.kids(node, "namespace_export"):
            self.form.exports.append(f.Export(self.text(next(iter(self.kids(each)), None)), "*", module))
        if module and any(each.type == "*" for each in node.children):
            self._exported += 1
            self.form.exports.append(f.Export(f"*{self._exported}", "*", module))
        if declared is not None:
            if is_default:
                name = self.text(self.field(declared, "name")) or "default"
                self.form.exports.append(f.Export("default", name))
            return self._decorated(node, declared)
        return self._exported_value(value) if value is not None else []

    def _exported_value(self, value: Node) -> list[f.Statement]:
        """`export default ...`."""
        self.form.exports.append(f.Export("default", self.text(value) if value.type == "identifier" else "default"))
        if value.type in _FUNCTIONS or value.type == "class":
            whole = self._class(value) if value.type == "class" else self.function(value)
            whole.name = self.form.exports[-1].local
            return [whole]
        made = self._named_class("default", self._options(value))
        if made is not None:
            return [made]
        return [] if value.type == "identifier" else [self._let("default", value)]

    def _options(self, value: Node) -> Node:
        """The object that `defineComponent({...})` and the like are given."""
        given = self.kids(self.field(value, "arguments")) if value.type == "call_expression" else []
        return given[0] if len(given) == 1 and self.text(self.field(value, "function")) in _COMPONENTS else value

    def _decorated(self, outer: Node, declared: Node) -> list[f.Statement]:
        """A declaration; the decorators of an exported class stand before `export`."""
        made = list(self.statement(declared))
        for each in made:
            if isinstance(each, f.Class):
                each.decorators = [*self._decorators(outer), *each.decorators]
        return made

    def _let(self, name: str, value: Node) -> f.Statement:
        return f.Let([f.Var(name, self.at(value))], self.expression(value), self.at(value))

    def _common_export(self, target: Node, value: Node) -> Iterator[f.Statement]:
        """`module.exports = {...}`, `exports.name = ...`: what CommonJS gives to other files."""
        whole = self.text(target)
        if whole in ("module.exports", "exports"):
            pairs = [each for each in self.kids(value) if each.type == "pair"] if value.type == "object" else []
            for pair in pairs:
                key, inner = self._key(pair), self.field(pair, "value")
                if key and inner is not None:
                    self.form.exports.append(f.Export(key, f"exports.{key}"))
                    yield self._let(f"exports.{key}", inner)
            if value.type != "object":
                yield from self._exported_value(value)
        else:
            key = whole.rpartition(".")[2]
            self.form.exports.append(f.Export(key, f"exports.{key}"))
            yield self._let(f"exports.{key}", value)

    # --- declarations ---------------------------------------------------------------------------------------------

    def _declaration(self, node: Node) -> Iterator[f.Statement]:
        for each in self.kids(node, "variable_declarator"):
            target, value = self.field(each, "name"), self.field(each, "value")
            module = self._required(value)
            if module and target is not None:
                yield from self._require(target, module)
                continue
            described = self.types.schema(self.text(target), value)
            if described is not None:
                yield described
                continue
            made = self._named_class(self.text(target), value)
            if made is not None:
                yield made
                continue
            lowered = None if value is None else self.expression(value)
            types = self.types.names(self.field(each, "type")) or self.types.told(value)
            yield f.Let([self.expression(target)], lowered, self.at(each), types=types)

    def _named_class(self, name: str, value: Node | None) -> f.Class | None:
        """`const A = class {...}`, and an object whose methods speak of `this`: a class that there is one object of."""
        if value is not None and value.type == "class":
            made = self._class(value)
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
                key = self._key(each)
                if key in ("methods", "computed") and value.type == "object":
                    inner = self._object_class(name, value)
                    fields += inner.fields
                    body += inner.body
                elif key:
                    fields.append(f.Field(key, self.at(each), (), self.expression(value)))
            elif each.type == "shorthand_property_identifier":
                fields.append(f.Field(self.text(each), self.at(each), (), self._name(each)))
        return f.Class(name, (), fields, body, self.at(node))

    def _required(self, node: Node | None) -> str:
        """The module of `require("x")` and `await import("x")`; empty for anything else."""
        while node is not None and node.type in ("await_expression", "parenthesized_expression"):
            node = next(iter(self.kids(node)), None)
        if node is None or node.type != "call_expression":
            return ""
        function, given = self.field(node, "function"), self.kids(self.field(node, "arguments"))
        if function is None or function.type not in ("identifier", "import") or len(given) != 1:
            return ""
        is_one = given[0].type == "string" and self.text(function) in ("require", "import")
        return self.string(given[0]) if is_one else ""

    def _require(self, target: Node, module: str) -> Iterator[f.Statement]:
        if target.type == "identifier":
            self.form.imports.append(f.Import(module, "", self.text(target)))
        for each in self.kids(target) if target.type == "object_pattern" else ():
            name = self._key(each) if each.type == "pair_pattern" else self.text(each)
            local = self.text(self.field(each, "value")) if each.type == "pair_pattern" else name
            self.form.imports.append(f.Import(module, name, local))
        return iter(())

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
            return self._inside(kids, in_switch=False)
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

    # --- classes --------------------------------------------------------------------------------------------------

    def _class(self, node: Node) -> f.Class:
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
            decorators=self._decorators(node),
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

    def _decorators(self, node: Node) -> list[f.Expr]:
        return [self._inner(each) for each in self.kids(node, "decorator")]

    def _method(self, node: Node, fields: list[f.Field]) -> f.Function:
        before = {each.type for each in node.children}
        made = self.function(node, static="static" in before)
        made.decorators = [*self._decorators(node), *([f.Var("get", made.at)] if "get" in before else [])]
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
            self._stores[name] = entity
        return self.types.names(kind)

    # --- statements -----------------------------------------------------------------------------------------------

    def _do(self, node: Node) -> Iterator[f.Statement]:
        inner = next(iter(self.kids(node)), None)
        while inner is not None and inner.type == "parenthesized_expression":
            inner = next(iter(self.kids(inner)), None)
        if inner is not None and inner.type == "yield_expression":
            yield f.Give(self._inner(inner), self.at(inner), more=True)
        elif inner is not None and inner.type in ("assignment_expression", "augmented_assignment_expression"):
            yield from self._assignment(inner)
        elif inner is not None and inner.type != "string":
            yield f.Do(self.expression(inner))

    def _assignment(self, node: Node) -> Iterator[f.Statement]:
        left, right = self.field(node, "left"), self.field(node, "right")
        whole = self.text(left) if left is not None and left.type == "member_expression" else ""
        if (
            right is not None
            and left is not None
            and (
                whole == "module.exports"
                or (whole.startswith(("exports.", "module.exports.")) and whole.count(".") < 3)
            )
        ):
            yield from self._common_export(left, right)
            return
        adds = node.type == "augmented_assignment_expression"
        yield f.Let([self.expression(left)], self.expression(right), self.at(node), adds=adds)

    def _if(self, node: Node) -> list[f.Statement]:
        """A long row of `else if` is no nesting: it is put together from its end."""
        rows = [node]
        while (following := self._else_if(rows[-1])) is not None:
            rows.append(following)
        otherwise = self._arm(self.field(rows[-1], "alternative"))
        if len(rows) > _LONGEST_ROW:
            arms = [self._arm(self.field(each, "consequence")) for each in rows]
            tests = [self.expression(self.field(each, "condition")) for each in rows]
            return [f.Branch([f.Only(tests)], [*arms, otherwise], self.at(node))]
        for each in reversed(rows):
            arms = [self._arm(self.field(each, "consequence")), otherwise]
            otherwise = [f.Branch([self.expression(self.field(each, "condition"))], arms, self.at(each))]
        return otherwise

    def _else_if(self, node: Node) -> Node | None:
        return next(iter(self.kids(self.field(node, "alternative"), "if_statement")), None)

    def _arm(self, node: Node | None) -> list[f.Statement]:
        return [] if node is None else list(self.statement(node))

    def _for(self, node: Node) -> Iterator[f.Statement]:
        start, step = self.field(node, "initializer"), self.field(node, "increment")
        yield from self._arm(start)
        after: list[f.Statement] = [] if step is None else [f.Do(self.expression(step))]
        condition = self.field(node, "condition")
        test = self._inner(condition) if condition is not None else None
        yield f.Loop(None, test, [*self._repeated(node), *after], self.at(node))

    def _for_each(self, node: Node) -> list[f.Statement]:
        over, target = self.expression(self.field(node, "right")), self.field(node, "left")
        keys_only = self.text(self.field(node, "operator")) == "in"
        ranges = f.Only([over]) if keys_only else over
        return [f.Loop(self.expression(target), ranges, self._repeated(node), self.at(node))]

    def _while(self, node: Node) -> list[f.Statement]:
        test = self.expression(self.field(node, "condition"))
        return [f.Loop(None, test, self._repeated(node), self.at(node))]

    def _try(self, node: Node) -> list[f.Statement]:
        handler, final = self.field(node, "handler"), self.field(node, "finalizer")
        handlers = [] if handler is None else [self._handler(handler)]
        last = [] if final is None else self._arm(self.field(final, "body"))
        return [f.Try(self._arm(self.field(node, "body")), handlers, last)]

    def _handler(self, node: Node) -> list[f.Statement]:
        """An error is nobody's data, whatever the name was before."""
        caught = self.field(node, "parameter")
        named = caught is not None and caught.type == "identifier"
        start = [f.Let([self.expression(caught)], f.Constant(), self.at(node))] if named else []
        return [*start, *self._arm(self.field(node, "body"))]

    def _return(self, node: Node) -> list[f.Statement]:
        return [f.Give(self._first(node), self.at(node))]

    def _first(self, node: Node) -> f.Expr | None:
        inner = next(iter(self.kids(node)), None)
        return None if inner is None else self.expression(inner)

    def _switch(self, node: Node) -> list[f.Statement]:
        tests, arms = [self.expression(self.field(node, "value"))], []
        cases = self.kids(self.field(node, "body"))
        for each in cases:
            value = self.field(each, "value")
            inner = [one for one in self.kids(each) if value is None or one.id != value.id]
            tests += [] if value is None else [self.expression(value)]
            if inner:
                arms.append(self._inside(inner, in_switch=True))
        if all(each.type != "switch_default" for each in cases):
            arms.append([])
        return [f.Branch([f.Only(tests)], arms, self.at(node))]

    def _inside(self, nodes: list[Node], *, in_switch: bool) -> list[f.Statement]:
        """Statements of a switch or a loop, which a `break` in them ends."""
        before, self._in_switch = self._in_switch, in_switch
        try:
            return self.block(nodes)
        finally:
            self._in_switch = before

    def _repeated(self, node: Node) -> list[f.Statement]:
        """The body of a loop."""
        body = self.field(node, "body")
        return [] if body is None else self._inside([body], in_switch=False)

    # --- expressions ----------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> f.Expr:
        name = self.text(node)
        return f.Constant() if name in ("undefined", "NaN", "Infinity") else f.Var(name, self.at(node))

    def string(self, node: Node | None) -> str:
        """What a string literal stands for."""
        if node is None:
            return ""
        parts = []
        for each in node.named_children:
            raw = self.text(each)
            parts.append(_ESCAPES.get(raw[1:], raw[1:]) if each.type == "escape_sequence" else raw)
        return "".join(parts)[:_LONGEST_TEXT]

    def _template(self, node: Node) -> f.Expr:
        kids = self.kids(node)
        if all(each.type != "template_substitution" for each in kids):
            return f.Text(self.text(node)[1:-1][:_LONGEST_TEXT], self.at(node))
        return f.Mix([self._piece(each) for each in kids])

    def _piece(self, node: Node) -> f.Expr:
        """A part of a template."""
        is_hole = node.type == "template_substitution"
        return self._inner(node) if is_hole else f.Text(self.text(node)[:_LONGEST_TEXT], self.at(node))

    def _inner(self, node: Node) -> f.Expr:
        """The expression in brackets, behind `await`, before `as`."""
        return self.expression(next(iter(self.kids(node)), None))

    def _chain(self, node: Node) -> f.Expr:
        """Members and calls of what the one before gave, from left to right: such a chain may be long."""
        links: list[Node] = []
        inner: Node | None = node
        while inner is not None and inner.type in _LINKS and not self._required(inner):
            links.append(inner)
            inner = self.field(inner, _LINKS[inner.type]) or next(iter(self.kids(inner)), None)
        if len(links) > _LONGEST_CHAIN:
            self.too_deep(node)
            return f.Constant()
        made = self._call_of_module(inner) if inner is not None and inner.type in _LINKS else self.expression(inner)
        for link in reversed(links):
            made = self._linked(link, made)
        return made

    def _linked(self, node: Node, before: f.Expr) -> f.Expr:
        match node.type:
            case "member_expression":
                return self._member(node, before)
            case "subscript_expression":
                return f.Item(before, self.expression(self.field(node, "index")), self.at(node))
            case "call_expression":
                return self._call(node, before)
        return before

    def _member(self, node: Node, of: f.Expr) -> f.Expr:
        name = self.text(self.field(node, "property"))
        if isinstance(of, f.Var) and self._is_constant(node, of.name, name):
            return f.Only([of])
        if name in _COUNTS:
            return f.Only([of])
        return f.Attr(of, name.removeprefix("#"), self.at(node))

    def _is_constant(self, node: Node, of: str, name: str) -> bool:
        """Whether a member is one of an enumeration: `Field.Email`, which is nobody's e-mail."""
        if not of[:1].isupper() or not name[:1].isupper():
            return False
        around = node.parent
        return around is None or around.type not in _NAMING

    def _call(self, node: Node, callee: f.Expr) -> f.Expr:
        given = self.field(node, "arguments")
        built_in = self.built_ins.lowered(node, callee, self.kids(given))
        if built_in is not None:
            return built_in
        if given is not None and given.type == "template_string":
            arguments = [f.Argument(self.expression(given))]
        else:
            arguments = self._arguments(given)
        if isinstance(callee, f.Var) and callee.name == "super":
            callee = f.Attr(callee, "__init__", callee.at)
        return f.Call(self._kept_in(callee), arguments, self.at(node), self.end(node))

    def _kept_in(self, callee: f.Expr) -> f.Expr:
        """`this.patients.findOne(...)` of a `Repository<Patient>` is one of `Patient`."""
        match callee:
            case f.Attr(of=f.Attr(of=f.Var(name="self"), name=store, at=at), name=name):
                entity = self._stores.get(store)
                return callee if entity is None else f.Attr(f.Var(entity, at), name, callee.at)
        return callee

    def _call_of_module(self, node: Node) -> f.Expr:
        """`require("x").y`: the module under a name of its own."""
        module = self._required(node)
        local = f"<{module}>"
        self.form.imports.append(f.Import(module, "", local))
        return f.Var(local, self.at(node))

    def _arguments(self, node: Node | None) -> list[f.Argument]:
        return [
            f.Argument(self._inner(each), "*") if each.type == "spread_element" else f.Argument(self.expression(each))
            for each in self.kids(node)
        ]

    def _new(self, node: Node) -> f.Expr:
        made = self.expression(self.field(node, "constructor"))
        return f.Call(made, self._arguments(self.field(node, "arguments")), self.at(node), self.end(node), new=True)

    def _key(self, node: Node) -> str:
        key = self.field(node, "key")
        if key is None or key.type == "computed_property_name":
            return ""
        return self.string(key) if key.type == "string" else self.text(key)

    def _object(self, node: Node) -> f.Expr:
        return f.Record([pair for each in self.kids(node) if (pair := self._pair(each)) is not None])

    def _pair(self, node: Node) -> tuple[str, f.Expr] | None:
        match node.type:
            case "pair" | "pair_pattern":
                return self._key(node), self.expression(self.field(node, "value"))
            case "shorthand_property_identifier" | "shorthand_property_identifier_pattern":
                return self.text(node), self._name(node)
            case "object_assignment_pattern":
                left = self.field(node, "left")
                return self.text(left), self._default(node)
            case "spread_element" | "rest_pattern":
                return "", f.Spread(self._inner(node)) if node.type == "spread_element" else self._inner(node)
            case "method_definition":
                return self.text(self.field(node, "name")), f.Lambda(self.function(node))
        return None

    def _array(self, node: Node) -> f.Expr:
        """A list or a pattern of one, in which `[, second]` leaves out the first."""
        items: list[f.Expr] = []
        expected = True
        for each in node.children[1:-1]:
            if each.type == ",":
                items += [f.Constant()] if expected else []
                expected = True
            elif each.is_named and "comment" not in each.type:
                items.append(self.expression(each))
                expected = False
        return f.Items(items)

    def _default(self, node: Node) -> f.Expr:
        """A pattern with a default: what is first gets the value."""
        return f.Choice([self.expression(self.field(node, "left")), self.expression(self.field(node, "right"))])

    def _assigned(self, node: Node) -> f.Expr:
        left, right = self.expression(self.field(node, "left")), self.expression(self.field(node, "right"))
        adds = node.type == "augmented_assignment_expression"
        return f.Assigned(left, f.Mix([left, right]) if adds else right)

    def _binary(self, node: Node) -> f.Expr:
        operator = self.text(self.field(node, "operator"))
        left, right = self.field(node, "left"), self.field(node, "right")
        if operator in _COMPARES:
            return f.Only([self.expression(left), self.expression(right)])
        if operator == "&&":
            return f.Choice([f.Only([self.expression(left)]), self.expression(right)])
        if operator in _CHOOSES:
            return f.Choice([self.expression(each) for each in self._alternatives(node)])
        return f.Mix([self.expression(each) for each in self.flat(node, ("binary_expression",))])

    def _alternatives(self, node: Node) -> list[Node]:
        """The leaves of `a || b ?? c`, which leans to the left."""
        found: list[Node] = []
        inner: Node | None = node
        while inner is not None and inner.type == "binary_expression" and self._operator(inner) in _CHOOSES:
            found += self._right(inner)
            inner = self.field(inner, "left")
        return [*([inner] if inner is not None else []), *reversed(found)]

    def _operator(self, node: Node) -> str:
        return self.text(self.field(node, "operator"))

    def _right(self, node: Node) -> list[Node]:
        right = self.field(node, "right")
        return [] if right is None else [right]

    def _unary(self, node: Node) -> f.Expr:
        """`!x` and `typeof x` carry no data; after `delete o.key` the part is gone."""
        inner = self.expression(self.field(node, "argument"))
        operator = self.text(self.field(node, "operator"))
        if operator == "delete":
            return f.Assigned(inner, f.Constant())
        return inner if operator in ("+", "-") else f.Only([inner])

    def _ternary(self, node: Node) -> f.Expr:
        test = f.Only([self.expression(self.field(node, "condition"))])
        ways = [self.expression(self.field(node, name)) for name in ("consequence", "alternative")]
        return f.Choice([test, *ways])

    def _sequence(self, node: Node) -> f.Expr:
        *before, last = [self.expression(each) for each in self.kids(node)] or [f.Constant()]
        return f.Choice([f.Only(before), last]) if before else last

    def _jsx(self, node: Node) -> f.Expr:
        """What a component is given; plain elements only contain what is in them."""
        head = self.field(node, "open_tag") or node
        given = [pair for each in self.kids(head) if (pair := self._attribute(each)) is not None]
        inside = [self.expression(each) for each in self.kids(node, "jsx_expression", *_JSX)]
        tag = self.field(head, "name")
        if tag is None or not self.text(tag)[:1].isupper():
            return f.Mix([*(value for _, value in given), *inside])
        properties = f.Record([*given, *(("children", each) for each in inside)])
        return f.Call(self.expression(tag), [f.Argument(properties)], self.at(node), self.end(node))

    def _attribute(self, node: Node) -> tuple[str, f.Expr] | None:
        if node.type == "jsx_attribute":
            name, *value = self.kids(node)
            return self.text(name), self.expression(value[0]) if value else f.Constant()
        if node.type == "jsx_expression":
            return "", f.Spread(self._inner(node))
        return None


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
