"""What readers and hazard finders ask about the syntax tree of one file: what stands around what, and comes from it."""

import ast
from collections.abc import Iterator
from functools import cached_property

from petguard.model import Location
from petguard.parsers._python_file import File
from petguard.parsers._python_module import Scope
from petguard.parsers._python_syntax import last_name

LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CHANGES = frozenset({"update", "pop", "setdefault", "clear", "popitem"})
_STEPS = 300  # of following a value back, so that code that goes in circles ends
Loop = ast.For | ast.AsyncFor | ast.While | ast.comprehension


class Ground:
    """One file, with the parents of its nodes and the values that unpacking and loops give to names."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.module = file.module
        self.tree = file.module.tree

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the file."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Every call of the file, in the order in which they stand."""
        return tuple(call for _, call in sorted(self.module.calls.items(), key=lambda entry: entry[0]))

    @cached_property
    def _parents(self) -> dict[int, ast.AST]:
        return {id(child): node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside out."""
        parent = self._parents.get(id(node))
        while parent is not None:
            yield parent
            parent = self._parents.get(id(parent))

    def function(self, node: ast.AST) -> ast.AST:
        """The named function that a node stands in; the module when there is none."""
        named = (each for each in self.around(node) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
        return next(named, self.tree)

    def loops(self, node: ast.AST) -> list[Loop]:
        """The loops and comprehensions around a node inside of its function, the innermost first."""
        found: list[Loop] = []
        inner = node
        for each in self.around(node):
            if isinstance(each, FUNCTIONS):
                break
            if isinstance(each, LOOPS) and _repeats(each, inner):
                found.append(each)
            elif isinstance(each, COMPREHENSIONS) and inner is not each.generators[0]:
                found += reversed(each.generators)
            inner = each
        return found

    @cached_property
    def _unpacked(self) -> dict[tuple[int, str], list[ast.expr]]:
        """What names are bound to by unpacking and by loops, by scope."""
        found: dict[tuple[int, str], list[ast.expr]] = {}
        for node in self.nodes:
            for target, value in _bindings(node):
                for each in ast.walk(target):
                    if isinstance(each, ast.Name):
                        found.setdefault((id(self.module.scope_of(each)), each.id), []).append(value)
        return found

    def unpacked_part(self, name: ast.Name) -> ast.expr | None:
        """The one expression that a name gets by `a, b = 1, 2`, when nothing else binds it."""
        home = self._home(name)
        if home is None or home.bound[name.id] != [None]:
            return None
        rows = (node for node in self.nodes if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple))
        parts = (pair for row in rows for pair in _parts(row))
        return next((value for part, value in parts if part.id == name.id and self._home(part) is home), None)

    def _home(self, name: ast.Name) -> Scope | None:
        """The scope that binds a name."""
        scope: Scope | None = self.module.scope_of(name)
        while scope is not None and name.id not in scope.bound:
            scope = scope.parent
        return scope

    def entry(self, node: ast.Subscript) -> ast.expr | None:
        """The value under a constant key of a dictionary that is written down once and never changed."""
        table = self.module.binding(node.value)
        key = self.module.value(node.slice)
        if not isinstance(table, ast.Dict) or not isinstance(node.value, ast.Name) or self._is_changed(node.value.id):
            return None
        pairs = zip(table.keys, table.values, strict=True)
        found = [value for each, value in pairs if isinstance(each, ast.Constant) and each.value == key]
        return found[0] if len(found) == 1 and None not in table.keys else None

    def _is_changed(self, name: str) -> bool:
        """Whether an entry of a dictionary is set or deleted, or the dictionary is asked to change itself."""
        for node in self.nodes:
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and last_name(node.value) == name:
                return True
            method = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
            if method is not None and last_name(method.value) == name and method.attr in _CHANGES:
                return True
        return False

    def sources(self, node: ast.expr) -> list[ast.expr]:
        """What a name or attribute may come from: everything that it is bound to, also as one of several."""
        scope = self._home(node) if isinstance(node, ast.Name) else None
        unpacked = self._unpacked.get((id(scope), node.id), []) if isinstance(node, ast.Name) else []
        return [*self.module.bindings(node), *unpacked]

    def origins(self, start: ast.expr) -> Iterator[ast.AST]:
        """Every piece of code that a value may have been made of, itself first."""
        pending: list[ast.AST] = [start]
        seen: set[int] = set()
        while pending and len(seen) < _STEPS:
            node = pending.pop(0)
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            if isinstance(node, ast.Name | ast.Attribute):
                pending += self.sources(node)
            pending += ast.iter_child_nodes(node)

    def at(self, node: ast.AST) -> Location:
        """Where a node starts."""
        return self.file.location((getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1))

    @cached_property
    def starred(self) -> frozenset[str]:
        """The modules of which everything is imported, `from openfhe import *`."""
        imports = (node for node in self.nodes if isinstance(node, ast.ImportFrom) and node.module)
        return frozenset(str(node.module) for node in imports if any(alias.name == "*" for alias in node.names))

    def called(self, *names: str) -> list[ast.Call]:
        """The calls of functions or methods with one of these names, wherever they come from."""
        return [call for call in self.calls if self.callee(call) in names]

    def callee(self, call: ast.Call) -> str:
        """The last name of what is called, before any `as` of an import."""
        return (self.module.dotted(call.func) or "").rpartition(".")[2] or last_name(call.func)

    def is_method_of(self, call: ast.Call, maker: ast.Call) -> bool:
        """Whether a method is called on what another call made, directly or under a name."""
        if not isinstance(call.func, ast.Attribute):
            return False
        receiver = call.func.value
        return receiver is maker or any(each is maker for each in self.module.bindings(receiver))


def _parts(row: ast.Assign) -> Iterator[tuple[ast.Name, ast.expr]]:
    """The names of `a, b = 1, 2`, each with its value."""
    values = row.value.elts if isinstance(row.value, ast.Tuple) else []
    for target in row.targets:
        names = target.elts if isinstance(target, ast.Tuple) else []
        if len(names) == len(values):
            yield from ((name, value) for name, value in zip(names, values, strict=True) if isinstance(name, ast.Name))


def _repeats(loop: ast.AST, inner: ast.AST) -> bool:
    """What is looped over, and what follows the loop, runs once."""
    if isinstance(loop, ast.For | ast.AsyncFor):
        return inner is not loop.iter and inner not in loop.orelse
    return isinstance(loop, ast.While) and inner not in loop.orelse


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets if isinstance(target, ast.Tuple | ast.List))
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, node.iter
