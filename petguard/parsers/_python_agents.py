"""The agents that Python code makes: their tools, MCP servers and models, and whether somebody is asked first."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from petguard import catalog
from petguard.catalog import AgentMaker
from petguard.model import Asset, Detail, EdgeKind, Location, Node, NodeKind, Origin, Trait
from petguard.parsers import _assets, _python_servers
from petguard.parsers._assistant_rights import of_tools
from petguard.parsers._python_callees import Callees, Expression
from petguard.parsers._python_effects import behind, effects
from petguard.parsers._python_file import Facts, File, argument, edge, whole_text
from petguard.parsers._python_module import Module
from petguard.parsers._python_project import Project
from petguard.parsers._python_syntax import last_name, span
from petguard.parsers._services import routed

_STEPS = 120  # expressions that are looked at for the tools of one agent
_MANY = 30  # tools of one agent that are worth reading
_GRAPHS = ("StateGraph", "MessageGraph")
_TOOL_NODES = frozenset({"ToolNode", "bind_tools"})
_TOOL_DECORATORS = frozenset({"tool", "tool_plain", "tool_function", "register_for_llm", "register_for_execution"})
_METHODS = ("_run", "run", "_arun", "arun", "forward", "__call__", "execute", "_execute", "invoke", "acall", "call")
# Keywords of frameworks that have somebody asked before a tool acts.
_ASKING = frozenset(
    ["interrupt_before", "interrupt_on", "interrupt_after", "requires_confirmation", "require_confirmation",
     "needs_approval", "requires_approval", "human_in_the_loop", "human_input", "confirm_actions"]
)  # fmt: skip
_ASKING_CALLS = frozenset(
    [
        "HumanInTheLoopMiddleware",
        "HumanApprovalCallbackHandler",
        "HumanInputRun",
        "HumanInputChatModel",
        "ApprovalRequiredToolset",
    ]
)
# Tools of a provider, by the beginning of their `type`; what runs there runs outside the organisation's machines.
_HOSTED: tuple[tuple[str, tuple[Trait, ...]], ...] = (
    ("bash_", (Trait.RUNS_COMMANDS,)),
    ("local_shell", (Trait.RUNS_COMMANDS,)),
    ("shell", (Trait.RUNS_COMMANDS,)),
    ("computer", (Trait.RUNS_COMMANDS,)),
    ("text_editor_", (Trait.WRITES_FILES,)),
    ("apply_patch", (Trait.WRITES_FILES,)),
    ("web_search", (Trait.REACHES_NETWORK,)),
    ("web_fetch", (Trait.REACHES_NETWORK,)),
)


@dataclass
class Equipment:
    """What an agent is given: tools by name with what they can do, nodes to lead to, and what has a human asked."""

    tools: dict[str, dict[Trait, str]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)  # tools that ask, and how
    targets: dict[str, Node] = field(default_factory=dict)
    agents: list[ast.Call] = field(default_factory=list)

    def add(self, name: str, can: dict[Trait, str], asks: str | None = None) -> None:
        """Note a tool; one that is given twice counts once."""
        self.tools.setdefault(name, can)
        if asks:
            self.asked.setdefault(name, asks)


class Agents:
    """The agents of one file, found by the calls that make them."""

    def __init__(self, file: File, project: Project, facts: Facts) -> None:
        self.file = file
        self.module = file.module
        self.project = project
        self.facts = facts
        self.callees: Callees = project.clients.callees
        self.names = _bound_names(self.module)

    def find(self) -> None:
        """Note every agent and every MCP server of the file."""
        if not self.file.libraries:
            return
        for call in sorted(self.module.calls.values(), key=span):
            maker = self.maker(self.module, call)
            if maker is not None:
                self._agent(call, maker)
            else:
                self._servers(call)
        self._own_servers()

    def maker(self, module: Module, call: ast.Call) -> AgentMaker | None:
        """What makes an agent, if a call does; not a class of the scanned tree that only bears the name."""
        dotted = module.dotted(call.func)
        maker = catalog.agent_maker(dotted) if dotted else None
        local = dotted is not None and self.project.holds(dotted.partition(".")[0], module.path)
        return None if local else maker

    # --- agents

    def _agent(self, call: ast.Call, maker: AgentMaker) -> None:
        wrapped = argument(call, maker.wraps) if maker.wraps else None
        if wrapped is not None and any(self._is_agent(*each) for each in self._bound(self.module, wrapped)):
            return
        name = self._name(call, maker)
        here = self.file.location(span(call)[0])
        equipment = self._equipment(call, maker)
        node = self._node(call, maker, name, here, equipment)
        self.facts.nodes.append(node)
        for target in equipment.targets.values():
            self.facts.nodes.append(target)
            self.facts.edges.append(edge(EdgeKind.USES, node.id, target.id, here))
        for other in equipment.agents:
            made = self.maker(self.module, other)
            if made is not None and other is not call:
                key = self._key(self._name(other, made), other)
                self.facts.nodes.append(_bare(key, self._name(other, made), self.file.location(span(other)[0])))
                self.facts.edges.append(edge(EdgeKind.USES, node.id, key, here))
        self._model(call, maker, node, here)

    def _is_agent(self, module: Module, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and self.maker(module, node) is not None

    def _bound(self, module: Module, node: ast.expr) -> list[Expression]:
        return [(module, node), *self.callees.bound(module, node)]

    def _key(self, name: str, call: ast.Call) -> str:
        """The id of an agent; CrewAI declares one in a file beside the code."""
        config = argument(call, ["config"])
        if isinstance(config, ast.Subscript) and last_name(config.value) == "agents_config":
            folder = self.file.path.rpartition("/")[0]
            place = (
                whole_text(self.module, next(iter(self.module.bindings(config.value)), None)) or "config/agents.yaml"
            )
            return f"agent:{folder}/{place}#{name}" if folder else f"agent:{place}#{name}"
        return f"agent:{self.file.path}#{name}"

    def _name(self, call: ast.Call, maker: AgentMaker) -> str:
        """What the code calls an agent: its `name`, else its key in a settings file, a variable, or the function."""
        given = whole_text(self.module, argument(call, ["name"], maker.name_at))
        config = argument(call, ["config"])
        if given is None and isinstance(config, ast.Subscript):
            given = last_name(config) or None
        bound = self.names.get(id(call))
        if bound and last_name(call.func) in _GRAPHS:
            bound = self._compiled(bound)
        function = self.module.function_at(span(call)[0]).rpartition(".")[2]
        return (given or bound or function or last_name(call.func))[:120]

    def _compiled(self, builder: str) -> str:
        """The name of what a graph's builder is compiled to."""
        for call in self.module.calls.values():
            owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "compile" else None
            if owner is not None and last_name(owner) == builder:
                given = whole_text(self.module, argument(call, ["name"]))
                return given or self.names.get(id(call)) or builder
        return builder

    def _node(self, call: ast.Call, maker: AgentMaker, name: str, here: Location, equipment: Equipment) -> Node:
        own = dict.fromkeys(maker.can, last_name(call.func))
        own |= self._settings(call)
        human = self._human(call, maker)
        traits = [*own, *([Trait.ASKS_HUMAN] if human or self._all_ask(own, equipment) else [])]
        if self._is_let_loose(call):
            traits += [Trait.AUTO_APPROVE, Trait.BROAD_RIGHTS]
        details: dict[str, Detail] = {"framework": maker.framework}
        if equipment.tools:
            details["tools"] = tuple(list(equipment.tools)[:_MANY])
        can = {**own, **{trait: name for name, can in equipment.tools.items() for trait in can}}
        if can:
            details["can"] = tuple(f"{trait}: {reason}" for trait, reason in can.items())
        asked = human or next(iter(equipment.asked.values()), None)
        if asked:
            details["human"] = asked
        known = {trait for can in equipment.tools.values() for trait in can}
        return _bare(self._key(name, call), name, here).model_copy(
            update={
                "details": details,
                "traits": tuple(dict.fromkeys([*traits, *sorted(known)])),
                "model": self._model_name(call, maker),
            }
        )

    def _all_ask(self, own: dict[Trait, str], equipment: Equipment) -> bool:
        """Whether every tool that can change something asks somebody first."""
        acting = [name for name, can in equipment.tools.items() if set(can) & ACTS]
        return bool(acting) and not set(own) & ACTS and all(name in equipment.asked for name in acting)

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
            asks = keyword.arg in _ASKING or keyword.arg in maker.asks
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
        return self._compile_asks(call) if last_name(call.func) in _GRAPHS else None

    def _compile_asks(self, call: ast.Call) -> str | None:
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
            if isinstance(made, ast.Call):
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
                self._gather(self.module, each, equipment)
        self._decorated(call, equipment)
        return equipment

    def _tool_nodes(self) -> Iterator[ast.Call]:
        return (each for each in self.module.calls.values() if last_name(each.func) in _TOOL_NODES)

    def _decorated(self, call: ast.Call, equipment: Equipment) -> None:
        """Functions that are made tools of this agent by a decorator: `@agent.tool`."""
        name = self.names.get(id(call))
        for definition in self.module.definitions.values() if name else ():
            for decorator in definition.decorator_list:
                made = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(made, ast.Attribute) and made.attr in _TOOL_DECORATORS and last_name(made.value) == name:
                    self._function(self.module, definition, equipment)

    def _gather(self, module: Module, start: ast.expr, equipment: Equipment) -> None:
        """Everything that an expression hands to an agent; lists, wrappers and other files are looked through."""
        pending: list[tuple[Module, ast.expr]] = [(module, start)]
        seen: set[int] = set()
        for _ in range(_STEPS):
            if not pending:
                return
            here, node = pending.pop(0)
            if id(node) not in seen:
                seen.add(id(node))
                pending += self._take(here, node, equipment)

    def _take(self, module: Module, node: ast.expr, equipment: Equipment) -> list[tuple[Module, ast.expr]]:
        """Note what an expression is, or give back what it is made of."""
        if isinstance(node, ast.Call):
            return self._take_call(module, node, equipment)
        if isinstance(node, ast.Lambda):
            self._effects("lambda", module, node, equipment, asks=None)
            return []
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and node.value:
                equipment.add(node.value[:80], {trait: node.value[:80] for trait in _by_name(node.value)})
            return []
        if isinstance(node, ast.Dict):
            return self._take_dict(module, node, equipment)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._take_name(module, node, equipment)
        children = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
        return [(module, child) for child in children]

    def _take_dict(self, module: Module, node: ast.Dict, equipment: Equipment) -> list[tuple[Module, ast.expr]]:
        """A tool of a provider, a function by its schema, or a mapping to tools, agents or servers."""
        plain = _python_servers.plain(module, node)
        kind = plain.get("type") if isinstance(plain, dict) else None
        if kind == "function":
            inner = plain.get("function")
            name = inner.get("name") if isinstance(inner, dict) else plain.get("name")
            equipment.add(str(name or "function"), {})
            return []
        if isinstance(kind, str) and kind not in ("mcp", "stdio", "http", "sse", "url"):
            equipment.add(kind, {trait: kind for trait in hosted(kind)})
            return []
        servers = _python_servers.of_dict(self.file.path, module, node)
        if servers is not None:
            self._take_servers(servers, equipment)
            return []
        return [(module, value) for value in node.values]

    def _take_servers(self, found: "Facts", equipment: Equipment) -> None:
        self.facts.nodes += found.nodes
        self.facts.edges += found.edges
        for node in found.nodes:
            if node.asset is Asset.MCP_SERVER:
                equipment.targets[node.id] = node

    def _take_name(self, module: Module, node: ast.expr, equipment: Equipment) -> list[tuple[Module, ast.expr]]:
        bound = self.callees.bound(module, node)
        if bound:
            return bound
        for path, name in self.callees.of(module, node):
            other = self.callees.module(path)
            definition = other.definitions.get(name) if other else None
            if other is not None and definition is not None:
                self._definition(other, definition, equipment)
                return []
        dotted = behind(module, node)
        known = catalog.agent_tool(dotted) if dotted else None
        if dotted and known is not None:
            name = dotted.rpartition(".")[2]
            equipment.add(name, dict.fromkeys(known.can, name))
        return []

    def _take_call(self, module: Module, call: ast.Call, equipment: Equipment) -> list[tuple[Module, ast.expr]]:
        if self.maker(module, call) is not None:
            if module is self.module:
                equipment.agents.append(call)
            return []
        dotted = module.dotted(call.func) or behind(module, call.func)
        known = catalog.agent_tool(dotted) if dotted else None
        if known is not None:
            name = last_name(call.func)
            equipment.add(name, dict.fromkeys(known.can, name), self._asking(module, call))
            return self._more_of_wrapper(module, call)
        servers = _python_servers.of_call(self.file.path, module, call)
        if servers is not None:
            self._take_servers(servers, equipment)
            return []
        return self._take_unknown(module, call, equipment)

    def _more_of_wrapper(self, module: Module, call: ast.Call) -> list[tuple[Module, ast.expr]]:
        """A hosted MCP tool names its server inside."""
        return [(module, keyword.value) for keyword in call.keywords if keyword.arg == "tool_config"]

    def _take_unknown(self, module: Module, call: ast.Call, equipment: Equipment) -> list[tuple[Module, ast.expr]]:
        """A class of the tree, a wrapper around a function, or a call that gives tools back."""
        for path, name in self.callees.of(module, call.func):
            other = self.callees.module(path)
            definition = other.definitions.get(name) if other else None
            if other is not None and isinstance(definition, ast.ClassDef):
                self._definition(other, definition, equipment)
                return []
        returned = self.callees.returned(module, call)[0]
        if returned:
            return returned
        asks = self._asking(module, call)
        if asks:
            wrapped = Equipment()
            for arg in [*call.args, *(keyword.value for keyword in call.keywords)]:
                self._gather(module, arg, wrapped)
            for name, can in wrapped.tools.items():
                equipment.add(name, can, asks)
            return []
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        values = [keyword.value for keyword in call.keywords if not isinstance(keyword.value, ast.Constant)]
        plain = [arg for arg in call.args if not isinstance(arg, ast.Constant) or last_name(call.func) == "load_tools"]
        return [(module, each) for each in [*receiver, *plain, *values]]

    def _asking(self, module: Module, call: ast.Call) -> str | None:
        for keyword in call.keywords:
            if keyword.arg in _ASKING and module.value(keyword.value, hint=True) not in (False, None):
                return str(keyword.arg)
        return None

    def _definition(self, module: Module, definition: ast.AST, equipment: Equipment) -> None:
        if isinstance(definition, ast.ClassDef):
            bodies = [each for each in definition.body if getattr(each, "name", "") in _METHODS]
            for body in bodies:
                self._effects(definition.name, module, body, equipment, asks=None)
            if not bodies:
                equipment.add(definition.name, {})
        elif isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
            self._function(module, definition, equipment)

    def _function(self, module: Module, definition: ast.AST, equipment: Equipment) -> None:
        decorators = getattr(definition, "decorator_list", [])
        asks = next((self._asking(module, each) for each in decorators if isinstance(each, ast.Call)), None)
        self._effects(str(getattr(definition, "name", "tool")), module, definition, equipment, asks=asks)

    def _effects(self, name: str, module: Module, body: ast.AST, equipment: Equipment, *, asks: str | None) -> None:
        found = effects(module, body, self.callees)
        can = {**equipment.tools.get(name, {}), **found.because}
        equipment.tools[name] = can
        if asks or found.asks:
            equipment.asked.setdefault(name, asks or found.asks or "")

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
            name = (
                whole_text(self.module, argument(call, ["name"], 0)) or self.names.get(id(call)) or last_name(call.func)
            )
            can = {trait: tool for tool, some in equipment.tools.items() for trait in some}
            self.facts.nodes.append(
                _python_servers.offered(
                    self.file.path, name, self.file.location(span(call)[0]), can, list(equipment.tools)
                )
            )


ACTS = frozenset({Trait.RUNS_COMMANDS, Trait.WRITES_FILES, Trait.WRITES_DATABASE, Trait.SPENDS_MONEY})


def hosted(kind: str) -> tuple[Trait, ...]:
    """What a tool that a provider defines can do on the side of the caller."""
    return next((can for start, can in _HOSTED if kind.startswith(start)), ())


def _by_name(name: str) -> tuple[Trait, ...]:
    """What a tool can do that is given by its name alone: those of Claude, and those that LangChain loads by name."""
    known = catalog.agent_tool(f"langchain.{name}")
    return (*of_tools([name]), *(known.can if known else ()))


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple | ast.Dict) and not any(ast.iter_child_nodes(node))


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
