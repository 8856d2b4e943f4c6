"""SmartNoise SQL metadata: which table is private, whose rows they are, and which protections are switched off.

The file holds no epsilon; that stands in the code that opens the table. What is found here goes to that claim.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml_all
from petguard.hazards import Hazard
from petguard.model import Claim, Danger, Facts, Gap, Origin
from petguard.parsers import Parser
from petguard.parsers._source import Source, each, together
from petguard.parsers._stated_dp import Pointer, statement

_OPTIONS = (b"row_privacy", b"max_ids", b"private_id", b"censor_dims")
# Each is true unless the file says false (`smartnoise-sql` 1.0).
_SWITCHES = {
    "sample_max_ids": (
        Hazard.UNBOUNDED_CONTRIBUTION,
        "sample_max_ids is false, so nothing holds a person to max_ids rows",
    ),
    "clamp_columns": (
        Hazard.SENSITIVITY_TOO_SMALL,
        "clamp_columns is false, so values outside the stated bounds count in full",
    ),
    "censor_dims": (
        Hazard.GROUP_KEYS,
        "censor_dims is false, so a group that holds one person is named in the result",
    ),
}


def _interest(candidate: Candidate) -> Interest:
    is_metadata = candidate.suffix in (".yaml", ".yml") and any(word in candidate.data for word in _OPTIONS)
    return Interest.READ if is_metadata else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, read_yaml_all, _read)


def _read(source: Source) -> Facts:
    return together(_table(source, table, at) for table, at in _tables(source.document.value))


def _tables(value: Any) -> Iterator[tuple[dict[str, Any], Pointer]]:
    """The tables of the one collection: database, schema and table, above columns with a type."""
    roots = [key for key in value if key != "engine"] if isinstance(value, dict) else []
    if len(roots) != 1 or not isinstance(value[roots[0]], dict):
        return
    for schema, tables in value[roots[0]].items():
        for name, table in tables.items() if isinstance(tables, dict) else ():
            if isinstance(table, dict) and any(isinstance(each, dict) and "type" in each for each in table.values()):
                yield table, (roots[0], schema, name)


def _table(source: Source, table: dict[str, Any], at: Pointer) -> Facts:
    by_row = table.get("row_privacy") is True
    owner = any(isinstance(each, dict) and each.get("private_id") is True for each in table.values())
    if not by_row and not owner and not {"max_ids", "row_privacy", "censor_dims"} & set(table):
        return Facts()
    values = {"unit": "example" if by_row else "user", "contributions": None if by_row else table.get("max_ids", 1)}
    claim = Claim(
        id=f"dp_query:{source.path}:{source.document.line(*at)}",
        statement=statement(source, "dp_query", values, {"contributions": (*at, "max_ids")}),
        location=source.at(*at),
        subject=source.path,
        dangers=tuple(_dangers(source, table, at)),
        origin=Origin.DECLARED,
        about=(".".join(str(step) for step in at if step),),
    )
    return Facts(claims=(claim,))


def _dangers(source: Source, table: dict[str, Any], at: Pointer) -> Iterator[Danger]:
    for key, (hazard, detail) in _SWITCHES.items():
        if table.get(key) is False:
            yield Danger(hazard=hazard, location=source.at(*at, key), detail=detail)
        elif not isinstance(table.get(key, True), bool):
            source.doubt(f"{key} is neither true nor false", *at, key)


PARSER = Parser.of_configs("smartnoise_metadata", _interest, _parse)
