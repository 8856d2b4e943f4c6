"""MCP configurations: the tool servers an assistant may call, what they are given and how firmly they are pinned."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from petguard import catalog, secrets
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers import Parser, _command
from petguard.parsers._credentials import from_variable
from petguard.parsers._names import categories_of_path, host, is_local
from petguard.parsers._source import Source, each

Pointer = tuple[Step, ...]

_ADDRESSES = ("url", "serverUrl", "httpUrl")
_URL = re.compile(r"(?i)(?:https?|wss?|sse)://\S+")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\{\{[^}]*\}\}|\$\w+")


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    if candidate.suffix not in (".json", ".jsonc", ".json5"):
        return Interest.NONE
    vs_code = candidate.name == "mcp.json" and b'"servers"' in data
    nested = b'"mcp"' in data and b'"servers"' in data
    return Interest.READ if b'mcpServers"' in data or vs_code or nested else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, lambda text: [read_json(text)], _read)


@dataclass(frozen=True)
class _Server:
    """One entry, checked. `options` are the literal values it is started with, each with its name and pointer."""

    name: str
    pointer: Pointer
    entry: dict[str, Any]
    line: list[str]
    url: str | None
    options: list[tuple[str, str, Pointer]]

    @property
    def is_secret(self) -> bool:
        return any(secrets.looks_secret(value, name=name) for name, value, _ in self.options)


def _read(source: Source) -> Facts:
    homes = dict.fromkeys([*_homes(source), *_elsewhere(source.document.value, ())])
    servers = [server for pointer in homes for server in _servers(source, pointer)]
    for server in servers:
        shown = (value for name, value, _ in server.options if secrets.looks_secret(value, name=name))
        source.hidden.update(shown)
    found = [_facts(source, server) for server in servers]
    return Facts(
        nodes=tuple(node for facts in found for node in facts.nodes),
        edges=tuple(edge for facts in found for edge in facts.edges),
    )


def _homes(source: Source) -> Iterator[Pointer]:
    """Where servers are listed: at the top, under `mcp`, or per project (Claude Code's own settings file)."""
    top = source.mapping(source.document.value)
    if "mcpServers" in top:
        yield ("mcpServers",)
    if "servers" in top and source.path.rpartition("/")[2] == "mcp.json":
        yield ("servers",)
    inner = top.get("mcp")
    if isinstance(inner, dict):
        yield from (("mcp", key) for key in ("servers", "mcpServers") if key in inner)
    projects = top.get("projects")
    if isinstance(projects, dict):
        yield from (
            ("projects", name, "mcpServers")
            for name, project in projects.items()
            if isinstance(project, dict) and "mcpServers" in project
        )


def _elsewhere(value: Any, pointer: Pointer) -> Iterator[Pointer]:
    """Lists of servers in any other place, and under keys such as `amp.mcpServers`; a JSON schema has none of them."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        if str(step).endswith("mcpServers") and isinstance(inner, dict) and any(map(_is_server, inner.values())):
            yield (*pointer, step)
        else:
            yield from _elsewhere(inner, (*pointer, step))


def _is_server(entry: Any) -> bool:
    return isinstance(entry, dict) and not entry.keys().isdisjoint({"command", *_ADDRESSES})


def _servers(source: Source, home: Pointer) -> Iterator[_Server]:
    value = source.document.value
    for step in home:
        value = value[step]
    if isinstance(value, str):  # a plug-in manifest that names another file, which is read by itself
        return
    for name, entry in source.mapping(value, *home).items():
        pointer = (*home, name)
        if isinstance(entry, dict):
            yield _server(source, name, entry, pointer)
        else:
            source.doubt(f"the server {secrets.mask_in(name)} is not a mapping", *pointer)


def _server(source: Source, name: str, entry: dict[str, Any], pointer: Pointer) -> _Server:
    arguments = source.strings(entry.get("args"), *pointer, "args")
    command = entry.get("command")
    if isinstance(command, list):  # some clients put the whole command line into `command`
        parts = source.strings(command, *pointer, "command")
        arguments, command = parts[1:] + arguments, parts[0][0] if parts else None
    started = source.string(command, *pointer, "command")
    addresses = (source.string(entry.get(key), *pointer, key) for key in _ADDRESSES)
    url = next((address for address in addresses if address), None)
    line = _command.words(started, [text for text, _ in arguments]) if started else []
    if not line and url is None:
        source.doubt(f"the server {secrets.mask_in(name)} has neither command nor url", *pointer, reason="unresolved")
    options = [*_variables(source, entry, pointer), *_arguments(arguments)]
    if url:
        options.extend(_parameters(url, pointer))
    return _Server(name, pointer, entry, line, url, options)


def _variables(source: Source, entry: dict[str, Any], pointer: Pointer) -> Iterator[tuple[str, str, Pointer]]:
    for group in ("env", "headers"):
        for name, value in source.mapping(entry.get(group), *pointer, group).items():
            place = (*pointer, group, name)
            yield name, (value if isinstance(value, str) else ""), place


def _arguments(arguments: Sequence[tuple[str, Pointer]]) -> Iterator[tuple[str, str, Pointer]]:
    """Every argument with the option it belongs to: `--token x`, `--token=x`, `-e NAME=x`, `--header "Name: x"`."""
    before = ""
    for text, pointer in arguments:
        assigned = re.match(r"(?s)-{0,2}(?P<name>[A-Za-z][\w.-]*)(?:=|:\s*(?!//))(?P<value>.+)", text)
        if assigned:
            yield assigned["name"], assigned["value"], pointer
        elif not text.startswith("-"):
            yield before, text, pointer
        before = text.lstrip("-") if text.startswith("-") and not assigned else ""


def _parameters(url: str, pointer: Pointer) -> Iterator[tuple[str, str, Pointer]]:
    """The query of an address, where keys like to hide, and a password before its host."""
    for name, value in re.findall(r"[?&;]([\w.-]+)=([^&#\s]+)", url):
        yield name, value, (*pointer, "url")
    if login := re.match(r"\w+://[^/\s:@]*:([^/\s@]+)@", url):
        yield "password", login[1], (*pointer, "url")


def _facts(source: Source, server: _Server) -> Facts:
    node = _node(source, server)
    keys = [
        (from_variable(name, source.at(*place), literal=secrets.looks_secret(value, name=name)), place)
        for name, value, place in server.options
        if "env" in place or "args" in place
    ]
    data = [_data(source, path, server) for _, path in _command.data_paths(server.line)]
    edges = [
        *(_edge(source, EdgeKind.USES, node.id, key.id, place) for key, place in keys if key is not None),
        *(_edge(source, EdgeKind.FLOWS_TO, each.id, node.id, server.pointer) for each in data),
    ]
    return Facts(nodes=(node, *(key for key, _ in keys if key is not None), *data), edges=tuple(edges))


def _node(source: Source, server: _Server) -> Node:
    remote = _remote(server)
    address = host(remote) if remote else None
    package = _command.package(server.line)
    provider = catalog.provider_by_host(address) if address else None
    summary = secrets.mask_in(f"{package.runner} {package.name}" if package else " ".join(server.line[:2]))
    traits = _traits(server, remote, address)
    return Node(
        id=f"mcp_server:{source.path}#{server.name}",
        kind=NodeKind.TOOL,
        asset=Asset.MCP_SERVER,
        sink=SinkKind.THIRD_PARTY if Trait.EXTERNAL in traits else None,
        name=server.name,
        provider=provider.id if provider else None,
        version=package.version if package else None,
        endpoint=address or summary or None,
        origin=Origin.DECLARED,
        traits=traits,
        locations=(source.at(*server.pointer),),
    )


def _remote(server: _Server) -> str | None:
    """The address that the server is reached at, or that a local bridge such as mcp-remote passes everything on to."""
    return server.url or next((word for word in server.line[1:] if _URL.fullmatch(word)), None)


def _traits(server: _Server, remote: str | None, address: str | None) -> tuple[Trait, ...]:
    package = _command.package(server.line)
    unknown = remote is not None and (address is None or _VARIABLE.search(remote.split("?", 1)[0]) is not None)
    elsewhere = address is not None and not unknown and not is_local(address)
    holds = {
        Trait.EXTERNAL: elsewhere,
        Trait.LOCAL: remote is None or (address is not None and not unknown and not elsewhere),
        Trait.PLAIN_HTTP: elsewhere and str(remote).lower().startswith(("http://", "ws://")),
        Trait.MUTABLE_REFERENCE: package is not None and package.version is None,
        Trait.AUTO_APPROVE: _approves_itself(server.entry),
        Trait.SECRET: server.is_secret,
        Trait.UNRESOLVED: unknown or (remote is None and not server.line),
    }
    return tuple(trait for trait, held in holds.items() if held and (trait is not Trait.LOCAL or server.line or remote))


def _approves_itself(entry: dict[str, Any]) -> bool:
    lists = ("autoApprove", "alwaysAllow", "autoAllow")
    return entry.get("trust") is True or any(entry.get(key) not in (None, False, [], "", {}) for key in lists)


def _data(source: Source, path: str, server: _Server) -> Node:
    return Node(
        id=f"data:path:{path}",
        kind=NodeKind.DATA,
        name=path,
        origin=Origin.DECLARED,
        categories=categories_of_path(path),
        locations=(source.at(*server.pointer, "args"),),
    )


def _edge(source: Source, kind: EdgeKind, start: str, end: str, pointer: Pointer) -> Edge:
    return Edge(kind=kind, source=start, target=end, origin=Origin.DECLARED, location=source.at(*pointer))


PARSER = Parser.of_configs("mcp", _interest, _parse)
