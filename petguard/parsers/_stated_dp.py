"""What the readers of privacy claims in configurations share: a claim out of foreign values, and its protection."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from petguard.claims import STATEMENT, Statement
from petguard.documents import Step
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Node, NodeKind
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]


def statement(source: Source, technique: str, values: Mapping[str, Any], places: Mapping[str, Pointer]) -> Statement:
    """The statement with these fields; an impossible value is an UnreadableInput at its place in the file."""
    try:
        said = {key: value for key, value in values.items() if value is not None}
        return STATEMENT.validate_python({"technique": technique, **said}, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        pointer = places.get(str(first["loc"][1]), ())
        raise invalid(source, pointer, str(first["msg"])) from error


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
