"""An epsilon that is spent again and again, and stated once."""

import ast
from collections.abc import Iterator, Sequence

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.ground import Loop
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_syntax import last_name

_COLUMNS = ("column", "columns", "col", "cols", "feature", "features", "attr", "attribute", "attributes", "fields")
_QUERIES = ("query", "queries", "question", "questions", "metric", "metrics", "statistics", "answer", "answers")
_PARALLEL = frozenset({"groupby", "groupBy", "value_counts", "unique", "Counter"})  # each person is in one group
_DETAILS = {
    Hazard.BUDGET_PER_COLUMN: "each column spends the whole epsilon",
    Hazard.BUDGET_PER_QUERY: "each query spends the whole epsilon",
    Hazard.EPSILON_IN_LOOP: "each turn of the loop spends the whole epsilon",
}


def spent_again(reading: Reading) -> Iterator[Danger]:
    """The call, or the use of what it makes, stands in a loop that neither changes epsilon nor shares it out."""
    if not reading.kind.releases or _is_accounted(reading):
        return
    uses = reading.ground.called(*reading.kind.uses) if reading.kind.uses else []
    own = [call for call in uses if reading.ground.is_method_of(call, reading.call)]
    for place in (reading.call, reading.place, *own):
        loop = _spending(reading, reading.ground.loops(place))
        if loop is not None:
            hazard = _kind(loop)
            start = loop.target if isinstance(loop, ast.comprehension) else loop
            yield Danger(hazard=hazard, location=reading.ground.at(start), detail=_DETAILS[hazard])
            return


def _is_accounted(reading: Reading) -> bool:
    return any(reading.given(name) is not None for name in reading.kind.accounted_by)


def _spending(reading: Reading, loops: Sequence[Loop]) -> Loop | None:
    """The outermost loop that spends epsilon; loops over epsilons, settings or disjoint groups do not."""
    spending = [loop for loop in loops if not _is_harmless(reading, loop)]
    return spending[-1] if spending else None


def _is_harmless(reading: Reading, loop: Loop) -> bool:
    if isinstance(loop, ast.While):
        return False
    calls = {last_name(node.func) for node in reading.ground.origins(loop.iter) if isinstance(node, ast.Call)}
    names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    if calls & _PARALLEL or _changes(reading, names) or not _repeats(reading, loop):
        return True
    return _kind(loop) is Hazard.EPSILON_IN_LOOP and _adds_to_each(reading, names)


def _adds_to_each(reading: Reading, names: set[str]) -> bool:
    """`[value + noise for value in vector]` releases one vector, whose sensitivity is that of all its entries."""
    entries = [each.id for each in reading.data if isinstance(each, ast.Name)]
    return reading.kind.package is None and bool(entries) and set(entries) <= names


def _changes(reading: Reading, names: set[str]) -> bool:
    """Whether epsilon (or the noise) is made of the loop's variable: then every turn states another claim."""
    given = (
        reading.given(name) for name, field in reading.kind.fields.items() if field in {"epsilon", "noise_multiplier"}
    )
    arguments = [each for each in given if each is not None]
    if reading.kind.package is None:
        arguments += [*reading.call.args[1:], *(each.value for each in reading.call.keywords)]
    arguments += reading.inlined.values()
    used = {node.id for each in arguments for node in reading.ground.origins(each) if isinstance(node, ast.Name)}
    return bool(used & names)


def _repeats(reading: Reading, loop: ast.For | ast.AsyncFor | ast.comprehension) -> bool:
    """`for _ in range(1)` runs once."""
    length = loop.iter.args[0] if isinstance(loop.iter, ast.Call) and len(loop.iter.args) == 1 else None
    return length is None or last_name(getattr(loop.iter, "func", loop.iter)) != "range" or reading.value(length) != 1


def _kind(loop: Loop) -> Hazard:
    if isinstance(loop, ast.While):
        return Hazard.EPSILON_IN_LOOP
    words = {
        word
        for each in (*ast.walk(loop.target), *ast.walk(loop.iter))
        if isinstance(each, ast.Name | ast.Attribute)
        for word in last_name(each).lower().split("_")
    }
    if words & set(_COLUMNS):
        return Hazard.BUDGET_PER_COLUMN
    return Hazard.BUDGET_PER_QUERY if words & set(_QUERIES) else Hazard.EPSILON_IN_LOOP
