"""A few lines of Python inside another language: the libraries that they import and the models that they name."""

import ast
import textwrap
import warnings
from collections.abc import Callable, Iterator

from petguard import catalog, telltales
from petguard.model import Gap, Location, Node, Origin, State
from petguard.parsers import _assets
from petguard.parsers._names import HOLE
from petguard.parsers._positions import named


def python_in(text: str, path: str, first_line: int, at: Callable[[int], Location]) -> Iterator[Node | Gap]:
    """What Python uses that starts at `first_line` of a file; a gap when it tells of AI and is no Python."""
    if not telltales.told(text.encode("utf-8", "replace")):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(textwrap.dedent(text).replace(HOLE, "_"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        detail = "this Python was not understood"
        yield Gap(path=path, state=State.PARTIAL, reason="parse_error", detail=detail, line=first_line)
        return
    for node in ast.walk(tree):
        line = first_line + getattr(node, "lineno", 1) - 1
        for name in _imported(node):
            package = catalog.module(name)
            if package is not None:
                yield _assets.imported(package, at(line))
        if isinstance(node, ast.keyword) and node.arg and isinstance(node.value, ast.Constant):
            model = named(node.arg, node.value.value)
            if model is not None:
                yield model.node(at(line), origin=Origin.DETECTED)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []
