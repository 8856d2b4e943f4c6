"""The domain: what parsers find, what verifiers judge, in frozen values."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from petguard.claims import Statement
from petguard.hazards import Hazard

Json = Mapping[str, Any]
Detail = str | int | bool | tuple[str, ...]


class Frozen(BaseModel):
    """A value: it never changes and knows no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NodeKind(StrEnum):
    """What a node of the graph stands for."""

    DATA = "data"
    CODE = "code"
    MODEL = "model"
    AI_SERVICE = "ai_service"
    AGENT = "agent"
    TOOL = "tool"
    SINK = "sink"
    PROTECTION = "protection"
    ARTIFACT = "artifact"
    SYSTEM = "system"


class EdgeKind(StrEnum):
    """How two nodes are related; only `flows_to` carries data."""

    FLOWS_TO = "flows_to"
    CALLS = "calls"
    USES = "uses"
    TRAINED_ON = "trained_on"
    DERIVED_FROM = "derived_from"
    DECLARES = "declares"
    PROTECTS = "protects"


class Asset(StrEnum):
    """The inventory kind of a node; a node without one is not part of the inventory."""

    AI_SDK = "ai_sdk"
    AI_SERVICE = "ai_service"
    MODEL = "model"
    MODEL_FILE = "model_file"
    DATASET = "dataset"
    AGENT = "agent"
    MCP_SERVER = "mcp_server"
    VECTOR_STORE = "vector_store"
    PROMPT = "prompt"
    ASSISTANT_CONFIG = "assistant_config"
    AI_WORKLOAD = "ai_workload"
    CREDENTIAL = "credential"
    PET = "pet"


class SinkKind(StrEnum):
    """What a flow has reached when it ends."""

    AI_SERVICE = "ai_service"
    VECTOR_STORE = "vector_store"
    TRAINING = "training"
    THIRD_PARTY = "third_party"
    LOG = "log"
    FILE = "file"
    DATABASE = "database"
    RESPONSE = "response"


class Trait(StrEnum):
    """A yes-or-no property that a rule may ask for."""

    EXTERNAL = "external"  # runs outside the organisation: what is sent there has left
    LOCAL = "local"  # runs where the code runs
    SECRET = "secret"  # a credential stands in the file in clear text
    MUTABLE_REFERENCE = "mutable_reference"  # the same name may mean other bytes tomorrow
    REMOTE_CODE = "remote_code"  # code from the model's repository is executed
    UNSAFE_SERIALISATION = "unsafe_serialisation"  # loading executes what the file says
    PLAIN_HTTP = "plain_http"  # sent without TLS
    UNENCRYPTED = "unencrypted"  # a connection to data or AI without TLS
    UNCHECKED_PEER = "unchecked_peer"  # a connection that believes whoever answers
    UNENCRYPTED_STORE = "unencrypted_store"  # a store whose encryption is switched off
    UNAUTHENTICATED = "unauthenticated"  # whoever can reach it may use it
    AUTO_APPROVE = "auto_approve"  # acts without asking a human
    UNRESOLVED = "unresolved"  # where data goes from here could not be found out
    TRANSITIVE = "transitive"  # there only because another package asks for it
    UNLISTED = "unlisted"  # a model's name by its place, which the catalogue does not know
    RETIRING = "retiring"  # a model that its provider says it will switch off
    RETIRED = "retired"  # and one that it has
    REGISTERED = "registered"  # an entry of the register of what is used
    UNREGISTERED = "unregistered"  # used, but not in the register
    UNUSED = "unused"  # in the register, but not found
    WRITES_FILES = "writes_files"
    RUNS_COMMANDS = "runs_commands"  # a shell, or code that somebody else wrote
    REACHES_NETWORK = "reaches_network"
    REACHES_DATABASE = "reaches_database"
    WRITES_DATABASE = "writes_database"
    SPENDS_MONEY = "spends_money"
    ASKS_HUMAN = "asks_human"  # somebody has to agree before it acts
    HIDDEN_TEXT = "hidden_text"  # instructions that a person does not see
    BROAD_RIGHTS = "broad_rights"  # allowed more than its task can need: every tool, every command, every path
    WRITES_REPOSITORY = "writes_repository"  # a CI job whose token may change the repository
    UNTRUSTED_INPUT = "untrusted_input"  # what anybody may write reaches the AI: an issue, a comment, a pull request
    SAID_PERSONAL = "said_personal"  # a declaration says that this is personal data
    SAID_CLEAN = "said_clean"  # a declaration says that this is no personal data
    SAID_MASKED = "said_masked"  # a declaration says that this is masked before anybody gets it
    NO_EFFECT = "no_effect"  # calls itself a protection and gives back what it got


class Origin(StrEnum):
    """Whether the thing was seen in use or only said to be there."""

    DETECTED = "detected"
    DECLARED = "declared"


class Subject(StrEnum):
    """What a declaration and the code are compared about."""

    FLOW = "flow"  # a category of data goes to a recipient
    RECIPIENT = "recipient"  # somebody gets personal data at all
    MASK = "mask"  # a column is masked before anybody gets it
    COLUMN = "column"  # a column, a data set or a file is personal, or is not


class Agreement(StrEnum):
    """What the comparison of a declaration with the code says."""

    MATCHES = "matches"
    UNDECLARED = "undeclared"  # found, and no declaration knows it
    NEVER_FOUND = "never_found"  # declared, and not found where it would have to be
    CONTRADICTS = "contradicts"
    NOT_COMPARED = "not_compared"  # one side is there, and the other could not be looked at


class Location(Frozen):
    """A place in a scanned file; `path` is relative to the scan root, line and column are 1-based."""

    path: str
    line: Annotated[int, Field(ge=1)] = 1
    column: Annotated[int, Field(ge=1)] = 1
    evidence: str = ""  # a short excerpt; the parser masks secrets and personal data before it gets here


class Node(Frozen):
    """A thing in the scanned system. Nodes with the same `id` are one thing seen more than once."""

    id: str
    kind: NodeKind
    name: str
    origin: Origin
    locations: Annotated[tuple[Location, ...], Field(min_length=1)]
    asset: Asset | None = None
    sink: SinkKind | None = None
    provider: str | None = None
    version: str | None = None
    model: str | None = None
    region: str | None = None
    endpoint: str | None = None
    technique: str | None = None
    claim: str | None = None
    categories: tuple[str, ...] = ()
    traits: tuple[Trait, ...] = ()
    details: Mapping[str, Detail] = Field(default_factory=dict)  # further facts for the inventory: hash, size, format


class Edge(Frozen):
    """A relation between two nodes, by id."""

    kind: EdgeKind
    source: str
    target: str
    origin: Origin
    location: Location


class Danger(Frozen):
    """A hazard that stands beside a claim; `detail` says in words what was seen, without a full stop."""

    hazard: Hazard
    location: Location
    detail: str


class Claim(Frozen):
    """Somebody says that a protection holds.

    `unresolved` names the fields whose value could not be read, and why; `conflicts` the fields that are stated
    differently in two places, and what each says; `stated_in` those that were not found where the claim stands but
    declared elsewhere, and where; `doubts` say why the protection may not be what the fields describe, `dangers` which
    known hazards stand beside it, and `about` names the data sets that the release is about.
    """

    id: str
    statement: SerializeAsAny[Statement]
    location: Location
    subject: str
    unresolved: Json = Field(default_factory=dict)
    conflicts: Json = Field(default_factory=dict)
    stated_in: Json = Field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    dangers: tuple[Danger, ...] = ()
    about: tuple[str, ...] = ()
    origin: Origin = Origin.DETECTED

    @property
    def technique(self) -> str:
        """The technique's name in the claim vocabulary."""
        return self.statement.technique

    @property
    def stated(self) -> dict[str, Any]:
        """The guarantees that the claim states."""
        return {key: value for key, value in self._said().items() if key in self.statement.guarantees}

    @property
    def parameters(self) -> dict[str, Any]:
        """How the guarantees are said to be reached."""
        return {key: value for key, value in self._said().items() if key not in self.statement.guarantees}

    @property
    def data_sets(self) -> tuple[str, ...]:
        """The data sets that the protection is about, as far as they were found or stated."""
        stated: str | None = getattr(self.statement, "data", None)
        return tuple(dict.fromkeys((*self.about, stated) if stated else self.about))

    def _said(self) -> dict[str, Any]:
        said = self.statement.model_dump(
            mode="json", exclude={"technique", "subject", "data", "probe"}, exclude_none=True
        )
        return {key: value for key, value in said.items() if value not in ([], {})}


class Outcome(StrEnum):
    """What became of a claim."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    UNVERIFIABLE = "unverifiable"


class Reason(StrEnum):
    """Why a claim is unverifiable."""

    MISSING_PARAMETER = "missing_parameter"
    GAP = "gap"
    ARTEFACT_ABSENT = "artefact_absent"
    DYNAMIC_VALUE = "dynamic_value"
    COLLATERAL_EXPIRED = "collateral_expired"
    NEEDS_NETWORK = "needs_network"
    LIBRARY_MISSING = "library_missing"
    NOT_SUFFICIENT = "not_sufficient"
    UNKNOWN_TECHNIQUE = "unknown_technique"


class Verdict(Frozen):
    """The judgement on one claim, with its numbers.

    `interval` bounds the true value of the judged guarantee (lower, upper; None where a side is unknown or
    infinite). A refuted verdict carries a witness, an unverifiable one a reason.
    """

    claim: str
    outcome: Outcome
    explanation: str
    method: str
    reason: Reason | None = None
    interval: tuple[float | None, float | None] | None = None
    assumptions: tuple[str, ...] = ()
    witness: Json = Field(default_factory=dict)
    remedy: Json = Field(default_factory=dict)

    def model_post_init(self, _context: object) -> None:
        """Hold every verdict to its evidence: no refutation without a witness, no doubt without a reason."""
        if self.outcome is Outcome.REFUTED and not self.witness:
            raise ValueError("a refuted verdict needs a witness")
        if (self.outcome is Outcome.UNVERIFIABLE) != (self.reason is not None):
            raise ValueError("an unverifiable verdict, and only that, needs a reason")


class Budget(Frozen):
    """What the policy lets a DP claim spend; None where the policy sets no bound."""

    epsilon: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = None
    delta: Annotated[float, Field(strict=True, gt=0, lt=1, allow_inf_nan=False)] | None = None


class SubjectBudget(Budget):
    """What may be learnt about one kind of person from all the data sets that hold them together, globs allowed."""

    data: Annotated[tuple[str, ...], Field(min_length=1)]


class Budgets(Budget):
    """The bound on each single claim, and those on all releases about a data set, by glob, or about a data subject."""

    data: Mapping[str, Budget] = Field(default_factory=dict)
    subjects: Mapping[str, SubjectBudget] = Field(default_factory=dict)


class Balance(StrEnum):
    """What a ledger says about its budget."""

    WITHIN = "within"  # everything together surely meets it
    EXCEEDED = "exceeded"  # everything together surely does not
    UNKNOWN = "unknown"  # the bounds leave it open, or a release could not be counted
    NO_BUDGET = "no_budget"  # the policy sets none
    UNUSED = "unused"  # the policy sets one, and nothing was found that is released


class State(StrEnum):
    """What became of one input."""

    ANALYSED = "analysed"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    FAILED = "failed"


class Gap(Frozen):
    """Something that could not be checked, and why. A scan with gaps is not a pass."""

    path: str
    state: State
    reason: str
    detail: str
    line: Annotated[int, Field(ge=1)] | None = None


class Setting(Frozen):
    """A number under a name, in a file that speaks of differential privacy: for a claim of its project that lacks it.

    `field` is its name in the claim vocabulary, `key` the one in the file.
    """

    field: str
    key: str
    value: int | float
    location: Location


class Facts(Frozen):
    """What one parser found in one or more inputs."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    claims: tuple[Claim, ...] = ()
    settings: tuple[Setting, ...] = ()


class Severity(StrEnum):
    """How bad a finding is; the order of the members is the order of severity."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Confidence(StrEnum):
    """How sure petguard is that a finding is right."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low up to 2 for high."""
        return tuple(Confidence).index(self)


class EvidenceLevel(StrEnum):
    """How sure it is that a protection protects; the order of the members is the order of sureness."""

    DECLARED = "declared"  # a configuration says so
    NAMED = "named"  # a function calls itself so
    STATIC = "static"  # a known library's call, with parameters in range where they can be seen
    TESTED = "tested"  # it was run on seeded data
    ATTESTED = "attested"  # signed evidence says so

    @property
    def rank(self) -> int:
        """0 for declared up to 4 for attested."""
        return tuple(EvidenceLevel).index(self)


class FlowResult(StrEnum):
    """Why a flow, or another fact, is a finding: what the cut said."""

    VIOLATION = "violation"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"


def unverifiable(claim: Claim, reason: Reason, explanation: str, *, method: str = "none") -> Verdict:
    """The verdict for a claim that could not be judged."""
    return Verdict(claim=claim.id, outcome=Outcome.UNVERIFIABLE, reason=reason, explanation=explanation, method=method)
