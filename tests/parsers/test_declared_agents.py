"""Agents that files declare: LangGraph, CrewAI and n8n; and Ollama's Modelfiles."""

import json
from collections.abc import Callable

import pytest

from petguard.collect import Candidate, Interest
from petguard.model import Asset, Facts, Gap, Trait
from petguard.parsers import Parser, declared_agents, modelfile

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_LANGCHAIN = "@n8n/n8n-nodes-langchain."
_FLOW = {
    "nodes": [
        {"name": "Helper", "type": f"{_LANGCHAIN}agent", "parameters": {}},
        {"name": "Model", "type": f"{_LANGCHAIN}lmChatOpenAi", "parameters": {}},
        {"name": "Code", "type": f"{_LANGCHAIN}toolCode"},
        {"name": "Store", "type": f"{_LANGCHAIN}vectorStoreQdrant"},
        {"name": "Memory", "type": f"{_LANGCHAIN}vectorStoreInMemory"},
        {"name": "Mail", "type": "n8n-nodes-base.gmail"},
        {"name": "Off", "type": f"{_LANGCHAIN}lmChatAnthropic", "disabled": True},
    ],
    "connections": {
        "Model": {"ai_languageModel": [[{"node": "Helper"}]]},
        "Code": {"ai_tool": [[{"node": "Helper"}]]},
    },
}
_CREW = "researcher:\n  role: Researcher\n  goal: Find\n  backstory: You know all\nnote: x\n"


def _ids(facts: Facts) -> set[str]:
    return {node.id for node in facts.nodes}


def test_the_graphs_of_langgraph(read: Read) -> None:
    """Every graph is an agent."""
    facts, gaps = read(declared_agents.PARSER, {"langgraph.json": '{"graphs": {"chat": "./a.py:g"}, "env": ".env"}'})
    assert (_ids(facts), gaps) == ({"agent:langgraph.json#chat"}, [])


def test_the_crew(read: Read) -> None:
    """A role, a goal and a backstory make an agent."""
    facts, _ = read(declared_agents.PARSER, {"config/agents.yaml": _CREW})
    assert _ids(facts) == {"agent:config/agents.yaml#researcher"}


def test_a_workflow_of_n8n(read: Read) -> None:
    """Agent, service and vector store are found; what is switched off, or AI in no way, is not."""
    facts, gaps = read(declared_agents.PARSER, {"flow.json": json.dumps(_FLOW)})
    assert gaps == []
    assert _ids(facts) == {"agent:flow.json#Helper", "ai_service:openai", "vector_store:qdrant"}


def test_what_an_agent_of_n8n_can_do(read: Read) -> None:
    """The tools that hang on an agent are its rights; its model is where its data goes."""
    facts, _ = read(declared_agents.PARSER, {"flow.json": json.dumps(_FLOW)})
    agent = next(node for node in facts.nodes if node.asset is Asset.AGENT)
    assert agent.traits == (Trait.RUNS_COMMANDS,)
    assert [(edge.source, edge.target) for edge in facts.edges] == [("agent:flow.json#Helper", "ai_service:openai")]


def test_several_workflows_in_one_file(read: Read) -> None:
    """An export may be a list."""
    facts, _ = read(declared_agents.PARSER, {"all.json": json.dumps([_FLOW, {"nodes": []}])})
    assert "agent:all.json#Helper" in _ids(facts)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("flow.json", '{"nodes": [{"type": "n8n-nodes-base.gmail"}], "connections": {'),
        ("agents.yaml", "smith:\n  role: estate agent\n  goal: sell\n"),
        ("graphs.json", '{"graphs": {"sales": "bar"}}'),
    ],
)
def test_other_files_are_not_read(path: str, text: str) -> None:
    """A workflow without AI, an agency and a chart are none of ours, however broken."""
    assert declared_agents.PARSER.interest(Candidate(path, text.encode())) is Interest.NONE


@pytest.mark.parametrize("text", ['{"graphs": ["a"]}', '{"graphs": {"a"', "[]"])
def test_a_broken_file_is_a_gap(read: Read, text: str) -> None:
    """Of a wrong type or truncated: a gap with the path."""
    _, gaps = read(declared_agents.PARSER, {"langgraph.json": text + ' "graphs"' if text == "[]" else text})
    assert [gap.path for gap in gaps] == ["langgraph.json"]


@pytest.mark.parametrize(
    ("nodes", "connections"),
    [([1, None, {"name": [], "type": 3}], {}), ([{}], []), (["n"], {"a": [], "b": {"ai_tool": [None, [1]]}})],
)
def test_wrong_types_in_a_workflow_are_passed_over(read: Read, nodes: object, connections: object) -> None:
    """What is no node and no link gives nothing."""
    text = json.dumps({"nodes": nodes, "connections": connections, "x": "n8n-nodes-langchain."})
    assert read(declared_agents.PARSER, {"flow.json": text})[0] == Facts()


def test_a_modelfile(read: Read) -> None:
    """The model it is made from runs at Ollama; its system text is a prompt; a file here is found by itself."""
    text = "FROM llama3.2\nPARAMETER temperature 1\nADAPTER ./a.gguf\nSYSTEM You are kind.\n"
    facts, gaps = read(modelfile.PARSER, {"Modelfile": text})
    assert gaps == []
    assert _ids(facts) == {"model:llama3.2", "ai_service:ollama", "prompt:Modelfile"}


@pytest.mark.parametrize("text", ["FROM ./model.gguf\n", "FROM /models/x\n", "# FROM llama3\nfrom\n"])
def test_a_modelfile_without_a_name(read: Read, text: str) -> None:
    """A path names no model."""
    assert read(modelfile.PARSER, {"Modelfile": text})[0] == Facts()
