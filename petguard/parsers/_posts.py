"""Requests that a program writes by hand: who gets them, told by their address and by what they are given."""

import re

from petguard.flows.knowledge import Data, table
from petguard.flows.summary import Site
from petguard.model import Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers._services import Service, service_at

_SENDS = re.compile(
    r"post|put|patch|request|stream|urlopen|Request|send|fetch|Post|PostForm|Do|newCall|sendAsync|bodyValue|body|execute|postFor\w+|NewRequest\w*|exchange"
)
_ASKS = frozenset({"messages", "prompt", "input", "contents"})
_WHOLE = re.compile(r"send|sendAsync|Do|newCall|exchange|execute|bodyValue|body")  # of a request that was made before
_DATA = Data(data=("json", "data", "content", "body", "params", "files", "setBody"), positions=(1, 2))
_REQUEST = Data(positions=(0, 1, 2))


def is_request(dotted: str) -> bool:
    """Whether a call of this path sends something to an address."""
    last = dotted.removesuffix("()").rpartition(".")[2]
    return table().remote.fullmatch(dotted) is not None and _SENDS.fullmatch(last) is not None


def data_of(site: Site) -> Data:
    """What a request sends, of what the call is given."""
    return _REQUEST if _WHOLE.fullmatch(site.name.rpartition(".")[2]) else _DATA


def asked(site: Site, address: str | None) -> Service | None:
    """The AI that a request asks: by its host, else because it names a model and gives it something to read."""
    at = service_at(address) if address else None
    if at is not None and (at.provider is not None or Trait.LOCAL in at.traits):
        return at if at.provider is not None else None
    given = {name for each in site.arguments for name in each.names}
    if "model" not in given or given.isdisjoint(_ASKS):
        return None
    return at or Service(None)


def host(address: str | None) -> str | None:
    """The host outside that an address names; None for one that is here, or that nobody can read."""
    at = service_at(address) if address else None
    return at.endpoint if at is not None and Trait.LOCAL not in at.traits else None


def recipient(name: str, here: Location) -> Node:
    """A host that is nobody's AI, as somebody who gets data."""
    return Node(
        id=f"sink:host/{name}",
        kind=NodeKind.SINK,
        sink=SinkKind.THIRD_PARTY,
        name=name,
        origin=Origin.DETECTED,
        locations=(here,),
        endpoint=name,
        traits=(Trait.EXTERNAL,),
    )
