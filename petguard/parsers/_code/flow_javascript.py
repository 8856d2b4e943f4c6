"""Brings JavaScript and TypeScript, JSX too, into the form in which values are followed."""

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_tree import Lowering
from petguard.parsers._code.flow_typescript import Types

_KEY = re.compile(r"[A-Za-z_][\w .-]*")  # no address: `axios.get("https://...")` is a call
_TAKES_KEY = frozenset({"get", "getItem", "getAll"})
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_COMPARES = frozenset(["==", "===", "!=", "!==", "<", ">", "<=", ">=", "in", "instanceof"])
_CHOOSES = frozenset(["||", "??"])
_FUNCTIONS = ("function_declaration", "generator_function_declaration", "function_expression", "generator_function")
_JSX = ("jsx_element", "jsx_self_closing_element", "jsx_fragment")
_LONGEST_TEXT = 4_000
_COUNTS = frozenset({"length", "byteLength"})


def form(data: bytes, function: str) -> f.Form:
    """A whole file. `function` names the grammar: `javascript`, `typescript` or `tsx`."""
    return _JavaScript(data, function).lowered()


class _JavaScript(Lowering):
    def __init__(self, data: bytes, function: str) -> None:
        module = "tree_sitter_javascript" if function == "javascript" else "tree_sitter_typescript"
        super().__init__(data, module, "language" if function == "javascript" else f"language_{function}")
        self.types = Types(self)
        self._exported = 0
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
            **dict.fromkeys(("break_statement", "continue_statement"), lambda _node: [f.Stop()]),
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
            "member_expression": self._member,
            "subscript_expression": self._subscript,
            "call_expression": self._call,
            "new_expression": self._new,
            **dict.fromkeys(("object", "object_pattern"), self._object),
            **dict.fromkeys(("array", "array_pattern"), self._array),
            **dict.fromkeys(("arrow_function", *_FUNCTIONS), lambda node: f.Lambda(self.function(node))),
            "assignment_expression": self._assigned,
            "augmented_assignment_expression": self._assigned,
            "assignment_pattern": self._default,
            **dict.fromkeys(("rest_pattern", "spread_element"), lambda node: f.Spread(self._inner(node))),
            "binary_expression": self._binary,
            "unary_expression": lambda node: f.Only([self.expression(self.field(node, "argument"))]),
            "update_expression": lambda node: f.Only([self.expression(self.field(node, "argument"))]),
            "ternary_expression": self._ternary,
            "sequence_expression": self._sequence,
            **dict.fromkeys(("await_expression", "yield_expression", "parenthesized_expression"), self._inner),
            **dict.fromkeys(("as_expression", "satisfies_expression", "non_null_expression"), self._inner),
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
            made = self._class(value) if value.type == "class" else self.function(value)
            made.name = self.form.exports[-1].local
            return [made]
        return [] if value.type == "identifier" else [self._let("default", value)]

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
            lowered = None if value is None else self.expression(value)
            types = self.types.names(self.field(each, "type"))
            yield f.Let([self.expression(target)], lowered, self.at(each), types=types)

    def _required(self, node: Node | None) -> str:
        """The module of `require("x")` and `await import("x")`; empty for anything else."""
        while node is not None and node.type in ("await_expression", "parenthesized_expression"):
            node = next(iter(self.kids(node)), None)
        if node is None or node.type != "call_expression":
            return ""
        named, given = self.text(self.field(node, "function")), self.kids(self.field(node, "arguments"))
        is_one = named in ("require", "import") and len(given) == 1 and given[0].type == "string"
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
            return self.block(self.kids(body))
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
        return f.Parameter(f"<{index}>", at, types, value, kind, self.expression(target))

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
        heritage = [inner for each in self.kids(node, "class_heritage") for inner in self.kids(each)]
        clauses = [each for each in heritage if each.type == "extends_clause"]
        bases = [self.field(each, "value") for each in clauses] or [each for each in heritage if not clauses][:1]
        return f.Class(
            self.text(self.field(node, "name")),
            tuple(self.text(base) for base in bases if base is not None and base.type != "implements_clause"),
            fields,
            body,
            self.at(node),
            decorators=self._decorators(node),
        )

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
            fields.append(f.Field(name, at, self.types.names(self.field(each, "type"))))
            yield f.Let([f.Attr(f.Var("self", at), name, at)], f.Var(name, at), at)

    def _field(self, node: Node) -> f.Field:
        name = self.text(self.field(node, "name") or self.field(node, "property"))
        value = self.field(node, "value")
        types = self.types.names(self.field(node, "type"))
        return f.Field(name, self.at(node), types, None if value is None else self.expression(value))

    # --- statements -----------------------------------------------------------------------------------------------

    def _do(self, node: Node) -> Iterator[f.Statement]:
        inner = next(iter(self.kids(node)), None)
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
        test, otherwise = self.field(node, "condition"), self.field(node, "alternative")
        arms = [self._arm(self.field(node, "consequence")), self._arm(otherwise)]
        return [f.Branch([self.expression(test)], arms, self.at(node))]

    def _arm(self, node: Node | None) -> list[f.Statement]:
        return [] if node is None else list(self.statement(node))

    def _for(self, node: Node) -> Iterator[f.Statement]:
        start, step = self.field(node, "initializer"), self.field(node, "increment")
        yield from self._arm(start)
        after: list[f.Statement] = [] if step is None else [f.Do(self.expression(step))]
        condition = self.field(node, "condition")
        test = self._inner(condition) if condition is not None else None
        yield f.Loop(None, test, [*self._arm(self.field(node, "body")), *after], self.at(node))

    def _for_each(self, node: Node) -> list[f.Statement]:
        over, target = self.expression(self.field(node, "right")), self.field(node, "left")
        keys_only = self.text(self.field(node, "operator")) == "in"
        body = self._arm(self.field(node, "body"))
        return [f.Loop(self.expression(target), f.Only([over]) if keys_only else over, body, self.at(node))]

    def _while(self, node: Node) -> list[f.Statement]:
        test = self.expression(self.field(node, "condition"))
        return [f.Loop(None, test, self._arm(self.field(node, "body")), self.at(node))]

    def _try(self, node: Node) -> list[f.Statement]:
        handler, final = self.field(node, "handler"), self.field(node, "finalizer")
        handlers = [] if handler is None else [self._arm(self.field(handler, "body"))]
        last = [] if final is None else self._arm(self.field(final, "body"))
        return [f.Try(self._arm(self.field(node, "body")), handlers, last)]

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
            body = [one for one in inner if one.type != "break_statement"]
            if inner:
                arms.append(self.block(body))
        if all(each.type != "switch_default" for each in cases):
            arms.append([])
        return [f.Branch([f.Only(tests)], arms, self.at(node))]

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
        holes = [self._inner(each) for each in self.kids(node, "template_substitution")]
        return f.Mix(holes) if holes else f.Text(self.text(node)[1:-1][:_LONGEST_TEXT], self.at(node))

    def _inner(self, node: Node) -> f.Expr:
        """The expression in brackets, behind `await`, before `as`."""
        return self.expression(next(iter(self.kids(node)), None))

    def _member(self, node: Node) -> f.Expr:
        of, name = self.expression(self.field(node, "object")), self.text(self.field(node, "property"))
        if name in _COUNTS:
            return f.Only([of])
        return f.Attr(of, name.removeprefix("#"), self.at(node))

    def _subscript(self, node: Node) -> f.Expr:
        index = self.field(node, "index")
        return f.Item(self.expression(self.field(node, "object")), self.expression(index), self.at(node))

    def _call(self, node: Node) -> f.Expr:
        module = self._required(node)
        if module:
            return self._loaded(node, module)
        function, given = self.field(node, "function"), self.field(node, "arguments")
        if function is not None and function.type == "member_expression" and given is not None:
            special = self._special(node, function, self.kids(given))
            if special is not None:
                return special
        if given is not None and given.type == "template_string":
            arguments = [f.Argument(self.expression(given))]
        else:
            arguments = self._arguments(given)
        return f.Call(self.expression(function), arguments, self.at(node), self.end(node))

    def _loaded(self, node: Node, module: str) -> f.Expr:
        """`require("x").y`: the module under a name of its own."""
        local = f"<{module}>"
        self.form.imports.append(f.Import(module, "", local))
        return f.Var(local, self.at(node))

    def _special(self, node: Node, function: Node, given: list[Node]) -> f.Expr | None:
        """`form.get("email")` takes a part, `[a, b].join()` makes something of all."""
        name, of = self.text(self.field(function, "property")), self.field(function, "object")
        if name in _TAKES_KEY and len(given) == 1 and given[0].type == "string":
            key = self.string(given[0])
            if _KEY.fullmatch(key):
                return f.Item(self.expression(of), f.Text(key, self.at(given[0])), self.at(node))
        return f.Mix([self.expression(of), *map(self.expression, given)]) if name == "join" else None

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
        return f.Items([self.expression(each) for each in self.kids(node)])

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
            return f.Choice([self.expression(left), self.expression(right)])
        return f.Mix([self.expression(each) for each in self.flat(node, ("binary_expression",))])

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
