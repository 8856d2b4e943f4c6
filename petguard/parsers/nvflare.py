"""NVFlare jobs whose clients filter what they send: `SVTPrivacy` adds noise, `PercentilePrivacy` adds none.

The filters stand in the client's configuration, the number of rounds in the server's. What a filter is not told it
takes from the library's defaults (NVFlare 2.9).
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import dirname
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, read_json
from petguard.hazards import Hazard
from petguard.model import Claim, Danger, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._source import Source, each, together
from petguard.parsers._stated_dp import Pointer, number_of, protection, statement

_FILTER = re.compile(rb"\b(?:SVTPrivacy|PercentilePrivacy)\b")
_SERVER = re.compile(r"config_fed_server\.(?:json|conf)$")
_DEFAULTS: dict[str, Any] = {"fraction": 0.1, "epsilon": 0.1, "noise_var": 0.1, "replace": True}
_FIELDS = {
    "selection_epsilon": "epsilon",
    "release_epsilon": "epsilon_release",
    "noise_var": "noise_var",
    "fraction": "fraction",
    "replace": "replace",
}


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in (".json", ".conf"):
        return Interest.NONE
    is_server = _SERVER.search(candidate.name) and b"num_rounds" in candidate.data
    is_client = b"task_result_filters" in candidate.data and _FILTER.search(candidate.data)
    return Interest.READ if is_client or is_server else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    rounds = dict(_rounds(inputs))
    clients = [item for item in inputs if not _SERVER.search(item.path)]  # what a server filters has arrived already
    return each(clients, _open, lambda source: _read(source, rounds))


def _open(text: str) -> list[Document]:
    return [read_json(text)]


def _rounds(inputs: Sequence[Input]) -> Iterator[tuple[str, tuple[int, str]]]:
    """The rounds of each job by its folder, with their place; of a server with several workflows none."""
    for item in (item for item in inputs if _SERVER.search(item.path)):
        counts = [(int(found[1]), item.text.count("\n", 0, found.start()) + 1) for found in _COUNT.finditer(item.text)]
        if len(counts) == 1:
            yield dirname(dirname(item.path)), (counts[0][0], f"{item.path}:{counts[0][1]}")


_COUNT = re.compile(r"\bnum_rounds\"?[ \t]*[:=][ \t]*(\d{1,9})\b")


def _read(source: Source, rounds: dict[str, tuple[int, str]]) -> Facts:
    config = source.mapping(source.document.value)
    found = list(_filters(source, config.get("task_result_filters"), ("task_result_filters",)))
    for index, scope in enumerate(source.items(config.get("scopes"), "scopes")):  # the policy of a site
        place: Pointer = ("scopes", index, "task_result_filters")
        found += _filters(source, source.mapping(scope, *place[:2]).get("task_result_filters"), place)
    noisy = [each for each in found if each[0] == "SVTPrivacy"]
    return together(_facts(source, *each, rounds) for each in noisy or found)


def _filters(source: Source, value: Any, place: Pointer) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """The privacy filters of a list, which may be grouped by task."""
    for index, entry in enumerate(source.items(value, *place)):
        at = (*place, index)
        each = source.mapping(entry, *at)
        yield from _filters(source, each.get("filters"), (*at, "filters"))
        path = each.get("path", each.get("name"))
        name = path.rpartition(".")[2] if isinstance(path, str) else ""
        if name in ("SVTPrivacy", "PercentilePrivacy"):
            yield name, source.mapping(each.get("args"), *at, "args"), at


def _facts(source: Source, name: str, given: dict[str, Any], at: Pointer, rounds: dict[str, tuple[int, str]]) -> Facts:
    place = source.at(*at, "path")
    values: dict[str, Any] = {"unit": "user"}
    dangers: tuple[Danger, ...] = ()
    count, stated = _of_job(source.path, rounds)
    if name == "SVTPrivacy":
        told = {**_DEFAULTS, **given}
        values |= {"mechanism": "svt", **{field: number_of(told.get(key)) for field, key in _FIELDS.items()}}
    else:
        detail = "PercentilePrivacy leaves out small updates and clips large ones, and adds no noise"
        dangers = (Danger(hazard=Hazard.NO_NOISE, location=place, detail=detail),)
    places = {field: (*at, "args", key) for field, key in _FIELDS.items()}
    claim = Claim(
        id=f"federated_dp:{source.path}:{place.line}:{place.column}",
        statement=statement(source, "federated_dp", {**values, "rounds": count}, places),
        location=place,
        subject=source.path,
        stated_in={"rounds": stated} if count is not None else {},
        dangers=dangers,
    )
    return Facts(nodes=(protection(claim, "NVFlare"),), claims=(claim,))


def _of_job(path: str, rounds: dict[str, tuple[int, str]]) -> tuple[int | None, str]:
    """The rounds that the server of the same application, or of the one job around it, says."""
    application = dirname(dirname(path))
    if application in rounds:
        return rounds[application]
    beside = [each for folder, each in rounds.items() if application and dirname(folder) == dirname(application)]
    return beside[0] if len(beside) == 1 else (None, "")


PARSER = Parser.of_configs("nvflare", _interest, _parse, claims=True)
