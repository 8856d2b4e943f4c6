"""The nodes of connections and stores that a setting leaves open, and of the credentials that stand beside them."""

from collections.abc import Sequence

from petguard.model import Location, Node, NodeKind, Origin, SinkKind, Trait


def connection(name: str, location: Location, traits: Sequence[Trait], *, endpoint: str | None = None) -> Node:
    """A way to data or AI; `name` says what is open about it and holds no secret."""
    return Node(
        id=f"connection:{location.path}:{location.line}:{location.column}",
        kind=NodeKind.SYSTEM,
        name=name,
        sink=SinkKind.DATABASE,
        endpoint=endpoint,
        origin=Origin.DECLARED,
        traits=tuple(traits),
        locations=(location,),
    )
