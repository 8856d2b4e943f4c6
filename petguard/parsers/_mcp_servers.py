"""Reads one entry of a list of MCP servers: what starts it, what it is given, what it may do and without whom."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from petguard import catalog, secrets
from petguard.documents import Step
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers import _command, _handed_data
from petguard.parsers._credentials import from_variable
from petguard.parsers._mcp_can import Abilities, Option, abilities
from petguard.parsers._mcp_places import ADDRESSES, NESTED, Listed
from petguard.parsers._names import host, is_local
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

_URL = re.compile(r"(?i)(?:https?|wss?|sse)://\S+")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\{\{[^{}]*\}\}|\$\w+")
_SHORTEST = 8  # characters; nothing shorter is taken for a credential
_ENVIRONMENT = ("env", "environment", "envs")
_HEADERS = ("headers", "http_headers")
_TOKENS = ("bearer_token", "authorization_token", "authorization", "apiKey", "api_key", "token")
_APPROVALS = ("autoApprove", "alwaysAllow", "autoAllow", "autoAllowedTools")
_SETTINGS = (".json", ".jsonc", ".toml", ".yaml", ".yml")  # of assistants; in code an agent asks the server
_CARELESS = frozenset(
    {"dangerously-skip-permissions", "yolo", "dangerously-bypass-approvals-and-sandbox", "allow-all-tools"}
)
_FILLED_IN = frozenset({"settings", "enabled"})  # all that an entry has which an extension of the editor completes


@dataclass(frozen=True)
class Given:
    """A literal value that a server is started with, and where it stands: in `env`, `args`, `headers` or `url`."""

    option: Option
    kind: str
    pointer: Pointer

    @cached_property
    def is_secret(self) -> bool:
        """Whether it is a credential in clear text."""
        return len(self.option.value) >= _SHORTEST and secrets.looks_secret(self.option.value, name=self.option.name)


@dataclass(frozen=True)
class Server:
    """One entry, checked."""

    name: str
    pointer: Pointer
    entry: Mapping[str, Any]
    line: Sequence[str]
    url: str | None
    given: Sequence[Given]
    offered: bool = False

    @cached_property
    def package(self) -> _command.Package | None:
        """What a runner is asked for."""
        return _command.package(self.line)

    @cached_property
    def remote(self) -> str | None:
        """The address that it is reached at, or that a local bridge such as mcp-remote passes everything on to."""
        return self.url or next((word for word in self.line[1:] if _URL.fullmatch(word)), None)

    @cached_property
    def host(self) -> str | None:
        """The host of that address."""
        return host(self.remote) if self.remote else None

    @cached_property
    def can(self) -> Abilities:
        """What its tools can do."""
        return abilities(self.line, self.package, self.host, [each.option for each in self.given])


def server(source: Source, listed: Listed) -> Server | None:
    """The server of an entry; what is wrong with it is noted as a doubt."""
    name = listed.name or ""
    if not isinstance(listed.entry, dict):
        source.doubt(f"the server {secrets.mask_in(name)} is not a mapping", *listed.pointer)
        return None
    entry, pointer = _body(listed.entry, listed.pointer)
    line, arguments = _line(source, entry, pointer)
    addresses = (source.string(entry.get(key), *pointer, key) for key in ADDRESSES)
    url = next((address for address in addresses if address), None)
    if not line and url is None and not listed.offered and not _is_filled_in(entry):
        told = f"the server {secrets.mask_in(name)} has neither command nor url"
        source.doubt(told, *listed.pointer, reason="unresolved")
    given = [*_variables(source, entry, pointer), *_arguments(arguments)]
    if url:
        given.extend(_parameters(url, pointer))
    whole = Server(name, listed.pointer, {**listed.entry, **entry}, line, url, given, listed.offered)
    return whole if name else replace(whole, name=_unnamed(whole))


def _body(entry: dict[str, Any], pointer: Pointer) -> tuple[dict[str, Any], Pointer]:
    """What says how the server is started: the entry, or what some clients put one level deeper."""
    key = next((key for key in NESTED if isinstance(entry.get(key), dict)), None)
    if key is None:
        return entry, pointer
    inner = entry[key]
    started = {"command": inner["path"]} if key == "command" and "path" in inner else {}
    return {**inner, **started}, (*pointer, key)


def _is_filled_in(entry: Mapping[str, Any]) -> bool:
    return entry.get("type") in ("builtin", "platform") or not entry.keys().isdisjoint(_FILLED_IN)


def _line(source: Source, entry: dict[str, Any], pointer: Pointer) -> tuple[list[str], list[tuple[str, Pointer]]]:
    """The command line, and its arguments with their places."""
    key = "args" if "args" in entry else "arguments"
    arguments = source.strings(entry.get(key), *pointer, key)
    if entry.get("type") in ("builtin", "platform") and isinstance(entry.get("name"), str):
        return [f"builtin:{entry['name']}"], []
    if "image" in entry and "command" not in entry:
        image = source.string(entry["image"], *pointer, "image")
        return (["docker", "run", image] if image else []), arguments
    key = "command" if "command" in entry else "cmd"
    command = entry.get(key)
    if isinstance(command, list):  # some clients put the whole command line into `command`
        parts = source.strings(command, *pointer, key)
        arguments, command = parts[1:] + arguments, parts[0][0] if parts else None
    started = source.string(command, *pointer, key)
    return (_command.words(started, [text for text, _ in arguments]) if started else []), arguments


def _unnamed(whole: Server) -> str:
    """A name for an entry without one."""
    package = whole.package.name if whole.package else None
    return secrets.mask_in(package or whole.host or " ".join(whole.line[:2]) or str(whole.pointer[-1]))


def _variables(source: Source, entry: Mapping[str, Any], pointer: Pointer) -> Iterator[Given]:
    for keys, kind in ((_ENVIRONMENT, "env"), (_HEADERS, "headers")):
        for group in (key for key in keys if key in entry):
            place = (*pointer, group)
            if isinstance(entry[group], list):
                yield from _arguments(source.strings(entry[group], *place), kind)
                continue
            for name, value in source.mapping(entry[group], *place).items():
                yield Given(Option(name, value if isinstance(value, str) else ""), kind, (*place, name))
    for name in _TOKENS:
        if isinstance(entry.get(name), str):
            yield Given(Option(name, entry[name]), "headers", (*pointer, name))


def _arguments(arguments: Sequence[tuple[str, Pointer]], kind: str = "args") -> Iterator[Given]:
    """Every argument with the option it belongs to: `--token x`, `--token=x`, `-e NAME=x`, `--header "Name: x"`.

    An option that is followed by none has an empty value.
    """
    before = ""
    for text, pointer in arguments:
        assigned = re.match(r"(?s)-{0,2}(?P<name>[A-Za-z][\w.-]*)(?:=|:\s*(?!//))(?P<value>.+)", text)
        if assigned:
            yield Given(Option(assigned["name"], assigned["value"]), kind, pointer)
        elif text.startswith("-"):
            yield Given(Option(text.lstrip("-"), ""), kind, pointer)
        else:
            yield Given(Option(before, text), kind, pointer)
        before = text.lstrip("-") if text.startswith("-") and not assigned else ""


def _parameters(url: str, pointer: Pointer) -> Iterator[Given]:
    """The query of an address, where keys like to hide, and a password before its host."""
    for name, value in re.findall(r"[?&;]([\w.-]+)=([^&#\s]+)", url):
        yield Given(Option(name, value), "url", (*pointer, "url"))
    if login := re.match(r"\w+://[^/\s:@]*:([^/\s@]+)@", url):
        yield Given(Option("password", login[1]), "url", (*pointer, "url"))


def facts(source: Source, whole: Server, *, traits: Sequence[Trait] = ()) -> Facts:
    """The server, the keys of AI providers it is given, and the data it is pointed at."""
    node = _node(source, whole, traits)
    keys = [
        (key, each.pointer)
        for each in whole.given
        if each.kind in ("env", "args") and catalog.provider_by_env(each.option.name)
        if (key := from_variable(each.option.name, source.at(*each.pointer), literal=each.is_secret))
    ]
    data = list(_data(source, whole))
    edges = [
        *(_edge(source, EdgeKind.USES, node.id, key.id, place) for key, place in keys),
        *(_edge(source, EdgeKind.FLOWS_TO, each.id, node.id, whole.pointer) for each in data),
    ]
    is_asked = node.sink is None and any(each.categories for each in data) and source.path.endswith(_SETTINGS)
    asking = [_assistant(source, whole)] if is_asked else []
    edges += [_edge(source, EdgeKind.FLOWS_TO, node.id, each.id, whole.pointer) for each in asking]
    return Facts(nodes=(node, *(key for key, _ in keys), *data, *asking), edges=tuple(edges))


def _assistant(source: Source, whole: Server) -> Node:
    """Whoever asks the servers of a file: what they answer goes to its model."""
    return Node(
        id=f"assistant:{source.path}",
        kind=NodeKind.AI_SERVICE,
        sink=SinkKind.AI_SERVICE,
        name=f"the assistant that is set up in {source.path}",
        origin=Origin.DECLARED,
        traits=(Trait.EXTERNAL,),
        locations=(source.at(*whole.pointer),),
    )


def _node(source: Source, whole: Server, traits: Sequence[Trait]) -> Node:
    provider = catalog.provider_by_host(whole.host) if whole.host else None
    package = whole.package
    summary = f"{package.runner} {package.name}" if package else " ".join(whole.line[:2])
    held = (*_traits(whole), *(trait for trait in traits if trait not in _traits(whole)))
    return Node(
        id=f"mcp_server:{source.path}#{whole.name}",
        kind=NodeKind.TOOL,
        asset=Asset.MCP_SERVER,
        sink=SinkKind.THIRD_PARTY if Trait.EXTERNAL in held else None,
        name=whole.name,
        provider=provider.id if provider else None,
        version=package.version if package else None,
        endpoint=whole.host or secrets.mask_in(summary) or None,
        origin=Origin.DECLARED,
        traits=held,
        locations=(source.at(*whole.pointer),),
        details=_details(whole),
    )


def _details(whole: Server) -> dict[str, Detail]:
    can = whole.can
    found: dict[str, Detail] = {}
    if can.known_as:
        found["known_as"] = can.known_as
    if can.because:
        found["can"] = tuple(f"{trait}: {reason}" for trait, reason in can.because.items())
    if can.read_only:
        found["read_only"] = can.read_only
    if whole.offered:
        found["offered"] = True
    if whole.entry.get("disabled") is True or whole.entry.get("enabled") is False:
        found["disabled"] = True
    return found


def _traits(whole: Server) -> tuple[Trait, ...]:
    remote, address = whole.remote, whole.host
    unknown = remote is not None and (address is None or _VARIABLE.search(remote.split("?", 1)[0]) is not None)
    elsewhere = address is not None and not unknown and not is_local(address)
    here = remote is None or (address is not None and not unknown and not elsewhere)
    holds = {
        Trait.EXTERNAL: elsewhere,
        Trait.LOCAL: here and bool(whole.line or remote or whole.offered),
        Trait.PLAIN_HTTP: elsewhere and str(remote).lower().startswith(("http://", "ws://")),
        Trait.MUTABLE_REFERENCE: whole.package is not None and whole.package.version is None,
        Trait.AUTO_APPROVE: _approves_itself(whole),
        Trait.SECRET: any(each.is_secret for each in whole.given),
        Trait.UNRESOLVED: unknown or not (remote or whole.line or whole.offered),
    }
    return (*(trait for trait, held in holds.items() if held), *whole.can.because)


def _approves_itself(whole: Server) -> bool:
    entry = whole.entry
    careless = any(each.option.name in _CARELESS for each in whole.given)
    lists = any(entry.get(key) not in (None, False, [], "", {}) for key in _APPROVALS)
    return entry.get("trust") is True or lists or careless


def _data(source: Source, whole: Server) -> Iterator[Node]:
    """What the server is pointed at by its arguments, and by the settings that hold nothing else."""
    given = [each for each in whole.given if each.kind in ("args", "env") and _may_show(each)]
    for each in given:
        found = _handed_data.data(each.option.value, source.at(*each.pointer))
        if found is not None and _is_handed(each, found):
            yield found
    arguments = {each.option.value for each in given}
    for word in whole.line[1:]:  # what stands in one argument of a shell
        value = re.sub(r"^--?[\w-]+=", "", word)
        found = _handed_data.data(value, source.at(*whole.pointer, "args")) if value not in arguments else None
        yield from [found] if found else []


def _may_show(given: Given) -> bool:
    """Of a credential nothing is shown; of an address that holds one, all but the credential."""
    return not given.is_secret or "://" in given.option.value


def _is_handed(given: Given, found: Node) -> bool:
    """A path among the variables may be that of a program or a cache: only one about people, or a store, is data."""
    return given.kind == "args" or bool(found.categories) or not found.id.startswith("data:file/")


def _edge(source: Source, kind: EdgeKind, start: str, end: str, pointer: Pointer) -> Edge:
    return Edge(kind=kind, source=start, target=end, origin=Origin.DECLARED, location=source.at(*pointer))
