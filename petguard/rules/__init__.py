"""The policy rules: one YAML file is one rule with its check, its reasons and the examples that prove it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path as File

from petguard import _shipped, tables
from petguard.documents import Document
from petguard.errors import ConfigurationError, UnreadableInput
from petguard.handwritten import mistake, nearest, unreadable, validated
from petguard.model import FlowResult, Severity
from petguard.report import Finding, RuleCard, Spot
from petguard.rules import _claims, _declared, _flows, _ledgers, _nodes
from petguard.rules._evidence import Evidence, Hit, Spoken, fingerprints
from petguard.rules._schema import Example, Examples, Framework, RuleFile

__all__ = [
    "Evidence",
    "Example",
    "Examples",
    "Framework",
    "Rule",
    "RuleFile",
    "digest",
    "findings",
    "frameworks",
    "load",
]

# A finding that rests on a doubt must not block like a proven one, and must not vanish either.
_AT_MOST = {FlowResult.UNVERIFIED: Severity.MEDIUM, FlowResult.UNKNOWN: Severity.LOW}
_DECIDING = frozenset({".yaml", ".json", ".tsv"})


@dataclass(frozen=True)
class Rule:
    """One rule, as its file says."""

    file: RuleFile

    @property
    def id(self) -> str:
        """Such as PG201; never reused."""
        return self.file.id

    @property
    def examples(self) -> Examples:
        """The projects that must and must not fire."""
        return self.file.examples

    @property
    def card(self) -> RuleCard:
        """What a report needs to explain the rule."""
        file = self.file
        return RuleCard(
            id=file.id, name=file.name, severity=file.severity, why=file.why, fix=file.fix, clauses=file.clauses
        )

    def apply(self, evidence: Evidence, hits: Iterable[Hit]) -> Iterator[Finding]:
        """The findings that its hits are, in (path, line, column) order.

        A violation has the severity of the rule (or the one the policy gives it). What rests on a claim that nobody
        could check is at most medium, and what ends at a place that could not be resolved at most low.
        """
        severity = evidence.policy.setting(self.id).severity or self.file.severity
        for hit, fingerprint in fingerprints(self.id, hits):
            yield self._finding(hit, fingerprint, severity)

    def hits(self, evidence: Evidence, spoken: Spoken) -> Iterable[Hit]:
        """What this rule says beside what others have spoken of; nothing when the policy switches it off."""
        if not evidence.policy.setting(self.id).enabled:
            return ()
        check = self.file.check
        if check.deny_flow is not None:
            return _flows.check(check.deny_flow, evidence, spoken)
        if check.policy_data is not None:
            return _flows.check_policy_data(check.policy_data, evidence, spoken)
        return self._other_hits(evidence)

    def _other_hits(self, evidence: Evidence) -> Iterable[Hit]:
        """What is said of everything but flows, where no rule speaks beside another."""
        check = self.file.check
        if check.node is not None:
            return _nodes.check(check.node, evidence)
        if check.declared is not None:
            return _declared.check(check.declared, evidence)
        if check.ledger is not None:
            return _ledgers.check(check.ledger, evidence)
        assert check.claim is not None, f"{self.id} has no check"
        return _claims.check(check.claim, evidence)

    def _finding(self, hit: Hit, fingerprint: str, severity: Severity) -> Finding:
        file, place = self.file, hit.location
        return Finding(
            rule=file.id,
            name=file.name,
            severity=min(severity, _AT_MOST.get(hit.result, severity), key=lambda each: each.rank),
            confidence=min(file.confidence, hit.confidence, key=lambda each: each.rank),
            message=file.message.format_map(hit.words),
            location=Spot(path=place.path, line=place.line, column=place.column),
            related=hit.related,
            flow=hit.flows[0] if hit.flows else None,
            flows=hit.flows,
            categories=hit.categories,
            claim=hit.claim,
            result=hit.result,
            fingerprint=fingerprint,
            clauses=file.clauses,
            remedy=f"{file.fix} Computed: {hit.remedy}." if hit.remedy else file.fix,
        )


def findings(rules: Iterable[Rule], evidence: Evidence) -> tuple[Finding, ...]:
    """What all rules find, in (path, line, rule) order; where two speak about one flow, the more specific one does.

    A rule is silent about a flow for which a rule in its `yields_to` has a finding that is at least as bad.
    """
    chosen = {rule.id: rule for rule in rules}
    hits: dict[str, tuple[Hit, ...]] = {}
    for rule in _betters_first(chosen):
        spoken = Spoken()
        for hit in (each for better in rule.file.yields_to for each in hits.get(better, ())):
            spoken.add(hit)
        hits[rule.id] = tuple(rule.hits(evidence, spoken))
    found = (finding for key, rule in chosen.items() for finding in rule.apply(evidence, hits[key]))
    return tuple(sorted(found, key=_reading_order))


def _betters_first(rules: Mapping[str, Rule]) -> Iterator[Rule]:
    """Each rule after those that it yields to."""
    order = TopologicalSorter({key: rules.keys() & set(rule.file.yields_to) for key, rule in rules.items()})
    return (rules[key] for key in order.static_order())


def _reading_order(finding: Finding) -> tuple[str | int, ...]:
    place = finding.location
    return place.path, place.line, finding.rule, place.column, finding.fingerprint


def load(folder: File | None = None) -> tuple[Rule, ...]:
    """Read the shipped rules, or those below `folder`, in id order. One bad rule stops the scan."""
    return _shipped_rules() if folder is None else _load(sorted(folder.rglob("*.yaml")), folder)


@cache  # they are part of the program, and reading them takes longer than a small scan
def _shipped_rules() -> tuple[Rule, ...]:
    return _load(_shipped.files("rules/policy"), _shipped.folder("rules"))


def _load(paths: Sequence[File], folder: File) -> tuple[Rule, ...]:
    if not paths:
        raise ConfigurationError(f"{folder} holds no rule; an empty rule set would call everything clean")
    rules = sorted((_read(path) for path in paths), key=lambda rule: rule.id)
    twice = [key for key, count in Counter(rule.id for rule in rules).items() if count > 1]
    if twice:
        raise ConfigurationError(f"more than one rule file has the id {', '.join(twice)}; ids are never reused")
    return tuple(rules)


def _read(path: File) -> Rule:
    document = _document(path)
    file = validated(RuleFile, document, path.as_posix())
    if path.stem != f"{file.id}-{file.name}":
        raise mistake(path.as_posix(), document, ("id",), f"the file must be called {file.id}-{file.name}.yaml")
    for index, clause in enumerate(file.clauses):
        known = (
            {entry.id for entry in frameworks()[clause.framework].clauses} if clause.framework in frameworks() else {}
        )
        if clause.clause not in known:
            hint = nearest(clause.clause, known) if known else nearest(clause.framework, frameworks())
            unknown = f"no such clause as {clause.framework} {clause.clause}; {hint}"
            raise mistake(path.as_posix(), document, ("clauses", index), unknown)
    return Rule(file)


def _document(path: File) -> Document:
    try:
        return tables.read(path)
    except UnreadableInput as error:
        raise unreadable(path.as_posix(), error) from error


@cache
def frameworks() -> Mapping[str, Framework]:
    """The regulations and standards whose clauses rules may name, by id."""
    paths = _shipped.files("rules/frameworks")
    known = [validated(Framework, _document(path), path.as_posix()) for path in paths]
    return {framework.id: framework for framework in known}


def digest(folder: File | None = None) -> str:
    """SHA-256 over everything below `rules/` that decides what a scan finds: names and bytes, in path order."""
    home = folder or _shipped.folder("rules")
    total = hashlib.sha256()
    for path in sorted(path for path in home.rglob("*") if path.suffix in _DECIDING):
        content = path.read_bytes()
        total.update(f"{path.relative_to(home).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return f"sha256:{total.hexdigest()}"
