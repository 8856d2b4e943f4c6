"""The rule engine on graphs made by hand."""

from itertools import pairwise

import pytest

from petguard import rows, rules
from petguard.claims import STATEMENT
from petguard.graph import SystemGraph
from petguard.model import (
    Asset,
    Claim,
    Edge,
    EdgeKind,
    Facts,
    FlowResult,
    Location,
    Node,
    NodeKind,
    Origin,
    Outcome,
    Reason,
    Severity,
    SinkKind,
    Trait,
    Verdict,
)
from petguard.policy import Policy
from petguard.report import Finding
from petguard.rules import Evidence

RULES = rules.load()


def at(line: int = 1, path: str = "app.py") -> Location:
    """A place."""
    return Location(path=path, line=line)


def node(key: str, kind: NodeKind, line: int = 1, **fields: object) -> Node:
    """A node called by the end of its id."""
    values = {"id": key, "kind": kind, "name": key.rpartition(":")[2], "origin": Origin.DETECTED}
    return Node.model_validate({**values, "locations": (at(line),), **fields})


def data(category: str, *more: str, line: int = 3) -> Node:
    """Personal data in a function `f`."""
    return node("data:app.py:f:secret", NodeKind.DATA, line, categories=(category, *more))


def openai(**fields: object) -> Node:
    """The service that most examples send data to."""
    values = {"asset": Asset.AI_SERVICE, "sink": SinkKind.AI_SERVICE, "provider": "openai", "traits": (Trait.EXTERNAL,)}
    return node("ai_service:openai", NodeKind.AI_SERVICE, 9, **{**values, **fields})


def call(line: int = 9) -> Node:
    """The call that sends the data."""
    return node(f"call:app.py:{line}:5", NodeKind.CODE, line, name="client.create")


def protection(technique: str, claim: str | None = None) -> Node:
    """A function that protects, with or without a claim."""
    return node("protection:app.py:5:1", NodeKind.PROTECTION, 5, name="scrub", technique=technique, claim=claim)


def claim(key: str = "c1", technique: str = "dp_query", **said: object) -> Claim:
    """A claim about the function `f`."""
    statement = STATEMENT.validate_python({"technique": technique, **said})
    return Claim(id=key, statement=statement, location=at(5), subject="app.py:f")


def verdict(outcome: Outcome, key: str = "c1", **fields: object) -> Verdict:
    """A verdict with the evidence that its outcome needs."""
    doubt = Reason.MISSING_PARAMETER if outcome is Outcome.UNVERIFIABLE else None
    values = {"claim": key, "outcome": outcome, "explanation": "because", "method": "closed form", "reason": doubt}
    return Verdict.model_validate({**values, "witness": {"epsilon": 2}, **fields})


def chain(*nodes: Node) -> tuple[Edge, ...]:
    """Data flows from each node to the next."""
    values = {"kind": EdgeKind.FLOWS_TO, "origin": Origin.DETECTED, "location": at(9)}
    return tuple(Edge.model_validate({**values, "source": a.id, "target": b.id}) for a, b in pairwise(nodes))


def evidence(
    *ways: tuple[Node, ...], policy: str = "", claims: tuple[Claim, ...] = (), verdicts: tuple[Verdict, ...] = ()
) -> Evidence:
    """What a scan knows when it has seen these ways."""
    facts = [Facts(nodes=way, edges=chain(*way)) for way in ways]
    return Evidence.of(SystemGraph(facts), claims, verdicts, Policy.load("petguard.yaml", policy))


def told(found: Evidence, *ids: str) -> list[Finding]:
    """What the named rules find, together."""
    return list(rules.findings([rule for rule in RULES if rule.id in ids], found))


def said(found: Evidence) -> list[str]:
    """The ids of all rules that speak about data flows."""
    return [finding.rule for finding in told(found, "PG201", "PG202", "PG203", "PG204")]


EMAIL = "user.contact.email"
HEALTH = "user.health_and_medical"


def test_unprotected_personal_data_is_a_violation() -> None:
    """It stands at the call, says where the data came from, and names its flow."""
    found = evidence((data(EMAIL), call(), openai()))
    [finding] = told(found, "PG201")
    assert (finding.severity, finding.result, finding.location.line) == (Severity.HIGH, FlowResult.VIOLATION, 9)
    assert [(place.line, place.message) for place in finding.related] == [(3, "source: secret")]
    assert finding.message == "secret (user.contact.email) reaches openai without protection"
    assert finding.flow == rows.flow_rows(found.flows, {})[0].id


def test_only_the_more_specific_rule_speaks() -> None:
    """A flow with health data and an address is one problem, and the special category names it."""
    assert said(evidence((data(EMAIL, HEALTH), call(), openai()))) == ["PG202"]


def test_a_local_service_is_no_recipient() -> None:
    """Data that stays on the machine did not leave."""
    assert said(evidence((data(EMAIL), call(), openai(traits=(Trait.LOCAL,))))) == []


def test_a_service_of_unknown_place_counts_as_external() -> None:
    """Only what is known to run here may be silent."""
    assert said(evidence((data(EMAIL), call(), openai(traits=())))) == ["PG201"]


def test_a_protection_that_is_only_named_is_unverified() -> None:
    """A function called scrub may do anything; the finding is medium and says so."""
    [finding] = told(evidence((data(EMAIL), protection("redaction"), call(), openai())), "PG201")
    assert (finding.severity, finding.result) == (Severity.MEDIUM, FlowResult.UNVERIFIED)
    assert "protected only by scrub, which nobody could verify" in finding.message


def test_an_unresolved_model_is_unknown() -> None:
    """Where the data goes was not found out: low, and never silent."""
    found = evidence((data(EMAIL), call(), node("model:x", NodeKind.MODEL)))
    [finding] = told(found, "PG201")
    assert (finding.severity, finding.result) == (Severity.LOW, FlowResult.UNKNOWN)
    assert [(gap.reason, gap.line) for gap in rows.lost_flows(found.flows)] == [("unresolved", 9)]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(Outcome.VERIFIED, []), (Outcome.UNVERIFIABLE, ["unverified"]), (Outcome.REFUTED, ["violation"])],
)
def test_the_verdict_decides_what_a_protection_is_worth(outcome: Outcome, expected: list[str]) -> None:
    """Verified protects, unverifiable is a doubt, refuted is nothing at all."""
    way = (data(HEALTH), protection("dp_query", "c1"), call(), openai())
    found = evidence(way, claims=(claim(epsilon=1.0),), verdicts=(verdict(outcome),))
    assert [finding.result for finding in told(found, "PG202")] == expected


def test_a_verified_claim_that_promises_too_little_does_not_protect() -> None:
    """Epsilon 50 is proven and worthless."""
    way = (data(HEALTH), protection("dp_query", "c1"), call(), openai())
    found = evidence(way, claims=(claim(epsilon=50.0),), verdicts=(verdict(Outcome.VERIFIED),))
    assert [finding.result for finding in told(found, "PG202")] == [FlowResult.VIOLATION]


def test_redaction_does_not_cover_health_unless_it_claims_to() -> None:
    """Without the name the text still tells of the illness."""
    way = (data(HEALTH), protection("redaction", "c1"), call(), openai())
    verdicts = (verdict(Outcome.VERIFIED),)
    plain = evidence(way, claims=(claim(technique="redaction", max_leak=0.0),), verdicts=verdicts)
    stated = claim(technique="redaction", max_leak=0.0, entities=[HEALTH])
    assert [finding.result for finding in told(plain, "PG202")] == [FlowResult.VIOLATION]
    assert told(evidence(way, claims=(stated,), verdicts=verdicts), "PG202") == []


def test_redaction_that_lists_entities_covers_those_alone() -> None:
    """Recogniser names are understood; a name is not an e-mail address."""
    stated = claim(technique="redaction", max_leak=0.0, entities=["EMAIL_ADDRESS"])
    for category, expected in ((EMAIL, []), ("user.name", [FlowResult.VIOLATION])):
        way = (data(category), protection("redaction", "c1"), call(), openai())
        found = evidence(way, claims=(stated,), verdicts=(verdict(Outcome.VERIFIED),))
        assert [finding.result for finding in told(found, "PG201")] == expected


def test_a_field_that_is_left_out_is_protected_whatever_it_holds() -> None:
    """A column of diagnoses that is dropped tells of nobody's illness; the other columns still say what they hold."""
    left_out = protection("redaction").model_copy(update={"details": {"evidence": "static", "entities": (HEALTH,)}})
    for category, expected in ((HEALTH, []), (EMAIL, [FlowResult.VIOLATION])):
        found = evidence((data(category), left_out, call(), openai()), policy="accept_evidence: static")
        assert [finding.result for finding in told(found, "PG201", "PG202")] == expected


def test_pseudonymisation_is_no_anonymisation() -> None:
    """Even when it holds, the data are still personal."""
    way = (data(EMAIL), protection("pseudonymisation", "c1"), call(), openai())
    found = evidence(way, claims=(claim(technique="pseudonymisation"),), verdicts=(verdict(Outcome.VERIFIED),))
    assert [finding.result for finding in told(found, "PG201")] == [FlowResult.VIOLATION]


def test_a_way_around_the_protection_is_the_witness() -> None:
    """One protected way does not excuse the other."""
    source, end = data(EMAIL), openai()
    verdicts = (verdict(Outcome.VERIFIED),)
    found = evidence(
        (source, protection("dp_query", "c1"), call(), end),
        (source, call(12), end),
        claims=(claim(epsilon=1.0),),
        verdicts=verdicts,
    )
    [finding] = told(found, "PG201")
    assert (finding.result, finding.location.line) == (FlowResult.VIOLATION, 12)


def test_the_policy_decides_about_data_once_it_says_something() -> None:
    """A named provider may get the data; any other is against the policy, and the general rules are silent."""
    way = (data(EMAIL), call(), openai())
    assert said(evidence(way, policy="data: {user.contact: {providers: [openai]}}")) == []
    assert said(evidence(way, policy="data: {user.contact: {providers: [azure]}}")) == ["PG203"]


def test_a_required_protection_may_be_accepted_on_its_word() -> None:
    """`verdict: claimed` accepts what nobody could check; without it the result is unverified."""
    way = (data(EMAIL), protection("pseudonymisation"), call(), openai())
    required = "data: {user: {require: [pseudonymisation]%s}}"
    assert said(evidence(way, policy=required % ", verdict: claimed")) == []
    [finding] = told(evidence(way, policy=required % ""), "PG203")
    assert finding.result is FlowResult.UNVERIFIED
    assert "the policy requires pseudonymisation, verified" in finding.message


def test_what_nobody_decided_on_is_information() -> None:
    """Under the built-in policy AI use is listed, not blocked; an approved provider is not even listed."""
    way = (data("user.name"), call(), openai())
    assert [finding.severity for finding in told(evidence(way), "PG101", "PG102")] == [Severity.INFO]
    assert told(evidence(way, policy="approved: {providers: [openai]}"), "PG101", "PG102") == []
    [finding] = told(evidence(way, policy="approved: {providers: [azure]}"), "PG101", "PG102")
    assert finding.message == "openai (openai) is not an approved AI provider"


def test_a_node_is_reported_once_with_its_other_places() -> None:
    """One asset, one finding, however often it is used."""
    key = node("credential:app.py:4", NodeKind.ARTIFACT, asset=Asset.CREDENTIAL, traits=(Trait.SECRET,))
    [finding] = told(evidence((key.model_copy(update={"locations": (at(4), at(8))}),)), "PG104")
    assert (finding.location.line, [place.line for place in finding.related]) == (4, [8])


def test_moved_lines_keep_their_fingerprints() -> None:
    """A baseline survives an added import, and two equal findings stay two."""

    def keys(*lines: int) -> list[str]:
        fields = {"asset": Asset.CREDENTIAL, "traits": (Trait.SECRET,), "name": "API_KEY"}
        nodes = [node(f"credential:app.py:{line}", NodeKind.ARTIFACT, line, **fields) for line in lines]
        return [finding.fingerprint for finding in told(evidence(tuple(nodes[:1]), tuple(nodes[1:])), "PG104")]

    assert keys(4, 8) == keys(14, 28)
    assert len(set(keys(4, 8))) == 2
    assert keys(4) == keys(4, 8)[:1]


def test_the_policy_changes_severity_and_switches_off() -> None:
    """A rule setting applies to what the rule would have said."""
    way = (data(EMAIL), call(), openai())
    assert [f.severity for f in told(evidence(way, policy="rules: {PG201: {severity: low}}"), "PG201")] == ["low"]
    assert told(evidence(way, policy="rules: {PG201: {enabled: false, reason: reviewed}}"), "PG201") == []


def test_a_general_rule_speaks_when_the_specific_one_is_off() -> None:
    """Switching off the special rule does not hide the flow."""
    off = "rules: {PG202: {enabled: false, reason: reviewed}}"
    assert said(evidence((data(EMAIL, HEALTH), call(), openai()), policy=off)) == ["PG201"]


def test_a_refuted_claim_is_a_finding_with_its_remedy() -> None:
    """The numbers of the verdict reach the reader."""
    judged = verdict(Outcome.REFUTED, remedy={"scale": 2.0})
    [finding] = told(evidence(claims=(claim(epsilon=1.0),), verdicts=(judged,)), "PG301")
    assert finding.message == "dp_query for app.py:f does not hold: because"
    assert finding.remedy.endswith("Computed: scale = 2.0.")


def test_an_uncheckable_claim_is_a_low_finding() -> None:
    """It is neither a pass nor a violation."""
    [finding] = told(evidence(claims=(claim(epsilon=1.0),), verdicts=(verdict(Outcome.UNVERIFIABLE),)), "PG304")
    assert (finding.severity, finding.result) == (Severity.LOW, FlowResult.UNVERIFIED)
    assert "(missing parameter)" in finding.message


def test_a_verified_claim_can_be_over_budget() -> None:
    """The claim is true and spends too much; so does one whose true value is known to be higher."""
    verdicts = (verdict(Outcome.VERIFIED),)
    [finding] = told(evidence(claims=(claim(epsilon=3.0),), verdicts=verdicts, policy="budgets: {epsilon: 1}"), "PG302")
    assert finding.message == "dp_query for app.py:f spends epsilon 3; the budget is 1"
    silent = (verdict(Outcome.UNVERIFIABLE, interval=(2.0, None)),)
    assert told(evidence(claims=(claim(),), verdicts=silent, policy="budgets: {epsilon: 1}"), "PG302")
    assert told(evidence(claims=(claim(epsilon=3.0),), verdicts=verdicts), "PG302") == []


def test_a_missing_delta_is_told_from_an_unreadable_one() -> None:
    """What could not be read is a gap of the claim, not an omission of its author."""
    stated = claim(technique="dp_sgd", epsilon=3.0)
    unread = stated.model_copy(update={"unresolved": {"delta": "computed at run time"}})
    verdicts = (verdict(Outcome.UNVERIFIABLE),)
    assert told(evidence(claims=(stated,), verdicts=verdicts), "PG303")
    assert told(evidence(claims=(unread,), verdicts=verdicts), "PG303") == []


def test_who_states_no_epsilon_owes_no_delta() -> None:
    """DP-SGD in code that promises nothing is not a claim without delta."""
    found = evidence(claims=(claim(technique="dp_sgd", steps=10),), verdicts=(verdict(Outcome.UNVERIFIABLE),))
    assert told(found, "PG303") == []


def test_a_contradiction_is_named() -> None:
    """Both statements reach the reader."""
    torn = claim(epsilon=1.0).model_copy(
        update={"conflicts": {"epsilon": {"found": 1, "stated": 8, "stated_in": "README.md:3"}}}
    )
    [finding] = told(evidence(claims=(torn,), verdicts=(verdict(Outcome.VERIFIED),)), "PG305")
    assert finding.message.endswith("epsilon: found 1, stated 8, stated in README.md:3")


def test_rows_are_in_order_and_complete() -> None:
    """The inventory, the flows and the claims of one small project."""
    way = (data(EMAIL), protection("redaction", "c1"), call(), openai())
    judged = {"c1": verdict(Outcome.UNVERIFIABLE)}
    found = evidence(way, claims=(claim(technique="redaction"),), verdicts=tuple(judged.values()))
    [asset] = rows.asset_rows(found.graph, found.policy)
    [flow] = rows.flow_rows(found.flows, judged)
    [row] = rows.claim_rows(found.claims, judged)
    assert (asset.name, asset.approved) == ("openai", None)
    assert ([step.label for step in flow.steps], flow.sink.line) == (["secret", "scrub", "client.create", "openai"], 9)
    assert [(each.technique, each.outcome) for each in flow.protections] == [("redaction", Outcome.UNVERIFIABLE)]
    assert (row.id, row.outcome) == ("c1", Outcome.UNVERIFIABLE)


def test_a_flow_that_is_lost_is_still_a_row() -> None:
    """Lost at a model it went to some AI, lost at a tool to somebody else."""
    kinds = {}
    for kind in (NodeKind.MODEL, NodeKind.TOOL):
        end = node("x:end", kind, traits=(Trait.UNRESOLVED,))
        kinds[kind] = rows.flow_rows(evidence((data(EMAIL), end)).flows, {})[0].sink.kind
    assert kinds == {NodeKind.MODEL: SinkKind.AI_SERVICE, NodeKind.TOOL: SinkKind.THIRD_PARTY}


def two_ways(*, second: Node) -> Evidence:
    """Two sources that leave by one call, the second one through something of its own."""
    found = evidence((data(EMAIL), call(), openai()))
    parts = found.graph
    other = data(HEALTH).model_copy(update={"id": "data:other", "name": "other"})
    edges = [
        Edge(kind=EdgeKind.FLOWS_TO, source=a, target=b, origin=Origin.DETECTED, location=other.locations[0])
        for a, b in ((other.id, second.id), (second.id, call().id))
    ]
    facts = Facts(nodes=(*parts.nodes(), other, second), edges=(*parts.edges(), *edges))
    return Evidence.of(SystemGraph([facts]), (), (), found.policy)


def test_all_that_leaves_by_one_call_with_one_result_is_one_finding() -> None:
    """It names every flow and category, and where the other data comes from."""
    step = call().model_copy(update={"id": "call:other", "name": "step"})
    [finding] = [each for each in told(two_ways(second=step), "PG201") if each.rule == "PG201"]
    assert len(finding.flows) == 2
    assert finding.flow == finding.flows[0]
    assert finding.categories == (EMAIL, HEALTH)
    assert "and 1 other source" in finding.message
    assert {each.message for each in finding.related} == {"source: secret", "source: other"}


def test_a_doubt_and_a_violation_at_one_call_are_two_findings() -> None:
    """A protection on one way does not hide that another has none, and the other way round."""
    results = [each.result for each in told(two_ways(second=protection("consent")), "PG201")]
    assert sorted(results) == [FlowResult.UNVERIFIED, FlowResult.VIOLATION]
