"""The SARIF 2.1.0 report: for GitHub code scanning, GitLab and SARIF viewers.

It holds no time and no absolute path, so two scans of the same tree give the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from petguard import untrusted
from petguard.model import Confidence, Severity, State
from petguard.report import Clause, Finding, Flow, GapRow, Report, RuleCard
from petguard.reports import Format, _wording

# GitHub shows 5,000 results and drops others in an order of its own; petguard says what it left out.
LIMIT = 5_000
_FLOWS_SHOWN = 5  # a viewer lets people walk through each; the JSON report has all
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"
_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub's bands: above 9.0 critical, from 7.0 high, from 4.0 medium, above 0 low. Info is no security result.
_SECURITY_SEVERITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}
_SURENESS = tuple(Confidence)
_NOT_CHECKED, _LEFT_OUT = "not-checked", "left-out"
_NOTIFICATIONS = {
    _NOT_CHECKED: "Something in the scanned tree could not be checked: the scan is incomplete.",
    _LEFT_OUT: "The file would pass a limit of its readers, so a part was left out; the JSON report has it.",
}

_Object = dict[str, Any]


def render(report: Report) -> str:
    """The report as one SARIF run; above 5,000 results the least severe are left out, and a notification says so."""
    return untrusted.json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]})


def _run(report: Report) -> _Object:
    cards = _cards(report)
    frameworks = _frameworks(cards)
    run = {
        "tool": {"driver": _driver(report, cards, frameworks)},
        "automationDetails": {"id": "petguard/"},
        "originalUriBaseIds": {_BASE: {"description": _message("The folder that was scanned.")}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": _results(report, [card.id for card in cards]),
        "properties": _properties(report),
    }
    return run | ({"taxonomies": _taxonomies(frameworks)} if frameworks else {})


def _cards(report: Report) -> list[RuleCard]:
    """The card of every rule; a finding whose rule has none brings its own, so that it is never dropped."""
    cards = {card.id: card for card in report.rules}
    for each in report.findings:
        cards.setdefault(each.rule, _own_card(each))
    return list(cards.values())


def _own_card(finding: Finding) -> RuleCard:
    return RuleCard(
        id=finding.rule,
        name=finding.name,
        severity=finding.severity,
        why=finding.name,
        fix=finding.remedy,
        clauses=finding.clauses,
    )


def _frameworks(cards: Iterable[RuleCard]) -> dict[str, list[str]]:
    """The clauses that any rule is relevant to, by framework; both sorted."""
    clauses = {(each.framework, each.clause) for card in cards for each in card.clauses}
    frameworks: dict[str, list[str]] = {}
    for framework, clause in sorted(clauses):
        frameworks.setdefault(framework, []).append(clause)
    return frameworks


def _driver(report: Report, cards: Sequence[RuleCard], frameworks: dict[str, list[str]]) -> _Object:
    sureness: dict[str, list[Confidence]] = {}
    for each in report.findings:
        sureness.setdefault(each.rule, []).append(each.confidence)
    driver: _Object = {
        "name": report.tool.name,
        "version": _said(report.tool.version),
        "rules": [_rule(card, frameworks, sureness.get(card.id, [])) for card in cards],
        "notifications": [{"id": key, "shortDescription": _message(text)} for key, text in _NOTIFICATIONS.items()],
        "properties": {"rulesDigest": report.tool.rules_digest},
    }
    if frameworks:
        driver["supportedTaxonomies"] = [_component(name, frameworks) for name in frameworks]
    return driver


def _rule(card: RuleCard, frameworks: dict[str, list[str]], sureness: Sequence[Confidence]) -> _Object:
    relevant = [f"{each.framework}: {each.clause}" for each in card.clauses]
    why, fix = _said(_wording.prose(card.why)), _said(_wording.prose(card.fix))
    listed = "".join(f"\n- {untrusted.plain(each)}" for each in relevant)
    rule: _Object = {
        "id": _said(card.id),
        "name": _said(card.name, 255),
        "shortDescription": _message(card.name.replace("-", " "), 1_000),
        "fullDescription": _message(_wording.prose(card.why), 1_000),
        "help": {
            "text": f"{why}\n\nWhat to do: {fix}" + (f"\n\nRelevant to:{listed}" if listed else ""),
            "markdown": f"{why}\n\n**What to do:** {fix}" + (f"\n\n**Relevant to**\n{listed}" if listed else ""),
        },
        "defaultConfiguration": {"level": _LEVEL[card.severity]},
        "properties": _rule_properties(card, relevant, sureness),
    }
    links = [_relationship(clause, frameworks) for clause in dict.fromkeys(card.clauses)]
    return rule | ({"relationships": links} if links else {})


def _rule_properties(card: RuleCard, relevant: Sequence[str], sureness: Sequence[Confidence]) -> _Object:
    """The precision is that of the least sure finding: SARIF knows it for a rule only, petguard for each finding."""
    tags = dict.fromkeys(["security", "privacy", *map(_said, relevant)])
    return {
        "precision": min(sureness, key=_SURENESS.index, default=Confidence.MEDIUM),
        "tags": list(tags)[:10],  # GitHub shows no more, and rejects more than 20
    } | ({"security-severity": _SECURITY_SEVERITY[card.severity]} if card.severity in _SECURITY_SEVERITY else {})


def _relationship(clause: Clause, frameworks: dict[str, list[str]]) -> _Object:
    taxa = frameworks[clause.framework]
    target = {
        "id": _said(clause.clause),
        "index": taxa.index(clause.clause),
        "toolComponent": _component(clause.framework, frameworks),
    }
    return {"target": target, "kinds": ["relevant"]}


def _component(framework: str, frameworks: dict[str, list[str]]) -> _Object:
    return {"name": _said(framework), "index": list(frameworks).index(framework)}


def _taxonomies(frameworks: dict[str, list[str]]) -> list[_Object]:
    return [
        {"name": _said(framework), "taxa": [{"id": _said(clause)} for clause in clauses]}
        for framework, clauses in frameworks.items()
    ]


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, then by confidence, otherwise in the report's order."""
    return sorted(findings, key=lambda each: (-each.severity.rank, -_SURENESS.index(each.confidence)))


def _results(report: Report, rules: Sequence[str]) -> list[_Object]:
    index = {rule: number for number, rule in enumerate(rules)}
    flows = {flow.id: flow for flow in report.flows}
    shown = _worst_first(report.findings)[:LIMIT]
    return [_result(each, index[each.rule], _shown_flows(each, flows)) for each in shown]


def _shown_flows(finding: Finding, flows: Mapping[str, Flow]) -> list[Flow]:
    """The flows whose steps are shown: the one that stands for all, and a few others."""
    keys = dict.fromkeys((*filter(None, [finding.flow]), *finding.flows))
    found = [flow for key in keys if (flow := flows.get(key)) is not None and flow.steps]
    return found[:_FLOWS_SHOWN]


def _result(finding: Finding, rule_index: int, flows: Sequence[Flow]) -> _Object:
    result: _Object = {
        "ruleId": _said(finding.rule),
        "ruleIndex": rule_index,
        "level": _LEVEL[finding.severity],
        "message": {"text": _said(finding.message) + _links(finding)},
        "locations": [_location(finding.location.path, finding.location.line, finding.location.column)],
        "partialFingerprints": {"petguard/v1": finding.fingerprint or "none"},
        "properties": {
            "confidence": finding.confidence,
            "result": finding.result,
            "state": finding.state,
            "claim": finding.claim,
            "flows": len(finding.flows),
            "categories": list(finding.categories),
            "remedy": finding.remedy,
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            _location(each.path, each.line) | {"id": number, "message": _message(each.message)}
            for number, each in enumerate(finding.related, 1)
        ]
    if flows:
        result["codeFlows"] = [_code_flow(flow) for flow in flows]
    if finding.state == "suppressed":
        result["suppressions"] = [{"kind": "external"}]
    return result


def _links(finding: Finding) -> str:
    """GitHub shows a related location only where the message links to it."""
    labels = (_said(each.message).translate({ord("["): "(", ord("]"): ")"}) for each in finding.related)
    links = ", ".join(f"[{label}]({number})" for number, label in enumerate(labels, 1))
    return f" (see {links})" if links else ""


def _code_flow(flow: Flow) -> _Object:
    steps = [{"location": _location(step.path, step.line) | {"message": _message(step.label)}} for step in flow.steps]
    return {"threadFlows": [{"locations": steps}]}


def _location(path: str, line: int, column: int = 1) -> _Object:
    """One character wide: GitHub annotates a pull request only when the whole region lies inside the change."""
    region = {"startLine": line, "startColumn": column, "endLine": line, "endColumn": column + 1}
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> _Object:
    return {"uri": untrusted.sarif_uri(path), "uriBaseId": _BASE}


def _invocation(report: Report) -> _Object:
    """Gaps are notifications: GitHub rejects the whole file when the execution itself is called unsuccessful."""
    gaps = report.coverage.gaps
    notifications = [_gap(each) for each in gaps[:LIMIT]]
    for noun, number in (("finding", len(report.findings)), ("gap", len(gaps))):
        if number > LIMIT:
            text = f"{number - LIMIT:,} of {_wording.counted(number, noun)} are not in this file; see the JSON report"
            notifications.append(_notification(_LEFT_OUT, text))
    return {"executionSuccessful": True, "toolExecutionNotifications": notifications}


def _gap(gap: GapRow) -> _Object:
    """Lines below 1 do not exist in SARIF, so a gap of a whole file has no region."""
    physical: _Object = {"artifactLocation": _artifact(gap.path)}
    if gap.line is not None:
        physical["region"] = {"startLine": gap.line}
    verb = {State.PARTIAL: "checked in part only", State.SKIPPED: "skipped", State.FAILED: "failed"}
    text = f"{verb.get(gap.state, gap.state)} ({gap.reason}): {gap.detail}"
    return _notification(_NOT_CHECKED, text) | {"locations": [{"physicalLocation": physical}]}


def _notification(key: str, text: str) -> _Object:
    descriptor = {"id": key, "index": list(_NOTIFICATIONS).index(key)}
    return {"level": "warning", "descriptor": descriptor, "message": _message(text)}


def _properties(report: Report) -> _Object:
    """What SARIF has no place for: the decision, the coverage and every claim with its verdict."""
    return {
        "executionStatus": report.execution_status,
        "policyDecision": report.policy_decision,
        "policy": report.scope.policy,
        "coverage": report.coverage.model_dump(exclude={"gaps"}),
        "claims": [claim.model_dump() for claim in report.claims],
    }


def _message(text: str, limit: int | None = None) -> _Object:
    return {"text": _said(text, limit)}


def _said(text: str, limit: int | None = None) -> str:
    """Encoded, within the limit, and never empty, which GitHub rejects."""
    shown = untrusted.plain(text) or "-"
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


FORMAT = Format(name="sarif", render=render)
