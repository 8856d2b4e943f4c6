"""The expressions of Java as the form says them."""

from collections.abc import Iterator

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code import flow_java_types as types
from petguard.parsers._code.flow_jvm import known_call
from petguard.parsers._code.flow_names import Names
from petguard.parsers._code.flow_tree import Lowering

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "s": " "}
_COMPARES = frozenset(["==", "!=", "<", ">", "<=", ">=", "&&", "||"])
_LONGEST_TEXT = 4_000
_SETS_UP = ("Builder",)
_RUNS = frozenset(
    ["apply", "accept", "test", "get", "run", "call", "applyAsInt", "applyAsLong", "applyAsDouble", "invoke"]
)
_FUNCTIONS = frozenset(
    ["Function", "BiFunction", "Supplier", "Consumer", "BiConsumer", "Predicate", "BiPredicate", "UnaryOperator",
     "BinaryOperator", "Runnable", "Callable", "ToIntFunction", "IntFunction"]
)  # fmt: skip


class Expressions(Lowering):
    """Lowers the expressions of one file."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "tree_sitter_java")
        self.names = Names()
        self.bound: list[f.Statement] = []
        self.foreign: frozenset[str] = frozenset()
        self.expressions = {
            **dict.fromkeys(("identifier", "type_identifier"), self._name),
            "this": lambda node: self.names.itself(self.at(node)),
            "super": lambda node: self.base(self.at(node)),
            "string_literal": self._string,
            **dict.fromkeys(("decimal_integer_literal", "decimal_floating_point_literal"), self._number),
            **dict.fromkeys(("field_access", "scoped_identifier", "scoped_type_identifier"), self._field_access),
            "generic_type": self.first_of,
            "array_access": self._array_access,
            "method_invocation": self._invocation,
            "object_creation_expression": self._creation,
            "array_creation_expression": lambda node: self.expression(self.field(node, "value")),
            **dict.fromkeys(
                ("array_initializer", "element_value_array_initializer"),
                lambda node: f.Items([self.expression(each) for each in self.kids(node)]),
            ),
            "lambda_expression": self._lambda,
            "method_reference": self._reference,
            "binary_expression": self._binary,
            "unary_expression": self._unary,
            "update_expression": lambda node: f.Only([self.first_of(node)]),
            "ternary_expression": self._ternary,
            "instanceof_expression": self._instanceof,
            "cast_expression": lambda node: self.expression(self.field(node, "value")),
            "assignment_expression": self._assigned,
            "parenthesized_expression": self.first_of,
            "switch_expression": self._switch_value,
            "class_literal": self.first_of,
            "annotation": self._annotation,
            "marker_annotation": lambda node: self.expression(self.field(node, "name")),
        }

    def first(self, node: Node) -> f.Expr | None:
        """The expression in a node; None when there is none."""
        inner = next(iter(self.kids(node)), None)
        return None if inner is None else self.expression(inner)

    def first_of(self, node: Node) -> f.Expr:
        """The expression in a node."""
        return self.expression(next(iter(self.kids(node)), None))

    def base(self, at: f.Place) -> f.Expr:
        """What `super` is: the class that this one is made from."""
        return self.names.of_class(self.names.base or "super", at)

    def string(self, node: Node) -> str:
        """What a text stands for."""
        parts = []
        for each in node.named_children:
            raw = self.text(each)
            parts.append(_ESCAPES.get(raw[1:], raw[1:]) if each.type == "escape_sequence" else raw)
        return "".join(parts)[:_LONGEST_TEXT]

    def is_builder(self, value: f.Expr) -> bool:
        """Whether a call is one on a local that builds something."""
        if not isinstance(value, f.Call) or not isinstance(value.callee, f.Attr):
            return False
        of = value.callee.of
        kinds = self.names.types(of.name) if isinstance(of, f.Var) else None
        return any(kind.endswith("Builder") for kind in kinds or ())

    def _name(self, node: Node) -> f.Expr:
        return self.names.meant(self.text(node), self.at(node))

    def _string(self, node: Node) -> f.Expr:
        return f.Text(self.string(node), self.at(node))

    def _number(self, node: Node) -> f.Expr:
        return f.Text(self.text(node), self.at(node))

    def _field_access(self, node: Node) -> f.Expr:
        of, name = self.field(node, "object") or self.field(node, "scope"), self.field(node, "field")
        if node.type == "scoped_type_identifier":
            of, name = next(iter(self.kids(node)), None), next(reversed(self.kids(node)), None)
        name = name or self.field(node, "name")
        whole = self._whole_name(node)
        if whole is not None:
            return whole
        if name is not None and name.type == "this":
            return f.Var("self", self.at(node))
        lowered = self.expression(of)
        return f.Only([lowered]) if self.text(name) == "length" else f.Attr(lowered, self.text(name), self.at(node))

    def _whole_name(self, node: Node) -> f.Expr | None:
        """`com.acme.Llm` without an import."""
        package, name = types.split(self.text(node))
        first = package.partition(".")[0]
        if not name or "." in name or "." not in package or not package.replace(".", "").replace("_", "").isalnum():
            return None
        if self.names.types(first) is not None or self.names.member(first):
            return None
        local = f"<{package}.{name}>"
        self.form.imports.append(f.Import(package, name, local))
        return f.Var(local, self.at(node))

    def named(self, kind: str) -> str:
        """A type by the name that it has in this file: one that is written with its package is imported."""
        package, name = types.split(kind)
        local = name.partition(".")[0]
        if package and name and local not in self.names.imported:
            self.names.imported.add(local)
            self.form.imports.append(f.Import(package, local, local))
        return name if package and name else kind

    def _array_access(self, node: Node) -> f.Expr:
        key = self.expression(self.field(node, "index"))
        return f.Item(self.expression(self.field(node, "array")), key, self.at(node))

    # --- calls ----------------------------------------------------------------------------------------------------

    def arguments(self, node: Node | None) -> list[f.Argument]:
        """What a call is given."""
        return [f.Argument(self.expression(each)) for each in self.kids(node)]

    def _invocation(self, node: Node) -> f.Expr:
        of, name = self.field(node, "object"), self.text(self.field(node, "name"))
        at, end, inside = self.at(node), self.end(node), self.field(node, "arguments")
        if of is None:
            return known_call(f.Call(self.names.meant(name, at), self.arguments(inside), at, end), self.foreign)
        if name in _RUNS and of.type == "identifier" and self._is_function(self.text(of)):
            return f.Call(self._name(of), self.arguments(inside), at, end)
        called = self.expression(of)
        with self.names.handing(called):
            given = self.arguments(inside)
        return known_call(f.Call(f.Attr(called, name, at), given, at, end), self.foreign)

    def _is_function(self, name: str) -> bool:
        return not _FUNCTIONS.isdisjoint(self.names.types(name) or ())

    def _creation(self, node: Node) -> f.Expr:
        body = next(iter(self.kids(node, "class_body")), None)
        if body is not None:
            return self._anonymous(node, body)
        kind = self.expression(self.field(node, "type"))
        made = f.Call(kind, self.arguments(self.field(node, "arguments")), self.at(node), self.end(node), new=True)
        return known_call(made, self.foreign)

    def _anonymous(self, node: Node, body: Node) -> f.Expr:
        """A class without a name: what it does, as functions by their name; a single one as that function."""
        methods = self.kids(body, "method_declaration")
        made = [(self.text(self.field(each, "name")), f.Lambda(self._function(each))) for each in methods]
        if len(made) == 1:
            return made[0][1]
        kept: list[tuple[str, f.Expr]] = [*made, *(("", each.value) for each in self._given(node))]
        return f.Record(kept)

    def _given(self, node: Node) -> list[f.Argument]:
        return self.arguments(self.field(node, "arguments"))

    def _function(self, node: Node) -> f.Function:
        with self.names.block():
            parameters = types.parameters(self, self.field(node, "parameters"))
            body = self.block(self.kids(self.field(node, "body")))
        return f.Function("", parameters, body, self.at(node), self.end(node))

    def _lambda(self, node: Node) -> f.Expr:
        given, body = self.field(node, "parameters"), self.field(node, "body")
        handed = self.names.handed()
        with self.names.block():
            if given is not None and given.type == "formal_parameters":
                parameters = types.parameters(self, given)
            else:
                names = [given] if given is not None and given.type == "identifier" else self.kids(given)
                kinds = handed if len(names) == 1 else ()
                parameters = [f.Parameter(self.text(each), self.at(each), kinds) for each in names]
                for each in parameters:
                    self.names.declare(each.name, kinds or _SETS_UP)
            if body is not None and body.type == "block":
                lowered = self.block(self.kids(body))
                # `spec -> { spec.text(prompt); }` sets up what it is given.
                lowered += [f.Give(f.Var(each.name, each.at), each.at) for each in parameters[:1] if not handed]
            else:
                lowered = [f.Give(self.expression(body), self.at(node if body is None else body))]
        return f.Lambda(f.Function("", parameters, lowered, self.at(node), self.end(node)))

    def _reference(self, node: Node) -> f.Expr:
        """`this::ask` is a function; `Letters::render` is one, or reads from what it is given."""
        inner, at = self.kids(node), self.at(node)
        of = inner[0] if inner else None
        if of is None or len(inner) < 2:
            return f.Constant() if of is None else self.expression(of)
        kind, name = self.text(of), self.text(inner[1])
        if not kind[:1].isupper():
            return f.Attr(self.expression(of), name, at)
        each, it, behind = f.Parameter("<it>", at, (self.names.whole(kind),)), f.Var("<it>", at), self.at(inner[1])
        read = known_call(f.Call(f.Attr(it, name, at), [], at, self.end(node)), self.foreign)
        static = f.Call(f.Attr(self.expression(of), name, behind), [f.Argument(it)], behind, self.end(node))
        ways = [read] if name.startswith(("get", "is")) else [read, static]
        return f.Lambda(f.Function("", [each], [f.Give(f.Choice(ways), at)], at, self.end(node)))

    # --- the rest -------------------------------------------------------------------------------------------------

    def _binary(self, node: Node) -> f.Expr:
        operator = self.text(self.field(node, "operator"))
        if operator in _COMPARES:
            return f.Only([self.expression(each) for each in self.kids(node)])
        return f.Mix([self.expression(each) for each in self.flat(node, ("binary_expression",))])

    def _unary(self, node: Node) -> f.Expr:
        return f.Only([self.expression(self.field(node, "operand"))])

    def _ternary(self, node: Node) -> f.Expr:
        test = f.Only([self.expression(self.field(node, "condition"))])
        return f.Choice([test, *(self.expression(self.field(node, name)) for name in ("consequence", "alternative"))])

    def _assigned(self, node: Node) -> f.Expr:
        left, right = self.expression(self.field(node, "left")), self.expression(self.field(node, "right"))
        return f.Assigned(left, right if self.text(self.field(node, "operator")) == "=" else f.Mix([left, right]))

    def _annotation(self, node: Node) -> f.Expr:
        given = [
            f.Argument(self.expression(self.field(each, "value")), self.text(self.field(each, "key")))
            if each.type == "element_value_pair"
            else f.Argument(self.expression(each))
            for each in self.kids(self.field(node, "arguments"))
        ]
        return f.Call(self.expression(self.field(node, "name")), given, self.at(node), self.end(node))

    def _instanceof(self, node: Node) -> f.Expr:
        tested = self.expression(self.field(node, "left"))
        self.bound += self._pattern(node, tested)
        return f.Only([tested])

    def bound_by(self, label: Node, tested: f.Expr) -> Iterator[f.Statement]:
        """What the pattern of a case binds."""
        for each in self.kids(label, "pattern"):
            yield from self._pattern(each, tested)

    def _pattern(self, node: Node, tested: f.Expr) -> Iterator[f.Statement]:
        """`Patient p` and `Claim(String name, var iban)`."""
        name = self.field(node, "name")
        kind = self.field(node, "right")
        for each in self.kids(node, "type_pattern"):
            kind, name = next(iter(self.kids(each)), None), next(iter(self.kids(each)[1:]), None)
        if name is not None:
            yield self._let(name, tested, types.names_in(self, kind))
        record = self.field(node, "pattern") or next(iter(self.kids(node, "record_pattern")), None)
        parts = [one for each in self.kids(record, "record_pattern_body") for one in self.kids(each)]
        for index, each in enumerate(parts):
            inner = self.kids(each)
            if each.type == "record_pattern_component" and len(inner) == 2:
                part = f.Item(tested, f.Text(str(index), self.at(each)), self.at(each))
                yield self._let(inner[1], part, types.names_in(self, inner[0]))

    def _let(self, name: Node, value: f.Expr, kinds: tuple[str, ...]) -> f.Statement:
        self.names.declare(self.text(name), kinds)
        return f.Let([f.Var(self.text(name), self.at(name))], value, self.at(name), types=kinds)

    def _switch_value(self, node: Node) -> f.Expr:
        """`switch` where a value stands: a function that is called where it stands."""
        body: list[f.Statement] = [self.switch(node, gives=True)]
        made = f.Function("", [], body, self.at(node), self.end(node))
        return f.Call(f.Lambda(made), [], self.at(node), self.end(node))

    def switch(self, node: Node, *, gives: bool = False) -> f.Branch:
        """`switch` with its cases; with `gives`, what a case is worth is what the function gives back."""
        tests, arms = [self.expression(self.field(node, "condition"))], []
        is_whole = False
        for each in self.kids(self.field(node, "body")):
            labels = self.kids(each, "switch_label")
            inner = [one for one in self.kids(each) if one.type not in ("switch_label", "break_statement")]
            with self.names.block():
                bound = [one for label in labels for one in self.bound_by(label, tests[0])]
                body = self.block(inner)
            if gives and each.type == "switch_rule":
                body = [f.Give(one.value, self.at(each)) if isinstance(one, f.Do) else one for one in body]
            is_whole = is_whole or any(self.text(label).startswith("default") for label in labels)
            if inner:
                arms.append([*bound, *body])
        return f.Branch([f.Only(tests)], arms if is_whole or gives else [*arms, []], self.at(node))
