"""A claim that a configuration makes, with the protection it speaks of: what the parsers of crypto configs share."""

from collections.abc import Iterable

from petguard.claims import Statement
from petguard.documents import Step
from petguard.hazards import Hazard
from petguard.model import Asset, Claim, Danger, Facts, Location, Node, NodeKind, Origin
from petguard.parsers._source import Source


def protected(source: Source, statement: Statement, name: str, *pointer: Step, dangers: Iterable[Danger] = ()) -> Facts:
    """The claim at a place of a document."""
    return claimed(statement, name, source.path, source.at(*pointer), dangers=dangers)


def claimed(statement: Statement, name: str, path: str, place: Location, *, dangers: Iterable[Danger] = ()) -> Facts:
    """The claim at a place, and the node of the inventory that it protects by."""
    key = f"{statement.technique}:{path}:{place.line}:{place.column}"
    claim = Claim(id=key, statement=statement, location=place, subject=path, dangers=tuple(dangers))
    node = Node(
        id=f"pet:{key}",
        kind=NodeKind.PROTECTION,
        name=name,
        origin=Origin.DECLARED,
        locations=(place,),
        asset=Asset.PET,
        technique=statement.technique,
        claim=key,
    )
    return Facts(nodes=(node,), claims=(claim,))


def danger(source: Source, hazard: Hazard, detail: str, *pointer: Step) -> Danger:
    """A hazard at a place of a document."""
    return Danger(hazard=hazard, location=source.at(*pointer), detail=detail)
