"""One Python file as a syntax tree: its scopes, and what its names stand for without running it."""

import ast
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from petguard.collect import Input
from petguard.parsers._python_syntax import Position, module, parsed, span
from petguard.parsers._python_values import Evaluation

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_NAMED = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SELF = frozenset({"self", "cls"})


Beyond = Callable[["Module", ast.expr], "list[tuple[Module, ast.expr]]"]


def _nothing(_module: "Module", _node: ast.expr) -> "list[tuple[Module, ast.expr]]":
    return []


@dataclass
class Scope:
    """A function, class or module body: every way in which each of its names is bound."""

    node: ast.AST
    name: str
    parent: "Scope | None"
    bound: dict[str, list[ast.expr | None]] = field(default_factory=dict)  # None: bound to something unreadable
    defaults: dict[str, ast.expr] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    returned: list[ast.expr] = field(default_factory=list)

    def bind(self, name: str, value: ast.expr | None) -> None:
        """Note one more way in which a name gets a value."""
        self.bound.setdefault(name, []).append(value)


class Module:
    """A parsed file. Raises UnreadableInput when it is not the Python of the interpreter that runs petguard."""

    def __init__(self, item: Input) -> None:
        self.path = item.path
        self.beyond: Beyond = _nothing  # set by whoever knows the other files
        self.lines = item.text.split("\n")  # as Python and semgrep count; `splitlines` also ends a line at a form feed
        self.tree = module(item.text)
        self.scopes: dict[int, Scope] = {id(self.tree): Scope(self.tree, "", None)}
        self.imports: dict[str, str] = {}
        self.calls: dict[tuple[Position, Position], ast.Call] = {}
        self._scope_of: dict[int, Scope] = {}
        self._read_targets: set[int] = set()  # names of assignments, bound to their value before they are visited
        self._walk()

    def _walk(self) -> None:
        """Visit every node once, without recursion: a hostile file may be deeper than the stack."""
        pending: list[tuple[ast.AST, Scope]] = [(self.tree, self.top)]
        while pending:
            node, scope = pending.pop()
            self._scope_of[id(node)] = scope
            inner = self._enter(node, scope)
            self._note(node, inner)
            pending += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _enter(self, node: ast.AST, scope: Scope) -> Scope:
        if not isinstance(node, _FUNCTION | ast.ClassDef):
            return scope
        name = getattr(node, "name", "<lambda>")
        if name != "<lambda>":
            scope.bind(name, None)
        inner = Scope(node, f"{scope.name}.{name}" if scope.name else name, scope)
        self.scopes[id(node)] = inner
        if isinstance(node, _FUNCTION):
            _bind_parameters(node.args, inner)
        return inner

    def _note(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Call):
            self.calls[span(node)] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._note_import(node, scope)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            self._note_assignment(node, scope)
        elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            self._read_targets.add(id(node.optional_vars))
            scope.bind(node.optional_vars.id, node.context_expr)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            self._note_target(node, scope)
        else:
            self._note_rare(node, scope)

    def _note_target(self, node: ast.Name | ast.Attribute, scope: Scope) -> None:
        """A name that is set by a loop, an unpacking or a deletion: its value cannot be read."""
        owner, name = self._place(node, scope)
        if owner is not None and id(node) not in self._read_targets:
            owner.bind(name, None)

    def _note_rare(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Global | ast.Nonlocal):
            for name in node.names:
                self._outer(scope, node).bind(name, None)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            scope.bind(node.name, None)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.bind(node.rest, None)
        elif isinstance(node, ast.Return) and node.value is not None:
            scope.returned.append(node.value)

    def _outer(self, scope: Scope, node: ast.Global | ast.Nonlocal) -> Scope:
        if isinstance(node, ast.Nonlocal) and scope.parent is not None:
            return scope.parent
        return self.top

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

    def _note_assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr, scope: Scope) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = None if isinstance(node, ast.AugAssign) else node.value
        for target in targets:
            owner, name = self._place(target, scope)
            if owner is None:
                continue
            self._read_targets.add(id(target))
            if isinstance(node, ast.AnnAssign):
                owner.annotations[name] = node.annotation
            if value is not None or not isinstance(node, ast.AnnAssign):
                owner.bind(name, value)

    def _place(self, target: ast.expr, scope: Scope) -> tuple[Scope | None, str]:
        """Which scope holds a variable or attribute: `self.x`, `cls.x` and a class's own `x` are the same."""
        if isinstance(target, ast.Name):
            return scope, target.id
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            if target.value.id in _SELF:
                return _class_around(scope), target.attr
            return scope, f"{target.value.id}.{target.attr}"
        return None, ""

    @property
    def top(self) -> Scope:
        """The scope of the module itself."""
        return self.scopes[id(self.tree)]

    @cached_property
    def _functions(self) -> list[tuple[Position, Position, str, int]]:
        """Every named function by its first position, with its last one, its name, and the entry it lies in."""
        spans = sorted((*span(each.node), each.name) for each in self.scopes.values() if isinstance(each.node, _NAMED))
        entries: list[tuple[Position, Position, str, int]] = []
        for start, end, name in spans:
            around = len(entries) - 1
            while around >= 0 and entries[around][1] < end:
                around = entries[around][3]
            entries.append((start, end, name, around))
        return entries

    def function_at(self, position: Position) -> str:
        """The dotted name of the innermost named function around a position; empty at module level."""
        last = bisect_right(self._functions, position, key=lambda entry: entry[0]) - 1
        while last >= 0 and self._functions[last][1] < position:
            last = self._functions[last][3]
        return self._functions[last][2] if last >= 0 else ""

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Every function, method and class by its dotted name; the last one where a name is used twice."""
        scopes = sorted(self.scopes.values(), key=lambda scope: span(scope.node))
        return {scope.name: scope.node for scope in scopes if isinstance(scope.node, Definition)}

    def class_at(self, node: ast.AST) -> str:
        """The dotted name of the class around a node; empty outside of classes."""
        around = _class_around(self.scope_of(node))
        return around.name if around else ""

    def column(self, position: Position) -> int:
        """The 1-based column in characters; semgrep and Python count bytes."""
        line, offset = position
        raw = self.lines[line - 1].encode("utf-8", "replace") if line <= len(self.lines) else b""
        return len(raw[: offset - 1].decode("utf-8", "replace")) + 1

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which a node stands."""
        return self._scope_of.get(id(node), self.top)

    def _holder(self, node: ast.expr) -> tuple[Scope | None, str]:
        """The scope in which a name or attribute is bound, and its name there."""
        scope, name = self._place(node, self.scope_of(node))
        if isinstance(node, ast.Name) or (scope is not None and "." in name):
            return _lookup(name, scope), name
        return scope, name

    def bound(self, node: ast.expr) -> list[ast.expr | None]:
        """Every way in which a name or attribute gets a value in this file; None where the value cannot be read."""
        scope, name = self._holder(node)
        return scope.bound.get(name, []) if scope else []

    def bindings(self, node: ast.expr) -> list[ast.expr]:
        """Everything readable that a name or attribute is bound to in this file."""
        return [value for value in self.bound(node) if value is not None]

    def binding(self, node: ast.expr) -> ast.expr | None:
        """What a name or attribute is bound to, when the file binds it exactly once, and to something readable."""
        bound = self.bound(node)
        return bound[0] if len(bound) == 1 else None

    def default(self, node: ast.expr) -> ast.expr | None:
        """The default of the parameter that a name is."""
        scope = _lookup(node.id, self.scope_of(node)) if isinstance(node, ast.Name) else None
        return scope.defaults.get(node.id) if scope and isinstance(node, ast.Name) else None

    def annotations(self, node: ast.expr) -> list[ast.expr]:
        """The names in the type that a parameter, variable or attribute is annotated with."""
        scope, name = self._holder(node)
        noted = scope.annotations.get(name) if scope else None
        return _names_in(noted) if noted is not None else []

    def gives_back(self, name: str) -> bool:
        """Whether a dotted name is a function or method of this file."""
        return isinstance(self.definitions.get(name), _NAMED)

    def returned(self, name: str) -> tuple[list[ast.expr], list[ast.expr]]:
        """The expressions after `return` of a function of this file, and the names in its annotation."""
        definition = self.definitions[name]
        assert isinstance(definition, _NAMED), f"{name} is no function"
        noted = _names_in(definition.returns) if definition.returns is not None else []
        return self.scopes[id(definition)].returned, noted

    def values(self, name: str) -> list[ast.expr]:
        """Everything readable that a variable of this file, or an attribute of a class in it, is bound to."""
        owner, _, last = name.rpartition(".")
        scope = self.scopes.get(id(self.definitions.get(owner))) if owner else self.top
        return [value for value in scope.bound.get(last, ()) if value is not None] if scope else []

    def value(self, node: ast.expr, *, hint: bool = False) -> Any:
        """The constant that an expression must have, or UNKNOWN.

        With `hint`, also what it has unless somebody sets it otherwise (defaults of parameters and environment
        variables, attributes set once), and partly known strings with a HOLE for each unknown part.
        """
        return Evaluation(self, hint=hint).of(node)

    def elsewhere(self, node: ast.expr) -> "tuple[Module, ast.expr] | None":
        """What a name that this file does not bind is bound to in another file of the tree, when that is one thing."""
        found = self.beyond(self, node) if self.bound(node) in ([], [None]) else []
        return found[0] if len(found) == 1 else None

    def dotted(self, node: ast.expr) -> str | None:
        """The imported name that an expression stands for: `OA` is `openai.OpenAI` after `import ... as OA`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.imports:
            return None
        return ".".join([self.imports[node.id], *reversed(parts)])


def _names_in(annotation: ast.expr) -> list[ast.expr]:
    """The names of classes in a type: of `Annotated["Client | None", Depends(make)]`, each of them."""
    pending: list[ast.expr | None] = [annotation]
    found: list[ast.expr] = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name | ast.Attribute):
            found.append(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            pending.append(parsed(node.value))
        elif isinstance(node, ast.Subscript):
            pending += [node.slice, node.value]
        elif isinstance(node, ast.Tuple):
            pending += node.elts
        elif isinstance(node, ast.BinOp):
            pending += [node.right, node.left]
    return found


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
    """The scope that binds or annotates a name; class bodies are not seen from inside their methods."""
    first = True
    while scope is not None:
        here = name in scope.bound or name in scope.annotations
        if here and (first or not isinstance(scope.node, ast.ClassDef)):
            return scope
        scope, first = scope.parent, False
    return None


def _class_around(scope: Scope | None) -> Scope | None:
    while scope is not None and not isinstance(scope.node, ast.ClassDef):
        scope = scope.parent
    return scope
