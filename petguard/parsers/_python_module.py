"""One Python file as a syntax tree: what its names stand for, and which values are certain without running it."""

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from petguard.collect import Input
from petguard.errors import UnreadableInput

Position = tuple[int, int]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
UNKNOWN = object()  # a value that cannot be read from the text
HOLE = "\N{REPLACEMENT CHARACTER}"  # stands for the unknown parts of a partly known string

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


@dataclass
class Scope:
    """A function, class or module body: every way in which each of its names is bound."""

    node: ast.AST
    name: str
    parent: "Scope | None"
    bound: dict[str, list[ast.expr | None]] = field(default_factory=dict)  # None: bound to something unreadable
    defaults: dict[str, ast.expr] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)

    def bind(self, name: str, value: ast.expr | None) -> None:
        self.bound.setdefault(name, []).append(value)


class Module:
    """A parsed file. Raises UnreadableInput when it is not the Python of the interpreter that runs petguard."""

    def __init__(self, item: Input) -> None:
        self.path = item.path
        self.lines = item.text.splitlines()
        self.tree = _parse(item.text)
        self.scopes: dict[int, Scope] = {id(self.tree): Scope(self.tree, "", None)}
        self.imports: dict[str, str] = {}
        self.calls: dict[tuple[Position, Position], ast.Call] = {}
        self.attributes: dict[tuple[str, str], list[ast.expr | None]] = {}
        self._scope_of: dict[int, Scope] = {}
        self._read_targets: set[int] = set()  # names of assignments, bound to their value before they are visited
        self._walk()

    def _walk(self) -> None:
        """Visit every node once, without recursion: a hostile file may be deeper than the stack."""
        pending: list[tuple[ast.AST, Scope]] = [(self.tree, self.scopes[id(self.tree)])]
        while pending:
            node, scope = pending.pop()
            self._scope_of[id(node)] = scope
            inner = self._enter(node, scope)
            self._note(node, inner)
            pending += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _enter(self, node: ast.AST, scope: Scope) -> Scope:
        if not isinstance(node, Function | ast.ClassDef):
            return scope
        name = getattr(node, "name", "<lambda>")
        if name != "<lambda>":
            scope.bind(name, None)
        inner = Scope(node, f"{scope.name}.{name}" if scope.name else name, scope)
        self.scopes[id(node)] = inner
        if isinstance(node, Function):
            _bind_parameters(node.args, inner)
        return inner

    def _note(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Call):
            self.calls[span(node)] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._note_import(node, scope)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._note_assignment(node, scope)
        elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            self._read_targets.add(id(node.optional_vars))
            scope.bind(node.optional_vars.id, node.context_expr)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            for name in node.names:
                self._outer(scope, node).bind(name, None)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            if id(node) not in self._read_targets:
                scope.bind(node.id, None)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            scope.bind(node.name, None)

    def _outer(self, scope: Scope, node: ast.Global | ast.Nonlocal) -> Scope:
        if isinstance(node, ast.Nonlocal) and scope.parent is not None:
            return scope.parent
        return self.scopes[id(self.tree)]

    def _note_import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.split(".")[0]
            scope.bind(local, None)
            if isinstance(node, ast.Import):
                self.imports[local] = alias.name if alias.asname else local
            else:
                self.imports[local] = ".".join([*self._package(node.level), *filter(None, [node.module]), alias.name])

    def _package(self, level: int) -> tuple[str, ...]:
        """The package that a relative import starts from, as seen from the scan root; empty for an absolute one."""
        folders = PurePosixPath(self.path).parent.parts
        return folders[: len(folders) - level + 1] if level else ()

    def _note_assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: Scope) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = None if isinstance(node, ast.AugAssign) else node.value
        for target in targets:
            if isinstance(target, ast.Name):
                self._read_targets.add(id(target))
                scope.bind(target.id, value)
            elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                self.attributes.setdefault((_class_of(scope), ast.unparse(target)), []).append(value)

    @cached_property
    def spans(self) -> list[tuple[Position, Position, str]]:
        """Every function with its first and last position and its dotted name."""
        functions = (scope for scope in self.scopes.values() if isinstance(scope.node, Function))
        return [(*span(scope.node), scope.name) for scope in functions]

    def call_around(self, start: Position, end: Position) -> Iterator[ast.Call]:
        """The calls that enclose a position, the innermost first."""
        around = [span for span in self.calls if span[0] <= start and end <= span[1]]
        for span in sorted(around, key=lambda span: (span[1], span[0]), reverse=False):
            yield self.calls[span]

    def focused(self, positions: Iterable[Position]) -> str:
        """The text with only those function bodies that hold one of the positions; every line keeps its number."""
        kept, lines = list(positions), list(self.lines)
        for node in self.definitions.values():
            start, end = span(node)
            first, last = node.body[0].lineno, node.end_lineno or node.lineno
            alone = first > max([node.lineno, *(each.end_lineno or 0 for each in _header(node))])
            if isinstance(node, ast.ClassDef) or not alone or any(start <= each <= end for each in kept):
                continue
            lines[first - 1 : last] = [" " * node.body[0].col_offset + "pass", *[""] * (last - first)]
        return "\n".join(lines)

    def function_at(self, position: Position) -> str:
        """The dotted name of the innermost function around a position; empty at module level."""
        around = [span for span in self.spans if span[0] <= position <= span[1]]
        return max(around, default=((0, 0), (0, 0), ""))[2]

    @cached_property
    def definitions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        """Every function, method and class by its dotted name; the last one where a name is used twice."""
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        return {scope.name: scope.node for scope in self.scopes.values() if isinstance(scope.node, kinds)}

    def class_at(self, node: ast.AST) -> str:
        """The dotted name of the class around a node; empty outside of classes."""
        return _class_of(self.scope_of(node))

    def column(self, position: Position) -> int:
        """The 1-based column in characters; semgrep and Python count bytes."""
        line, offset = position
        raw = self.lines[line - 1].encode("utf-8", "replace") if line <= len(self.lines) else b""
        return len(raw[: offset - 1].decode("utf-8", "replace")) + 1

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which a node stands."""
        return self._scope_of[id(node)]

    def _bound(self, node: ast.expr) -> list[ast.expr | None]:
        if isinstance(node, ast.Attribute):
            return self.attributes.get((_class_of(self.scope_of(node)), ast.unparse(node)), [])
        if isinstance(node, ast.Name):
            scope = _lookup(node.id, self.scope_of(node))
            return scope.bound[node.id] if scope else []
        return []

    def bindings(self, node: ast.expr) -> list[ast.expr]:
        """Everything readable that a name or attribute is bound to in this file."""
        return [value for value in self._bound(node) if value is not None]

    def binding(self, node: ast.expr) -> ast.expr | None:
        """What a name or attribute is bound to, when the file binds it exactly once, and to something readable."""
        bound = self._bound(node)
        return bound[0] if len(bound) == 1 else None

    def annotations(self, node: ast.expr) -> list[ast.expr]:
        """The type that a parameter is annotated with."""
        scope = _lookup(node.id, self.scope_of(node)) if isinstance(node, ast.Name) else None
        noted = scope.annotations.get(node.id) if scope and isinstance(node, ast.Name) else None
        return [] if noted is None else [noted]

    def value(self, node: ast.expr, *, hint: bool = False) -> Any:
        """The constant that an expression must have, or UNKNOWN.

        With `hint`, also what it has unless somebody sets it otherwise (defaults of parameters and environment
        variables, attributes set once), and partly known strings with a HOLE for each unknown part.
        """
        return _Evaluation(self, hint=hint).of(node)

    def dotted(self, node: ast.expr) -> str | None:
        """The imported name that an expression stands for: `OA` is `openai.OpenAI` after `import ... as OA`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.imports:
            return None
        return ".".join([self.imports[node.id], *reversed(parts)])


class _Evaluation:
    """One evaluation; counts its steps, so that a definition that refers to itself ends."""

    def __init__(self, module: Module, *, hint: bool) -> None:
        self.module = module
        self.hint = hint
        self.steps = 200

    def of(self, node: ast.expr | None) -> Any:
        self.steps -= 1
        if node is None or self.steps < 0:
            return UNKNOWN
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.of(node.operand)
            return -number if _is_number(number) else UNKNOWN
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._name(node)

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.op, ast.Add) and (isinstance(left, str) or isinstance(right, str)):
            return self._text([left, right])
        if not (_is_number(left) and _is_number(right)):
            return UNKNOWN
        try:
            if isinstance(node.op, ast.Pow):
                return left**right if abs(right) < 64 and abs(left) < 1e6 else UNKNOWN
            return _BINARY[type(node.op)](left, right) if type(node.op) in _BINARY else UNKNOWN
        except (ArithmeticError, ValueError):
            return UNKNOWN

    def _joined(self, node: ast.JoinedStr) -> Any:
        return self._text(
            [self.of(part.value) if isinstance(part, ast.FormattedValue) else self.of(part) for part in node.values]
        )

    def _text(self, parts: list[Any]) -> Any:
        if all(isinstance(part, str) for part in parts):
            return "".join(parts)
        return "".join(part if isinstance(part, str) else HOLE for part in parts) if self.hint else UNKNOWN

    def _call(self, node: ast.Call) -> Any:
        called = self.module.dotted(node.func) or ast.unparse(node.func)
        if called in {"float", "int", "str"} and len(node.args) == 1 and not node.keywords:
            return _converted(called, self.of(node.args[0]))
        if self.hint and called in {"os.getenv", "os.environ.get"} and len(node.args) == 2:
            return self.of(node.args[1])
        return UNKNOWN

    def _name(self, node: ast.expr) -> Any:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and self.hint:
            return self.of(node.values[-1])
        if isinstance(node, ast.Attribute) and not self.hint:
            return UNKNOWN
        bound = self.module.binding(node)
        if bound is not None:
            return self.of(bound)
        if self.hint and isinstance(node, ast.Name):
            scope = _lookup(node.id, self.module.scope_of(node))
            return self.of(scope.defaults.get(node.id)) if scope else UNKNOWN
        return UNKNOWN


def _parse(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise UnreadableInput(f"not valid Python: {error.msg}", line=error.lineno or None) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableInput(f"not readable as Python: {type(error).__name__}", reason="too_deep") from error


def _header(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.expr]:
    """The expressions between `def` and the colon."""
    if isinstance(node, ast.ClassDef):
        return node.bases
    found = ast.walk(node.args)
    return [*(each for each in found if isinstance(each, ast.expr)), *filter(None, [node.returns])]


def span(node: ast.AST) -> tuple[Position, Position]:
    """First and last position in semgrep's terms: 1-based lines and byte columns, the end exclusive."""
    start = (getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)
    return start, (getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0) + 1)


def _bind_parameters(arguments: ast.arguments, scope: Scope) -> None:
    positional = [*arguments.posonlyargs, *arguments.args]
    extra = [each for each in (arguments.vararg, arguments.kwarg) if each]
    for parameter in [*positional, *arguments.kwonlyargs, *extra]:
        scope.bind(parameter.arg, None)
        if parameter.annotation is not None:
            scope.annotations[parameter.arg] = parameter.annotation
    late = positional[len(positional) - len(arguments.defaults) :]
    scope.defaults |= {each.arg: default for each, default in zip(late, arguments.defaults, strict=True)}
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    scope.defaults |= {each.arg: default for each, default in named if default is not None}


def _lookup(name: str, scope: Scope | None) -> Scope | None:
    """The scope that binds a name; class bodies are not seen from inside their methods."""
    first = True
    while scope is not None:
        if name in scope.bound and (first or not isinstance(scope.node, ast.ClassDef)):
            return scope
        scope, first = scope.parent, False
    return None


def _class_of(scope: Scope | None) -> str:
    while scope is not None and not isinstance(scope.node, ast.ClassDef):
        scope = scope.parent
    return scope.name if scope else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _converted(kind: str, value: object) -> Any:
    if not isinstance(value, int | float | str):
        return UNKNOWN
    try:
        return {"float": float, "int": int, "str": str}[kind](value)
    except (ValueError, OverflowError):
        return UNKNOWN
