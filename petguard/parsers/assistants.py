"""Files that AI assistants read by themselves: instructions, settings, skills, agents and commands.

Instructions are prose and are not searched for models. What is looked for in them is text that a reader does not see.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from petguard import catalog, secrets
from petguard.catalog import Convention
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, front_matter, read_json, read_toml, read_yaml_all
from petguard.errors import UnreadableInput
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Gap, Location, Node, Origin, Trait
from petguard.parsers import Parser, _assets, _hidden_text
from petguard.parsers._assistant_rights import Right, of_tools, rights
from petguard.parsers._positions import named
from petguard.parsers._services import Service
from petguard.parsers._source import Source, each, together

_OPEN: Mapping[str, Callable[[str], Iterable[Document]]] = {
    **dict.fromkeys((".json", ".jsonc", ".code-workspace"), lambda text: [read_json(text)]),
    **dict.fromkeys((".yaml", ".yml", ".roomodes"), read_yaml_all),
    ".toml": lambda text: [read_toml(text)],
}
_PROSE = frozenset({".md", ".mdc", ".txt", ""})
_MANY = 20  # settings or tools of one row that are worth reading
# Settings of an editor are everybody's; these keys in them are an assistant's.
_EDITOR_FILES = re.compile(r"(?:.*/)?(?:\.vscode/settings\.json|[^/]+\.code-workspace|\.?devcontainer\.json)")
_EDITORS = (
    r"roo-cline|cline|kilo-code|amp|windsurf|codeium|continue|claudeCode|claude-code|cody|tabnine|geminicodeassist"
    r"|augment|kiroAgent|amazonQ|cursor"
)
_EDITOR_KEYS = re.compile(rf"(?P<tool>github\.copilot|chat\.(?:agent|tools|mcp|permissions)|{_EDITORS})\..+")
_EDITOR_LITERAL = re.compile(rf'"(?:github\.copilot|chat|{_EDITORS})\.'.encode())
_ENTRY = re.compile(r"(?m)^(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>\S.*?)[ \t]*$")
_SCRIPT = re.compile(r"(?<![\w/])scripts/[\w./-]+\.\w+")


def _interest(candidate: Candidate) -> Interest:
    if catalog.convention(candidate.path) is not None:
        return Interest.READ
    editor = _EDITOR_FILES.fullmatch(candidate.path) and _EDITOR_LITERAL.search(candidate.data)
    return Interest.READ if editor else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        known = catalog.convention(item.path)
        if known is not None and known.holds == "mcp" and "/" not in known.pattern:
            continue  # the name alone says little; the file is a row where it lists servers
        if known is not None:
            yield Facts(nodes=(_assets.assistant(item.path, known), *_hidden(item, known)))
        yield from _settings(item, known)


def _hidden(item: Input, known: Convention) -> Iterator[Node]:
    """The same file once more, at the place of the text that nobody sees."""
    for found in _hidden_text.find(item.text):
        place = Location(path=item.path, line=found.line, evidence=found.says)
        node = _assets.assistant(item.path, known)
        yield node.model_copy(update={"locations": (place,), "traits": (Trait.HIDDEN_TEXT,)})


def _settings(item: Input, known: Convention | None) -> Iterator[Facts | Gap]:
    suffix = PurePosixPath(item.path).suffix.lower() or PurePosixPath(item.path).name
    if suffix in _OPEN:
        yield from each([item], _OPEN[suffix], lambda source: _configured(source, known))
    elif known is not None and suffix in _PROSE:
        yield from each([item], _front, lambda source: _described(source, known))


def _front(text: str) -> list[Document]:
    """The front matter. Assistants take `globs: *.ts` and a description with colons, which are no YAML, by the line."""
    try:
        document = front_matter(text)
    except UnreadableInput:
        head = text.split("\n---", 1)[0]
        document = Document({met["key"]: met["value"] for met in _ENTRY.finditer(head)})
    return [] if document is None else [document]


def _configured(source: Source, known: Convention | None) -> Facts:
    top = source.document.value
    if known is None:
        key = next((key for key, value in _editor_settings(top) if value not in (False, {"*": False})), None)
        if key is None:
            return Facts()
        known = Convention(tool=f"Visual Studio Code ({key})", pattern=source.path, holds="settings")
    found = list(rights(top))
    nodes = [_assets.assistant(source.path, known), *_granted(source, known, found)]
    return together([Facts(nodes=tuple(nodes)), *_models(source, top), *_agents(source, known, top)])


def _editor_settings(top: Any) -> Iterator[tuple[str, Any]]:
    """The keys of assistants among the settings of an editor, at the top or in the part that a container brings."""
    if isinstance(top, dict):
        for key, value in top.items():
            met = _EDITOR_KEYS.fullmatch(key)
            if met:
                yield met["tool"], value
            elif key in ("settings", "customizations", "vscode"):
                yield from _editor_settings(value)


def _granted(source: Source, known: Convention, found: Sequence[Right]) -> Iterator[Node]:
    if found:
        traits = dict.fromkeys(trait for each in found for trait in each.grants)
        says = tuple(dict.fromkeys(secrets.mask_in(right.says) for right in found))[:_MANY]
        places = tuple(dict.fromkeys(source.at(*right.pointer) for right in found))[:_MANY]
        node = _assets.assistant(source.path, known)
        details = {**node.details, "rights": says}
        yield node.model_copy(update={"traits": tuple(traits), "details": details, "locations": places})


# --- models that settings name


def _models(source: Source, top: Any) -> Iterator[Facts]:
    """The models of known settings; those that stand in other places are found by the parser of all configurations."""
    if not isinstance(top, dict):
        return
    for keys, provider_key in _MODEL_SETTINGS:
        value, beside = _below(top, keys), _below(top, keys[:-1])
        provider = beside.get(provider_key) if isinstance(beside, dict) and provider_key else None
        yield from _model(source, value, provider if isinstance(provider, str) else None, keys)


_MODEL_SETTINGS: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("model",), "model_provider"),  # Claude Code, Codex, opencode, aider
    (("small_model",), None),
    (("weak-model",), None),
    (("editor-model",), None),
    (("model", "name"), None),  # Gemini CLI
    (("agent", "default_model", "model"), "provider"),  # Zed
    (("GOOSE_MODEL",), "GOOSE_PROVIDER"),
)


def _below(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _model(source: Source, value: Any, provider: str | None, keys: Sequence[str]) -> Iterator[Facts]:
    found = named("model", value, ["llm"]) if isinstance(value, str) else None
    if found is None:
        return
    place = source.at(*keys)
    prefix = value.partition("/")[0] if "/" in value else None
    told = next((catalog.provider_by_prefix(each) for each in (provider, prefix) if each), None)
    model = found.node(place)
    if told is None:
        yield Facts(nodes=(model,))
        return
    service = Service(told.id).node(place, Origin.DECLARED)
    flow = Edge(kind=EdgeKind.FLOWS_TO, source=model.id, target=service.id, origin=Origin.DECLARED, location=place)
    yield Facts(nodes=(model, service), edges=(flow,))


# --- agents, commands and skills


def _described(source: Source, known: Convention) -> Facts:
    """A file of prose with front matter: what it may do, which model it asks for, and the agent that it makes."""
    top = source.document.value
    if not isinstance(top, dict):
        return Facts()
    allowed = {key: _words(top[key]) for key in ("allowed-tools", "allowed_tools") if key in top}
    mode = {key: top[key] for key in ("permissionMode",) if key in top}
    nodes = list(_granted(source, known, [_placed(right) for right in rights({**allowed, **mode})]))
    if known.holds == "skill" and (scripts := tuple(dict.fromkeys(_SCRIPT.findall(source.text)))[:_MANY]):
        node = _assets.assistant(source.path, known)
        nodes.append(node.model_copy(update={"details": {**node.details, "scripts": scripts}}))
    agents = [_agent(source, known, top, (), _stem(source.path))] if known.holds == "agent" else []
    return together([Facts(nodes=tuple(nodes)), *_model(source, top.get("model"), None, ("model",)), *agents])


def _placed(right: Right) -> Right:
    """A right of a list of words stands where its key stands."""
    return right._replace(pointer=right.pointer[:1])


def _stem(path: str) -> str:
    """`reviewer` of `reviewer.agent.md` and of `reviewer.chatmode.md`."""
    return PurePosixPath(path).name.partition(".")[0]


def _agents(source: Source, known: Convention, top: Any) -> Iterator[Facts]:
    """Agents that settings define: a whole file (Amazon Q, Kiro), modes of Roo, or those of opencode."""
    if not isinstance(top, dict):
        return
    if known.holds == "agent" and "prompt" in top:
        yield _agent(source, known, top, (), _stem(source.path))
    modes = top.get("customModes")
    for index, mode in enumerate(modes if isinstance(modes, list) else ()):
        if isinstance(mode, dict) and isinstance(mode.get("slug"), str):
            yield _agent(source, known, {**mode, "tools": mode.get("groups")}, ("customModes", index), mode["slug"])
    for key in ("agent", "mode"):
        inner = top.get(key)
        for name, entry in inner.items() if isinstance(inner, dict) else ():
            if isinstance(entry, dict) and not entry.keys().isdisjoint({"prompt", "permission", "description"}):
                yield _agent(source, known, entry, (key, name), name)


def _agent(source: Source, known: Convention, top: dict[str, Any], pointer: tuple[Any, ...], fallback: str) -> Facts:
    """An agent of an assistant. The assistant asks before it acts unless a setting says otherwise."""
    name = top.get("name") if isinstance(top.get("name"), str) and not pointer else fallback
    tools = _words(top.get("tools"))
    can = of_tools(tools)
    unasked = top.get("permissionMode") in ("bypassPermissions", "dontAsk")
    details: dict[str, Detail] = {"framework": known.tool}
    if tools:
        details["tools"] = tuple(tools[:_MANY])
    if can:
        details["can"] = tuple(f"{trait}: {tool}" for trait, tool in can.items())
    model = top.get("model")
    node = _assets.declared(Asset.AGENT, f"{source.path}#{name}", str(name), source.at(*pointer))
    traits = (*can, Trait.AUTO_APPROVE if unasked else Trait.ASKS_HUMAN)
    update = {"details": details, "traits": traits, "model": model if isinstance(model, str) else None}
    return Facts(nodes=(node.model_copy(update=update),))


def _words(value: Any) -> list[str]:
    """A list of tools: a list, texts with commas, or a mapping from a tool to whether it is on."""
    if isinstance(value, str):
        return [word.strip() for word in re.split(r",\s*(?![^()]*\))", value.strip("[] ")) if word.strip()]
    if isinstance(value, dict):
        return [key for key, on in value.items() if on is not False]
    if isinstance(value, list):
        firsts = (item[0] if isinstance(item, list) and item else item for item in value)
        return [item for item in firsts if isinstance(item, str)]
    return []


PARSER = Parser.of_configs("assistants", _interest, _parse)
