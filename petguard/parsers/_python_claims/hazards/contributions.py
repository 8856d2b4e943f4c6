"""Data in which one person may stand any number of times, while the noise is made for a few."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

_CUTS = (
    "dropDuplicates",
    "drop_duplicates",
    "row_number",
    "head",
    "limit",
    "sample",
    "nth",
    "tail",
    "groupby",
    "groupBy",
)
_PARAMS = ("AggregateParams", "SumParams", "MeanParams", "VarianceParams", "CountParams", "PrivacyIdCountParams")


def unbounded(reading: Reading) -> Iterator[Danger]:
    """Tumult takes the number of rows on trust; PipelineDP leaves out its own bounding when it is told to."""
    if reading.kind.package == "tmlt-analytics":
        yield from _promised(reading)
    elif reading.kind.package == "pipeline-dp":
        yield from _left_out(reading)


def _promised(reading: Reading) -> Iterator[Danger]:
    most = reading.values.get("contributions")
    rows = reading.ground.called("AddMaxRows")
    if rows and most != 1 and not reading.ground.called(*_CUTS):
        detail = "nothing in this file cuts the data to so many rows for each person, and the session takes it on trust"
        yield Danger(hazard=Hazard.UNBOUNDED_CONTRIBUTION, location=reading.ground.at(rows[0]), detail=detail)


def _left_out(reading: Reading) -> Iterator[Danger]:
    for params in reading.ground.called(*_PARAMS, "SelectPartitionsParams"):
        for node, hazard, detail in _switches(reading, params):
            yield Danger(hazard=hazard, location=reading.ground.at(node), detail=detail)


def _switches(reading: Reading, params: ast.Call) -> Iterator[tuple[ast.expr, Hazard, str]]:
    enforced = argument(params, ["contribution_bounds_already_enforced"])
    if enforced is not None and reading.value(enforced) is True:
        detail = "contribution_bounds_already_enforced leaves it to the data that no person contributes more"
        yield enforced, Hazard.UNBOUNDED_CONTRIBUTION, detail
    filtered = argument(params, ["public_partitions_already_filtered"])
    if filtered is not None and reading.value(filtered) is True:
        detail = "public_partitions_already_filtered releases every key that the data still holds"
        yield filtered, Hazard.GROUP_KEYS, detail
    if last_name(params.func) == "AggregateParams":
        across = argument(params, ["perform_cross_partition_contribution_bounding"])
        if across is not None and reading.value(across) is False:
            detail = "one person may be in any number of partitions"
            yield across, Hazard.UNBOUNDED_CONTRIBUTION, detail
