"""Calls that only show when values are followed, as nodes of the graph with an edge to whoever gets what they send."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from petguard.flows.facts import Locate, called
from petguard.flows.follow import Asked
from petguard.flows.form import line_and_column
from petguard.flows.knowledge import Data
from petguard.flows.summary import Site
from petguard.model import Edge, EdgeKind, Node, Origin
from petguard.parsers import _posts
from petguard.parsers._services import Service


@dataclass
class Noted:
    """The calls that were recognised so far."""

    locate: Locate
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def asks(self, path: str, site: Site, services: Iterable[Service], data: Data, *, contains: bool) -> Asked:
        """A call that these services answer."""
        here = self.locate(path, *line_and_column(site.at))
        return Asked(self._call(path, site, [service.node(here) for service in services]), data, contains)

    def posts(self, path: str, site: Site, address: str | None) -> Asked | None:
        """A request that is written by hand, to an AI or to another host outside; None for one that is neither."""
        service, host = _posts.asked(site, address), _posts.host(address)
        if service is not None:
            return self.asks(path, site, [service], _posts.data_of(site), contains=False)
        if host is None:
            return None
        here = self.locate(path, *line_and_column(site.at))
        return Asked(self._call(path, site, [_posts.recipient(host, here)]), _posts.data_of(site))

    def _call(self, path: str, site: Site, answering: list[Node]) -> str:
        call = called(path, site, self.locate)
        here = call.locations[0]
        self.nodes += [call, *answering]
        self.edges += [
            Edge(kind=EdgeKind.FLOWS_TO, source=call.id, target=each.id, origin=Origin.DETECTED, location=here)
            for each in answering
        ]
        return call.id
