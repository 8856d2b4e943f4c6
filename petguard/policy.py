"""What an organisation allows: `petguard.yaml`, read strictly.

A list under `approved` that is absent is undecided: nothing is approved and nothing forbidden. A list that is present
is closed: what is not on it is not approved. The built-in policy has no list at all, so the use of AI is information,
and what is never fine (unprotected personal data at an outside service, a refuted claim, a committed key, a model
file that runs code) is a finding by the severity of its rule.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, StrictBool, model_validator

from petguard import _shipped, catalog, taxonomy
from petguard.claims import BY_TECHNIQUE, Name, Names
from petguard.documents import Document, read_toml, read_yaml_all
from petguard.errors import ConfigurationError, UnreadableInput
from petguard.handwritten import Pointer, mistake, nearest, unreadable, validated
from petguard.model import Asset, Budgets, Frozen, Json, Node, NodeKind, Severity

BUILT_IN = "built-in"
_NEARLY = re.compile(r"\.?petguard\.ya?ml", re.IGNORECASE)
Listed = Literal["providers", "models", "regions", "packages", "mcp_servers"]
DIFFERENTIAL_PRIVACY = frozenset(
    {"dp_sgd", "dp_query", "dp_composition", "local_dp", "dp_psi", "mpc_dual_dp", "federated_dp"}
)
FAMILIES: Mapping[str, frozenset[str]] = {"differential_privacy": DIFFERENTIAL_PRIVACY}


class Approved(Frozen):
    """What may be used; an absent list is undecided, a present one closed. All but providers may hold globs."""

    providers: Names | None = None
    models: Names | None = None
    regions: Names | None = None
    packages: Names | None = None
    mcp_servers: Names | None = None


class DataRule(Frozen):
    """Which AI providers may get data of a category, and which protections it needs on the way to any of them."""

    providers: Names | None = None
    require: Names = ()
    verdict: Literal["verified", "claimed"] = "verified"

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.providers is None and not self.require:
            raise ValueError("say which providers may get this data, or which protections it requires")
        return self


class Registered(Frozen):
    """One entry of the register of AI in use: an inventory kind and a name or glob, and who answers for it, and why."""

    kind: Asset
    name: Name
    owner: Name | None = None
    purpose: Name | None = None


class RuleSetting(Frozen):
    """A change to one rule; a rule is only switched off with a reason."""

    severity: Severity | None = None
    enabled: StrictBool = True
    reason: Name | None = None

    @model_validator(mode="after")
    def _off_needs_a_reason(self) -> Self:
        if not self.enabled and self.reason is None:
            raise ValueError("a rule that is switched off needs a reason")
        return self


class PolicyFile(Frozen):
    """The keys of `petguard.yaml`.

    `accept_evidence` is how sure a protection must be to count without a verified claim. `claims` and `ai_register` are
    read by parsers of their own, not here.
    """

    approved: Approved = Approved()
    data: dict[str, DataRule] = Field(default_factory=dict)
    budgets: Budgets = Budgets()
    fail_on: Severity | Literal["never"] = Severity.HIGH
    accept_evidence: Literal["static", "tested", "attested"] = "tested"
    exclude: Names = ()
    claims: tuple[Json, ...] = ()
    ai_register: tuple[Registered, ...] | None = None
    rules: dict[str, RuleSetting] = Field(default_factory=dict)


class Policy(PolicyFile):
    """A policy and where it came from: a path, or `built-in`."""

    source: str = BUILT_IN

    @classmethod
    def built_in(cls) -> Self:
        """The policy of somebody who has not decided anything yet."""
        return cls()

    @classmethod
    def load(cls, path: str, text: str) -> Self:
        """Read a policy; ConfigurationError names the file, line, key and the nearest valid key."""
        try:
            documents = [read_toml(text)] if path.endswith(".toml") else read_yaml_all(text)
        except UnreadableInput as error:
            raise unreadable(path, error) from error
        if len(documents) > 1:
            raise ConfigurationError(f"{path}: holds {len(documents)} YAML documents; write one, without ---")
        document = documents[0] if documents else Document(None)
        inside = ("tool", "petguard") if path.endswith(".toml") else ()
        if inside and not _has_table(document.value):
            raise ConfigurationError(f"{path}: there is no [tool.petguard] table")
        file = validated(PolicyFile, document, path, *inside)
        for pointer, problem in _unknown_names(file):
            raise mistake(path, document, (*inside, *pointer), problem)
        return cls(**dict(file), source=path)

    def refusals(self, node: Node) -> tuple[Listed, ...]:
        """The lists that are closed to this node."""
        return tuple(name for name, allowed in self._opinions(node) if not allowed)

    def approves(self, node: Node) -> bool | None:
        """Whether every list that has a say allows the node; None when nobody has decided."""
        opinions = [allowed for _, allowed in self._opinions(node)]
        return all(opinions) if opinions else None

    def data_rule(self, category: str) -> DataRule | None:
        """The most specific decision about a category; None when there is none for it or its parents."""
        keys = [key for key in self.data if taxonomy.covers(key, category)]
        return self.data[max(keys, key=len)] if keys else None

    def setting(self, rule: str) -> RuleSetting:
        """What the policy changes about a rule."""
        return self.rules.get(rule, RuleSetting())

    def _opinions(self, node: Node) -> Iterator[tuple[Listed, bool]]:
        lists = self.approved
        if lists.providers is not None and _answers_for_provider(node, lists.providers):
            yield "providers", node.provider in lists.providers
        if lists.models is not None and node.kind is NodeKind.MODEL:
            yield "models", _matches(lists.models, node.model or node.name)
        if lists.regions is not None and node.region is not None:
            yield "regions", _matches(lists.regions, node.region)
        if lists.packages is not None and node.asset is Asset.AI_SDK:
            yield "packages", _matches(lists.packages, node.name, node.id.partition(":")[2])
        if lists.mcp_servers is not None and node.asset is Asset.MCP_SERVER:
            yield "mcp_servers", _matches(lists.mcp_servers, node.name)


def discover(root: Path) -> Path | None:
    """The policy of a scan root: `petguard.yaml`, `.github/petguard.yaml` or a pyproject.toml that holds one.

    A file that was meant as the policy, but is called otherwise, is a ConfigurationError.
    """
    for folder in (root, root / ".github"):
        for found in _meant_as_policy(folder):
            if found.name != "petguard.yaml" or not found.is_file():
                raise ConfigurationError(
                    f"{found} would not be read as the policy; make it a file called petguard.yaml"
                )
            return found
    project = root / "pyproject.toml"
    return project if project.is_file() and _holds_policy(project) else None


def _meant_as_policy(folder: Path) -> list[Path]:
    """Everything that bears the name of a policy, or nearly so; the right name first."""
    try:
        found = [path for path in folder.iterdir() if _NEARLY.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(found, key=lambda path: (path.name != "petguard.yaml", path.name))


def _holds_policy(project: Path) -> bool:
    """Whether there is a policy table; where that cannot be told the file is taken, so that reading it fails loudly."""
    try:
        text = project.read_text("utf-8", "replace")
    except OSError:
        return True
    try:
        return _has_table(read_toml(text).value)
    except UnreadableInput:
        return "[tool.petguard" in text


def _has_table(value: Any) -> bool:
    tool = value.get("tool")
    return isinstance(tool, dict) and "petguard" in tool


def _answers_for_provider(node: Node, allowed: Names) -> bool:
    """Whether the provider list decides about this node.

    An SDK can talk to many hosts, so that its maker is listed counts for it, and that he is not does not count
    against it: the service it really talks to is a node of its own.
    """
    if node.asset is Asset.AI_SDK:
        return node.provider in allowed
    if node.kind is NodeKind.AI_SERVICE:
        return True
    return node.provider is not None and node.asset in (Asset.MODEL, Asset.VECTOR_STORE, Asset.AI_WORKLOAD)


def _matches(patterns: Names, *names: str) -> bool:
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns for name in names)


def _unknown_names(file: PolicyFile) -> Iterator[tuple[Pointer, str]]:
    """Names that no catalogue, taxonomy, claim vocabulary or rule knows."""
    providers = {provider.id for provider in catalog.providers()}
    yield from _unknown_in("provider", ("approved", "providers"), file.approved.providers or (), providers)
    for category, rule in file.data.items():
        if not taxonomy.is_known(category):
            yield ("data", category), f"no such data category; {nearest(category, taxonomy.categories())}"
        yield from _unknown_in("provider", ("data", category, "providers"), rule.providers or (), providers)
        yield from _unknown_in("technique", ("data", category, "require"), rule.require, {*BY_TECHNIQUE, *FAMILIES})
    rules = {path.stem.partition("-")[0] for path in _shipped.files("rules/policy")}
    for unknown in sorted(file.rules.keys() - rules):
        yield ("rules", unknown), f"no such rule; {nearest(unknown, rules)}"


def _unknown_in(what: str, pointer: Pointer, names: Names, known: set[str]) -> Iterator[tuple[Pointer, str]]:
    for index, name in enumerate(names):
        if name not in known:
            yield (*pointer, index), f"no such {what} as {name}; {nearest(name, known)}"
