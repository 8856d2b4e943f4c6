"""Agents that a file declares: graphs of LangGraph, crews of CrewAI, agents in n8n workflows.

The models and keys in these files are found by position, as in all settings; here are the agents, what an n8n node
calls, and the vector stores.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_json, read_yaml
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Node, Origin, Trait
from petguard.parsers import Parser, _assets
from petguard.parsers._services import Service
from petguard.parsers._source import Source, each, together
from petguard.parsers._spots import provider_said

_CREW = (b"role:", b"goal:", b"backstory:")
_N8N = (b'"nodes"', b'"connections"', b"n8n-nodes-")
_N8N_AI = re.compile(rb"n8n-nodes-(?:langchain\.|base\.openAi)")
_N8N_TYPE = re.compile(r"(?:@n8n/)?n8n-nodes-(?:langchain|base)\.(?P<name>\w+)")
_CALLS = re.compile(
    r"(?:lm[A-Z]|embeddings[A-Z]|openAi$|openAiAssistant|anthropic$|googleGemini|ollama$|mistralAi|perplexity$)\w*"
)
_AGENTS = re.compile(r"agent|agentTool|openAiAssistant")
_STORES = re.compile(r"vectorStore(?P<name>\w+?)(?:Insert|Load)?")
_CAN = {
    "toolCode": Trait.RUNS_COMMANDS,
    "executeCommandTool": Trait.RUNS_COMMANDS,
    "toolHttpRequest": Trait.REACHES_NETWORK,
    "httpRequestTool": Trait.REACHES_NETWORK,
    "mcpClientTool": Trait.REACHES_NETWORK,
    "postgresTool": Trait.REACHES_DATABASE,
    "mySqlTool": Trait.REACHES_DATABASE,
}


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    graphs = candidate.name == "langgraph.json" and b'"graphs"' in data
    crew = candidate.suffix in (".yaml", ".yml") and all(word in data for word in _CREW)
    flow = candidate.suffix == ".json" and all(word in data for word in _N8N) and _N8N_AI.search(data)
    return Interest.READ if graphs or crew or flow else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    yield from each([item for item in inputs if item.path.endswith(".json")], lambda text: [read_json(text)], _read)
    yield from each([item for item in inputs if not item.path.endswith(".json")], lambda text: [read_yaml(text)], _crew)


def _read(source: Source) -> Facts:
    if source.path.rpartition("/")[2] == "langgraph.json":
        graphs = source.mapping(source.mapping(source.document.value).get("graphs"), "graphs")
        return Facts(nodes=tuple(_agent(source, name, "graphs", name) for name in graphs))
    return together(_workflow(source, value, pointer) for pointer, value in _workflows(source.document.value, ()))


def _crew(source: Source) -> Facts:
    """Every mapping with a role, a goal and a backstory is an agent of a crew."""
    found = source.document.value if isinstance(source.document.value, dict) else {}
    needed = {"role", "goal", "backstory"}
    crew = [name for name, value in found.items() if isinstance(value, dict) and needed <= value.keys()]
    return Facts(nodes=tuple(_agent(source, name, name) for name in crew))


def _agent(source: Source, name: str, *pointer: Step, traits: Sequence[Trait] = ()) -> Node:
    return _assets.declared(Asset.AGENT, f"{source.path}#{name}", name, source.at(*pointer), traits=traits)


def _workflows(value: Any, pointer: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], dict[str, Any]]]:
    """A file holds one workflow, or a list of them."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _workflows(item, (*pointer, index))
    elif isinstance(value, dict) and isinstance(value.get("nodes"), list):
        yield pointer, value


def _workflow(source: Source, flow: dict[str, Any], pointer: tuple[Step, ...]) -> Facts:
    parts = [(index, node) for index, node in enumerate(flow["nodes"]) if isinstance(node, dict)]
    kinds = {str(node.get("name")): kind for _, node in parts if (kind := _kind(node)) and not node.get("disabled")}
    nodes = [
        found
        for index, node in parts
        for found in _node(source, (*pointer, "nodes", index, "type"), str(node.get("name")), kinds, flow)
    ]
    edges = tuple(_uses(source, pointer, flow, kinds))
    return Facts(nodes=tuple(nodes), edges=edges)


def _kind(node: dict[str, Any]) -> str | None:
    found = _N8N_TYPE.fullmatch(str(node.get("type")))
    return found["name"] if found else None


def _node(
    source: Source, pointer: tuple[Step, ...], name: str, kinds: dict[str, str], flow: dict[str, Any]
) -> Iterator[Node]:
    kind = kinds.get(name, "")
    store = _STORES.fullmatch(kind)
    if _AGENTS.fullmatch(kind):
        tools = (start for start, link, end in _links(flow) if end == name and link == "ai_tool")
        can = {_CAN[kinds[tool]] for tool in tools if kinds.get(tool) in _CAN}
        yield _agent(source, name, *pointer, traits=sorted(can))
    if store and store["name"] not in ("InMemory", "Tool"):
        key = store["name"].lower()
        yield _assets.declared(Asset.VECTOR_STORE, key, store["name"], source.at(*pointer))
    service = _service(kind)
    if service:
        yield service.node(source.at(*pointer), Origin.DECLARED)


def _service(kind: str) -> Service | None:
    provider = provider_said(kind) if _CALLS.fullmatch(kind) else None
    return Service(provider) if provider else None


def _links(flow: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The connections of a workflow: from which node, of which kind, to which node."""
    connections = flow.get("connections")
    for start, links in connections.items() if isinstance(connections, dict) else ():
        for link, groups in links.items() if isinstance(links, dict) else ():
            ends = (end for group in groups or () if isinstance(group, list) for end in group)
            yield from ((start, link, str(end.get("node"))) for end in ends if isinstance(end, dict))


def _uses(source: Source, pointer: tuple[Step, ...], flow: dict[str, Any], kinds: dict[str, str]) -> Iterator[Edge]:
    """Which agent asks which service."""
    for start, link, end in dict.fromkeys(_links(flow)):
        service = _service(kinds.get(start, ""))
        if link == "ai_languageModel" and service and _AGENTS.fullmatch(kinds.get(end, "")):
            place = source.at(*pointer, "connections", start)
            agent = f"{Asset.AGENT}:{source.path}#{end}"
            yield Edge(kind=EdgeKind.FLOWS_TO, source=agent, target=service.id, origin=Origin.DECLARED, location=place)


PARSER = Parser.of_configs("declared_agents", _interest, _parse)
