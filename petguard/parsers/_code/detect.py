"""What a file in the common form uses of AI: packages, services, models, agents and keys, in any language."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from petguard import catalog
from petguard.model import Asset, Location, Node, Trait
from petguard.model import Origin as Seen
from petguard.parsers import _assets
from petguard.parsers._code import sdks
from petguard.parsers._code.addresses import addresses
from petguard.parsers._code.clients import Setting, services, settings
from petguard.parsers._code.form import Call, Code, Expr, Joined, Member, Text, chain, within
from petguard.parsers._code.keys import given_keys, keys
from petguard.parsers._code.names import Origin, origins
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._positions import is_distinctive, is_name, named


@dataclass
class _Findings:
    """What was found in one file, each thing once a line."""

    code: Code
    nodes: dict[tuple[str, int], Node] = field(default_factory=dict)

    def add(self, *nodes: Node) -> None:
        """Keep nodes, unless the same thing stands on the same line."""
        for node in nodes:
            key = node.id, node.locations[0].line
            before = self.nodes.get(key)
            if before is None or (before.provider is None and node.provider is not None):
                self.nodes[key] = node

    def add_model(self, key: str, value: str, company: Iterable[str], place: Location, provider: str | None) -> None:
        """Keep what stands under a key when it is a model or data set; `provider` is who answers the client there."""
        found = named(key, value, company)
        if found is None:
            return
        node = found.node(place, origin=Seen.DETECTED)
        unknown = node.provider is None and found.asset is Asset.MODEL
        self.add(node.model_copy(update={"provider": provider}) if unknown else node)


def detect(project: Project, code: Code) -> list[Node]:
    """The inventory rows of a file, in the order of the text."""
    found = _Findings(code)
    found.add(*_packages(project, code))
    for call in code.calls:
        for origin in origins(project, code, call)[:1]:
            _call(project, found, call, origin)
    _models(project, found)
    found.add(*_constants(project, code), *addresses(project, code), *keys(code))
    return sorted(found.nodes.values(), key=_reading_order)


def _reading_order(node: Node) -> tuple[int, int, str]:
    return node.locations[0].line, node.locations[0].column, node.id


def _packages(project: Project, code: Code) -> Iterator[Node]:
    for imported, package in project.packages(code):
        yield _assets.imported(package, code.at(imported.start))
    for loaded in code.loaded:
        known_ = project.package(code, loaded.module)
        if known_ is not None:
            yield _assets.imported(known_, code.at(loaded.start))


def _call(project: Project, found: _Findings, call: Call, origin: Origin) -> None:
    """One call of an AI package, or of an object that was made with it."""
    code, here = found.code, found.code.at(call.start)
    links = [link.call for link in chain(call)[1] if link.call is not None]
    use = sdks.use(origin.package, origin.path, new=links[0].new)
    given = list(settings(project, code, call))
    answering = services(project, code, links[0], origin, use, given) if use and use.kind == "client" else []
    provider = answering[0].provider if len(answering) == 1 else None
    if origin.made is None:
        found.add(*(service.node(here) for service in answering), *given_keys(given, origin.package.provider))
        if use is not None and use.kind == "agent":
            found.add(_agent(project, code, given, here))
    if use is not None:
        found.add(*_by_position(project, code, links[0], use, provider))
    _by_name(project, found, given, here, provider)
    _literals(found, links, provider)


def _by_position(project: Project, code: Code, call: Call, use: sdks.Use, provider: str | None) -> Iterator[Node]:
    """The model that a call takes without naming it."""
    if use.model is None or use.model >= len(call.arguments):
        return
    place = code.at(call.start)
    for name in known(texts(project, code, call.arguments[use.model])):
        found = named("model", name, ["llm"])
        if use.kind == "load" and is_name(name):
            # Whoever owns the name on the hub may change what it stands for.
            traits = (Trait.LOCAL, Trait.MUTABLE_REFERENCE)
            yield _assets.model(name, place, provider="huggingface", traits=traits)
        elif found is not None:
            node = found.node(place, origin=Seen.DETECTED)
            yield node if node.provider else node.model_copy(update={"provider": provider})
        elif is_name(name):
            yield _assets.model(name, place, provider=provider, traits=(Trait.UNLISTED,))


def _by_name(
    project: Project, found: _Findings, given: Sequence[Setting], here: Location, provider: str | None
) -> None:
    """The models among the settings of a call; one that stands in another file is found there."""
    code = found.code
    company = ["llm", *(key for key, _, _ in given)]
    for key, file, value in given:
        if file is code:
            place = code.at(value.start) if isinstance(value, Text) else here
            for name in known(texts(project, file, value)):
                found.add_model(sdks.setting(key), name, company, place, provider)


def _literals(found: _Findings, links: Iterable[Call], provider: str | None) -> None:
    """Well-known names among the plain arguments of a call to an AI package."""
    for value in (argument for link in links for argument in link.arguments):
        if isinstance(value, Text) and is_distinctive(value.value) and catalog.model(value.value):
            found.add_model("model", value.value, ["llm"], found.code.at(value.start), provider)


def _agent(project: Project, code: Code, given: Iterable[Setting], place: Location) -> Node:
    names = [name for key, file, value in given if key == "name" for name in known(texts(project, file, value))]
    key = f"{code.path}:{names[0] if names else place.line}"
    node = _assets.declared(Asset.AGENT, key, names[0] if names else "agent", place)
    return node.model_copy(update={"origin": Seen.DETECTED})


def _models(project: Project, found: _Findings) -> None:
    """Models by the name they stand under, whoever is called with them."""
    code = found.code
    for group in _groups(code):
        company = [key for key, _ in group]
        for key, value in group:
            for name in known(texts(project, code, value)) if _may_be_model(value) else ():
                found.add_model(key, name, company, code.at(value.start), None)
    for link in (link for call in code.calls for link in chain(call)[1]):
        only = link.call.arguments[0] if link.call and len(link.call.arguments) == 1 else None
        if isinstance(only, Text) and sdks.is_builder(link.name):
            found.add_model(sdks.setting(link.name), only.value, (), code.at(only.start), None)


def _may_be_model(value: Expr) -> bool:
    """Literals, and what may fall back on one; a name is looked at where it gets its value."""
    return any(isinstance(option, Text) for option in within(value)) or isinstance(value, Call | Joined)


def _groups(code: Code) -> Iterator[tuple[tuple[str, Expr], ...]]:
    """Names with values that stand together."""
    yield from (each.pairs for each in code.records)
    for call in code.calls:
        yield from (link.call.named for link in chain(call)[1] if link.call and link.call.named)
    for each in code.bindings:
        yield ((each.name.rpartition(".")[2], each.value),)


def _constants(project: Project, code: Code) -> Iterator[Node]:
    """Models that an SDK names by a constant: `openai.GPT4oMini`, `ChatModel.GPT_4O`."""
    for value in (option for given in _values(code) for option in within(given)):
        model = catalog.model_by_constant(value.name) if isinstance(value, Member) else None
        if model is not None and any(origin.made is None for origin in origins(project, code, value)):
            maker = catalog.provider_by_model(model.name)
            provider = model.providers[0] if len(model.providers) == 1 else None
            yield _assets.model(model.name, code.at(value.start), provider=maker.id if maker else provider)


def _values(code: Code) -> Iterator[Expr]:
    """Every expression that is given to something."""
    for each in code.bindings:
        yield each.value
    for record in code.records:
        yield from (value for _, value in record.pairs)
    for link in (link for call in code.calls for link in chain(call)[1] if link.call is not None):
        if link.call is not None:
            yield from link.call.arguments
            yield from (value for _, value in link.call.named)
