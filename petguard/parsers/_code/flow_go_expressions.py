"""The expressions of Go as the form says them."""

import re
from collections.abc import Sequence

from tree_sitter import Node

from petguard.flows import form as f
from petguard.parsers._code.flow_tree import Lowering

_KEY = re.compile(r"[A-Za-z_][\w-]{0,60}")
_BY_KEY = frozenset(
    ["Get", "FormValue", "PostFormValue", "Query", "Param", "PostForm", "QueryParam", "PathValue", "DefaultQuery",
     "GetHeader", "Params", "GetString", "Cookie", "Value", "FormFile"]
)  # fmt: skip
_TEXTS = frozenset(["fmt.Sprintf", "fmt.Sprint", "fmt.Sprintln", "fmt.Errorf", "fmt.Appendf", "strings.Join"])
_ITSELF = frozenset(
    [
        "json.Marshal", "json.MarshalIndent", "bytes.NewReader", "bytes.NewBuffer", "bytes.NewBufferString",
        "strings.NewReader", "io.NopCloser", "io.ReadAll", "ioutil.ReadAll", "strings.TrimSpace", "strings.ToLower",
        "strings.ToUpper", "strings.Clone", "sql.NullString", "aws.String", "proto.String", "ptr.To",
    ]
)  # fmt: skip
_COMPARES = frozenset(["==", "!=", "<", ">", "<=", ">=", "&&", "||"])
_CONVERSIONS = frozenset(
    {"string", "int", "int32", "int64", "float64", "float32", "any", "rune", "byte", "uint", "uint64"}
)
_NO_TYPES = frozenset(
    ["error", "any", "byte", "rune", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32",
     "uint64", "float32", "float64", "context.Context", "interface", "uintptr", "complex128"]
)  # fmt: skip
_LONGEST_TEXT = 4_000
_NAMES = 8
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Expressions(Lowering):
    """Lowers the expressions of one file."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "tree_sitter_go")
        self.receiver = ""
        self.made: dict[int, f.Expr] = {}  # the calls of the statement, by their node
        self.expressions = {
            **dict.fromkeys(("identifier", "field_identifier", "type_identifier", "package_identifier"), self._name),
            **dict.fromkeys(("interpreted_string_literal", "raw_string_literal"), self._string),
            **dict.fromkeys(("int_literal", "float_literal"), lambda node: f.Text(self.text(node), self.at(node))),
            "selector_expression": self._selector,
            "qualified_type": self._qualified,
            "index_expression": self._index,
            "slice_expression": self._operand,
            "type_assertion_expression": self._operand,
            "type_conversion_expression": self._operand,
            "unary_expression": self._unary,
            **dict.fromkeys(
                ("parenthesized_expression", "literal_element", "pointer_type", "generic_type"), self.first
            ),
            "variadic_argument": lambda node: f.Spread(self.first(node)),
            "expression_list": self.first,
            "call_expression": self._kept_call,
            "composite_literal": self._composite,
            "literal_value": lambda node: self._value(node, None),
            "binary_expression": self._binary,
            "func_literal": lambda node: f.Lambda(self.function(node)),
        }

    def first(self, node: Node) -> f.Expr:
        """The expression in a node."""
        return self.expression(next(iter(self.kids(node)), None))

    def string(self, node: Node | None) -> str:
        """What a text stands for."""
        parts = []
        for each in node.named_children if node is not None else ():
            raw = self.text(each)
            parts.append(_ESCAPES.get(raw[1:], raw[1:]) if each.type == "escape_sequence" else raw)
        return "".join(parts)[:_LONGEST_TEXT]

    def types(self, node: Node | None) -> tuple[str, ...]:
        """The names in a type, but for those that say nothing of what is in a value."""
        found: list[str] = []
        pending = [] if node is None else [node]
        while pending and len(found) < _NAMES:
            each = pending.pop(0)
            if each.type in ("type_identifier", "qualified_type"):
                name = self.text(each)
                found += [] if name in _NO_TYPES else [name]
            elif each.type not in ("function_type", "struct_type", "interface_type", "identifier"):
                pending[:0] = self.kids(each)
        return tuple(found)

    def _name(self, node: Node) -> f.Expr:
        name = self.text(node)
        if name in ("true", "false", "iota", "_"):
            return f.Constant()
        return f.Var("self" if name == self.receiver else name, self.at(node))

    def _string(self, node: Node) -> f.Expr:
        return f.Text(self.string(node), self.at(node))

    def _operand(self, node: Node) -> f.Expr:
        return self.expression(self.field(node, "operand"))

    def _selector(self, node: Node) -> f.Expr:
        return f.Attr(self._operand(node), self.text(self.field(node, "field")), self.at(node))

    def _qualified(self, node: Node) -> f.Expr:
        package, name = self.field(node, "package"), self.text(self.field(node, "name"))
        return f.Attr(f.Var(self.text(package), self.at(node)), name, self.at(node))

    def _index(self, node: Node) -> f.Expr:
        return f.Item(self._operand(node), self.expression(self.field(node, "index")), self.at(node))

    def _unary(self, node: Node) -> f.Expr:
        inner = self._operand(node)
        return f.Only([inner]) if self.text(self.field(node, "operator")) == "!" else inner

    def _binary(self, node: Node) -> f.Expr:
        if self.text(self.field(node, "operator")) in _COMPARES:
            return f.Only([self.expression(each) for each in self.kids(node)])
        return f.Mix([self.expression(each) for each in self.flat(node, ("binary_expression",))])

    # --- what is made ---------------------------------------------------------------------------------------------

    def _composite(self, node: Node) -> f.Expr:
        return self._value(self.field(node, "body"), self.field(node, "type"))

    def _value(self, body: Node | None, kind: Node | None) -> f.Expr:
        """A struct, a map or a list that is written out."""
        if kind is not None and kind.type in ("slice_type", "array_type", "implicit_length_array_type"):
            element = self.field(kind, "element")
            return f.Items([self._element(each, element) for each in self.kids(body)])
        pairs = [self._pair(each, kind) for each in self.kids(body)]
        named = self.kids(body, "keyed_element")
        keys = [inner for each in named for inner in self.kids(self.field(each, "key"))]
        is_struct = all(each.type == "identifier" for each in keys)
        if kind is None or kind.type in ("map_type", "struct_type") or (keys and not is_struct):
            return f.Record(pairs)
        given = [f.Argument(value, name) for name, value in pairs]
        at = self.at(kind)
        return f.Call(self.expression(kind), given, at, self.end(body or kind), new=True)

    def _pair(self, node: Node, kind: Node | None) -> tuple[str, f.Expr]:
        inner = self.field(kind, "value") if kind is not None and kind.type == "map_type" else None
        if node.type != "keyed_element":
            return "", self._element(node, inner)
        key = next(iter(self.kids(self.field(node, "key"))), None)
        is_map = kind is not None and kind.type == "map_type"
        name = self.string(key) if key is not None and "string" in key.type else "" if is_map else self.text(key)
        return name, self._element(self.field(node, "value"), inner)

    def _element(self, node: Node | None, kind: Node | None) -> f.Expr:
        """An element; one in braces is of the type that the list is of."""
        inner = next(iter(self.kids(node)), None) if node is not None and node.type == "literal_element" else node
        if inner is not None and inner.type == "literal_value":
            if kind is not None and kind.type == "pointer_type":
                kind = next(iter(self.kids(kind)), None)
            return self._value(inner, kind)
        return self.expression(inner)

    # --- calls ----------------------------------------------------------------------------------------------------

    def _kept_call(self, node: Node) -> f.Expr:
        self.made[node.id] = made = self._call(node)
        return made

    def _call(self, node: Node) -> f.Expr:
        function, given = self.field(node, "function"), self.kids(self.field(node, "arguments"))
        name = self.text(function) if function is not None else ""
        built_in = self._built_in(name, given, node)
        if built_in is not None:
            return built_in
        if function is not None and function.type == "selector_expression":
            special = self._special(function, given, node)
            if special is not None:
                return special
        if function is not None and function.type == "parenthesized_expression" and len(given) == 1:
            return self.expression(given[0])  # a conversion: `(*Patient)(p)`
        return f.Call(self.expression(function), self._arguments(given), self.at(node), self.end(node))

    def _arguments(self, given: Sequence[Node]) -> list[f.Argument]:
        return [
            f.Argument(self.first(each), "*") if each.type == "variadic_argument" else f.Argument(self.expression(each))
            for each in given
        ]

    def _built_in(self, name: str, given: Sequence[Node], node: Node) -> f.Expr | None:
        if name == "append" and given:
            return f.Items([f.Spread(self.expression(given[0])), *(self.expression(each) for each in given[1:])])
        if name in _TEXTS:
            return f.Mix([self.expression(each) for each in given])
        if (name in _ITSELF or name in _CONVERSIONS) and given:
            return self.expression(given[0])
        if name == "new" and given:
            return f.Call(self.expression(given[0]), [], self.at(node), self.end(node), new=True)
        if name == "make" and given:
            return f.Record([]) if given[0].type == "map_type" else f.Items([])
        return None

    def _special(self, function: Node, given: Sequence[Node], node: Node) -> f.Expr | None:
        """`r.FormValue("email")` takes a part, `sb.String()` is all that is in it."""
        name, of = self.text(self.field(function, "field")), self.field(function, "operand")
        if name in ("String", "Bytes") and not given:
            return f.Mix([self.expression(of)])
        if name in _BY_KEY and len(given) == 1 and "string" in given[0].type and self.text(of) not in ("os", "http"):
            key = self.string(given[0])
            if _KEY.fullmatch(key):
                return f.Item(self.expression(of), f.Text(key, self.at(given[0])), self.at(node))
        return None

    def function(self, node: Node) -> f.Function:
        """A function, a method or a literal of one."""
        raise NotImplementedError
