"""MCP servers in Python code: those that it starts or reaches as a client, and those that it offers."""

import ast
from typing import Any

from petguard.documents import located
from petguard.model import Asset, Location, Node, NodeKind, Origin, Trait
from petguard.parsers import _mcp_servers
from petguard.parsers._mcp_places import ADDRESSES, Listed
from petguard.parsers._names import HOLE
from petguard.parsers._python_file import Facts
from petguard.parsers._python_module import Module
from petguard.parsers._python_syntax import last_name, span, spelled
from petguard.parsers._source import Source

_ROOTS = frozenset(
    [
        "mcp",
        "fastmcp",
        "agents",
        "pydantic_ai",
        "langchain_mcp_adapters",
        "google",
        "strands",
        "agno",
        "semantic_kernel",
        "autogen_ext",
        "autogen",
        "crewai_tools",
        "crewai",
        "llama_index",
        "smolagents",
        "mcp_use",
        "haystack_integrations",
        "agent_framework",
        "praisonaiagents",
        "huggingface_hub",
        "camel",
        "dspy",
        "mcp_agent",
    ]
)
# Keyword or position of the command, or of the address, for each way to reach a server.
_LOCAL = frozenset(
    [
        "StdioServerParameters",
        "MCPServerStdio",
        "StdioServerParams",
        "MCPStdioPlugin",
        "MCPTools",
        "BasicMCPClient",
        "StdioServerInfo",
        "MCPStdioTool",
        "StdioTransport",
        "StdioConnection",
    ]
)
_REMOTE = frozenset(
    [
        "MCPServerSse",
        "MCPServerSSE",
        "MCPServerStreamableHttp",
        "MCPServerStreamableHTTP",
        "MCPServerHTTP",
        "SseServerParams",
        "StreamableHttpServerParams",
        "SseConnectionParams",
        "StreamableHTTPConnectionParams",
        "StreamableHTTPServerParams",
        "SSEClientParams",
        "StreamableHTTPClientParams",
        "MCPSsePlugin",
        "MCPStreamableHttpPlugin",
        "sse_client",
        "streamablehttp_client",
        "streamable_http_client",
        "SseServerInfo",
        "StreamableHttpServerInfo",
        "MCPStreamableHTTPTool",
        "MCPSseTool",
        "SSETransport",
        "StreamableHttpTransport",
        "MCPServerHTTP",
    ]
)
_OF_MAPPINGS = frozenset({"MultiServerMCPClient", "MCPClient", "Client", "MCPClient.from_dict", "from_dict"})
_OFFERS = (
    "mcp.server.fastmcp.FastMCP",
    "fastmcp.FastMCP",
    "mcp.server.Server",
    "mcp.server.lowlevel.Server",
    "mcp.server.lowlevel.server.Server",
    "fastmcp.server.FastMCP",
    "fastapi_mcp.FastApiMCP",
    "fastmcp.FastMCP.from_openapi",
    "fastmcp.FastMCP.from_fastapi",
    "mcp.server.FastMCP",
)
_DEPTH = 12


def plain(module: Module, node: ast.expr, depth: int = _DEPTH) -> Any:
    """The value of a literal; what is not written out stands as `${expression}`, as in a settings file."""
    bound = module.binding(node) if isinstance(node, ast.Name) else None
    if isinstance(bound, ast.Call) and last_name(bound.func) in _LOCAL | _REMOTE:
        return _keywords(module, bound)
    whole = bound if isinstance(bound, ast.Dict | ast.List | ast.Tuple) else node
    if isinstance(whole, ast.Dict) and depth:
        pairs = zip(whole.keys, whole.values, strict=True)
        named = ((key, value) for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str))
        return {key.value: plain(module, value, depth - 1) for key, value in named}
    if isinstance(whole, ast.List | ast.Tuple) and depth:
        return [plain(module, each, depth - 1) for each in whole.elts]
    return _scalar(module, node)


def _scalar(module: Module, node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | str | None):
        return node.value
    value = module.value(node, hint=True)
    if isinstance(value, str) and value.strip(HOLE):
        return value.replace(HOLE, "${…}")
    return value if isinstance(value, bool | int) else f"${{{spelled(node)}}}"


def of_call(path: str, module: Module, call: ast.Call) -> Facts | None:
    """The servers that a call of a client library starts or reaches; None when it is no such call."""
    name = last_name(call.func)
    if name not in _LOCAL and name not in _REMOTE and name not in _OF_MAPPINGS:
        return None
    dotted = module.dotted(call.func) or ""
    if dotted.partition(".")[0] not in _ROOTS:
        return None
    given = _keywords(module, call)
    first = plain(module, call.args[0]) if call.args else None
    if name in _OF_MAPPINGS:
        mapping = first if isinstance(first, dict) else given.get("connections") or given.get("config")
        return _of_mapping(path, module, mapping, call) if isinstance(mapping, dict) else None
    if isinstance(first, dict):
        given |= first
    elif isinstance(first, str):
        key = "url" if name in _REMOTE or "://" in first else "command"
        if key == "url" or name != "MCPServerStdio" or "command" not in given:
            given.setdefault(key, first)
    entry = _entry(given)
    return None if entry is None else _server(path, module, _own_name(given), entry, call)


def _keywords(module: Module, call: ast.Call) -> dict[str, Any]:
    """The keywords of a call, with those of the parameters that it is given."""
    given: dict[str, Any] = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    found: dict[str, Any] = {}
    for key, value in given.items():
        read = plain(module, value)
        if key in ("params", "server_params", "connection_params", "transport") and isinstance(read, dict):
            found |= read
        elif key not in ("params", "server_params", "connection_params", "transport"):
            found[key] = read
    return found


def _entry(given: dict[str, Any]) -> dict[str, Any] | None:
    known = ("command", "args", "env", "headers", *ADDRESSES)
    entry = {key: given[key] for key in known if given.get(key) is not None}
    for key in ("server_url", "sse_url", "base_url"):
        if isinstance(given.get(key), str):
            entry["url"] = given[key]
    if not entry.keys() & {"command", *ADDRESSES}:
        return None
    args = entry.get("args")
    if isinstance(args, list):
        entry["args"] = [str(each) for each in args if isinstance(each, str | int)]
    elif args is not None:
        entry["args"] = [args] if isinstance(args, str) else []
    for key in ("env", "headers"):
        if key in entry and not isinstance(entry[key], dict):
            del entry[key]
    for key in ("command", *ADDRESSES):
        if key in entry and not isinstance(entry[key], str):
            del entry[key]
    return entry


def _own_name(given: dict[str, Any]) -> str | None:
    named = (given.get(key) for key in ("name", "server_label", "server_name"))
    return next((each for each in named if isinstance(each, str) and each and "${" not in each), None)


def of_dict(path: str, module: Module, node: ast.Dict) -> Facts | None:
    """The server that a literal describes (a hosted MCP tool), or several by name; None when it is neither."""
    value = plain(module, node)
    if not isinstance(value, dict):
        return None
    entry = _entry(value)
    if entry is not None:
        found = _server(path, module, _own_name(value), entry, node)
        approval = value.get("require_approval")
        return found if approval != "never" else _approved(found)
    several = value.get("mcpServers") if isinstance(value.get("mcpServers"), dict) else value
    return _of_mapping(path, module, several, node)


def _approved(found: Facts) -> Facts:
    nodes = [
        node.model_copy(update={"traits": (*node.traits, Trait.AUTO_APPROVE)})
        if node.asset is Asset.MCP_SERVER
        else node
        for node in found.nodes
    ]
    return Facts(nodes=nodes, edges=found.edges)


def _of_mapping(path: str, module: Module, value: Any, node: ast.expr) -> Facts | None:
    """Servers by name, as settings files list them."""
    if isinstance(value.get("mcpServers"), dict):
        value = value["mcpServers"]
    entries = {name: _entry(each) for name, each in value.items() if isinstance(each, dict)}
    found = [_server(path, module, name, entry, node) for name, entry in entries.items() if entry is not None]
    if not found:
        return None
    return Facts(
        nodes=[node for each in found for node in each.nodes], edges=[edge for each in found for edge in each.edges]
    )


def _server(path: str, module: Module, name: str | None, entry: dict[str, Any], node: ast.expr) -> Facts:
    """The server of an entry, read as one of a settings file is; it stands where the code says it."""
    if name is None and _is_unknown(entry):
        return Facts()
    (line, column), _ = span(node)
    source = Source(path, "\n".join(module.lines), located({}, line, module.column((line, column))))
    read = _mcp_servers.server(source, Listed(name, (), entry))
    if read is None:
        return Facts()
    source.hidden.update(each.option.value for each in read.given if each.is_secret)
    found = _mcp_servers.facts(source, read)
    return Facts(
        nodes=[each.model_copy(update={"origin": Origin.DETECTED}) for each in found.nodes],
        edges=[each.model_copy(update={"origin": Origin.DETECTED}) for each in found.edges],
    )


def _is_unknown(entry: dict[str, Any]) -> bool:
    """Whether all of what is started or reached comes from a caller: the inside of a library, and no server yet."""
    given = [str(entry[key]) for key in ("command", *ADDRESSES) if key in entry]
    return all(each.startswith("${") for each in given)


def offers(module: Module, call: ast.Call) -> bool:
    """Whether a call makes a server that others can use."""
    return (module.dotted(call.func) or "") in _OFFERS


def offered(path: str, name: str, here: Location, can: dict[Trait, str], tools: list[str]) -> Node:
    """A server that the code offers; it asks nobody, because its clients do."""
    details: dict[str, Any] = {"offered": True}
    if tools:
        details["tools"] = tuple(tools[:30])
    if can:
        details["can"] = tuple(f"{trait}: {tool}" for trait, tool in can.items())
    return Node(
        id=f"mcp_server:{path}#{name}",
        kind=NodeKind.TOOL,
        asset=Asset.MCP_SERVER,
        name=name,
        origin=Origin.DETECTED,
        traits=(Trait.LOCAL, *can),
        locations=(here,),
        details=details,
    )
