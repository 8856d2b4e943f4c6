"""MCP configurations: the tool servers an assistant may call, what they are given and how firmly they are pinned."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, front_matter, read_json, read_toml, read_yaml_all
from petguard.model import Edge, EdgeKind, Facts, Gap, Origin
from petguard.parsers import Parser, _assets, _mcp_offers, _mcp_servers
from petguard.parsers._mcp_places import listed
from petguard.parsers._source import Source, each, together


def _of_markdown(text: str) -> list[Document]:
    document = front_matter(text)
    return [] if document is None else [document]


_OPEN: Mapping[str, Callable[[str], Iterable[Document]]] = {
    **dict.fromkeys((".json", ".jsonc", ".json5", ".code-workspace"), lambda text: [read_json(text)]),
    **dict.fromkeys((".yaml", ".yml"), read_yaml_all),
    ".toml": lambda text: [read_toml(text)],
    ".md": _of_markdown,
}
_KEY = re.compile(
    rb"""(?:mcpServers|mcp_servers|mcp-servers|context_servers|modelContextProtocolServers)["']?\s*[]:=.]"""
)
# Keys that mean something else in other files: each needs company.
_MAYBE = (
    (re.compile(rb"""(?m)(?:^|["\s,{.])mcp(?:\.servers)?["']?\s*:"""), re.compile(rb"\b(?:command|url|connections)\b")),
    (
        re.compile(rb"""(?m)^["']?extensions["']?:"""),
        re.compile(rb"""(?m)^\s*(?:-\s+)?["']?(?:cmd|uri|type:\s*builtin)"""),
    ),
    (re.compile(rb"""(?m)^registry:"""), re.compile(rb"(?m)^\s+type:\s*(?:server|remote)\b")),
)


def _interest(candidate: Candidate) -> Interest:
    data, suffix = candidate.data, candidate.suffix
    if suffix not in _OPEN or (suffix == ".md" and not data.startswith(b"---")):
        return Interest.NONE
    if _KEY.search(data) or _mcp_offers.is_one(candidate.name, data):
        return Interest.READ
    named = candidate.name.endswith("mcp.json") or candidate.name == "agent.json"
    if named and b'"servers"' in data:
        return Interest.READ
    maybe = suffix != ".md" and any(key.search(data) and company.search(data) for key, company in _MAYBE)
    return Interest.READ if maybe else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for suffix, open_ in _OPEN.items():
        yield from each((one for one in inputs if PurePosixPath(one.path).suffix.lower() == suffix), open_, _read)


def _read(source: Source) -> Facts:
    found = [_mcp_servers.server(source, one) for one in listed(source)]
    servers = [each for each in found if each is not None]
    servers += _mcp_offers.offered(source)
    for server in servers:
        source.hidden.update(given.option.value for given in server.given if given.is_secret)
    facts = together(_mcp_servers.facts(source, server) for server in servers)
    return together([facts, _used_by(source, facts)])


def _used_by(source: Source, facts: Facts) -> Facts:
    """The assistant whose file this is uses the servers that it lists."""
    known = catalog.convention(source.path)
    if known is None or not facts.nodes:
        return Facts()
    assistant = _assets.assistant(source.path, known)
    uses = (
        Edge(
            kind=EdgeKind.USES, source=assistant.id, target=node.id, origin=Origin.DECLARED, location=node.locations[0]
        )
        for node in facts.nodes
        if node.id.startswith("mcp_server:")
    )
    return Facts(nodes=(assistant,), edges=tuple(uses))


PARSER = Parser.of_configs("mcp", _interest, _parse)
