"""Which calls of a file state a claim, by the tables of `rules/code/privacy/`."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import PurePosixPath

from petguard import catalog
from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_pets import Call, calls

_TESTS = frozenset({"test", "tests", "testing"})

OfTheTree = Callable[[str], bool]  # whether a top-level name is a module of the scanned tree, for the file at hand


@cache
def _libraries() -> frozenset[str]:
    """The packages of all libraries: one of them may build its mechanisms on those of another."""
    known = (module for each in catalog.packages() if each.role == "pet" for module in each.modules)
    return frozenset((*known, *(root for each in calls() for root in each.roots)))


@cache
def _by_name() -> dict[str, tuple[Call, ...]]:
    names = {name for each in calls() for name in (*each.names, *each.methods)}
    return {name: tuple(each for each in calls() if name in (*each.names, *each.methods)) for name in names}


def stating(ground: Ground) -> Iterator[tuple[Call, ast.Call]]:
    """Every call that states a claim, in the order of the file; what a library says in its own code states none."""
    for call in ground.calls:
        for kind in _by_name().get(ground.callee(call), ()):
            if _means(ground, kind, call) and _is_first(ground, kind):
                yield kind, call
                break


def _means(ground: Ground, kind: Call, call: ast.Call) -> bool:
    dotted = ground.module.dotted(call.func)
    if kind.starred and isinstance(call.func, ast.Name) and dotted is None and call.func.id in kind.names:
        own = call.func.id in ground.module.definitions or bool(ground.module.bound(call.func))
        return not own and any(_below(module, kind.roots) for module in ground.starred)
    if ground.callee(call) in kind.names:
        return (
            dotted is not None and _below(dotted, kind.roots) and (not kind.within or kind.within in dotted.split("."))
        )
    if not isinstance(call.func, ast.Attribute) or (dotted is not None and not _below(dotted, kind.roots)):
        return False
    return kind.anywhere or any(_below(name, kind.roots) for name in ground.module.imports.values())


def _below(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") or f".{root}." in f"{name}." for root in roots)


def _is_first(ground: Ground, kind: Call) -> bool:
    return not (kind.unless_called and ground.called(*kind.unless_called))


def is_a_copy(kind: Call, of_the_tree: OfTheTree) -> bool:
    """Whether a library's call goes to code of the scanned tree that bears the library's name."""
    return kind.package is not None and any(of_the_tree(root.partition(".")[0]) for root in kind.roots)


def is_its_own(path: str, of_the_tree: OfTheTree, *, copied: bool) -> bool:
    """Whether a file is a part of the library or tests it: what a library says of its own mechanisms defines them.

    A folder that only bears a library's name, as one with scripts that use it may, is no part of it.
    """
    place = PurePosixPath(path)
    around = [root for root in _libraries() if f"/{root.replace('.', '/')}/" in f"/{place.parent}/"]
    inside = any(of_the_tree(part) for root in around for part in root.split("."))
    tests = place.name.startswith(("test_", "conftest.")) or place.stem.endswith("_test")
    return inside or (copied and (tests or bool(_TESTS & set(place.parts))))
