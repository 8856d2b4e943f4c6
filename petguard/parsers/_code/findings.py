"""What was found in one file, each thing once a line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from petguard import catalog
from petguard.model import Asset, Location, Node, Origin
from petguard.parsers import _assets
from petguard.parsers._code.form import Code
from petguard.parsers._positions import named

_PLACEHOLDER = re.compile(
    r"(?i)(?:.*[-_.])?(?:tests?|fakes?|mock|dummy|some|override|custom|unsupported|invalid|non-?existent|unknown|stub|sample)"
    r"[-_.].*|(?:old|new|other|default|first|second)[-_]?model.*|model[-_]?(?:\d|[a-z]|name|id)"
)


@dataclass
class Findings:
    """The inventory rows of a file."""

    code: Code
    nodes: dict[tuple[str, int], Node] = field(default_factory=dict)

    def add(self, *nodes: Node) -> None:
        """Keep nodes, unless the same thing stands on the same line."""
        for node in nodes:
            key = node.id, node.locations[0].line
            before = self.nodes.get(key)
            if before is None or (before.provider is None and node.provider is not None):
                self.nodes[key] = node

    def add_model(
        self, key: str, value: str, company: Iterable[str], place: Location, provider: str | None = None
    ) -> None:
        """Keep what stands under a key when it is a model or data set; `provider` is who answers the client there."""
        found = named(key, value, company)
        if found is None or (found.unlisted and _PLACEHOLDER.fullmatch(value)):
            return
        if found.asset is Asset.MODEL and "/" in value and _passes_on(provider):
            # `google/gemini-2.5-pro` is how OpenRouter calls it.
            self.add(_assets.model(value, place, provider=provider))
            return
        node = found.node(place, origin=Origin.DETECTED)
        unknown = node.provider is None and found.asset is Asset.MODEL
        self.add(node.model_copy(update={"provider": provider}) if unknown else node)


def _passes_on(provider: str | None) -> bool:
    known = catalog.provider(provider) if provider else None
    return known is not None and known.kind == "aggregator"
