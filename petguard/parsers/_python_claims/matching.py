"""Which calls of a file state a claim, by the tables of `rules/code/privacy/`."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import PurePosixPath

from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_pets import Call, calls

OfTheTree = Callable[[str], bool]  # whether a top-level name is a module of the scanned tree, for the file at hand


@cache
def _by_name() -> dict[str, tuple[Call, ...]]:
    names = {name for each in calls() for name in (*each.names, *each.methods)}
    return {name: tuple(each for each in calls() if name in (*each.names, *each.methods)) for name in names}


def stating(ground: Ground) -> Iterator[tuple[Call, ast.Call]]:
    """Every call that states a claim, in the order of the file; what a library says in its own code states none."""
    for call in ground.calls:
        for kind in _by_name().get(ground.callee(call), ()):
            if _means(ground, kind, call) and not _inside(ground.file.path, kind.roots) and _is_first(ground, kind):
                yield kind, call
                break


def _means(ground: Ground, kind: Call, call: ast.Call) -> bool:
    dotted = ground.module.dotted(call.func)
    if ground.callee(call) in kind.names:
        return (
            dotted is not None and _below(dotted, kind.roots) and (not kind.within or kind.within in dotted.split("."))
        )
    if not isinstance(call.func, ast.Attribute):
        return False
    return kind.anywhere or any(_below(name, kind.roots) for name in ground.module.imports.values())


def _below(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") or f".{root}." in f"{name}." for root in roots)


def _inside(path: str, roots: tuple[str, ...]) -> bool:
    """Whether a file is a part of the library: what a library says of its own mechanisms is a definition."""
    folders = f"/{PurePosixPath(path).parent}/"
    return any(f"/{root.replace('.', '/')}/" in folders for root in roots)


def _is_first(ground: Ground, kind: Call) -> bool:
    return not (kind.unless_called and ground.called(*kind.unless_called))


def is_a_copy(ground: Ground, kind: Call, call: ast.Call, of_the_tree: OfTheTree) -> bool:
    """Whether a library's call goes to code of the scanned tree that bears the library's name."""
    dotted = ground.module.dotted(call.func)
    return kind.package is not None and dotted is not None and of_the_tree(dotted.partition(".")[0])
