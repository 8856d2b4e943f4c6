"""Where MCP clients list their servers: a row of keys for each kind of file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from petguard.documents import Step
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

ADDRESSES = ("url", "serverUrl", "httpUrl", "uri")
# Some clients put what starts a server one level deeper.
NESTED = ("transport", "config", "command", "remote", "mcp_config")
_STARTS = frozenset({"command", "cmd", "image", *ADDRESSES})
_BUILT_IN = ("builtin", "platform")


@dataclass(frozen=True)
class Place:
    """The last keys above a list of servers (`*` is any one key), in files whose paths end in `files`.

    `top` means that nothing stands above these keys. Where `sure` is false the keys may mean something else too, and
    only what can be started or reached counts as a server, with one of the `types` where some are given.
    """

    keys: tuple[str, ...]
    files: str = ""
    top: bool = False
    sure: bool = True
    types: tuple[str, ...] = ()

    def fits(self, trail: tuple[str, ...], path: str) -> bool:
        """Whether the servers of the file at this path may stand at the end of this row of keys."""
        width = len(self.keys)
        if len(trail) < width or (self.top and len(trail) > width) or not path.endswith(self.files):
            return False
        return all(wanted in ("*", met) for wanted, met in zip(self.keys, trail[-width:], strict=True))


_TRANSPORTS = ("stdio", "http", "sse", "streamable_http", "streamable-http")
_PLACES = (
    Place(
        ("mcpServers",)
    ),  # Claude, Cursor, Windsurf, Cline, Roo, Kilo, Gemini CLI, Amazon Q, LM Studio, LibreChat ...
    Place(("mcp_servers",)),  # Codex, LiteLLM
    Place(("mcp-servers",)),  # the front matter of Copilot's agents
    Place(("context_servers",)),  # Zed
    Place(("modelContextProtocolServers",)),  # Continue, before it took `mcpServers`
    Place(("mcp", "servers")),  # VS Code's settings, devcontainer.json, mcp-agent, fast-agent
    Place(("mcp", "mcpServers")),
    Place(("servers",), files=".vscode/mcp.json", top=True),
    Place(("servers",), files=".mcp.json", top=True),  # Visual Studio
    Place(("servers",), files="mcp.json", top=True, sure=False),
    Place(("servers",), files="agent.json", top=True, sure=False, types=_TRANSPORTS),  # tiny-agents
    Place(("mcp",), top=True, sure=False),  # opencode, Crush
    Place(("extensions",), top=True, sure=False, types=_TRANSPORTS + _BUILT_IN),  # Goose and its recipes
    Place(("mcp", "client", "*", "connections"), sure=False),  # Spring AI
    Place(("registry",), top=True, sure=False, types=("server", "remote")),  # Docker's MCP catalogues
)
_LAST = frozenset(place.keys[-1] for place in _PLACES)


@dataclass(frozen=True)
class Listed:
    """One entry of a list of servers, not checked yet; without a name in list form.

    `offered` is a server of the repository's own, which says elsewhere how it is started.
    """

    name: str | None
    pointer: Pointer
    entry: Any
    offered: bool = False


def listed(source: Source) -> Iterator[Listed]:
    """Every server of a document, in order."""
    for pointer, value, place in _homes(source, source.document.value, (), ()):
        sure = place.sure and _is_at_home(pointer)
        yield from (each for each in _entries(source, pointer, value) if sure or _is_meant(each.entry, place))


def _is_at_home(pointer: Pointer) -> bool:
    """At the top of a file, below `mcp`, or for one project (Claude Code): elsewhere it may be a schema or a test."""
    return len(pointer) == 1 or pointer[0] in ("mcp", "projects")


def _homes(
    source: Source, value: Any, pointer: Pointer, trail: tuple[str, ...]
) -> Iterator[tuple[Pointer, Any, Place]]:
    for step, inner in _items(value):
        here = (*pointer, step)
        below = (*trail, *step.split(".")) if isinstance(step, str) else trail
        place = _place(below, source.path) if isinstance(step, str) and below[-1] in _LAST else None
        if place is not None and place.sure and _is_at_home(here) and not isinstance(inner, dict | list | str | None):
            source.doubt(f"{step} is neither a mapping nor a list", *here)
        elif place is not None and _may_list(inner, place, here):
            yield here, inner, place
        else:
            yield from _homes(source, inner, here, below)


def _items(value: Any) -> Iterable[tuple[Step, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()


def _place(trail: tuple[str, ...], path: str) -> Place | None:
    return next((place for place in _PLACES if place.fits(trail, path)), None)


def _may_list(value: Any, place: Place, pointer: Pointer) -> bool:
    return (place.sure and _is_at_home(pointer)) or any(_is_meant(entry, place) for _, entry in _items(value))


def _is_meant(entry: Any, place: Place) -> bool:
    """Whether an entry says how a server is started or reached."""
    if not isinstance(entry, dict) or (place.types and entry.get("type") not in place.types):
        return False
    inner = (entry.get(key) for key in NESTED)
    return (
        not entry.keys().isdisjoint(_STARTS)
        or entry.get("type") in _BUILT_IN
        or any(isinstance(each, dict) and not each.keys().isdisjoint(_STARTS) for each in inner)
    )


def _entries(source: Source, pointer: Pointer, value: Any) -> Iterator[Listed]:
    for step, entry in _items(value):
        if isinstance(step, str):
            yield Listed(step, (*pointer, step), entry)
        else:
            named = source.mapping(entry, *pointer, step)
            names = (named.get(key) for key in ("name", "id", "serverName"))
            yield Listed(next((each for each in names if isinstance(each, str)), None), (*pointer, step), entry)
