"""Bounds and sensitivities that are read from the private data, and so tell about it."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_claims.handmade import sensitivities
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_syntax import last_name

_EXTREMES = frozenset(
    {"min", "max", "amin", "amax", "nanmin", "nanmax", "ptp", "quantile", "percentile", "std", "norm", "minmax"}
)


def read_from_data(reading: Reading) -> Iterator[Danger]:
    """An extreme of the data in an argument that is a bound, or in the sensitivity of noise that is added by hand."""
    given = [bound for name in reading.kind.bounds if (bound := reading.given(name)) is not None]
    given += sensitivities(reading) if reading.kind.package is None else []
    for bound in map(reading.meant, given):
        found = _extreme(reading.ground, bound)
        if found is not None:
            detail = f"{reading.ground.file.excerpt(found)} reads a bound from the private data"
            yield Danger(hazard=Hazard.DATA_DEPENDENT_BOUNDS, location=reading.ground.at(bound), detail=detail)


def _extreme(ground: Ground, bound: ast.expr) -> ast.Call | None:
    """The first extreme of something that is not written down in the code."""
    for node in ground.origins(bound):
        if isinstance(node, ast.Call) and last_name(node.func) in _EXTREMES and not _of_constants(ground, node):
            return node
    return None


def _of_constants(ground: Ground, call: ast.Call) -> bool:
    """`max(lower, upper)` of two known numbers, or of two or more scalars, is not about the data."""
    if isinstance(call.func, ast.Name):
        return len(call.args) != 1 or _is_written(ground, call.args[0])
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    of_module = receiver is not None and ground.module.dotted(receiver) is not None
    values = call.args if of_module else [receiver] if receiver is not None else []
    return all(_is_written(ground, each) for each in values[:1])


def _is_written(ground: Ground, node: ast.expr) -> bool:
    made = ground.module.binding(node) or node
    return isinstance(made, ast.List | ast.Tuple | ast.Constant)
