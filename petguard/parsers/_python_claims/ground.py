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

    def sources(self, node: ast.expr) -> list[ast.expr]:
        """What a name or attribute may come from: everything that it is bound to, also as one of several."""
        scope: Scope | None = self.module.scope_of(node)
        while isinstance(node, ast.Name) and scope is not None and node.id not in scope.bound:
            scope = scope.parent
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
