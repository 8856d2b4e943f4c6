"""What a Python expression must be, told from the text alone: nothing is run, and every doubt is UNKNOWN."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from petguard.parsers._names import HOLE
from petguard.parsers._python_syntax import spelled

UNKNOWN = object()  # a value that cannot be read from the text

_STEPS = 100  # of one evaluation, so that a definition that refers to itself ends, and the stack is deep enough
_LONGEST = 100_000  # characters of a text, so that doubling it again and again ends, too
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}
_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {"float": float, "int": int, "str": str}
_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get", "environ.get", "getenv"})
_FIELDS = frozenset({"pydantic.Field", "Field", "dataclasses.field", "field"})


class Names(Protocol):
    """What the names of a file stand for."""

    def binding(self, node: ast.expr) -> ast.expr | None:
        """What a name or attribute is bound to, when that is certain."""

    def default(self, node: ast.expr) -> ast.expr | None:
        """The default of the parameter that a name is."""

    def dotted(self, node: ast.expr) -> str | None:
        """The imported name that an expression stands for."""

    def elsewhere(self, node: ast.expr) -> "tuple[Names, ast.expr] | None":
        """What a name is bound to in another file, with that file's names."""


class Evaluation:
    """One evaluation. With `hint`, also what holds unless somebody sets it otherwise, and texts with a HOLE."""

    def __init__(self, names: Names, *, hint: bool) -> None:
        self._names = names
        self._hint = hint
        self._steps = _STEPS
        self._readers: Mapping[type[ast.expr], Callable[[Any], Any]] = {
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.BoolOp: self._either,
            ast.JoinedStr: self._joined,
            ast.Call: self._call,
        }

    def of(self, node: ast.expr | None) -> Any:
        """The value, or UNKNOWN; never raises."""
        self._steps -= 1
        if node is None or self._steps < 0:
            return UNKNOWN
        if isinstance(node, ast.Constant):
            return node.value
        read: Callable[[Any], Any] = self._readers.get(type(node), self._name)
        return read(node)

    def _either(self, node: ast.BoolOp) -> Any:
        return self.of(node.values[-1]) if self._hint and isinstance(node.op, ast.Or) else UNKNOWN

    def _joined(self, node: ast.JoinedStr) -> Any:
        return self._text([self._part(part) for part in node.values])

    def _unary(self, node: ast.UnaryOp) -> Any:
        number = self.of(node.operand)
        if not _is_number(number) or not isinstance(node.op, ast.USub | ast.UAdd):
            return UNKNOWN
        return -number if isinstance(node.op, ast.USub) else number

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.op, ast.Add) and (isinstance(left, str) or isinstance(right, str)):
            return self._text([left, right])
        if not (_is_number(left) and _is_number(right)):
            return UNKNOWN
        if isinstance(node.op, ast.Pow | ast.LShift) and not (abs(right) < 64 and abs(left) < 1e6):
            return UNKNOWN
        try:
            value = _BINARY[type(node.op)](left, right) if type(node.op) in _BINARY else UNKNOWN
        except (ArithmeticError, TypeError, ValueError):  # a shift is for whole numbers only
            return UNKNOWN
        return value if _is_number(value) else UNKNOWN  # a root of a negative number is complex

    def _part(self, part: ast.expr) -> Any:
        if not isinstance(part, ast.FormattedValue):
            return self.of(part)
        plain = part.format_spec is None and part.conversion == -1
        value = self.of(part.value) if plain else UNKNOWN
        return str(value) if _is_number(value) else value

    def _text(self, parts: list[Any]) -> Any:
        if not self._hint and not all(isinstance(part, str) for part in parts):
            return UNKNOWN
        whole = "".join(part if isinstance(part, str) else HOLE for part in parts)
        return whole if len(whole) <= _LONGEST else UNKNOWN

    def _call(self, node: ast.Call) -> Any:
        called = self._names.dotted(node.func) or spelled(node.func)
        if called in _CONVERSIONS and len(node.args) == 1 and not node.keywords:
            return _converted(called, self.of(node.args[0]))
        if self._hint and called in _ENVIRONMENT and len(node.args) == 2:
            return self.of(node.args[1])
        if self._hint and called in _FIELDS:
            return self.of(_default(node))
        return UNKNOWN

    def _name(self, node: ast.expr) -> Any:
        # An attribute may be set from anywhere, so what its class says is no more than a hint.
        if isinstance(node, ast.Attribute) and not self._hint:
            return UNKNOWN
        bound = self._names.binding(node)
        if bound is None and self._hint:
            bound = self._names.default(node)
        return self._elsewhere(node) if bound is None and self._hint else self.of(bound)

    def _elsewhere(self, node: ast.expr) -> Any:
        """A value from another file is read with that file's names, and counts as a part of this evaluation."""
        found = self._names.elsewhere(node)
        if found is None:
            return UNKNOWN
        here, self._names = self._names, found[0]
        try:
            return self.of(found[1])
        finally:
            self._names = here


def _default(field: ast.Call) -> ast.expr | None:
    """The default of a pydantic or dataclass field."""
    named = (each.value for each in field.keywords if each.arg == "default")
    return next(named, field.args[0] if field.args else None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _converted(kind: str, value: object) -> Any:
    if not isinstance(value, int | float | str):
        return UNKNOWN
    try:
        return _CONVERSIONS[kind](value)
    except (ValueError, OverflowError):
        return UNKNOWN
