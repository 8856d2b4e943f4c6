"""Which function of the scanned tree a call means: by definition, import, re-export, binding, type and base class."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from petguard.parsers._python_module import Module
from petguard.parsers._python_modules import Modules

Place = tuple[str, str]  # path and dotted name of a definition or variable
Expression = tuple[Module, ast.expr]  # an expression, and the file whose names it is written in

_DEPTH = 4  # re-exports, base classes and instances that are followed in a row


@dataclass(frozen=True)
class Callees:
    """The definitions of a tree. `module` gives a file's syntax tree, or None when it cannot be parsed."""

    paths: Sequence[str]
    module: Callable[[str], Module | None]

    def of(self, module: Module, named: ast.expr) -> Iterator[Place]:
        """The places of the tree that a name or attribute can mean; the first that is defined is the likeliest."""
        yield from self._named(module, named, _DEPTH)
        if not isinstance(named, ast.Attribute):
            return
        owner, method = named.value, named.attr
        if isinstance(owner, ast.Name) and owner.id in {"self", "cls"}:
            yield from self._known_as(module.path, f"{module.class_at(named)}.{method}", _DEPTH)
        for maker in self._classes(module, owner):
            for path, name in self._named(module, maker, _DEPTH):
                yield from self._known_as(path, f"{name}.{method}", _DEPTH)

    def bound(self, module: Module, node: ast.expr) -> list[Expression]:
        """Everything readable that a name or attribute is bound to, in its own file or, failing that, in another."""
        here = module.bindings(node)
        if here or not isinstance(node, ast.Name | ast.Attribute):
            return [(module, value) for value in here]
        places = dict.fromkeys(self.of(module, node))
        return [each for path, name in places for each in self._values(path, name)]

    def returned(self, module: Module, node: ast.expr) -> tuple[list[Expression], list[Expression]]:
        """What the function that is called, or read as a property, gives back, and the names in its annotation."""
        called = node.func if isinstance(node, ast.Call) else node
        if called is node and not isinstance(node, ast.Attribute):
            return [], []
        for path, name in self.of(module, called):
            other = self.module(path)
            if other is not None and other.gives_back(name):
                given, noted = other.returned(name)
                return [(other, each) for each in given], [(other, each) for each in noted]
        return [], []

    def _values(self, path: str, name: str) -> list[Expression]:
        """What a variable of a file, or an attribute of one of its classes, is bound to."""
        module = self.module(path)
        return [] if module is None else [(module, value) for value in module.values(name)]

    def _classes(self, module: Module, owner: ast.expr) -> list[ast.expr]:
        """What the object that a method is called on is, was made by, or is annotated with."""
        bound = module.bindings(owner)
        made = [each.func for each in [owner, *bound] if isinstance(each, ast.Call)]
        return [owner, *made, *(noted for each in [owner, *bound] for noted in module.annotations(each))]

    def _named(self, module: Module, node: ast.expr, depth: int) -> Iterator[Place]:
        """The definitions that an expression names, here or imported; a class means its constructor, too."""
        if isinstance(node, ast.Name) and node.id in module.definitions:
            yield from ((module.path, node.id), (module.path, f"{node.id}.__init__"))
        dotted = module.dotted(node)
        for path, name in self._imported(dotted, module.path, depth) if dotted else ():
            yield from ((path, name), (path, f"{name}.__init__"))

    def _imported(self, dotted: str, importer: str, depth: int) -> Iterator[Place]:
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            path = self._modules.file(parts[:cut], importer)
            if path is not None:
                yield from self._known_as(path, ".".join(parts[cut:]), depth)
                return

    def _known_as(self, path: str, name: str, depth: int) -> Iterator[Place]:
        """A name in a file, and what stands behind it: an import, an instance or an inherited method."""
        yield path, name
        module = self.module(path) if depth else None
        if module is None or name in module.definitions:
            return
        first, _, rest = name.partition(".")
        definition = module.definitions.get(first)
        if isinstance(definition, ast.ClassDef):
            behind = [each for base in definition.bases for each in self._named(module, base, depth - 1)]
        elif first in module.imports:
            yield from self._imported(f"{module.imports[first]}.{rest}".rstrip("."), path, depth - 1)
            return
        else:
            made = [each.func for each in module.top.bound.get(first, ()) if isinstance(each, ast.Call)]
            behind = [each for maker in made for each in self._named(module, maker, depth - 1)]
        for place, owner in behind if rest else ():
            yield from self._known_as(place, f"{owner}.{rest}", depth - 1)

    @cached_property
    def _modules(self) -> Modules:
        return Modules(self.paths)
