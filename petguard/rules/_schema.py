"""The shape of a rule file: what a rule may ask of nodes, flows and claims, and the words it may use in its message."""

from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from petguard.claims import Name
from petguard.hazards import Hazard
from petguard.model import (
    Agreement,
    Asset,
    Balance,
    Confidence,
    Frozen,
    NodeKind,
    Origin,
    Outcome,
    Reason,
    Severity,
    SinkKind,
    Subject,
    Trait,
)
from petguard.policy import Listed
from petguard.report import Clause

T = TypeVar("T")


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class _OneWillDo:
    """Says in the JSON schema that a single value may stand for a list of one."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


OneOrMore = Annotated[tuple[T, ...], Field(min_length=1), BeforeValidator(_as_list), _OneWillDo()]
Known = Literal["asset", "provider", "version", "model", "region", "endpoint", "technique", "claim"]


class TraitTest(Frozen):
    """Traits of which a node must have any, all and none."""

    any: tuple[Trait, ...] = ()
    all: tuple[Trait, ...] = ()
    none: tuple[Trait, ...] = ()


class NodeTest(Frozen):
    """What a node must be; every key that is given must hold. `has` and `lacks` name fields that are known or not."""

    kind: OneOrMore[NodeKind] | None = None
    asset: OneOrMore[Asset] | None = None
    sink: OneOrMore[SinkKind] | None = None
    provider: OneOrMore[Name] | None = None
    technique: OneOrMore[Name] | None = None
    origin: Origin | None = None
    traits: TraitTest | None = None
    approved: bool | Literal["undecided"] | None = None
    refused_by: Listed | None = None
    has: OneOrMore[Known] | None = None
    lacks: OneOrMore[Known] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an empty test would match everything; name at least one property")
        return self


class DataTest(Frozen):
    """Which personal data: a category with all below it, or (not) a special category."""

    data_category: Name | None = None
    special: bool | None = None


class Bound(Frozen):
    """How a number in a claim compares."""

    le: float | None = None
    ge: float | None = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.le is None and self.ge is None:
            raise ValueError("a bound needs le or ge")
        return self


class ProtectionTest(Frozen):
    """A protection that makes a flow acceptable. `verdict: claimed` accepts it without proof.

    `covers: from.data_category` also asks that the technique protects this category at all.
    """

    protection: OneOrMore[Name]
    claim: dict[Name, Bound] = Field(default_factory=dict)
    covers: Literal["from.data_category"] | None = None
    verdict: Literal["verified", "claimed"] = "verified"


class Protections(Frozen):
    """Protections of which one must stand on every way."""

    any: Annotated[tuple[ProtectionTest, ...], Field(min_length=1)]


class FlowTest(Frozen):
    """A flow that is denied unless every way passes a protection.

    With `unless_policy_decides` a category that the policy's `data` section decides on is left to that decision.
    """

    source: DataTest = Field(alias="from")
    to: NodeTest
    unless_every_path_passes: Protections | None = None
    unless_policy_decides: bool = False


class PolicyDataTest(Frozen):
    """Apply what the policy's `data` section says about each category to flows into these nodes."""

    to: NodeTest


class ClaimTest(Frozen):
    """What a claim must be; every key that is given must hold. `hazard` is hit once for each place of the hazard."""

    technique: OneOrMore[Name] | None = None
    outcome: Outcome | None = None
    reason: OneOrMore[Reason] | None = None
    over_budget: Literal["epsilon", "delta"] | None = None
    states: Name | None = None
    missing: Name | None = None
    conflicts: Literal[True] | None = None
    hazard: OneOrMore[Hazard] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an empty test would match everything; name at least one property")
        return self


class DeclaredTest(Frozen):
    """What the comparison of declarations with what was found says, and about what."""

    subject: OneOrMore[Subject]
    verdict: OneOrMore[Agreement]


class LedgerTest(Frozen):
    """What a ledger (all releases about one data set, or one kind of person) says about its budget."""

    balance: OneOrMore[Balance]


class Check(Frozen):
    """Exactly one kind of check."""

    node: NodeTest | None = None
    deny_flow: FlowTest | None = None
    policy_data: PolicyDataTest | None = None
    claim: ClaimTest | None = None
    declared: DeclaredTest | None = None
    ledger: LedgerTest | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def kind(self) -> str:
        """The key that was given."""
        return next(iter(self.model_fields_set))


_FLOW_WORDS = frozenset({"source", "sink", "categories", "provider", "protections", "how"})
WORDS: Mapping[str, frozenset[str]] = {
    "node": frozenset({"name", "kind", "provider", "version", "model", "region", "endpoint", "retires_on"}),
    "deny_flow": _FLOW_WORDS,
    "policy_data": _FLOW_WORDS | {"requirement"},
    "claim": frozenset(
        {"technique", "subject", "explanation", "epsilon", "delta", "budget", "reason", "conflicts", "hazard"}
    ),
    "ledger": frozenset({"about", "explanation", "budget", "epsilon", "release"}),
    "declared": frozenset({"what", "why", "categories", "recipient", "declared_in", "times"}),
}


class Example(Frozen):
    """A tiny project, and the policy (the built-in one unless given) and the day with which it is scanned."""

    files: Annotated[dict[Name, str], Field(min_length=1)]
    policy: str | None = None
    today: date | None = None


class Examples(Frozen):
    """Projects that must fire and projects, as close to them as possible, that must not."""

    bad: Annotated[tuple[Example, ...], Field(min_length=1)]
    good: Annotated[tuple[Example, ...], Field(min_length=1)]


class RuleFile(Frozen):
    """One file under `rules/policy/`. A flow that a rule in `yields_to` reports as badly is left to that rule."""

    id: Annotated[str, Field(pattern=r"^PG\d{3}$")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    severity: Severity
    confidence: Confidence
    why: Annotated[str, Field(min_length=20)]
    fix: Annotated[str, Field(min_length=20)]
    check: Check
    message: Name
    yields_to: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    examples: Examples

    @model_validator(mode="after")
    def _knows_its_words(self) -> Self:
        for _, word, spec, conversion in Formatter().parse(self.message):
            if word is not None and (word not in WORDS[self.check.kind] or spec or conversion):
                known = ", ".join(sorted(WORDS[self.check.kind]))
                raise ValueError(f"the message cannot use {{{word}}}; a {self.check.kind} check knows {known}")
        return self


class ClauseEntry(Frozen):
    """One clause, with a short title in petguard's own words; `applies_from` (a date) where it is not in force yet."""

    id: Name
    title: Name
    applies_from: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] | None = None


class Framework(Frozen):
    """A regulation or standard: which version the clause ids belong to, and when that was checked."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    title: Name
    version: Name
    source: Name
    checked_on: Annotated[str, Field(pattern=r"^\d{4}-\d\d$")]
    clauses: Annotated[tuple[ClauseEntry, ...], Field(min_length=1)]
