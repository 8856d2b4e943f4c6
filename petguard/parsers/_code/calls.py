"""Calls of AI packages: the services, models and agents that they mean, by the table in `rules/code/sdks.yaml`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from petguard import catalog
from petguard.model import Asset, Location, Node, Origin, Trait
from petguard.parsers import _assets
from petguard.parsers._code import sdks
from petguard.parsers._code.clients import Setting, afterwards, own_provider, services, settings
from petguard.parsers._code.findings import Findings
from petguard.parsers._code.form import Call, Code, Member, Name, Text, chain, pairs_of
from petguard.parsers._code.keys import given_keys, key_names
from petguard.parsers._code.names import Origin as From
from petguard.parsers._code.names import origins
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._positions import is_distinctive, is_name, named
from petguard.parsers._services import Service, routed

_WITHOUT_NEW = frozenset({"maven", "swift", "pub"})  # in Kotlin, Swift and Dart a class is called to make an object


@dataclass(frozen=True)
class _Meaning:
    """Where a call comes from, what it means, and who answers what it makes."""

    origin: From
    use: sdks.Use | None
    given: tuple[Setting, ...]
    answering: tuple[Service, ...]

    @property
    def provider(self) -> str | None:
        """Who answers, where it is one."""
        return self.answering[0].provider if len(self.answering) == 1 else None


def calls(project: Project, found: Findings, used: Collection[catalog.Package]) -> None:
    """Note what every call means in a file that uses these packages."""
    for call in found.code.calls:
        meaning = _meaning(project, found.code, call)
        if meaning is not None:
            _note(project, found, call, meaning)
        if used:
            _methods(project, found, call, used)


def _meaning(project: Project, code: Code, call: Call) -> _Meaning | None:
    """What a call means; that of an object is what was said when the object was made."""
    first = _calls_of(call)[0]
    origin, use = _chosen(origins(project, code, call), new=first.new or code.ecosystem in _WITHOUT_NEW)
    if origin is None:
        return None
    given = (*settings(project, code, call), *afterwards(code, call))
    if use is None or use.kind != "client" or origin.package.role not in ("sdk", "framework"):
        return _Meaning(origin, use, given, ())
    own = own_provider(origin, use)
    if origin.made is None:
        return _Meaning(origin, use, given, tuple(services(project, code, first, own, use, given)))
    file, made = origin.made
    if not isinstance(made, Call):
        return _Meaning(origin, use, given, ())
    told = (*settings(project, file, made), *afterwards(file, made))
    return _Meaning(origin, use, given, tuple(services(project, file, _calls_of(made)[0], own, use, told)))


def _calls_of(call: Call) -> list[Call]:
    return [link.call for link in chain(call)[1] if link.call is not None]


def _chosen(found: Iterable[From], *, new: bool) -> tuple[From | None, sdks.Use | None]:
    """The first origin that makes sense of the call; a name that may be anybody's needs one that does."""
    sure: From | None = None
    for origin in found:
        makes = (new or origin.made is not None) and not origin.path.rpartition(".")[2][:1].islower()
        use = sdks.use(origin.package, origin.path, new=makes, opened=origin.opened)
        if use is not None:
            return origin, use
        sure = sure or (None if origin.opened else origin)
    return sure, None


def _note(project: Project, found: Findings, call: Call, meaning: _Meaning) -> None:
    code, here, use = found.code, found.code.at(call.start), meaning.use
    given, provider = meaning.given, meaning.provider
    links = _calls_of(call)
    if meaning.origin.made is None:
        found.add(*(service.node(here) for service in meaning.answering))
        project.answering += [(code.path, meaning.origin.package, service) for service in meaning.answering]
        if use is not None and use.kind == "agent":
            found.add(_agent(project, code, call, given, here))
        if use is None or use.kind != "other":
            found.add(*given_keys(given, provider), *key_names(project, code, links, given, provider))
    if use is not None and (meaning.origin.made is None or use.instances):
        found.add(*_by_position(project, code, links[0], use, provider))
    if use is not None and use.kind == "routed":
        found.add(*_routed(project, code, links[0], use, given))
    _by_name(project, found, given, here, provider)
    _literals(found, links, provider)


def _methods(project: Project, found: Findings, call: Call, used: Collection[catalog.Package]) -> None:
    """Methods that add or name a model on objects of other libraries: `builder.AddOpenAIChatCompletion(...)`."""
    code = found.code
    for link in chain(call)[1]:
        use = sdks.method(used, link.name) if link.call else None
        if use is None or link.call is None:
            continue
        here = code.at(call.start)
        given = tuple(settings(project, code, replace(link.call, callee=Name(call.start, link.name))))
        named_after = (sdks.maker(each.name) for each in link.call.arguments if isinstance(each, Member))
        own = use.provider or sdks.maker(link.name) or next(filter(None, named_after), None)
        answering = services(project, code, link.call, own, use, given) if use.kind == "client" else []
        provider = answering[0].provider if len(answering) == 1 else _provider_of(project, code, call)
        found.add(*(service.node(here) for service in answering))
        found.add(*_by_position(project, code, link.call, use, provider))
        _by_name(project, found, given, here, provider)


def _provider_of(project: Project, code: Code, call: Call) -> str | None:
    """Who answers the client whose method is called."""
    meaning = _meaning(project, code, call)
    return meaning.provider if meaning else None


def _by_position(project: Project, code: Code, call: Call, use: sdks.Use, provider: str | None) -> Iterator[Node]:
    """The model that a call takes without naming it, or under a name that is not a model's usual one."""
    given = [value for key, value in pairs_of(call) if key == use.model_name]
    if use.model is not None and use.model < len(call.arguments):
        given.append(call.arguments[use.model])
    place = code.at(call.start)
    for name in (name for value in given for name in known(texts(project, code, value))):
        if use.kind == "load" and is_name(name):
            # Whoever owns the name on the hub may change what it stands for.
            traits = (Trait.LOCAL,) if _is_pinned(project, code, call) else (Trait.LOCAL, Trait.MUTABLE_REFERENCE)
            yield _assets.model(name, place, provider="huggingface", traits=traits)
        elif is_name(name):
            yield from _positioned(name, place, provider)


def _is_pinned(project: Project, code: Code, call: Call) -> bool:
    """Whether a commit is named beside the model; a branch or tag may move."""
    revisions = [value for key, value in pairs_of(call) if key == "revision"]
    given = [text for value in revisions for text in known(texts(project, code, value))]
    return bool(given) and all(_assets.is_commit(text) for text in given)


def _positioned(name: str, place: Location, provider: str | None) -> Iterator[Node]:
    found = Findings(Code("", "npm", b""))
    found.add_model("model", name, ["llm"], place, provider)
    if not found.nodes and named("model", name, ["llm"]) is None:
        yield _assets.model(name, place, provider=provider, traits=(Trait.UNLISTED,))
    yield from found.nodes.values()


def _routed(project: Project, code: Code, call: Call, use: sdks.Use, given: Iterable[Setting]) -> Iterator[Node]:
    """Who answers when only the model's name says it: `initChatModel("openai:gpt-4o")`."""
    values = [(file, value) for key, file, value in given if key == "model"]
    if use.model is not None and use.model < len(call.arguments):
        values.append((code, call.arguments[use.model]))
    for name in (name for file, value in values for name in known(texts(project, file, value))):
        service = routed(name)
        if service.provider is not None:
            yield service.node(code.at(call.start))


def _by_name(project: Project, found: Findings, given: Sequence[Setting], here: Location, provider: str | None) -> None:
    """The models among the settings of a call; one that stands in another file is found there."""
    code = found.code
    company = ["llm", *(key for key, _, _ in given)]
    for key, file, value in given:
        if file is code:
            place = code.at(value.start) if isinstance(value, Text) else here
            for name in known(texts(project, file, value)):
                found.add_model(sdks.setting(key), name, company, place, provider)


def _literals(found: Findings, links: Iterable[Call], provider: str | None) -> None:
    """Well-known names among the plain arguments of a call to an AI package."""
    for value in (argument for link in links for argument in link.arguments):
        if isinstance(value, Text) and is_distinctive(value.value) and catalog.model(value.value):
            found.add_model("model", value.value, ["llm"], found.code.at(value.start), provider)


def _agent(project: Project, code: Code, call: Call, given: Iterable[Setting], place: Location) -> Node:
    """An agent by the name it is given, or that of the variable which holds it."""
    names = [name for key, file, value in given if key == "name" for name in known(texts(project, file, value))]
    names += [each.name for each in code.made.get(id(call), ())]
    key = f"{code.path}#{names[0] if names else place.line}"
    node = _assets.declared(Asset.AGENT, key, names[0] if names else "agent", place)
    return node.model_copy(update={"origin": Origin.DETECTED})
