"""The tools that a Python expression hands to an agent, and what each can do."""

import ast
from dataclasses import dataclass, field

from petguard import catalog
from petguard.catalog import AgentMaker
from petguard.model import Asset, Node, Trait
from petguard.parsers import _python_servers
from petguard.parsers._assistant_rights import of_tools
from petguard.parsers._python_effects import behind, effects
from petguard.parsers._python_file import Facts
from petguard.parsers._python_module import Module
from petguard.parsers._python_project import Project
from petguard.parsers._python_syntax import callee, last_name

_STEPS = 120  # expressions that are looked at for the tools of one agent
_METHODS = ("_run", "run", "_arun", "arun", "forward", "__call__", "execute", "_execute", "invoke", "acall", "call")
# Keywords of frameworks that have somebody asked before a tool acts.
ASKING = frozenset(
    [
        "interrupt_before",
        "interrupt_on",
        "interrupt_after",
        "requires_confirmation",
        "require_confirmation",
        "needs_approval",
        "requires_approval",
        "human_in_the_loop",
        "human_input",
        "confirm_actions",
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
    agents: list[tuple[Module, ast.Call]] = field(default_factory=list)

    def add(self, name: str, can: dict[Trait, str], asks: str | None = None) -> None:
        """Note a tool; one that is given twice counts once."""
        self.tools.setdefault(name, can)
        if asks:
            self.asked.setdefault(name, asks)


class Tools:
    """Finds what is handed to the agents of one file; servers on the way are noted in `facts`."""

    def __init__(self, path: str, project: Project, facts: Facts) -> None:
        self.path = path
        self.project = project
        self.facts = facts
        self.callees = project.clients.callees

    def is_agent(self, module: Module, node: ast.expr) -> bool:
        """Whether a call makes an agent; not one of a class of the scanned tree that only bears the name."""
        return isinstance(node, ast.Call) and self.maker(module, node) is not None

    def maker(self, module: Module, call: ast.Call) -> AgentMaker | None:
        """What makes an agent, if a call does."""
        dotted = module.dotted(callee(call))
        maker = catalog.agent_maker(dotted) if dotted else None
        local = maker is not None and self.project.holds(str(dotted).partition(".")[0], module.path)
        return None if local else maker

    def gather(self, module: Module, start: ast.expr, equipment: Equipment) -> None:
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
                equipment.add(node.value[:80], dict.fromkeys(_by_name(node.value), node.value[:80]))
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
            equipment.add(kind, dict.fromkeys(hosted(kind), kind))
            return []
        servers = _python_servers.of_dict(self.path, module, node)
        if servers is not None:
            self._take_servers(servers, equipment)
            return []
        return [(module, value) for value in node.values]

    def _take_servers(self, found: Facts, equipment: Equipment) -> None:
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
        if self.is_agent(module, call):
            equipment.agents.append((module, call))
            return []
        dotted = module.dotted(call.func) or behind(module, call.func)
        known = catalog.agent_tool(dotted) if dotted else None
        if known is not None:
            name = last_name(call.func)
            equipment.add(name, dict.fromkeys(known.can, name), self._asking(module, call))
            return self._more_of_wrapper(module, call)
        servers = _python_servers.of_call(self.path, module, call)
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
                self.gather(module, arg, wrapped)
            for name, can in wrapped.tools.items():
                equipment.add(name, can, asks)
            return []
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        values = [keyword.value for keyword in call.keywords if not isinstance(keyword.value, ast.Constant)]
        plain = [arg for arg in call.args if not isinstance(arg, ast.Constant) or last_name(call.func) == "load_tools"]
        return [(module, each) for each in [*receiver, *plain, *values]]

    def _asking(self, module: Module, call: ast.Call) -> str | None:
        for keyword in call.keywords:
            if keyword.arg in ASKING and module.value(keyword.value, hint=True) not in (False, None):
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
            self.function(module, definition, equipment)

    def function(self, module: Module, definition: ast.AST, equipment: Equipment) -> None:
        decorators = getattr(definition, "decorator_list", [])
        asks = next((self._asking(module, each) for each in decorators if isinstance(each, ast.Call)), None)
        self._effects(str(getattr(definition, "name", "tool")), module, definition, equipment, asks=asks)

    def _effects(self, name: str, module: Module, body: ast.AST, equipment: Equipment, *, asks: str | None) -> None:
        found = effects(module, body, self.callees)
        can = {**equipment.tools.get(name, {}), **found.because}
        equipment.tools[name] = can
        if asks or found.asks:
            equipment.asked.setdefault(name, asks or found.asks or "")


def hosted(kind: str) -> tuple[Trait, ...]:
    """What a tool that a provider defines can do on the side of the caller."""
    return next((can for start, can in _HOSTED if kind.startswith(start)), ())


def _by_name(name: str) -> tuple[Trait, ...]:
    """What a tool can do that is given by its name alone: those of Claude, and those that LangChain loads by name."""
    known = catalog.agent_tool(f"langchain.{name}")
    return (*of_tools([name]), *(known.can if known else ()))
