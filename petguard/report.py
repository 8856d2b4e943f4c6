"""The report: the whole result of a scan, in the shape of the JSON interface (schema version 1).

Paths are relative to the scan root with `/`, lines and columns 1-based, every list in a stated order; two scans of
the same tree differ only under `run`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from petguard.hazards import Hazard
from petguard.model import (
    Agreement,
    Asset,
    Balance,
    Budget,
    Confidence,
    Detail,
    EdgeKind,
    EvidenceLevel,
    FlowResult,
    Frozen,
    Json,
    Location,
    Origin,
    Outcome,
    Reason,
    Severity,
    SinkKind,
    State,
    Subject,
    Trait,
)

Line = Annotated[int, Field(ge=1)]


class Tool(Frozen):
    """Which petguard, with which rules."""

    name: Literal["petguard"] = "petguard"
    version: str
    rules_digest: str


class Run(Frozen):
    """When and how long: the only part that differs between two equal scans."""

    started_at: str
    duration_s: float


class Scope(Frozen):
    """What was scanned, under which policy (a path, or `built-in`)."""

    root: str
    policy: str


class GapRow(Frozen):
    """Something that could not be checked."""

    path: str
    line: Line | None
    state: State
    reason: str
    detail: str


class Coverage(Frozen):
    """Every input in exactly one state; `collected` is their sum.

    `skipped_because` counts the skipped inputs by reason, `excluded` names the patterns that kept files out
    before they were collected.
    """

    collected: int
    analysed: int
    partial: int
    skipped: int
    failed: int
    skipped_because: dict[str, int] = Field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    gaps: tuple[GapRow, ...] = ()


class Relation(Frozen):
    """How one asset is related to another: `to` is the other's id, `kind` reads as in "agent uses tool"."""

    kind: EdgeKind
    to: str


class AssetRow(Frozen):
    """One piece of AI or PET in use or declared, with all its locations.

    `details` holds what only some kinds have: the hash of a model file, the tools of an agent, the day a model retires.
    """

    id: str
    kind: Asset
    name: str
    provider: str | None
    version: str | None
    model: str | None
    region: str | None = None
    endpoint: str | None = None
    approved: bool | None
    source: Origin
    traits: tuple[Trait, ...] = ()
    details: Mapping[str, Detail] = Field(default_factory=dict)
    relations: tuple[Relation, ...] = ()
    locations: tuple[Location, ...]


class Endpoint(Frozen):
    """Where a flow starts. `because` says what makes it personal data: a name, a type or a declaration."""

    path: str
    line: Line
    name: str
    because: str = ""


class FlowSink(Frozen):
    """Where a flow ends."""

    path: str
    line: Line
    kind: SinkKind
    name: str


class Step(Frozen):
    """One hop of a flow."""

    path: str
    line: Line
    label: str


class Protection(Frozen):
    """A protection that stands on a flow; `outcome` is null when nobody claimed anything checkable.

    `evidence` says how sure it is that it protects at all: declared in a configuration, only named so in code, a known
    library's with parameters in range (static), tested, attested.
    """

    technique: str
    claim: str | None
    outcome: Outcome | None
    name: str = ""
    evidence: EvidenceLevel | None = None


class Flow(Frozen):
    """Personal data on its way to a sink, with one witness path; `declared` when it is only said to be there."""

    id: str
    categories: tuple[str, ...]
    source: Endpoint
    sink: FlowSink
    steps: tuple[Step, ...]
    protections: tuple[Protection, ...]
    confidence: Confidence = Confidence.HIGH
    origin: Origin = Origin.DETECTED


class Place(Frozen):
    """A path and a line."""

    path: str
    line: Line


class HazardRow(Frozen):
    """A known way to fail that stands beside a claim, and where."""

    hazard: Hazard
    path: str
    line: Line
    detail: str


class ClaimRow(Frozen):
    """A claim and its verdict. `about` names the data sets that it speaks of, where that could be told."""

    id: str
    technique: str
    subject: str
    stated: Json
    parameters: Json
    location: Place
    outcome: Outcome
    reason: Reason | None
    explanation: str
    interval: tuple[float | None, float | None] | None
    method: str
    assumptions: tuple[str, ...]
    witness: Json
    remedy: Json
    hazards: tuple[HazardRow, ...] = ()
    about: tuple[str, ...] = ()


class LedgerRow(Frozen):
    """One release in a ledger. `counted` says how: by its noise, by the epsilon it was shown to have, or not at all."""

    claim: str
    technique: str
    location: Place
    interval: tuple[float | None, float | None] | None
    counted: Literal["by_noise", "by_epsilon", "not"]
    why: str = ""


class Ledger(Frozen):
    """All releases about one data set, or about one kind of person, composed and held against the budget.

    `interval` bounds the epsilon of everything together at `delta` (None where a side is unknown or infinite);
    `broke` is the claim of the release with which the budget was surely exceeded, in reading order.
    """

    about: str
    kind: Literal["data", "subject"]
    data: tuple[str, ...]
    budget: Budget | None
    delta: float
    interval: tuple[float | None, float | None]
    balance: Balance
    explanation: str
    releases: tuple[LedgerRow, ...]
    broke: str | None = None
    assumptions: tuple[str, ...] = ()
    remedy: Json = Field(default_factory=dict)


class Declaration(Frozen):
    """A file that declares something about personal data: how many of its flows to others, and how many columns."""

    format: str
    path: str
    line: Line
    flows: int
    columns: int


class Compared(Frozen):
    """One thing that is declared, found, or both, in words (`what`), and what the comparison says about it."""

    subject: Subject
    what: str
    categories: tuple[str, ...]
    recipient: str | None
    verdict: Agreement
    why: str
    declared: tuple[Place, ...]
    detected: tuple[Place, ...]


class Declared(Frozen):
    """What is declared about personal data, held against what was found.

    Where `lists_flows` is false nothing in the tree claims to list who gets personal data: flows that nobody declared
    are then no rows, and this is the one fact about all of them.
    """

    lists_flows: bool = False
    declarations: tuple[Declaration, ...] = ()
    rows: tuple[Compared, ...] = ()


class Spot(Frozen):
    """Where a finding stands."""

    path: str
    line: Line
    column: Line = 1


class Related(Frozen):
    """A second place that belongs to a finding."""

    path: str
    line: Line
    message: str


class Clause(Frozen):
    """A clause of a regulation or standard that a finding is relevant to; never a statement of compliance."""

    framework: str
    clause: str


class Finding(Frozen):
    """The policy is broken, or cannot be shown to hold, at a place.

    A finding about flows stands for all that leave by one call with one result: `flows` are their ids, `flow` is the
    one that shows it best, `categories` is what they carry. `related` names some of their sources.
    """

    rule: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    location: Spot
    related: tuple[Related, ...] = ()
    flow: str | None = None
    flows: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    claim: str | None = None
    result: FlowResult = FlowResult.VIOLATION
    fingerprint: str
    state: Literal["new", "existing", "suppressed"] = "new"
    clauses: tuple[Clause, ...] = ()
    remedy: str


class RuleCard(Frozen):
    """What a report needs to explain a rule."""

    id: str
    name: str
    severity: Severity
    why: str
    fix: str
    clauses: tuple[Clause, ...] = ()


class Report(Frozen):
    """Findings, verdicts and coverage of one scan."""

    schema_version: Literal["1"] = "1"
    tool: Tool
    run: Run
    scope: Scope
    execution_status: Literal["complete", "incomplete"]
    policy_decision: Literal["pass", "fail"]
    coverage: Coverage
    inventory: tuple[AssetRow, ...]
    flows: tuple[Flow, ...]
    claims: tuple[ClaimRow, ...]
    findings: tuple[Finding, ...]
    declared: Declared = Declared()
    ledgers: tuple[Ledger, ...] = ()
    rules: tuple[RuleCard, ...] = Field(default=(), exclude=True)  # for SARIF and HTML; not part of the JSON interface
