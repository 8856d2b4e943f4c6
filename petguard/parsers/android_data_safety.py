"""The data-safety form of Google Play, as the CSV file that its console imports: what is collected, what is shared."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from petguard.collect import Candidate, Input, Interest
from petguard.documents import MAX_NODES, Document
from petguard.errors import UnreadableInput
from petguard.model import Detail, Facts, Gap, Node, Trait
from petguard.parsers import Parser
from petguard.parsers._declared import ANY_PERSONAL, column, flow, recipient
from petguard.parsers._source import Source, each

_TYPES = "PSL_DATA_TYPES_"
_USAGE = "PSL_DATA_USAGE_RESPONSES"
_COLUMNS = ("question", "response", "value")  # the first of the file; the others explain them to people
_CATEGORIES = {
    "NAME": "user.name",
    "EMAIL": "user.contact.email",
    "PHONE": "user.contact.phone_number",
    "ADDRESS": "user.contact.address",
    "CONTACTS": "user.contact",
    "RACE_ETHNICITY": "user.demographic.race_ethnicity",
    "POLITICAL_RELIGIOUS": "user.demographic.political_opinion",
    "SEXUAL_ORIENTATION_GENDER_IDENTITY": "user.demographic.sexual_orientation",
    "APPROX_LOCATION": "user.location",
    "PRECISE_LOCATION": "user.location.precise",
    "DEVICE_ID": "user.device",
    **dict.fromkeys(("HEALTH", "FITNESS"), "user.health_and_medical"),
    **dict.fromkeys(
        ("EMAILS", "SMS_CALL_LOG", "OTHER_MESSAGES", "PHOTOS", "VIDEOS", "AUDIO", "CALENDAR"), ANY_PERSONAL
    ),
}
_GROUPS = {"PERSONAL": ANY_PERSONAL, "HEALTH_AND_FITNESS": "user.health_and_medical", "FINANCIAL": "user.financial"}
_SHARED = frozenset({"PSL_DATA_USAGE_ONLY_SHARED", "PSL_DATA_USAGE_BOTH_COLLECTED_AND_SHARED"})

Row = Mapping[str, str]


def _interest(candidate: Candidate) -> Interest:
    told = candidate.suffix == ".csv" and _TYPES.encode() in candidate.data
    return Interest.READ if told else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [_open(text)], _read)


def _open(text: str) -> Document:
    """The rows, each with its first line."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[Row] = []
    lines: dict[tuple[str | int, ...], int] = {}
    line = 1
    try:
        for cells in reader:
            lines[(len(rows),)] = line
            rows.append(dict(zip(_COLUMNS, cells, strict=False)))
            line = reader.line_num + 1
            if len(rows) > MAX_NODES:
                raise UnreadableInput(f"more than {MAX_NODES} rows", reason="too_large", line=line)
    except csv.Error as error:
        raise UnreadableInput(f"not CSV: {error}", line=line) from error
    return Document.of_lines(rows, 1, lines)


def _read(source: Source) -> Facts:
    rows: list[Row] = source.document.value
    usage = _usage(rows)
    nodes = [
        _declared(source, index, row, usage)
        for index, row in enumerate(rows)
        if row.get("question", "").startswith(_TYPES) and _is_true(row)
    ]
    if not nodes and not any("question" in row and row["question"].startswith(_TYPES) for row in rows):
        source.doubt("mentions the data types of a data-safety form, and has no row of them", reason="unresolved")
    shared = [node for node in nodes if node.details["shared"] is True]
    if not shared:
        return Facts(nodes=tuple(nodes))
    others = recipient("third parties that the form does not name", shared[0].locations[0])
    others = others.model_copy(update={"id": f"system:{source.path}#shared"})
    edges = (flow(node.id, others.id, node.locations[0]) for node in shared)
    return Facts(nodes=(*nodes, others), edges=tuple(edges))


def _is_true(row: Row) -> bool:
    return row.get("value", "").strip().lower() == "true"


def _usage(rows: Sequence[Row]) -> Mapping[str, list[tuple[str, str]]]:
    """What is answered with yes about each type of data: the question and the answer."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        parts = row.get("question", "").split(":")
        if parts[0] == _USAGE and len(parts) == 3 and _is_true(row):
            found.setdefault(parts[1], []).append((parts[2], row.get("response", "")))
    return found


def _declared(source: Source, index: int, row: Row, usage: Mapping[str, list[tuple[str, str]]]) -> Node:
    """One type of data that the app collects or shares."""
    response = row.get("response", "").strip()
    name = response.removeprefix("PSL_") or f"row {index + 1}"
    group = row["question"].removeprefix(_TYPES)
    category = _CATEGORIES.get(name) or _GROUPS.get(group)
    said = usage.get(response, [])
    purposes = (answer.removeprefix("PSL_") for question, answer in said if question.endswith("_PURPOSE"))
    details: dict[str, Detail] = {
        "shared": any(answer in _SHARED for _, answer in said),
        "ephemeral": any(question == "PSL_DATA_USAGE_EPHEMERAL" for question, _ in said),
        "purposes": tuple(sorted(set(purposes))),
    }
    node = column(
        "android",
        source.path,
        name,
        source.at(index),
        said=Trait.SAID_PERSONAL if category else None,
        categories=[category] if category else (),
    )
    return node.model_copy(update={"name": name, "details": {**node.details, **details}})


PARSER = Parser.of_configs("android_data_safety", _interest, _parse)
