"""The catalogue: who runs models, and by which names AI shows in code, manifests, configurations and pipelines.

People edit the tables in `rules/catalog/`; `python rules/build.py` packs them into `catalog.json`, which is
read here in milliseconds. Well-known model names stand in `models.tsv`, one a line.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache
from pathlib import PurePosixPath
from typing import Literal, TypeVar

from petguard import _shipped
from petguard.catalog._rows import (
    Action,
    AgentMaker,
    AgentTool,
    Catalog,
    Convention,
    Dialect,
    Ecosystem,
    Image,
    McpServer,
    Model,
    Package,
    Provider,
    Resource,
    Runtime,
    SqlFunction,
    Terms,
)

__all__ = [
    "Action",
    "AgentMaker",
    "AgentTool",
    "Catalog",
    "Convention",
    "Dialect",
    "Ecosystem",
    "Image",
    "McpServer",
    "Model",
    "Package",
    "Provider",
    "Resource",
    "Runtime",
    "SqlFunction",
    "Terms",
]

T = TypeVar("T")


@cache
def shipped() -> Catalog:
    """The catalogue of this installation."""
    return Catalog.model_validate_json((_shipped.folder("rules/catalog") / "catalog.json").read_bytes())


@cache
def _by(field: Literal["hosts", "env", "prefixes"]) -> Mapping[str, Provider]:
    return {key: provider for provider in providers() for key in getattr(provider, field)}


@cache
def _packages() -> Mapping[tuple[str, str], Package]:
    return {(each.ecosystem, _normal(each.ecosystem, each.name)): each for each in packages()}


@cache
def _written() -> Mapping[tuple[str, str], Package]:
    return {(each.ecosystem, each.name): each for each in packages()}


@cache
def _modules(ecosystem: str) -> Mapping[str, Package]:
    found = [each for each in reversed(packages()) if each.ecosystem == ecosystem]
    return {name: package for package in found for name in package.modules}


@cache
def _providers() -> Mapping[str, Provider]:
    return {provider.id: provider for provider in providers()}


def providers() -> tuple[Provider, ...]:
    """Every provider, in the order of the catalogue."""
    return shipped().providers


def packages() -> tuple[Package, ...]:
    """Every package, in the order of the catalogue."""
    return shipped().packages


def provider(key: str) -> Provider | None:
    """The provider with this id."""
    return _providers().get(key)


def provider_by_host(host: str) -> Provider | None:
    """The provider that answers at `host` (a name, without port; sub-domains count)."""
    labels = host.lower().rstrip(".").split(".")
    known = _by("hosts")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((known[parent] for parent in parents if parent in known), None) or _regional(labels, known)


def _regional(labels: list[str], known: Mapping[str, Provider]) -> Provider | None:
    """Cloud endpoints carry the region inside the name: `bedrock-runtime.eu-west-1.amazonaws.com`."""
    without_one = (".".join(labels[:drop] + labels[drop + 1 :]) for drop in range(1, len(labels) - 2))
    direct = next((known[name] for name in without_one if name in known), None)
    if direct is None and labels[-2:] == ["googleapis", "com"]:
        return known.get(".".join([labels[0].rpartition("-")[2], *labels[1:]]))
    return direct


_LONGEST_VARIABLE = 100  # characters at the end of a variable's name; no provider's own name is longer


def provider_by_env(name: str) -> Provider | None:
    """The provider whose credentials or address this environment variable holds.

    Projects put a name of their own before it: `VITE_GEMINI_API_KEY`, `BILLING_OPENAI_API_KEY`.
    """
    known, written = _by("env"), name[-_LONGEST_VARIABLE:]
    spelled = (each.split("_") for each in (written, written.replace("APIKEY", "API_KEY")))
    endings = ("_".join(words[start:]) for words in spelled for start in range(len(words) - 1))
    return next((known[each] for each in endings if each in known), None)


def provider_by_prefix(prefix: str) -> Provider | None:
    """The provider behind a LiteLLM model prefix such as `azure` in `azure/gpt-4o`."""
    return _by("prefixes").get(prefix.lower())


@cache
def _model_prefixes() -> tuple[tuple[tuple[str, ...], Provider], ...]:
    return tuple((each.model_prefixes, each) for each in providers() if each.model_prefixes)


def provider_by_model(name: str) -> Provider | None:
    """The provider whose own model this name is (`gpt-4o` is OpenAI's), or None when that is not sure."""
    lowered = f"{name.lower()}-"  # so that `o3-` is the start of `o3` too, and not that of `o365`
    return next((each for starts, each in _model_prefixes() if lowered.startswith(starts)), None)


@cache
def _ports() -> Mapping[int, str]:
    return {port: runtime.provider for runtime in shipped().runtimes for port in runtime.ports}


def provider_by_port(port: int) -> Provider | None:
    """The local runtime that listens on this port unless it is told otherwise."""
    return provider(_ports().get(port, ""))


@cache
def _commands() -> Mapping[str, str]:
    return {command: runtime.provider for runtime in shipped().runtimes for command in runtime.commands}


def provider_by_command(words: str) -> Provider | None:
    """The local runtime that a command starts or feeds; of several words (`vllm serve`) all must be there."""
    return provider(_commands().get(words, ""))


def package(ecosystem: str, name: str) -> Package | None:
    """The package of this name, however its registry lets one write it (`maven`: `group:artifact`).

    The major version at the end of a Go module's path is no part of the name, unless the catalogue has that version.
    """
    return _written().get((ecosystem, name)) or _packages().get((ecosystem, _normal(ecosystem, name)))


_NO_WORD = re.compile(r"[^a-z0-9]")
_DIGIT = re.compile(r"\d")


def _normal(ecosystem: str, name: str) -> str:
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    if ecosystem == "cargo":
        return name.replace("_", "-")
    if ecosystem == "golang":
        return re.sub(r"(?:/|(?<=\w)\.)v\d+$", "", name)
    return name.lower() if ecosystem in ("composer", "nuget", "swift") else name


_SEPARATORS = {
    ecosystem: re.compile(rf"(?={re.escape(mark)})")
    for ecosystem, mark in {
        "pypi": ".", "maven": ".", "nuget": ".", "swift": ".", "npm": "/", "golang": "/", "gem": "/", "pub": "/",
        "cargo": "::", "composer": "\\",
    }.items()
}  # fmt: skip


def module(name: str, ecosystem: Ecosystem = "pypi") -> Package | None:
    """The package that is imported by this name or one of its parents (`openai.types`, `@ai-sdk/openai/internal`)."""
    known = _modules(ecosystem)
    ends = [match.start() for match in _SEPARATORS[ecosystem].finditer(name)]
    parents = (name[:end] for end in (len(name), *reversed(ends)))
    return next((known[parent] for parent in parents if parent in known), None)


def image(reference: str) -> Image | None:
    """What a container image runs; `reference` may carry registry, tag and digest."""
    repository = reference.split("@", 1)[0]
    head, slash, rest = repository.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        repository = rest
    repository = repository.partition(":")[0].lower()
    return _first(shipped().images, "repository", f"/{repository}", lead="*/")


def resource(dialect: Dialect, type_: str) -> Resource | None:
    """The AI resource of this type, such as `aws_bedrockagent_agent` or `AWS::Bedrock::Agent`."""
    return _first(tuple(each for each in shipped().resources if each.dialect == dialect), "type", type_)


def action(system: str, uses: str) -> Action | None:
    """The AI step of a CI system that `uses` names, with or without its version."""
    name = uses.partition("@")[0].lower()
    return _first(tuple(each for each in shipped().actions if each.system == system), "uses", name)


@cache
def sql_function(name: str) -> SqlFunction | None:
    """The SQL function of this name, in any letter case."""
    return next((each for each in shipped().sql_functions if each.name.upper() == name.upper()), None)


def convention(path: str) -> Convention | None:
    """The assistant that reads a file at this path, in any folder, by itself."""
    known = _conventions()
    if _EXPLAINS.search(path):
        return None
    rows = {row.pattern: row for part in path.split("/") if part in known for row in known[part]}
    return _first(tuple(rows.values()), "pattern", f"/{path}", lead="*/") if rows else None


# What explains a folder of agents or hooks to people; a README among commands is a command.
_EXPLAINS = re.compile(r"(?i)(?:^|/)(?:agents|hooks)/readme\.md$")


@cache
def _conventions() -> Mapping[str, tuple[Convention, ...]]:
    """The patterns by a name that every path they match holds: this is asked for every file of a tree."""
    found: dict[str, tuple[Convention, ...]] = {}
    for row in shipped().conventions:
        folder, _, name = row.pattern.rpartition("/")
        literal = folder.partition("/")[0] if "*" in name else name
        found[literal] = (*found.get(literal, ()), row)
    return found


@cache
def _mcp_servers() -> Mapping[str, McpServer]:
    return {name: each for each in shipped().mcp_servers for name in (*each.names, *each.hosts)}


def mcp_server(name: str) -> McpServer | None:
    """The MCP server behind a package, an image without tag, a program or a host."""
    return _mcp_servers().get(name.lower())


Python = TypeVar("Python", bound=AgentMaker | AgentTool)


@cache
def _agent_makers() -> Mapping[str, list[AgentMaker]]:
    return _by_name(shipped().agent_makers)


@cache
def _agent_tools() -> Mapping[str, list[AgentTool]]:
    return _by_name(shipped().agent_tools)


def _by_name(rows: Iterable[Python]) -> Mapping[str, list[Python]]:
    found: dict[str, list[Python]] = {}
    for row in rows:
        for name in row.names:
            found.setdefault(name, []).append(row)
    return found


def _imported(dotted: str, rows: Mapping[str, list[Python]]) -> Python | None:
    parts = dotted.split(".")
    named = [*rows.get(".".join(parts[-2:]), ()), *rows.get(parts[-1], ())]
    return next((row for row in named if any(dotted.startswith(f"{root}.") for root in row.roots)), None)


def agent_maker(dotted: str) -> AgentMaker | None:
    """The way to make an agent that is imported by this name, such as `langgraph.prebuilt.create_react_agent`."""
    return _imported(dotted, _agent_makers())


def agent_tool(dotted: str) -> AgentTool | None:
    """The tools of a framework that are imported by this name."""
    return _imported(dotted, _agent_tools())


@cache
def _models() -> Mapping[str, str]:
    """The lines of `models.tsv` by their first column; one is read when somebody asks for it."""
    lines = (_shipped.folder("rules/catalog") / "models.tsv").read_text("utf-8").splitlines()
    return {line.partition("\t")[0]: line for line in lines if line and not line.startswith("#")}


def models() -> tuple[Model, ...]:
    """Every well-known model, in the order of the names."""
    return tuple(_model(line) for line in _models().values())


def _model(line: str) -> Model:
    name, offered, weights, retires = line.split("\t")
    return Model(
        name=name,
        providers=tuple(filter(None, offered.split(","))),
        weights=weights or None,  # type: ignore[arg-type]  # pydantic checks it
        retires_on=retires or None,
    )


_CLOUD_REGION = re.compile(r"^(?:us|us-gov|eu|apac|jp|au|ca|global)\.(?=[a-z0-9]+\.)")


def model(name: str) -> Model | None:
    """The well-known model of this name, in any letter case, with or without its maker or a provider before it."""
    lowered = _CLOUD_REGION.sub("", name.lower())
    parts = [lowered, PurePosixPath(lowered).name, lowered.partition(":")[0]]
    return next((_model(_models()[part]) for part in parts if part in _models()), None)


@cache
def _families() -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(shipped().families)})")


def is_of_family(name: str) -> bool:
    """Whether a name, or the part after a maker or router, is built like those of a well-known family of models."""
    return _families().search(name.lower()) is not None


@cache
def _constants() -> Mapping[str, str]:
    """Names without their signs; of several that differ only in these, the one that the model's maker uses."""
    return {_NO_WORD.sub("", name): name for name in sorted(_models(), key=_likeness)}


def _likeness(name: str) -> tuple[bool, bool]:
    return not set(name) & set(":@/"), _is_makers(name)


def _is_makers(name: str) -> bool:
    maker = provider_by_model(name)
    return maker is not None and maker.id in _models()[name].split("\t")[1].split(",")


def model_by_constant(name: str) -> Model | None:
    """The model that an SDK's constant names: `GPT4oMini`, `GPT_4O`, `ModelClaude3_5SonnetLatest`."""
    if not _DIGIT.search(name):
        return None
    plain = _NO_WORD.sub("", name.lower())
    candidates = (plain, plain.removeprefix("chatmodel"), plain.removeprefix("model"), plain.replace("dot", ""))
    return next((model(_constants()[each]) for each in candidates if each in _constants()), None)


@cache
def _globs(patterns: tuple[str, ...], lead: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(translate(lead + pattern)) for pattern in patterns)


def _first(rows: tuple[T, ...], field: str, text: str, *, lead: str = "") -> T | None:
    """The first row whose glob in `field` matches; `*` also stands for slashes."""
    patterns = _globs(tuple(getattr(row, field) for row in rows), lead)
    return next((row for row, pattern in zip(rows, patterns, strict=True) if pattern.fullmatch(text)), None)
