"""What a container runs, wherever it is described: its image, its command line and its environment."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from petguard import catalog
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Location, Node, Origin, State
from petguard.parsers import _assets, _handed_data, _positions, _shell, _shell_models, _variables
from petguard.parsers._declared import flow
from petguard.parsers._names import HOLE
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Command, Word
from petguard.parsers._shell_words import Call
from petguard.parsers._source import together
from petguard.parsers._variables import Variable

_MOST_WORDS = 1_000
_RUNS_AI = frozenset({Asset.AI_SERVICE, Asset.AI_WORKLOAD})


@dataclass(frozen=True)
class Text:
    """A text of a foreign file, and where it stands."""

    value: str
    location: Location


@dataclass(frozen=True)
class Container:
    """One container. `words` are the command and its arguments, `scripts` texts that a shell reads.

    `key` and `name` are what it is called when its image does not tell that it runs AI; `serves` says that whatever
    describes it is there to serve models.
    """

    key: str
    name: str
    location: Location
    image: Text | None = None
    words: tuple[Text, ...] = ()
    scripts: tuple[Text, ...] = ()
    variables: tuple[Variable, ...] = ()
    mounts: tuple[Text, ...] = ()
    serves: bool = False


def read(container: Container, gaps: list[Gap]) -> Facts:
    """The inventory rows of a container, none for most; what was not understood goes to `gaps`."""
    if len(container.words) > _MOST_WORDS:
        place = container.words[0].location
        detail = f"a command of {len(container.words):,} words, more than {_MOST_WORDS:,}"
        gaps.append(Gap(path=place.path, state=State.PARTIAL, reason="too_large", detail=detail, line=place.line))
        container = replace(container, words=container.words[:_MOST_WORDS])
    image = _image(container.image) if container.image else None
    serves = container.serves or (image is not None and image.asset is Asset.AI_WORKLOAD)
    started = together([_started(container, gaps), _scripts(container, gaps)])
    nodes = [
        *(_arguments(container, image) if serves else ()),
        *_variables.nodes(container.variables, company=("llm",) if serves else ()),
    ]
    runner = image or _runner(container, started)
    used = [*nodes, *(node for node in started.nodes if node.asset is Asset.MODEL)]
    edges = [_uses(runner, node) for node in used if runner is not None and node.id != runner.id]
    own = Facts(nodes=(*([runner] if runner else []), *nodes), edges=tuple(edges))
    handed = _handed(container, runner) if runner else Facts()
    return together([own, handed, _without_programs(started) if runner else started])


def _handed(container: Container, runner: Node) -> Facts:
    """The data about people that what runs AI is given: by its mounts, its arguments and its variables."""
    texts = [(text.value, text.location) for text in (*container.mounts, *container.words)]
    texts += [(each.value, each.location) for each in container.variables if each.value is not None]
    split = ((re.sub(r"^--?[\w-]+=", "", text), place) for text, place in texts)
    found = [node for text, place in split if (node := _handed_data.personal(text, place)) is not None]
    return Facts(nodes=tuple(found), edges=tuple(flow(node.id, runner.id, node.locations[0]) for node in found))


def _without_programs(started: Facts) -> Facts:
    """The facts of commands without the runtimes that they start: the container is the row for those."""
    programs = {node.id for node in started.nodes if node.asset in _RUNS_AI and _is_run(node)}
    nodes = tuple(node for node in started.nodes if node.id not in programs)
    edges = tuple(edge for edge in started.edges if programs.isdisjoint((edge.source, edge.target)))
    return Facts(nodes=nodes, edges=edges, claims=started.claims)


def _uses(runner: Node, node: Node) -> Edge:
    return Edge(
        kind=EdgeKind.USES, source=runner.id, target=node.id, origin=Origin.DECLARED, location=node.locations[0]
    )


def _image(text: Text) -> Node | None:
    """A known image, also behind a registry that is given from outside."""
    return _assets.image(re.sub(rf"^{HOLE}+/", "", text.value), text.location)


def _arguments(container: Container, image: Node | None) -> Iterator[Node]:
    """The model that an image with a server as its entry point is given: by an option, or as the first word."""
    if not container.words:
        return
    place = _ListPlace.of(container.words)
    words = tuple(Word(text.value, index) for index, text in enumerate(container.words, 1))
    call = Call("server", words, words[0], Command(words))
    yield from _shell_models.served(call, image.provider if image else None, place)
    if _positions.is_name(words[0].text) and words[0].text.count("/") == 1 and image is not None:
        found = _positions.named("llm model", f"hf://{words[0].text}", ("llm",))
        if found is not None:
            yield found.node(container.words[0].location)


def _started(container: Container, gaps: list[Gap]) -> Facts:
    if not container.words:
        return Facts()
    words = tuple(Word(text.value, index) for index, text in enumerate(container.words, 1))
    place = _ListPlace.of(container.words)
    found: list[Gap] = []
    facts = _kept(_shell.started(Command(words), place), found)
    gaps += [gap.model_copy(update={"line": place.at(gap.line or 1).line}) for gap in found]
    return facts


def _scripts(container: Container, gaps: list[Gap]) -> Facts:
    return together(
        _kept(_shell.read(text.value, text.location.path, text.location.line), gaps) for text in container.scripts
    )


def _kept(found: Iterator[Facts | Gap], gaps: list[Gap]) -> Facts:
    parts = list(found)
    gaps += [part for part in parts if isinstance(part, Gap)]
    return together(part for part in parts if isinstance(part, Facts))


def _runner(container: Container, started: Facts) -> Node | None:
    """The container itself, when its command starts AI although its image is nobody's."""
    runs = next((node for node in started.nodes if node.asset in _RUNS_AI and _is_run(node)), None)
    if runs is None:
        return None
    provider = catalog.provider(runs.provider) if runs.provider else None
    return _assets.workload(
        container.key,
        container.name,
        runs.locations[0],
        provider=provider.id if provider else None,
        details={"runs": runs.name},
    )


def _is_run(node: Node) -> bool:
    """Whether a command runs AI here, and not only asks somebody elsewhere."""
    provider = catalog.provider(node.provider) if node.provider else None
    return node.asset is Asset.AI_WORKLOAD or (provider is not None and provider.kind == "local")


class _ListPlace(Place):
    """Where the words of a list stand: each on a line of its own, the number of the word standing for its line."""

    @classmethod
    def of(cls, words: tuple[Text, ...]) -> "_ListPlace":
        """The places of these words."""
        place = cls(words[0].location.path, "\n".join(text.value for text in words))
        place.words = words
        return place

    words: tuple[Text, ...]

    def at(self, line: int) -> Location:
        """The place of a word, or of a line inside one that holds a text of several."""
        text = self.words[min(line, len(self.words)) - 1]
        return text.location
