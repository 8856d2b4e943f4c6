"""What a file in the common form uses of AI: packages, services, models, agents and keys, in any language."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from petguard import catalog
from petguard.model import Asset, Location, Node, Trait
from petguard.model import Origin as Seen
from petguard.parsers import _assets
from petguard.parsers._code import sdks
from petguard.parsers._code.addresses import addresses
from petguard.parsers._code.clients import Setting, afterwards, own_provider, services, settings
from petguard.parsers._code.form import (
    Call,
    Code,
    Expr,
    Items,
    Joined,
    Member,
    Name,
    Opaque,
    Text,
    chain,
    pairs_of,
    within,
)
from petguard.parsers._code.keys import given_keys, keys
from petguard.parsers._code.names import Origin, origins
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._company import speaks_of_models
from petguard.parsers._positions import is_distinctive, is_name, named
from petguard.parsers._services import routed

_LISTED = frozenset({"id", "name", "value", "slug", "key"})  # of one model in a list of them
_WITHOUT_NEW = frozenset({"maven", "swift", "pub"})  # in Kotlin, Swift and Dart a class is called to make an object
_PLACEHOLDER = re.compile(
    r"(?i)(?:.*[-_.])?(?:tests?|fakes?|mock|dummy|some|override|custom|unsupported|invalid|non-?existent|unknown|stub|sample)"
    r"[-_.].*|(?:old|new|other|default|first|second)[-_]?model.*|model[-_]?(?:\d|[a-z]|name|id)"
)
_PUTS = frozenset({"put", "of", "Add", "add", "addProperty", "set", "entry", "append", "addFormDataPart", "insert"})
_JSON_PAIR = re.compile(r'"(\w{1,60})"\s*:\s*(?:"([^"\n]{1,120})")?')
_LONGEST_BODY = 20_000


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
        if found is None or (found.unlisted and _PLACEHOLDER.fullmatch(value)):
            return
        node = found.node(place, origin=Seen.DETECTED)
        unknown = node.provider is None and found.asset is Asset.MODEL
        self.add(node.model_copy(update={"provider": provider}) if unknown else node)


def detect(project: Project, code: Code) -> list[Node]:
    """The inventory rows of a file, in the order of the text."""
    found = _Findings(code)
    found.add(*_packages(project, code))
    used = {package.name: package for _, package in project.packages(code)}
    used |= {package.name: package for _, package in project.opened(code)}
    for call in code.calls:
        _call(project, found, call)
        _methods(project, found, call, used.values())
    _models(project, found, speaks_of_ai=bool(used))
    found.add(*_constants(project, code, speaks_of_ai=bool(used)), *addresses(project, code), *keys(code))
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


def _call(project: Project, found: _Findings, call: Call) -> None:
    """One call of an AI package, or of an object that was made with it."""
    code = found.code
    links = [link.call for link in chain(call)[1] if link.call is not None]
    origin, use = _meaning(origins(project, code, call), new=links[0].new or code.ecosystem in _WITHOUT_NEW)
    if origin is None:
        return
    here = code.at(call.start)
    given = [*settings(project, code, call), *afterwards(code, call)]
    own = own_provider(origin, use)
    calls_somebody = use is not None and use.kind == "client" and origin.package.role in ("sdk", "framework")
    answering = services(project, code, links[0], own, use, given) if use and calls_somebody else []
    provider = answering[0].provider if len(answering) == 1 else None
    if origin.made is None:
        found.add(*(service.node(here) for service in answering), *given_keys(given, origin.package.provider))
        if use is not None and use.kind == "agent":
            found.add(_agent(project, code, given, here))
    if use is not None:
        found.add(*_by_position(project, code, links[0], use, provider))
        if use.kind == "routed":
            found.add(*_routed(project, code, links[0], use, given))
    _by_name(project, found, given, here, provider)
    _literals(found, links, provider)


def _meaning(found: Iterable[Origin], *, new: bool) -> tuple[Origin | None, sdks.Use | None]:
    """The first origin that makes sense of the call; a name that may be anybody's needs one that does."""
    sure: Origin | None = None
    for origin in found:
        makes = new and not origin.path.rpartition(".")[2][:1].islower()
        use = sdks.use(origin.package, origin.path, new=makes, opened=origin.opened)
        if use is not None:
            return origin, use
        sure = sure or (None if origin.opened else origin)
    return sure, None


def _methods(project: Project, found: _Findings, call: Call, used: Collection[catalog.Package]) -> None:
    """Methods that add or name a model on objects of other libraries: `builder.AddOpenAIChatCompletion(...)`."""
    code = found.code
    for link in chain(call)[1] if used else ():
        use = sdks.method(used, link.name) if link.call else None
        if use is None or link.call is None:
            continue
        here = code.at(call.start)
        given = list(settings(project, code, replace(link.call, callee=Name(call.start, link.name))))
        own = use.provider or sdks.maker(link.name)
        answering = services(project, code, link.call, own, use, given) if use.kind == "client" else []
        provider = answering[0].provider if len(answering) == 1 else None
        found.add(*(service.node(here) for service in answering))
        found.add(*_by_position(project, code, link.call, use, provider))
        _by_name(project, found, given, here, provider)


def _by_position(project: Project, code: Code, call: Call, use: sdks.Use, provider: str | None) -> Iterator[Node]:
    """The model that a call takes without naming it."""
    given = [value for key, value in pairs_of(call) if key == use.model_name]
    if use.model is not None and use.model < len(call.arguments):
        given.append(call.arguments[use.model])
    place = code.at(call.start)
    for name in (name for value in given for name in known(texts(project, code, value))):
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


def _routed(project: Project, code: Code, call: Call, use: sdks.Use, given: Iterable[Setting]) -> Iterator[Node]:
    """Who answers when only the model's name says it: `initChatModel("openai:gpt-4o")`."""
    values = [(file, value) for key, file, value in given if key == "model"]
    if use.model is not None and use.model < len(call.arguments):
        values.append((code, call.arguments[use.model]))
    for name in (name for file, value in values for name in known(texts(project, file, value))):
        service = routed(name)
        if service.provider is not None:
            yield service.node(code.at(call.start))


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
    key = f"{code.path}#{names[0] if names else place.line}"
    node = _assets.declared(Asset.AGENT, key, names[0] if names else "agent", place)
    return node.model_copy(update={"origin": Seen.DETECTED})


def _models(project: Project, found: _Findings, *, speaks_of_ai: bool) -> None:
    """Models by the name they stand under, whoever is called with them; beside an AI package less need be said."""
    code = found.code
    for group in _groups(code):
        company = [*(key for key, _ in group), *(["ai"] if speaks_of_ai else [])]
        for key, value in group:
            for name in known(texts(project, code, value)) if _may_be_model(value) else ():
                listed = _is_listed(key, name) and speaks_of_models([*company, key])
                found.add_model("model" if listed else key, name, company, code.at(value.start), None)
            for each in value.items if isinstance(value, Items) else ():
                if isinstance(each, Text) and is_distinctive(each.value) and catalog.model(each.value):
                    found.add_model(key, each.value, company, code.at(each.start), None)
    for link in (link for call in code.calls for link in chain(call)[1]):
        only = link.call.arguments[0] if link.call and len(link.call.arguments) == 1 else None
        if isinstance(only, Text) and sdks.is_builder(link.name):
            found.add_model(sdks.setting(link.name), only.value, (), code.at(only.start), None)


def _is_listed(key: str, name: str) -> bool:
    """Whether a name stands in a list of models: as one's id, or under its own name (`GPT_4O = "gpt-4o"`)."""
    known_ = name.islower() and is_distinctive(name) and catalog.model(name) is not None
    return known_ and (key in _LISTED or sdks.squashed(key) == sdks.squashed(name))


def _may_be_model(value: Expr) -> bool:
    """Literals, and what may fall back on one; a name is looked at where it gets its value."""
    return any(isinstance(option, Text) for option in within(value)) or isinstance(value, Call | Joined)


def _groups(code: Code) -> Iterator[Sequence[tuple[str, Expr]]]:
    """Names with values that stand together."""
    yield from (each.pairs for each in code.records)
    put: dict[str, list[tuple[str, Expr]]] = {}
    for call in code.calls:
        root, links = chain(call)
        yield from (link.call.named for link in links if link.call and link.call.named)
        pairs = put.setdefault(root.name if isinstance(root, Name) else "", [])
        pairs += [pair for link in links if link.call and link.name in _PUTS for pair in _put(link.call)]
    for each in code.bindings:
        holder, dot, name = each.name.rpartition(".")
        put.setdefault(holder if dot else "", []).append((name, each.value))
    alone = put.pop("", ())
    yield from put.values()
    yield from ([pair] for pair in alone)
    yield from (list(_json(text)) for text in code.texts if "model" in text.value and '"' in text.value)


def _put(call: Call) -> Iterator[tuple[str, Expr]]:
    """`body.put("model", "gpt-4o")`, `Map.of("model", "gpt-4o", "stream", true)`."""
    given = call.arguments
    for key, value in zip(given[::2], given[1::2], strict=False):
        if isinstance(key, Text):
            yield key.value, value


def _json(text: Text) -> Iterator[tuple[str, Expr]]:
    """The pairs of a request body that is written out in a text."""
    for match in _JSON_PAIR.finditer(text.value[:_LONGEST_BODY]):
        yield match[1], Text(text.start, match[2]) if match[2] else Opaque(text.start)


def _constants(project: Project, code: Code, *, speaks_of_ai: bool) -> Iterator[Node]:
    """Models that an SDK names by a constant: `openai.GPT4oMini`, `ChatModel.GPT_4O`, `model: .gpt4_o`."""
    for key, value in ((key, option) for key, given in _values(code) for option in within(given)):
        model = catalog.model_by_constant(value.name) if isinstance(value, Member | Name) else None
        if model is None:
            continue
        under_its_name = speaks_of_ai and "model" in key.lower()
        found = (each for each in origins(project, code, value) if each.made is None and not each.opened)
        if under_its_name or any(found):
            maker = catalog.provider_by_model(model.name)
            provider = model.providers[0] if len(model.providers) == 1 else None
            yield _assets.model(model.name, code.at(value.start), provider=maker.id if maker else provider)


def _values(code: Code) -> Iterator[tuple[str, Expr]]:
    """Every expression with what it is given to."""
    for each in code.bindings:
        yield each.name, each.value
    for record in code.records:
        yield from record.pairs
    for link in (link for call in code.calls for link in chain(call)[1] if link.call is not None):
        if link.call is not None:
            yield from ((link.name, each) for each in link.call.arguments)
            yield from link.call.named
