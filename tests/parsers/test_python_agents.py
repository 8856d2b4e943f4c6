"""Agents in Python code: their names, tools, servers and models, what they can do, and whether somebody is asked."""

import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.agents import equipped
from petguard.model import Asset, EdgeKind, Facts, Gap, Node, Trait
from petguard.parsers import Parser
from petguard.parsers.crewai import PARSER as CREWAI
from petguard.parsers.python import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_ABLE = {
    Trait.WRITES_FILES,
    Trait.RUNS_COMMANDS,
    Trait.REACHES_NETWORK,
    Trait.REACHES_DATABASE,
    Trait.WRITES_DATABASE,
    Trait.SPENDS_MONEY,
}


def _of(facts: Facts, asset: Asset) -> dict[str, Node]:
    """By name; what leads to an agent of another call names it again, without details."""
    return {node.name: node for node in sorted(facts.nodes, key=lambda node: len(node.details)) if node.asset is asset}


def _agents(read: Read, *code: str, **more: str) -> dict[str, Node]:
    files = {"app.py": "\n".join(map(textwrap.dedent, code)), **{f"{name}.py": text for name, text in more.items()}}
    facts, gaps = read(PARSER, files)
    assert gaps == []
    return _of(facts, Asset.AGENT)


@pytest.mark.parametrize(
    ("code", "name", "framework"),
    [
        ("from langgraph.prebuilt import create_react_agent\nbot = create_react_agent(llm, [])", "bot", "LangGraph"),
        ("from langgraph.graph import StateGraph\nb = StateGraph(S)\nbot = b.compile()", "bot", "LangGraph"),
        ("from langchain.agents import create_agent\ncreate_agent('x', name='bot')", "bot", "LangChain"),
        ("from crewai import Agent\nbot = Agent(role='r', goal='g', backstory='b')", "bot", "CrewAI"),
        ("from agents import Agent\nAgent('bot')", "bot", "OpenAI Agents SDK"),
        ("from agents import Agent\nAgent[Context](name='bot')", "bot", "OpenAI Agents SDK"),
        ("from autogen_agentchat.agents import AssistantAgent\nAssistantAgent('bot')", "bot", "AutoGen"),
        ("from pydantic_ai import Agent\nbot = Agent('openai:gpt-4o')", "bot", "Pydantic AI"),
        ("from smolagents import ToolCallingAgent\nbot = ToolCallingAgent([], model)", "bot", "smolagents"),
        ("from llama_index.core.agent import ReActAgent\nbot = ReActAgent.from_tools([])", "bot", "LlamaIndex"),
        ("from google.adk.agents import LlmAgent\nLlmAgent(name='bot')", "bot", "Google ADK"),
        ("from strands import Agent\ndef bot():\n    return Agent()", "bot", "Strands"),
        ("from agno.agent import Agent\nAgent(name='bot')", "bot", "Agno"),
        ("from semantic_kernel.agents import ChatCompletionAgent as C\nC(name='bot')", "bot", "Semantic Kernel"),
        ("import claude_agent_sdk as c\nbot = c.ClaudeAgentOptions()", "bot", "Claude Agent SDK"),
    ],
)
def test_the_agents_of_every_framework(read: Read, code: str, name: str, framework: str) -> None:
    """Each way to make one, by the imported name; called by its name, its variable or its function."""
    found = _agents(read, code)
    assert {key: node.details["framework"] for key, node in found.items()} == {name: framework}


@pytest.mark.parametrize(
    "code",
    [
        "import openai\nclass Agent:\n    pass\nbot = Agent()",
        "import openai\nfrom estate import Agent\nAgent(name='Smith')",
        "import openai\nuser_agent = 'x'\ntools = ['a']",
        "import openai\nfrom datadog import Agent\nAgent(tools=[])",
        "# from agents import Agent\nimport openai\n'Agent(name=1)'",
    ],
)
def test_other_agents_are_none(read: Read, code: str) -> None:
    """A class that only bears the name makes no agent."""
    assert _agents(read, code) == {}


def test_a_module_of_the_tree_is_not_the_library(read: Read) -> None:
    """`agents` beside the file is the file's own."""
    code = "from agents import Agent\nimport openai\nAgent(name='Smith')"
    assert _agents(read, code, agents="class Agent: ...") == {}


_TOOL = """
from agents import Agent, function_tool
{imports}

@function_tool
def act(text: str) -> str:
    {body}

bot = Agent(name="bot", tools=[act])
"""


@pytest.mark.parametrize(
    ("imports", "body", "can"),
    [
        ("import subprocess", "return subprocess.run(text, shell=True)", {Trait.RUNS_COMMANDS}),
        ("from os import system as go", "return go(text)", {Trait.RUNS_COMMANDS}),
        ("", "return eval(text)", {Trait.RUNS_COMMANDS}),
        ("from ast import literal_eval as eval", "return eval(text)", set()),
        ("import pandas", "return frame.eval(text)", set()),
        ("", "open('x', 'w').write(text)", {Trait.WRITES_FILES}),
        ("", "return open('x').read()", set()),
        ("from pathlib import Path", "Path('x').write_text(text)", {Trait.WRITES_FILES}),
        ("import shutil", "shutil.rmtree(text)", {Trait.WRITES_FILES}),
        ("import requests", "return requests.get(text).text", {Trait.REACHES_NETWORK}),
        ("import httpx\nclient = httpx.Client()", "return client.get(text)", {Trait.REACHES_NETWORK}),
        ("import stripe", "stripe.Refund.create(charge=text)", {Trait.REACHES_NETWORK, Trait.SPENDS_MONEY}),
        ("import sqlite3\ndb = sqlite3.connect('x')", "db.execute('SELECT 1')", {Trait.REACHES_DATABASE}),
        (
            "import sqlite3\ndb = sqlite3.connect('x')",
            "cursor = db.cursor()\n    cursor.execute(text)",
            {Trait.REACHES_DATABASE, Trait.WRITES_DATABASE},
        ),
        (
            "from sqlalchemy import create_engine\nengine = create_engine('x')",
            "with engine.connect() as c:\n        c.execute(text)",
            {Trait.REACHES_DATABASE, Trait.WRITES_DATABASE},
        ),
        ("import helper", "return helper.run(text)", {Trait.RUNS_COMMANDS}),
        ("", "return text.upper()", set()),
    ],
)
def test_what_a_function_tool_can_do(read: Read, imports: str, body: str, can: set[Trait]) -> None:
    """By the library behind each call, also in a function of another file."""
    helper = "import os\ndef run(text):\n    return os.popen(text)\n"
    agent = _agents(read, _TOOL.format(imports=imports, body=body), helper=helper)["bot"]
    assert (set(agent.traits) & _ABLE, agent.details["tools"]) == (can, ("act",))


@pytest.mark.parametrize(
    ("code", "can"),
    [
        ("from langchain_community.tools import ShellTool\ncreate_agent('x', tools=[ShellTool()])", {"runs_commands"}),
        (
            "from langchain_community.agent_toolkits import SQLDatabaseToolkit\nkit = SQLDatabaseToolkit(db=db)\n"
            "create_agent('x', tools=kit.get_tools())",
            {"reaches_database", "writes_database"},
        ),
        (
            "from langchain.agents import load_tools\ncreate_agent('x', tools=load_tools(['terminal']))",
            {"runs_commands"},
        ),
        ("a = [len]\ndef f(x):\n    exec(x)\ncreate_agent('x', tools=a + [f])", {"runs_commands"}),
        (
            "from langchain_core.tools import StructuredTool\ndef f(x):\n    exec(x)\n"
            "create_agent('x', tools=[StructuredTool.from_function(func=f, name='n')])",
            {"runs_commands"},
        ),
        (
            "from langchain_core.tools import BaseTool\nclass T(BaseTool):\n    def _run(self, x):\n        exec(x)\n"
            "create_agent('x', tools=[T()])",
            {"runs_commands"},
        ),
        ("create_agent('x', tools=[{'type': 'bash_20250124', 'name': 'bash'}])", {"runs_commands"}),
        ("create_agent('x', tools=[{'type': 'web_search_preview'}])", {"reaches_network"}),
        ("create_agent('x', tools=[{'type': 'function', 'function': {'name': 'f'}}])", set()),
        ("create_agent('x', tools=unknown())", set()),
    ],
)
def test_what_other_tools_can_do(read: Read, code: str, can: set[str]) -> None:
    """Tools of the framework, toolkits, lists put together, wrappers, classes and tools of a provider."""
    (agent,) = _agents(read, "from langchain.agents import create_agent", code).values()
    assert set(agent.traits) & _ABLE == can


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("from langgraph.prebuilt import create_react_agent as c\nc('x', [f], interrupt_before=['tools'])", True),
        ("from langgraph.prebuilt import create_react_agent as c\nc('x', [f], interrupt_before=[])", False),
        ("from langgraph.prebuilt import create_react_agent as c\nc('x', [f])", False),
        ("from agents import Agent, function_tool as t\nAgent(name='a', tools=[t(f, needs_approval=True)])", True),
        (
            "from autogen import ConversableAgent as C\nC('a', code_execution_config={}, human_input_mode='ALWAYS')",
            True,
        ),
        (
            "from autogen import ConversableAgent as C\nC('a', code_execution_config={}, human_input_mode='NEVER')",
            False,
        ),
        ("from langchain.agents import create_agent\ncreate_agent('x', tools=[g])", True),
        (
            "from langchain.agents import create_agent, middleware as m\n"
            "create_agent('x', tools=[f], middleware=[m.HumanInTheLoopMiddleware()])",
            True,
        ),
    ],
)
def test_whether_a_human_is_asked(read: Read, code: str, asks: bool) -> None:
    """By the agent, by each tool that acts, or not at all."""
    tools = "def f(x):\n    exec(x)\n\ndef g(x):\n    if input('sure?') == 'y':\n        exec(x)\n"
    (agent,) = _agents(read, tools, code).values()
    assert (Trait.ASKS_HUMAN in agent.traits) is asks
    assert Trait.RUNS_COMMANDS in agent.traits


def test_code_that_an_agent_runs_by_itself(read: Read) -> None:
    """Without any tool: by its kind, or by a setting; in a sandbox somebody else's machine runs it."""
    code = """
    from smolagents import CodeAgent
    from crewai import Agent
    from autogen import UserProxyAgent
    free = CodeAgent([], model)
    boxed = CodeAgent([], model, executor_type="e2b")
    coder = Agent(role="r", goal="g", backstory="b", allow_code_execution=True)
    proxy = UserProxyAgent("proxy", code_execution_config=False, human_input_mode="NEVER")
    """
    found = _agents(read, code)
    assert {name for name, node in found.items() if Trait.RUNS_COMMANDS in node.traits} == {"free", "coder"}


def test_an_assistant_that_is_let_loose(read: Read) -> None:
    """The options of the Claude Agent SDK are rights."""
    code = "import claude_agent_sdk as c\na = c.ClaudeAgentOptions(allowed_tools=['Bash'], "
    code += "permission_mode='bypassPermissions')"
    agent = _agents(read, code)["a"]
    assert set(agent.traits) == {Trait.RUNS_COMMANDS, Trait.BROAD_RIGHTS, Trait.AUTO_APPROVE}


_SERVERS = [
    "from mcp import StdioServerParameters\nStdioServerParameters(command='npx', args=['-y', 'some-server'])",
    "from agents.mcp import MCPServerStdio\nMCPServerStdio(params={'command': 'npx', 'args': ['some-server']})",
    "from pydantic_ai.mcp import MCPServerStdio\nMCPServerStdio('npx', args=['some-server'])",
    "from langchain_mcp_adapters.client import MultiServerMCPClient\n"
    "MultiServerMCPClient({'some-server': {'command': 'npx', 'args': ['some-server'], 'transport': 'stdio'}})",
    "from agno.tools.mcp import MCPTools\nMCPTools('npx some-server')",
    "import openai\nfrom agents import Agent, HostedMCPTool\nAgent(name='a', tools=[HostedMCPTool(tool_config={"
    "'type': 'mcp', 'server_label': 'some-server', 'server_url': 'https://x.example.org/mcp'})])",
    "from fastmcp import FastMCP\nFastMCP('some-server')",
]


@pytest.mark.parametrize("code", _SERVERS)
def test_servers_in_code(read: Read, code: str) -> None:
    """Those that are started or reached by every kind of client, and those that are offered."""
    facts, gaps = read(PARSER, {"app.py": code})
    assert (list(_of(facts, Asset.MCP_SERVER)), gaps) == (["some-server"], [])


def test_the_inside_of_a_library_starts_no_server(read: Read) -> None:
    """What a caller gives is not known here."""
    code = (
        "from mcp import StdioServerParameters\ndef make(command):\n    return StdioServerParameters(command=command)"
    )
    facts, _ = read(PARSER, {"app.py": code})
    assert _of(facts, Asset.MCP_SERVER) == {}


def test_an_agent_leads_to_its_servers_agents_and_model(read: Read) -> None:
    """And what it can do and reach there is told."""
    code = """
    from agents import Agent
    from agents.mcp import MCPServerStdio
    arguments = ["@modelcontextprotocol/server-filesystem", "./in"]
    files = MCPServerStdio(name="files", params={"command": "npx", "args": arguments})
    clerk = Agent(name="clerk", mcp_servers=[files], model="gpt-4.1")
    front = Agent(name="front", handoffs=[clerk])
    """
    facts, _ = read(PARSER, {"app.py": textwrap.dedent(code)})
    uses = {(edge.source, edge.target) for edge in facts.edges if edge.kind is EdgeKind.USES}
    assert ("agent:app.py#clerk", "mcp_server:app.py#files") in uses
    assert ("agent:app.py#front", "agent:app.py#clerk") in uses
    (part,) = equipped([facts])
    clerk, front = _of(part, Asset.AGENT)["clerk"], _of(part, Asset.AGENT)["front"]
    assert (clerk.model, Trait.WRITES_FILES in clerk.traits) == ("gpt-4.1", True)
    assert front.details["reaches"] == (
        "agent clerk",
        "ai service OpenAI",
        "data ./in",
        "mcp server files",
        "model gpt-4.1",
    )


def test_agents_of_crewai_in_two_files_are_one(read: Read) -> None:
    """The YAML names the role, the code gives the tools."""
    yaml = "reader:\n  role: r\n  goal: g\n  backstory: b\n  llm: openai/gpt-4o\n"
    code = "from crewai import Agent\nclass C:\n    agents_config = 'config/agents.yaml'\n    def reader(self):\n"
    code += "        return Agent(config=self.agents_config['reader'], tools=[])\n"
    declared, gaps = read(CREWAI, {"src/c/config/agents.yaml": yaml})
    found, _ = read(PARSER, {"src/c/crew.py": code})
    assert gaps == []
    assert {node.id for node in (*declared.nodes, *found.nodes) if node.asset is Asset.AGENT} == {
        "agent:src/c/config/agents.yaml#reader"
    }
    assert {"model:gpt-4o", "ai_service:openai"} <= {node.id for node in declared.nodes}


@pytest.mark.parametrize(
    "text", ["a:\n  role: r\n  goal: g\n", "role: r\ngoal: g\nbackstory: b\n", "smith:\n  role: seller\n"]
)
def test_other_lists_of_agents_are_left_alone(read: Read, text: str) -> None:
    """A CRM has agents with roles, too."""
    assert read(CREWAI, {"config/agents.yaml": text})[0].nodes == ()


def test_crewai_cut_off_is_a_gap(read: Read) -> None:
    """Half a file is a failed input."""
    _, gaps = read(CREWAI, {"agents.yaml": "a:\n  role: r\n  goal: g\n  backstory: 'b"})
    assert len(gaps) == 1


_PIECES = st.sampled_from(
    [
        "[",
        "]",
        "tools=",
        "f",
        "(",
        ")",
        ",",
        "**x",
        "*y",
        "{'type': 'mcp'}",
        "lambda: f()",
        "Agent(",
        "name=",
        "'a'",
        "a",
        "=",
        "\n",
    ]
)


@given(pieces=st.lists(_PIECES, max_size=14))
def test_any_code_gives_facts_or_gaps(read: Read, pieces: list[str]) -> None:
    """Names bound in a circle and arguments of any kind crash nothing."""
    code = "from agents import Agent\na = b\nb = a\ndef f():\n    return f()\nAgent(name='n', tools=[a, f, b])\n"
    read(PARSER, {"app.py": code + "".join(pieces)})
