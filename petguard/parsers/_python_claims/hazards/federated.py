"""Noise of single clients that is counted as if only the sum of all of them were seen."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_syntax import last_name

_AGGREGATION = ("secagg", "secureagg", "secure_agg", "lightsecagg")


def noise_split_among_clients(reading: Reading) -> Iterator[Danger]:
    """Noise divided by a number of clients, in a file that speaks of no secure aggregation."""
    text = "\n".join(reading.ground.module.lines).lower()
    if any(word in text for word in _AGGREGATION):
        return
    for node in (*reading.call.args, *(keyword.value for keyword in reading.call.keywords)):
        if any(_splits(part) for part in ast.walk(node)):
            detail = "each client adds only its share of the noise, and the server sees it before the shares are summed"
            yield Danger(hazard=Hazard.CLIENT_SIDE_ONLY, location=reading.ground.at(node), detail=detail)
            return


def _splits(node: ast.AST) -> bool:
    """A quotient by a number of clients, or by its root."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return False
    named = (last_name(each).lower() for each in ast.walk(node.right) if isinstance(each, ast.Name | ast.Attribute))
    return any("clients" in name or name == "num_parties" for name in named)
