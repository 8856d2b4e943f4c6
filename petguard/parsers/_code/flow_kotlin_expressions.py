"""The expressions of Kotlin as the form says them. Its tree names few fields: most children are told by their place."""

import re
from collections.abc import Iterable, Iterator, Sequence

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_jvm import known_call, path_of
from petguard.parsers._code.flow_names import Names
from petguard.parsers._code.flow_tree import Lowering

_HOLE = re.compile(r"[A-Za-z_]\w*")
_COMPARES = frozenset(["==", "!=", "===", "!==", "<", ">", "<=", ">=", "&&", "||", "in", "!in"])
_WORDS = frozenset({"null", "true", "false"})
_TAKES_THIS = frozenset({"apply", "run", "with"})
_BUILT_IN = frozenset(
    ["println", "print", "listOf", "mapOf", "setOf", "mutableListOf", "mutableMapOf", "require", "check", "error",
     "buildString", "buildList", "arrayOf", "emptyList", "emptyMap", "requireNotNull", "checkNotNull", "runCatching"]
)  # fmt: skip
_PLAIN = frozenset(  # lambdas of these do something with what they are given, and set up nothing
    [
        "let", "also", "map", "filter", "forEach", "flatMap", "mapNotNull", "associate", "associateBy", "associateWith",
        "groupBy", "sortedBy", "any", "all", "none", "first", "find", "use", "launch", "async", "runBlocking",
        "withContext", "coroutineScope", "transaction", "lazy", "routing", "route", "get", "collect", "onEach", "fold",
        "with", "run", "reduce", "forEachIndexed", "mapIndexed", "takeIf", "takeUnless", "repeat", "synchronized",
        "joinToString",
    ]
)  # fmt: skip
_SAME = frozenset({"lazy", "run", "runBlocking", "withContext", "coroutineScope", "supervisorScope", "transaction"})
_LONGEST_TEXT = 4_000
_NAMES = 8


class Expressions(Lowering):
    """Lowers the expressions of one file."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "tree_sitter_kotlin")
        self.names = Names()
        self.extensions: set[str] = set()
        self.foreign: frozenset[str] = frozenset()
        self._this: list[str] = []  # what `this` is inside of `apply { }` and the like
        self.expressions = {
            "identifier": self._name,
            "this_expression": self._itself,
            "super_expression": lambda node: self.names.of_class(self.names.base or "super", self.at(node)),
            **dict.fromkeys(("string_literal", "multiline_string_literal"), self._string),
            "number_literal": lambda node: f.Text(self.text(node), self.at(node)),
            "navigation_expression": self._navigation,
            "call_expression": self._call,
            "index_expression": self._index,
            "infix_expression": self._infix,
            "binary_expression": self._binary,
            "unary_expression": self._unary,
            **dict.fromkeys(("parenthesized_expression", "as_expression", "callable_reference"), self.first),
            **dict.fromkeys(("is_expression", "in_expression", "check_expression", "range_expression"), self._only),
            "if_expression": self._if_value,
            "when_expression": self._when_value,
            "try_expression": self._try_value,
            **dict.fromkeys(("lambda_literal", "annotated_lambda"), lambda node: f.Lambda(self.closure(node))),
            "anonymous_function": lambda node: f.Lambda(self.function(node)),
            "object_literal": self._object,
            "collection_literal": lambda node: f.Items([self.expression(each) for each in self.kids(node)]),
            "block": self.worth,
        }

    # --- to be said by what lowers statements ---------------------------------------------------------------------

    def function(self, node: Node) -> f.Function:
        """A function with parameters and a body."""
        raise NotImplementedError

    def closure(self, node: Node) -> f.Function:
        """A lambda."""
        raise NotImplementedError

    def gives(self, nodes: Sequence[Node]) -> list[f.Statement]:
        """Statements of which the last one is what the block is worth."""
        raise NotImplementedError

    def types(self, node: Node | None) -> tuple[str, ...]:
        """The names in a type, in the order of the text."""
        found: list[str] = []
        pending = [] if node is None else [node]
        while pending and len(found) < _NAMES:
            each = pending.pop(0)
            if each.type == "user_type":
                parts = [self.text(one) for one in self.kids(each, "identifier")]
                name = ".".join(parts)
                found += (
                    [] if name in ("", "Unit", "Any") else [self.names.whole("bool" if name == "Boolean" else name)]
                )
                pending[:0] = self.kids(each, "type_arguments")
            elif each.type != "function_type":
                pending[:0] = self.kids(each)
        return tuple(found)

    def first(self, node: Node) -> f.Expr:
        """The expression in a node."""
        return self.expression(next(iter(self.kids(node)), None))

    # --- names and texts ------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> f.Expr:
        return self._meant(self.text(node), self.at(node))

    def _meant(self, name: str, at: f.Place) -> f.Expr:
        if name in _WORDS:
            return f.Constant()
        found = self.names.meant(name, at)
        is_open = isinstance(found, f.Var) and found.name == name and name[:1].islower()
        if is_open and self._this and self.names.types(name) is None and not self._is_outside(name):
            return f.Attr(f.Var(self._this[-1], at), name, at)
        return found

    def _is_outside(self, name: str) -> bool:
        return (
            name in self.names.imported
            or name in self.names.outside
            or name in ("it", "self", "field")
            or name in _BUILT_IN
        )

    def _itself(self, node: Node) -> f.Expr:
        at = self.at(node)
        return f.Var(self._this[-1], at) if self._this and not self.kids(node) else self.names.itself(at)

    def _string(self, node: Node) -> f.Expr:
        """A text; the grammar gives the `$` of a plain `$name` as a piece of its own, and the name as text after it."""
        parts: list[f.Expr] = []
        dollar = False
        for each in node.named_children:
            text = self.text(each)
            if each.type == "interpolation":
                parts.append(self.first(each))
            elif text == "$":
                dollar = True
                continue
            else:
                hole = _HOLE.match(text) if dollar else None
                parts += [self._meant(hole[0], self.at(each))] if hole else []
                parts.append(f.Text((text[hole.end() :] if hole else text)[:_LONGEST_TEXT], self.at(each)))
            dollar = False
        if all(isinstance(each, f.Text) for each in parts):
            return f.Text("".join(each.value for each in parts if isinstance(each, f.Text)), self.at(node))
        return f.Mix(parts)

    def _navigation(self, node: Node) -> f.Expr:
        inner = self.kids(node)
        if len(inner) < 2:
            return f.Constant() if not inner else self.expression(inner[0])
        of, name, at = inner[0], self.text(inner[-1]), self.at(node)
        if name in ("class", "java", "javaObjectType"):
            return self.expression(of)
        if any(each.type == "::" for each in node.children) and self.text(of)[:1].isupper():
            return self._reader(of, name, node)
        if name in ("length", "size", "lastIndex", "indices"):
            return f.Only([self.expression(of)])
        return f.Attr(self.expression(of), name, at)

    def _reader(self, of: Node, name: str, node: Node) -> f.Expr:
        """`Patient::email` reads from what it is given."""
        at = self.at(node)
        each = f.Parameter("<it>", at, (self.names.whole(self.text(of)),))
        given = f.Var("<it>", at)
        if name in self.extensions:
            read: f.Expr = f.Call(f.Var(name, at), [f.Argument(given, "self")], at, self.end(node))
        else:
            read = f.Attr(given, name, at)
        return f.Lambda(f.Function("", [each], [f.Give(read, at)], at, self.end(node)))

    def _index(self, node: Node) -> f.Expr:
        inner = self.kids(node)
        key = self.expression(inner[1]) if len(inner) > 1 else f.Constant()
        return f.Item(self.first(node), key, self.at(node))

    # --- operators ------------------------------------------------------------------------------------------------

    def _only(self, node: Node) -> f.Expr:
        return f.Only([self.expression(each) for each in self.kids(node)])

    def _infix(self, node: Node) -> f.Expr:
        inner = self.kids(node)
        if len(inner) != 3:
            return self._only(node)
        left, name, right = self.expression(inner[0]), self.text(inner[1]), self.expression(inner[2])
        if name == "to":
            return f.Record([(left.value if isinstance(left, f.Text) else "", right)])
        return f.Call(f.Attr(left, name, self.at(node)), [f.Argument(right)], self.at(node), self.end(node))

    def _binary(self, node: Node) -> f.Expr:
        operator = self.text(self.field(node, "operator"))
        inner = self.kids(node)
        if operator == "?:":
            return f.Choice([self.expression(each) for each in inner])
        typed = self._typed_call(node, operator)
        if typed is not None:
            return typed
        if operator in _COMPARES:
            return f.Only([self.expression(each) for each in inner])
        return f.Mix([self.expression(each) for each in self.flat(node, ("binary_expression",))])

    def _typed_call(self, node: Node, operator: str) -> f.Expr | None:
        """`ask<Answer>(prompt)` looks like two comparisons to the grammar."""
        left, right = self.field(node, "left"), self.field(node, "right")
        if operator != ">" or left is None or right is None or right.type != "parenthesized_expression":
            return None
        if left.type != "binary_expression" or self.text(self.field(left, "operator")) != "<":
            return None
        callee, kind = self.field(left, "left"), self.text(self.field(left, "right"))
        if callee is None or not kind[:1].isupper():
            return None
        given = [f.Argument(self.expression(each)) for each in self.kids(right)]
        is_member = callee.type == "navigation_expression"
        called = self.first(callee) if is_member else self.expression(callee)
        return self._made(called, self.text(self.kids(callee)[-1]) if is_member else "", given, node)

    def _unary(self, node: Node) -> f.Expr:
        inner = self.expression(self.field(node, "argument"))
        return f.Only([inner]) if any(each.type == "!" for each in node.children) else inner

    # --- blocks that are worth something --------------------------------------------------------------------------

    def worth(self, node: Node | None) -> f.Expr:
        """What a block is worth: its last expression, by way of a function that runs where it stands."""
        inner = self.kids(node)
        if node is None or not inner:
            return f.Constant()
        if len(inner) == 1 and inner[0].type in self.expressions:
            return self.expression(inner[0])
        with self.names.block():
            body = self.gives(inner)
        made = f.Function("", [], body, self.at(node), self.end(node))
        return f.Call(f.Lambda(made), [], self.at(node), self.end(node))

    def _if_value(self, node: Node) -> f.Expr:
        test = self.field(node, "condition")
        arms = [each for each in self.kids(node) if test is None or each.id != test.id]
        return f.Choice([f.Only([self.expression(test)]), *(self.expression(each) for each in arms)])

    def _when_value(self, node: Node) -> f.Expr:
        tests = [self.expression(each) for one in self.kids(node, "when_subject") for each in self.kids(one)]
        ways = []
        for entry in self.kids(node, "when_entry"):
            conditions = entry.children_by_field_name("condition")
            known = {each.id for each in conditions}
            tests += [self.expression(each) for each in conditions]
            ways += [self.expression(each) for each in self.kids(entry) if each.id not in known]
        return f.Choice([f.Only(tests), *ways])

    def _try_value(self, node: Node) -> f.Expr:
        caught = [one for each in self.kids(node, "catch_block") for one in self.kids(each, "block")]
        return f.Choice([self.worth(each) for each in [*self.kids(node, "block"), *caught]])

    # --- calls ----------------------------------------------------------------------------------------------------

    def _call(self, node: Node) -> f.Expr:
        inner = self.kids(node)
        callee = next(iter(inner), None)
        if callee is None:
            return f.Constant()
        trailing = [each for each in inner[1:] if each.type in ("annotated_lambda", "lambda_literal")]
        values = [one for each in inner[1:] if each.type == "value_arguments" for one in self.kids(each)]
        if trailing and callee.type == "call_expression":  # `f(x) { }` is a call of a call
            outer = self.kids(callee)
            if len(outer) > 1 and outer[-1].type == "value_arguments":
                callee, values = outer[0], self.kids(outer[-1])
        is_member = callee.type == "navigation_expression"
        name = self.text(self.kids(callee)[-1]) if is_member else self.text(callee)
        if trailing and name in _SAME and not is_member:
            return self.worth(_literal(self, trailing[0]))
        called = self.first(callee) if is_member else self.expression(callee)
        with self.names.handing(called if is_member else f.Constant()):
            given = [self._argument(each) for each in values]
            given += [one for each in trailing for one in self._block(each, name)]
        return self._made(called, name if is_member else "", given, node)

    def _block(self, node: Node, name: str) -> Iterator[f.Argument]:
        """A lambda behind a call; one that sets something up hands on what it is given."""
        if name in _TAKES_THIS:
            self._this.append("<this>")
            try:
                yield f.Argument(f.Lambda(self.closure(node)))
            finally:
                self._this.pop()
        else:
            yield f.Argument(f.Lambda(self.closure(node)))
        if name not in _PLAIN:
            yield from self._set_up(_literal(self, node), 0)

    def _set_up(self, node: Node, depth: int) -> Iterator[f.Argument]:
        """`{ setBody(text); model = "x"; user { content = text } }` gives all of that."""
        for each in self.kids(node) if depth < _NAMES else ():
            inner = self.kids(each)
            if each.type == "assignment" and len(inner) == 2 and inner[0].type == "identifier":
                yield f.Argument(self.expression(inner[1]), self.text(inner[0]))
            elif each.type == "call_expression" and self._is_bare(each):
                values = [self._argument(one).value for one in self._values(each)]
                yield from [f.Argument(f.Mix(values), self._bare_name(each))] if values else []
                for block in self.kids(each, "annotated_lambda", "lambda_literal"):
                    yield from self._set_up(_literal(self, block), depth + 1)

    def _is_bare(self, node: Node) -> bool:
        name = self._bare_name(node)
        return bool(name) and name not in self.names.outside and not self.names.member(name)

    def _bare_name(self, node: Node) -> str:
        callee = next(iter(self.kids(node)), None)
        if callee is not None and callee.type == "call_expression":
            callee = next(iter(self.kids(callee)), None)
        return self.text(callee) if callee is not None and callee.type == "identifier" else ""

    def _values(self, node: Node) -> list[Node]:
        callee = next(iter(self.kids(node)), None)
        inner = [callee] if callee is not None and callee.type == "call_expression" else []
        return [
            one for each in [*inner, node] for given in self.kids(each, "value_arguments") for one in self.kids(given)
        ]

    def _argument(self, node: Node) -> f.Argument:
        inner = self.kids(node)
        if len(inner) == 2 and any(each.type == "=" for each in node.children):
            return f.Argument(self.expression(inner[1]), self.text(inner[0]))
        is_spread = any(each.type in ("*", "spread_operator") for each in node.children)
        return f.Argument(self.expression(inner[-1] if inner else None), "*" if is_spread else "")

    def _made(self, called: f.Expr, name: str, given: list[f.Argument], node: Node) -> f.Expr:
        """A call of a function, or with a `name` of a member."""
        at, end = self.at(node), self.end(node)
        if not name:
            is_new = path_of(called).rpartition(".")[2][:1].isupper()
            return known_call(f.Call(called, given, at, end, new=is_new), self.foreign)
        if name in self.extensions and not self._is_class(called):
            return f.Call(f.Var(name, at), [f.Argument(called, "self"), *given], at, end)
        if name == "invoke" and isinstance(called, f.Var):
            return f.Call(called, given, at, end)
        return known_call(f.Call(f.Attr(called, name, at), given, at, end), self.foreign)

    def _is_class(self, of: f.Expr) -> bool:
        return isinstance(of, f.Var) and of.name[:1].isupper()

    def _object(self, node: Node) -> f.Expr:
        """`object : Listener { ... }`: what it does, as functions by their name; a single one as that function."""
        methods = [one for each in self.kids(node, "class_body") for one in self.kids(each, "function_declaration")]
        made: list[tuple[str, f.Expr]] = []
        for each in methods:
            function = self.function(each)
            made.append((function.name, f.Lambda(function)))
        return made[0][1] if len(made) == 1 else f.Record(made)


def _literal(low: Lowering, node: Node) -> Node:
    """The lambda in an annotated one."""
    return next(iter(low.kids(node, "lambda_literal")), node)


def all_named(low: Lowering, nodes: Iterable[Node]) -> Iterator[tuple[str, Node]]:
    """Declarations with their name."""
    for each in nodes:
        name = low.field(each, "name")
        if name is not None:
            yield low.text(name), each
