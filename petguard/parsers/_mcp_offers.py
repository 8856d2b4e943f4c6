"""MCP servers that a repository offers itself: manifests of the registry, of bundles, of Smithery and of FastMCP."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from petguard.parsers._mcp_places import Listed
from petguard.parsers._mcp_servers import Server, server
from petguard.parsers._source import Source

_SCHEMA = b"modelcontextprotocol"
_TELLING = {
    "server.json": re.compile(_SCHEMA),
    "fastmcp.json": re.compile(rb"fastmcp|\"source\""),
    "manifest.json": re.compile(rb"\"mcp_config\"|\"dxt_version\""),
    "smithery.yaml": re.compile(rb"(?m)^(?:startCommand|runtime)\s*:"),
}


def is_one(name: str, data: bytes) -> bool:
    """Whether a file of this name is such a manifest."""
    telling = _TELLING.get(name)
    return telling is not None and telling.search(data) is not None


def offered(source: Source) -> Iterator[Server]:
    """The server that the manifest offers, if the file is one."""
    name = PurePosixPath(source.path).name
    top = source.document.value
    if name not in _TELLING or not isinstance(top, dict) or not is_one(name, source.text.encode("utf-8", "replace")):
        return
    entry = _ENTRY[name](top)
    found = server(source, Listed(_name(source, top), (), entry, offered=True))
    if found is not None:
        yield found


def _name(source: Source, top: dict[str, Any]) -> str:
    """What the manifest calls it, else the folder it stands in."""
    given = top.get("name")
    folder = PurePosixPath(source.path).parent.name
    return given if isinstance(given, str) and given else folder or "server"


def _registered(top: dict[str, Any]) -> dict[str, Any]:
    """`server.json`: the first address or package; both are offered, and one is enough to tell."""
    remotes = [each for each in _list(top.get("remotes")) if isinstance(each, dict)]
    return {"url": remotes[0]["url"]} if remotes and isinstance(remotes[0].get("url"), str) else {}


def _bundled(top: dict[str, Any]) -> dict[str, Any]:
    inner = top.get("server")
    config = inner.get("mcp_config") if isinstance(inner, dict) else None
    return config if isinstance(config, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_ENTRY: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "server.json": _registered,
    "fastmcp.json": lambda _top: {},
    "manifest.json": _bundled,
    "smithery.yaml": lambda _top: {},
}
