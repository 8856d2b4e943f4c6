"""What a container runs, wherever it is described: its image, its command line and its environment."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from petguard import catalog
from petguard.model import Asset, Edge, EdgeKind, Facts, Location, Node, Origin
from petguard.parsers import _assets, _launch, _shell, _variables
from petguard.parsers._names import HOLE
from petguard.parsers._variables import Variable


@dataclass(frozen=True)
class Text:
    """A text of a foreign file, and where it stands."""

    value: str
    location: Location


@dataclass(frozen=True)
class Container:
    """One container. `words` are the command and its arguments, `scripts` texts that a shell reads.

    `key` and `name` are what it is called when its image does not tell that it runs AI.
    """

    key: str
    name: str
    location: Location
    image: Text | None = None
    words: tuple[Text, ...] = ()
    scripts: tuple[Text, ...] = ()
    variables: tuple[Variable, ...] = ()
    serves: bool = False  # what describes it is there to serve models


def facts(container: Container) -> Facts:
    """The inventory rows of a container; none when it has nothing to do with AI."""
    image = _image(container.image) if container.image else None
    serves = container.serves or (image is not None and image.asset is Asset.AI_WORKLOAD)
    script = _scripts(container)
    nodes = [
        *_models(container, serves=serves),
        *_variables.nodes(container.variables, company=("llm",) if serves else ()),
    ]
    runner = image or _runner(container)
    kept = [*([runner] if runner else []), *nodes, *script.nodes]
    used = nodes if runner else []
    edges = tuple(
        Edge(kind=EdgeKind.USES, source=runner.id, target=node.id, origin=Origin.DECLARED, location=node.locations[0])
        for node in used
        if runner is not None and node.id != runner.id
    )
    return Facts(nodes=tuple(kept), edges=(*edges, *script.edges), claims=script.claims)


def _image(text: Text) -> Node | None:
    """A known image, also behind a registry that is given from outside."""
    return _assets.image(re.sub(rf"^{HOLE}+/", "", text.value), text.location)


def _models(container: Container, *, serves: bool) -> Iterator[Node]:
    words = [text.value for text in container.words]
    for index, model in _launch.models(words, serves=serves):
        yield model.node(container.words[index].location)


def _scripts(container: Container) -> Facts:
    found = [_shell.commands(text.value, text.location.path, text.location.line) for text in container.scripts]
    return Facts(
        nodes=tuple(node for each in found for node in each.nodes),
        edges=tuple(edge for each in found for edge in each.edges),
        claims=tuple(claim for each in found for claim in each.claims),
    )


def _runner(container: Container) -> Node | None:
    """The container itself, when its command starts AI although its image is nobody's."""
    lines = [([text.value for text in container.words], container.words[0].location)] if container.words else []
    for script in container.scripts:
        lines += [(words, script.location) for _, words in _launch.commands(script.value)]
    for words, location in lines:
        launch = _launch.launched(words)
        if launch is not None:
            provider = launch.provider if _is_provider(launch.provider) else None
            return _assets.workload(
                container.key, container.name, location, provider=provider, details={"runs": launch.program}
            )
    return None


def _is_provider(name: str | None) -> bool:
    return name is not None and catalog.provider(name) is not None
