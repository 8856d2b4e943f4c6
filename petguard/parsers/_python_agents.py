"""The agents that Python code makes: their tools, MCP servers and models, and whether somebody is asked first."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from petguard import catalog
from petguard.catalog import AgentMaker
from petguard.model import Asset, Detail, EdgeKind, Location, Node, NodeKind, Origin, Trait
from petguard.parsers import _assets, _python_servers
from petguard.parsers._python_callees import Callees, Expression
from petguard.parsers._python_file import Facts, File, argument, edge, whole_text
from petguard.parsers._python_module import Module
from petguard.parsers._python_project import Project
from petguard.parsers._python_syntax import callee, last_name, span
from petguard.parsers._python_tools import ASKING, Equipment, Tools
from petguard.parsers._services import routed

_MANY = 30  # tools of one agent that are worth reading
_GRAPHS = ("StateGraph", "MessageGraph")
_TOOL_NODES = frozenset({"ToolNode", "bind_tools"})
_TOOL_DECORATORS = frozenset({"tool", "tool_plain", "tool_function", "register_for_llm", "register_for_execution"})
_ASKING_CALLS = frozenset(
    [
        "HumanInTheLoopMiddleware",
        "HumanApprovalCallbackHandler",
        "HumanInputRun",
        "HumanInputChatModel",
        "ApprovalRequiredToolset",
    ]
)
_SANDBOXES = ("e2b", "docker", "modal", "wasm", "blaxel")  # of smolagents; what it runs there runs somewhere else
ACTS = frozenset({Trait.RUNS_COMMANDS, Trait.WRITES_FILES, Trait.WRITES_DATABASE, Trait.SPENDS_MONEY})
ABILITIES = ACTS | {Trait.REACHES_NETWORK, Trait.REACHES_DATABASE}


@dataclass(frozen=True)
class _Named:
    """What a call that makes an agent is known by; the same for the file that makes it and for one that uses it."""

    module: Module
    call: ast.Call
    maker: AgentMaker

    @cached_property
    def key(self) -> str:
        """The id of the agent; CrewAI declares one in a file beside the code."""
        config = argument(self.call, ["config"])
        if not isinstance(config, ast.Subscript) or last_name(config.value) != "agents_config":
            return f"agent:{self.module.path}#{self.name}"
        folder = self.module.path.rpartition("/")[0]
        given = whole_text(self.module, next(iter(self.module.bindings(config.value)), None))
        place = given or "config/agents.yaml"
        return f"agent:{folder}/{place}#{self.name}" if folder else f"agent:{place}#{self.name}"

    @cached_property
    def name(self) -> str:
        """Its `name`, else its key in a settings file, a variable, or the function around it."""
        given = whole_text(self.module, argument(self.call, ["name"], self.maker.name_at))
        config = argument(self.call, ["config"])
        if given is None and isinstance(config, ast.Subscript):
            given = last_name(config) or None
        bound = _bound_names(self.module).get(id(self.call))
        if bound and last_name(self.call.func) in _GRAPHS:
            bound = _compiled(self.module, bound)
        function = self.module.function_at(span(self.call)[0]).rpartition(".")[2]
        return (given or bound or function or last_name(callee(self.call)))[:120]


class Agents:
    """The agents of one file, found by the calls that make them."""

    def __init__(self, file: File, project: Project, facts: Facts) -> None:
        self.file = file
        self.module = file.module
        self.project = project
        self.facts = facts
        self.callees: Callees = project.clients.callees
        self.tools = Tools(file.path, project, facts)

    def find(self) -> None:
        """Note every agent and every MCP server of the file."""
        if not self.file.libraries:
            return
        for call in sorted(self.module.calls.values(), key=span):
            maker = self.tools.maker(self.module, call)
            if maker is not None:
                self._agent(call, maker)
            else:
                self._servers(call)
        self._own_servers()

    # --- agents

    def _agent(self, call: ast.Call, maker: AgentMaker) -> None:
        wrapped = argument(call, maker.wraps) if maker.wraps else None
        if wrapped is not None and any(self.tools.is_agent(*each) for each in self._bound(self.module, wrapped)):
            return
        named = _Named(self.module, call, maker)
        here = self.file.location(span(call)[0])
        equipment = self._equipment(call, maker)
        node = self._node(call, maker, named, here, equipment)
        self.facts.nodes.append(node)
        for target in equipment.targets.values():
            self.facts.nodes.append(target)
            self.facts.edges.append(edge(EdgeKind.USES, node.id, target.id, here))
        for module, other in equipment.agents:
            made = self.tools.maker(module, other)
            if made is not None and other is not call:
                named = _Named(module, other, made)
                place = Location(path=module.path, line=other.lineno, column=module.column(span(other)[0]))
                self.facts.nodes.append(_bare(named.key, named.name, place))
                self.facts.edges.append(edge(EdgeKind.USES, node.id, named.key, here))
        self._model(call, maker, node, here)

    def _bound(self, module: Module, node: ast.expr) -> list[Expression]:
        return [(module, node), *self.callees.bound(module, node)]

    def _node(self, call: ast.Call, maker: AgentMaker, named: "_Named", here: Location, equipment: Equipment) -> Node:
        sandbox = whole_text(self.module, argument(call, ["executor_type"])) in _SANDBOXES
        own = ({} if sandbox else dict.fromkeys(maker.can, last_name(call.func))) | self._settings(call)
        human = self._human(call, maker)
        asks = human is not None or _all_ask(own, equipment)
        can = {**_given(equipment), **own}
        details: dict[str, Detail] = {"framework": maker.framework}
        if equipment.tools:
            details["tools"] = tuple(list(equipment.tools)[:_MANY])
        if can:
            details["can"] = tuple(f"{trait}: {reason}" for trait, reason in can.items())
        asked = human or next(iter(equipment.asked.values()), None)
        if asked:
            details["human"] = asked
        loose = (Trait.AUTO_APPROVE, Trait.BROAD_RIGHTS) if self._is_let_loose(call) else ()
        traits = (*can, *([Trait.ASKS_HUMAN] if asks else []), *(each for each in loose if each not in can))
        update = {"details": details, "traits": traits, "model": self._model_name(call, maker)}
        return _bare(named.key, named.name, here).model_copy(update=update)

    def _settings(self, call: ast.Call) -> dict[Trait, str]:
        """What an agent can do by its own settings, without a tool."""
        found: dict[Trait, str] = {}
        execution = argument(call, ["code_execution_config", "code_executor"])
        if execution is not None and self.module.value(execution, hint=True) not in (False, None):
            found[Trait.RUNS_COMMANDS] = "code_execution_config"
            if self._made_by(execution, ("BuiltInCodeExecutor", "VertexAiCodeExecutor")):
                return {}
        allowed = argument(call, ["allow_code_execution"])
        if allowed is not None and self.module.value(allowed, hint=True) is not False:
            found[Trait.RUNS_COMMANDS] = "allow_code_execution"
        return found

    def _made_by(self, node: ast.expr, names: Sequence[str]) -> bool:
        made = [each for _, each in self._bound(self.module, node) if isinstance(each, ast.Call)]
        return any(last_name(each.func) in names for each in made)

    def _is_let_loose(self, call: ast.Call) -> bool:
        return whole_text(self.module, argument(call, ["permission_mode"])) in ("bypassPermissions", "dontAsk")

    def _human(self, call: ast.Call, maker: AgentMaker) -> str | None:
        """What has a human asked before the agent acts."""
        for keyword in call.keywords:
            asks = keyword.arg in ASKING or keyword.arg in maker.asks
            if (
                asks
                and self.module.value(keyword.value, hint=True) not in (False, None)
                and not _is_empty(keyword.value)
            ):
                return str(keyword.arg)
            if keyword.arg in ("middleware", "callbacks", "callback_manager"):
                for inner in ast.walk(keyword.value):
                    if isinstance(inner, ast.Call) and last_name(inner.func) in _ASKING_CALLS:
                        return last_name(inner.func)
        mode = whole_text(self.module, argument(call, ["human_input_mode"]))
        if mode == "ALWAYS":
            return "human_input_mode"
        if mode is None and maker.framework == "AutoGen" and last_name(call.func) == "UserProxyAgent":
            return "human_input_mode (the default)"
        return self._compile_asks() if last_name(call.func) in _GRAPHS else None

    def _compile_asks(self) -> str | None:
        """A graph is told when it is compiled to stop before a node, or it stops in one of its functions."""
        for other in self.module.calls.values():
            if last_name(other.func) == "compile":
                given = argument(other, ["interrupt_before", "interrupt_after"])
                if given is not None and not _is_empty(given):
                    return "interrupt_before"
            if self.module.dotted(other.func) == "langgraph.types.interrupt":
                return "interrupt"
        return None

    def _model_name(self, call: ast.Call, maker: AgentMaker) -> str | None:
        given = argument(call, maker.model, maker.model_at)
        if given is None:
            return None
        direct = whole_text(self.module, given)
        if direct is not None:
            return direct
        for module, made in self._bound(self.module, given):
            if isinstance(made, ast.Call) and catalog.module(module.dotted(callee(made)) or ""):
                named = argument(made, ["model", "model_name", "model_id", "id", "azure_deployment"])
                named = named if named is not None else next(iter(made.args), None)
                name = whole_text(module, named)
                if name is not None and " " not in name:
                    return name
        return None

    def _model(self, call: ast.Call, maker: AgentMaker, node: Node, here: Location) -> None:
        """The model of an agent, where the call itself names it; a client that is given notes its own."""
        given = argument(call, maker.model, maker.model_at)
        name = whole_text(self.module, given) if given is not None else None
        if name is None or " " in name:
            if node.model:
                service = routed(node.model)
                if service.provider and service.model:
                    model = _assets.model(service.model, here)
                    self.facts.nodes.append(model)
                    self.facts.edges.append(edge(EdgeKind.USES, node.id, model.id, here))
            return
        service = routed(name)
        if service.provider is None or not service.model:
            return
        model = _assets.model(service.model, here, provider=service.provider)
        self.facts.nodes += [model, service.node(here)]
        self.facts.edges.append(edge(EdgeKind.USES, node.id, model.id, here))
        self.facts.edges.append(edge(EdgeKind.USES, node.id, service.id, here))

    # --- tools

    def _equipment(self, call: ast.Call, maker: AgentMaker) -> Equipment:
        equipment = Equipment()
        tools = argument(call, maker.tools, maker.tools_at) if maker.tools else None
        given = [tools, argument(call, maker.servers), argument(call, maker.agents, maker.agents_at)]
        if last_name(call.func) in _GRAPHS:
            given += [arg for each in self._tool_nodes() for arg in each.args[:1]]
        for each in given:
            if each is not None:
                self.tools.gather(self.module, each, equipment)
        self._decorated(call, equipment)
        return equipment

    def _tool_nodes(self) -> Iterator[ast.Call]:
        return (each for each in self.module.calls.values() if last_name(each.func) in _TOOL_NODES)

    def _decorated(self, call: ast.Call, equipment: Equipment) -> None:
        """Functions that are made tools of this agent by a decorator: `@agent.tool`."""
        name = _bound_names(self.module).get(id(call))
        for definition in self.module.definitions.values() if name else ():
            for decorator in definition.decorator_list:
                made = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(made, ast.Attribute) and made.attr in _TOOL_DECORATORS and last_name(made.value) == name:
                    self.tools.function(self.module, definition, equipment)

    # --- MCP servers

    def _servers(self, call: ast.Call) -> None:
        """Servers that the file starts or reaches, whoever uses them."""
        found = _python_servers.of_call(self.file.path, self.module, call)
        if found is not None:
            self.facts.nodes += found.nodes
            self.facts.edges += found.edges

    def _own_servers(self) -> None:
        """Servers that the file offers itself, with what their tools do."""
        for call in sorted(self.module.calls.values(), key=span):
            if not _python_servers.offers(self.module, call) or self.project.holds("mcp", self.file.path):
                continue
            equipment = Equipment()
            self._decorated(call, equipment)
            given = whole_text(self.module, argument(call, ["name"], 0))
            name = given or _bound_names(self.module).get(id(call)) or last_name(call.func)
            can = {trait: tool for tool, some in equipment.tools.items() for trait in some}
            self.facts.nodes.append(
                _python_servers.offered(
                    self.file.path, name, self.file.location(span(call)[0]), can, list(equipment.tools)
                )
            )


def _given(equipment: Equipment) -> dict[Trait, str]:
    """What an agent can do by its tools and servers, each with the one that does it."""
    servers = {node.name: node.traits for node in equipment.targets.values()}
    able = {trait: name for name, traits in servers.items() for trait in traits if trait in ABILITIES}
    return {**able, **{trait: name for name, can in equipment.tools.items() for trait in can}}


def _all_ask(own: dict[Trait, str], equipment: Equipment) -> bool:
    """Whether whatever can change something asks somebody first."""
    acting = [name for name, can in equipment.tools.items() if ACTS.intersection(can)]
    servers = any(ACTS.intersection(node.traits) for node in equipment.targets.values())
    return bool(acting) and not servers and ACTS.isdisjoint(own) and all(name in equipment.asked for name in acting)


def _is_empty(node: ast.expr) -> bool:
    return (isinstance(node, ast.List | ast.Tuple) and not node.elts) or (isinstance(node, ast.Dict) and not node.keys)


def _compiled(module: Module, builder: str) -> str:
    """The name of what a graph's builder is compiled to."""
    for call in module.calls.values():
        owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "compile" else None
        if owner is not None and last_name(owner) == builder:
            given = whole_text(module, argument(call, ["name"]))
            return given or _bound_names(module).get(id(call)) or builder
    return builder


@lru_cache(maxsize=64)
def _bound_names(module: Module) -> dict[int, str]:
    """The variable that the value of each assignment is bound to, also through `await` and a method of the result."""
    found: dict[int, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            value: ast.expr = node.value
            while isinstance(value, ast.Await | ast.Call | ast.Attribute):
                found.setdefault(id(value), last_name(target))
                value = value.func if isinstance(value, ast.Call) else value.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    found.setdefault(id(value), key.value)
    return {key: name for key, name in found.items() if name}


def _bare(key: str, name: str, here: Location) -> Node:
    return Node(id=key, kind=NodeKind.AGENT, asset=Asset.AGENT, name=name, origin=Origin.DETECTED, locations=(here,))
