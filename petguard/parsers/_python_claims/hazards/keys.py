"""Groups whose names come from the private data: that a group is there at all tells about the people in it."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.ground import LOOPS
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_syntax import last_name

_GROUPS = frozenset({"groupby", "groupBy", "value_counts", "unique", "Counter", "crosstab", "pivot_table"})
_KNOWN = frozenset({"reindex", "Categorical", "CategoricalDtype", "set_categories"})  # groups from a list of the code
_RELEASES = frozenset({"dp_query", "local_dp"})


def of_groups(reading: Reading) -> Iterator[Danger]:
    """Noise for each group of a grouping, without a threshold below which a group is left out."""
    if reading.kind.technique not in _RELEASES or _has_threshold(reading):
        return
    values = [*reading.data, *_looped_over(reading)]
    for value in values:
        nodes = [node for node in reading.ground.origins(value) if isinstance(node, ast.Call)]
        names = {last_name(node.func) for node in nodes}
        if names & _GROUPS and not names & _KNOWN:
            group = next(node for node in nodes if last_name(node.func) in _GROUPS)
            detail = f"every key of {reading.ground.file.excerpt(group)} is released, also one with a single person"
            yield Danger(hazard=Hazard.GROUP_KEYS, location=reading.ground.at(group), detail=detail)
            return


def _looped_over(reading: Reading) -> list[ast.expr]:
    loops = [*reading.ground.loops(reading.call), *reading.ground.loops(reading.place)]
    return [each.iter for each in loops if isinstance(each, ast.For | ast.AsyncFor | ast.comprehension)]


def _has_threshold(reading: Reading) -> bool:
    """Whether the noisy number is compared with something before it is released, by `if` or by a filter."""
    ground = reading.ground
    names = set()
    for around in ground.around(reading.place):
        if isinstance(around, ast.Compare):
            return True
        if isinstance(around, ast.Assign):
            names = {last_name(target) for target in around.targets}
        if isinstance(around, LOOPS):
            break
    function = ground.function(reading.place)
    compared = (node for node in ast.walk(function) if isinstance(node, ast.Compare))
    sides = (each for node in compared for each in ast.walk(node) if isinstance(each, ast.Name))
    return any(each.id in names for each in sides if each.id)
