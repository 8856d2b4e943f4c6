"""What the readers of privacy claims in configurations share: a claim out of foreign values, and its protection."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from petguard.claims import BY_TECHNIQUE, STATEMENT, Statement
from petguard.documents import Step
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Node, NodeKind
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]
COUNTS = frozenset(
    {"batch_size", "dataset_size", "steps", "clients_per_round", "clients_total", "rounds", "contributions"}
)


def statement(source: Source, technique: str, values: Mapping[str, Any], places: Mapping[str, Pointer]) -> Statement:
    """The statement with these fields; an impossible value is an UnreadableInput at its place in the file."""
    try:
        said = {key: value for key, value in values.items() if value is not None}
        return STATEMENT.validate_python({"technique": technique, **said}, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][1])
        pointer = places.get(field, (field,))
        raise invalid(source, pointer, str(first["msg"])) from error


def fitting(technique: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values for which a claim of this technique has a field; a whole number where the field counts."""
    known = BY_TECHNIQUE[technique].model_fields
    return {name: _whole(value) if name in COUNTS else value for name, value in values.items() if name in known}


def number_of(value: Any) -> Any:
    """A number that YAML left a text because it has no dot (`1e-5`); everything else as it is."""
    if isinstance(value, str) and _BARE.fullmatch(value.strip()):
        return float(value)
    return value


_BARE = re.compile(r"\d{1,20}(?:\.\d{1,20})?[eE][-+]?\d{1,4}")


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def invalid(source: Source, pointer: Pointer, text: str) -> UnreadableInput:
    """What is wrong at a place of a foreign file."""
    named = ".".join(str(step) for step in pointer)
    detail = f"{named}: {text[:1].lower()}{text[1:]}"
    return UnreadableInput(detail, reason="invalid_value", line=source.document.line(*pointer))


def protection(claim: Claim, name: str) -> Node:
    """The protection that a claim speaks of, for the inventory."""
    return Node(
        id=f"pet:{claim.id}",
        kind=NodeKind.PROTECTION,
        asset=Asset.PET,
        name=name,
        technique=claim.technique,
        claim=claim.id,
        origin=claim.origin,
        locations=(claim.location,),
    )
