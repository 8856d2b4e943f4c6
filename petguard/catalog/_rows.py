"""The rows of the catalogue: what a provider, a package, an image and so on are, with the rules of their fields."""

from typing import Annotated, Literal

from pydantic import Field

from petguard.model import Asset, Frozen, Trait

Kind = Literal["hosted", "aggregator", "local"]
Role = Literal["sdk", "framework", "vector_store", "runtime", "pet"]
Ecosystem = Literal["pypi", "npm", "maven", "golang", "nuget", "cargo", "gem", "composer", "pub", "swift"]
Dialect = Literal["terraform", "cloudformation", "azure", "kubernetes"]
Holds = Literal["instructions", "mcp", "settings", "skill", "agent", "command", "hook", "ignore", "memory"]
Date = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Terms(Frozen):
    """What procurement asks of a provider's API, by its own published default for paying customers.

    `source` is the page that says so, or several, separated by spaces.
    """

    trains_on_inputs: Literal["no", "opt_out", "opt_in", "yes"] | None = None
    retention_days: Annotated[int, Field(ge=0)] | None = None
    zero_retention: Literal["default", "on_request", "none"] | None = None
    source: str
    checked_on: Date


class Provider(Frozen):
    """Somebody, or something, that runs models.

    `prefixes` are LiteLLM-style model prefixes, `model_prefixes` starts of the names of this provider's own models,
    `jurisdiction` the ISO 3166 country whose law binds the company.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    name: str
    kind: Kind
    jurisdiction: str | None = None
    hosts: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    model_prefixes: tuple[str, ...] = ()
    terms: Terms | None = None


class Package(Frozen):
    r"""An AI or PET package of one ecosystem, with the names it is imported by.

    `modules` are what the language writes: dotted modules (Python, Java, C#), package names (npm), paths (Go),
    crates, required files (Ruby), namespaces with `\` (PHP), `package:` names (Dart).
    """

    ecosystem: Ecosystem
    name: str
    role: Role
    provider: str | None = None
    modules: tuple[str, ...] = ()


class Image(Frozen):
    """A container image that runs AI.

    `repository` is a glob over the end of the name without registry host, tag and digest: a mirror may put its own
    folders before it.
    """

    repository: str
    name: str
    asset: Asset = Asset.AI_WORKLOAD
    provider: str | None = None


class Runtime(Frozen):
    """A local runtime: the ports it listens on unless told otherwise, and the commands that start or feed it."""

    provider: str
    ports: tuple[int, ...] = ()
    commands: tuple[str, ...] = ()


class Resource(Frozen):
    """A cloud resource or Kubernetes kind that is AI; `type` is a glob, lower-case for Azure."""

    dialect: Dialect
    type: str
    name: str
    asset: Asset = Asset.AI_SERVICE
    provider: str | None = None


class Action(Frozen):
    """A step of a CI system that calls AI: `uses` is a glob over the name without version."""

    system: Literal["github", "gitlab", "azure", "bitbucket", "circleci", "buildkite"]
    uses: str
    name: str
    provider: str | None = None


class SqlFunction(Frozen):
    """A function or statement of a database that calls a model; `model` is the position of the model's name."""

    engine: str
    name: str
    provider: str | None = None
    model: Annotated[int, Field(ge=0)] | None = None


class Convention(Frozen):
    """A file that an AI assistant reads by itself: `pattern` is a glob over the end of a path."""

    tool: str
    pattern: str
    holds: Holds


class McpServer(Frozen):
    """A well-known MCP server: `names` are its packages, images and programs, `hosts` where it is offered remotely.

    `can` is what its tools do unless its settings take that away.
    """

    id: str
    names: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    can: tuple[Trait, ...] = ()


class AgentMaker(Frozen):
    """A Python call that makes an agent; the lists name its keywords, `..._at` a position.

    `agents` holds agents that it hands over to, `wraps` one that is the same agent, `asks` what has a human asked.
    """

    framework: str
    roots: tuple[str, ...]
    names: tuple[str, ...]
    name_at: int | None = None
    tools: tuple[str, ...] = ("tools",)
    tools_at: int | None = None
    model: tuple[str, ...] = ("model",)
    model_at: int | None = None
    servers: tuple[str, ...] = ("mcp_servers",)
    agents: tuple[str, ...] = ()
    agents_at: int | None = None
    wraps: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    can: tuple[Trait, ...] = ()


class AgentTool(Frozen):
    """Tools that come with a Python framework, by class or function, and what they can do."""

    roots: tuple[str, ...]
    names: tuple[str, ...]
    can: tuple[Trait, ...] = ()


class Model(Frozen):
    """A well-known model name: who offers it, whether its weights are open, and when it goes or went away."""

    name: str
    providers: tuple[str, ...] = ()
    weights: Literal["open", "closed"] | None = None
    retires_on: Date | None = None


class Catalog(Frozen):
    """Everything in `rules/catalog/` but the model names; `version` is the day it was last checked.

    `families` are expressions for how the names of well-known families of models begin.
    """

    version: Date
    providers: tuple[Provider, ...]
    packages: tuple[Package, ...]
    images: tuple[Image, ...]
    runtimes: tuple[Runtime, ...]
    resources: tuple[Resource, ...]
    actions: tuple[Action, ...]
    sql_functions: tuple[SqlFunction, ...]
    conventions: tuple[Convention, ...]
    families: tuple[str, ...] = ()
    mcp_servers: tuple[McpServer, ...]
    agent_makers: tuple[AgentMaker, ...]
    agent_tools: tuple[AgentTool, ...]
