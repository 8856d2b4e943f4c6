"""The expressions of JavaScript and TypeScript, JSX too, as the form says them."""

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_builtins import BuiltIns, promised
from petguard.parsers._code.flow_tree import Lowering

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_COMPARES = frozenset(["==", "===", "!=", "!==", "<", ">", "<=", ">=", "in", "instanceof"])
_CHOOSES = frozenset(["||", "??"])
_EXECUTORS = ("arrow_function", "function_expression")
_JSX = ("jsx_element", "jsx_self_closing_element", "jsx_fragment")
# What a chain is made of, with the field that holds what comes before.
_LINKS = {"member_expression": "object", "subscript_expression": "object", "call_expression": "function"}
_LINKS |= {"non_null_expression": "expression", "instantiation_expression": "function"}
_LONGEST_CHAIN = 200
_NAMING = frozenset(
    [
        *("call_expression", "new_expression", "member_expression", "extends_clause", "class_heritage"),
        *("jsx_opening_element", "jsx_self_closing_element", "instantiation_expression"),
    ]
)
_LONGEST_TEXT = 4_000
_COUNTS = frozenset({"length", "byteLength", "size"})


class Expressions(Lowering):
    """Lowers the expressions of one file. `stores` are its fields that hold repositories, with what is kept there."""

    def __init__(self, data: bytes, function: str) -> None:
        module = "tree_sitter_javascript" if function == "javascript" else "tree_sitter_typescript"
        super().__init__(data, module, "language" if function == "javascript" else f"language_{function}")
        self.built_ins = BuiltIns(self)
        self.stores: dict[str, str] = {}
        self.expressions = {
            **dict.fromkeys(("identifier", "shorthand_property_identifier"), self.name),
            "shorthand_property_identifier_pattern": self.name,
            "property_identifier": self.name,
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
            "assignment_expression": self._assigned,
            "augmented_assignment_expression": self._assigned,
            "assignment_pattern": self._default,
            **dict.fromkeys(("rest_pattern", "spread_element"), lambda node: f.Spread(self.inner(node))),
            "binary_expression": self._binary,
            "unary_expression": self._unary,
            "update_expression": lambda node: f.Only([self.expression(self.field(node, "argument"))]),
            "ternary_expression": self._ternary,
            "sequence_expression": self._sequence,
            **dict.fromkeys(("await_expression", "yield_expression", "parenthesized_expression"), self.inner),
            **dict.fromkeys(("as_expression", "satisfies_expression"), self.inner),
            "type_assertion": lambda node: self.expression(next(iter(reversed(self.kids(node))), None)),
            "jsx_expression": self.inner,
            **dict.fromkeys(_JSX, self._jsx),
            "import": lambda node: f.Var("import", self.at(node)),
        }

    def required(self, node: Node | None) -> str:
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

    def name(self, node: Node) -> f.Expr:
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
        return self.inner(node) if is_hole else f.Text(self.text(node)[:_LONGEST_TEXT], self.at(node))

    def inner(self, node: Node) -> f.Expr:
        """The expression in brackets, behind `await`, before `as`."""
        return self.expression(next(iter(self.kids(node)), None))

    def _chain(self, node: Node) -> f.Expr:
        """Members and calls of what the one before gave, from left to right: such a chain may be long."""
        links: list[Node] = []
        inner: Node | None = node
        while inner is not None and inner.type in _LINKS and not self.required(inner):
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
                entity = self.stores.get(store)
                return callee if entity is None else f.Attr(f.Var(entity, at), name, callee.at)
        return callee

    def _call_of_module(self, node: Node) -> f.Expr:
        """`require("x").y`: the module under a name of its own."""
        module = self.required(node)
        local = f"<{module}>"
        self.form.imports.append(f.Import(module, "", local))
        return f.Var(local, self.at(node))

    def _arguments(self, node: Node | None) -> list[f.Argument]:
        return [
            f.Argument(self.inner(each), "*") if each.type == "spread_element" else f.Argument(self.expression(each))
            for each in self.kids(node)
        ]

    def _new(self, node: Node) -> f.Expr:
        made = self.expression(self.field(node, "constructor"))
        given = self.kids(self.field(node, "arguments"))
        if isinstance(made, f.Var) and made.name == "Promise" and len(given) == 1 and given[0].type in _EXECUTORS:
            executor = self.expression(given[0])
            if isinstance(executor, f.Lambda):
                return promised(executor.function)
        return f.Call(made, self._arguments(self.field(node, "arguments")), self.at(node), self.end(node), new=True)

    def key(self, node: Node) -> str:
        key = self.field(node, "key")
        if key is None or key.type == "computed_property_name":
            return ""
        return self.string(key) if key.type == "string" else self.text(key)

    def _object(self, node: Node) -> f.Expr:
        return f.Record([pair for each in self.kids(node) if (pair := self._pair(each)) is not None])

    def _pair(self, node: Node) -> tuple[str, f.Expr] | None:
        match node.type:
            case "pair" | "pair_pattern":
                return self.key(node), self.expression(self.field(node, "value"))
            case "shorthand_property_identifier" | "shorthand_property_identifier_pattern":
                return self.text(node), self.name(node)
            case "object_assignment_pattern":
                left = self.field(node, "left")
                return self.text(left), self._default(node)
            case "spread_element" | "rest_pattern":
                return "", f.Spread(self.inner(node)) if node.type == "spread_element" else self.inner(node)
            case "method_definition":
                return self.text(self.field(node, "name")), self.expression(node)
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
            return "", f.Spread(self.inner(node))
        return None
