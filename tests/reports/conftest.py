"""Reports built by hand: one that looks like a real scan, a hostile one, and empty ones."""

from collections.abc import Callable

import pytest

from petguard.model import Asset, Confidence, FlowResult, Location, Origin, Outcome, Reason, Severity, SinkKind, State
from petguard.report import (
    AssetRow,
    ClaimRow,
    Clause,
    Coverage,
    Endpoint,
    Finding,
    Flow,
    FlowSink,
    GapRow,
    Place,
    Protection,
    Related,
    Report,
    RuleCard,
    Run,
    Scope,
    Spot,
    Step,
    Tool,
)

TOOL = Tool(version="0.1.0", rules_digest="sha256:5f1d" + "0" * 60)
RUN = Run(started_at="2026-03-04T10:15:00Z", duration_s=1.84)
SCOPE = Scope(root="shop-assistant", policy="petguard.yaml")
ART_32 = Clause(framework="gdpr", clause="Art. 32(1)(a)")
ART_44 = Clause(framework="gdpr", clause="Art. 44")
MEASURE = Clause(framework="nist-ai-rmf", clause="MEASURE 2.10")

RULES = (
    RuleCard(
        id="PG201",
        name="personal-data-reaches-unapproved-ai",
        severity=Severity.HIGH,
        why="Personal data that reaches a provider nobody approved\nhas left, and cannot be taken back.",
        fix="Approve the provider in petguard.yaml, or redact the data before the call.",
        clauses=(ART_32, ART_44, MEASURE),
    ),
    RuleCard(
        id="PG301",
        name="claimed-protection-refuted",
        severity=Severity.CRITICAL,
        why="A protection that does not hold is worse than none: people rely on it.",
        fix="Use the computed remedy, or withdraw the claim.",
        clauses=(ART_32,),
    ),
    RuleCard(
        id="PG120",
        name="model-reference-can-change",
        severity=Severity.MEDIUM,
        why="A name without a digest may mean other bytes tomorrow.",
        fix="Pin the revision.",
    ),
    RuleCard(
        id="PG130",
        name="assistant-without-owner",
        severity=Severity.INFO,
        why="Nobody answers for the configuration.",
        fix="Name an owner.",
    ),
)

FLOW = Flow(
    id="flow:customer.email>openai",
    categories=("user.contact.email", "user.health_and_medical"),
    source=Endpoint(path="shop/models.py", line=14, name="Customer.email"),
    sink=FlowSink(path="shop/llm.py", line=41, kind=SinkKind.AI_SERVICE, name="openai"),
    steps=(
        Step(path="shop/models.py", line=14, label="Customer.email"),
        Step(path="shop/support.py", line=88, label="build_prompt(ticket)"),
        Step(path="shop/redact.py", line=9, label="mask(text)"),
        Step(path="shop/llm.py", line=41, label="client.chat.completions.create(messages=…)"),
    ),
    protections=(
        Protection(technique="redaction", claim="claim:mask", outcome=Outcome.UNVERIFIABLE),
        Protection(technique="pseudonymisation", claim=None, outcome=None),
    ),
)
LOGGED = Flow(
    id="flow:customer.phone>log",
    categories=("user.contact.phone_number",),
    source=Endpoint(path="shop/models.py", line=15, name="Customer.phone"),
    sink=FlowSink(path="shop/support.py", line=92, kind=SinkKind.LOG, name="logger.info"),
    steps=(
        Step(path="shop/models.py", line=15, label="Customer.phone"),
        Step(path="shop/support.py", line=92, label="logger.info(customer.phone)"),
    ),
    protections=(),
)

CLAIMS = (
    ClaimRow(
        id="claim:train",
        technique="dp_sgd",
        subject="train.py:train",
        stated={"epsilon": 1.0, "delta": 1e-5},
        parameters={"noise_multiplier": 0.8, "batch_size": 256, "dataset_size": 60000, "epochs": 15},
        location=Place(path="train.py", line=20),
        outcome=Outcome.REFUTED,
        reason=None,
        explanation="the noise gives epsilon 3.91 at the least, not 1",
        interval=(3.9143, 3.9207),
        method="pld accountant",
        assumptions=("batches are drawn by Poisson sampling", "one person is one example"),
        witness={"lower_bound": 3.9143, "sampling": "poisson"},
        remedy={"noise_multiplier": 2.13},
    ),
    ClaimRow(
        id="claim:release",
        technique="k_anonymity",
        subject="release/patients.csv",
        stated={"k": 5},
        parameters={"quasi_identifiers": ["age", "zip", "sex"]},
        location=Place(path="petguard.yaml", line=12),
        outcome=Outcome.VERIFIED,
        reason=None,
        explanation="the smallest of 812 classes holds 6 rows",
        interval=(6.0, 6.0),
        method="computed over the whole file",
        assumptions=("the listed columns are all the quasi-identifiers there are",),
        witness={},
        remedy={},
    ),
    ClaimRow(
        id="claim:mask",
        technique="redaction",
        subject="shop/redact.py:mask",
        stated={},
        parameters={"entities": ["EMAIL", "PHONE"]},
        location=Place(path="shop/redact.py", line=9),
        outcome=Outcome.UNVERIFIABLE,
        reason=Reason.MISSING_PARAMETER,
        explanation="no leak bound is stated; add max_leak",
        interval=None,
        method="none",
        assumptions=(),
        witness={},
        remedy={},
    ),
)

FINDINGS = (
    Finding(
        rule="PG130",
        name="assistant-without-owner",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        message=".claude/settings.json names no owner",
        location=Spot(path=".claude/settings.json", line=1),
        fingerprint="aa04",
        remedy="Name an owner.",
    ),
    Finding(
        rule="PG120",
        name="model-reference-can-change",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        message="bert-base-uncased is loaded without a revision",
        location=Spot(path="shop/embed.py", line=7, column=9),
        result=FlowResult.VIOLATION,
        fingerprint="aa03",
        state="existing",
        remedy="Pin the revision.",
    ),
    Finding(
        rule="PG201",
        name="personal-data-reaches-unapproved-ai",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="Customer.email reaches openai; the redaction on the way is a claim nobody could check",
        location=Spot(path="shop/llm.py", line=41, column=12),
        related=(
            Related(path="shop/models.py", line=14, message="source"),
            Related(path="shop/redact.py", line=9, message="protection [redaction]"),
        ),
        flow=FLOW.id,
        result=FlowResult.UNVERIFIED,
        fingerprint="aa02",
        clauses=(ART_32, ART_44, MEASURE),
        remedy="State max_leak for shop/redact.py:mask so that it can be measured, or approve openai.",
    ),
    Finding(
        rule="PG201",
        name="personal-data-reaches-unapproved-ai",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        message="Customer.phone is logged",
        location=Spot(path="shop/support.py", line=92, column=5),
        flow=LOGGED.id,
        fingerprint="aa05",
        state="suppressed",
        clauses=(ART_32,),
        remedy="Do not log it.",
    ),
    Finding(
        rule="PG301",
        name="claimed-protection-refuted",
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        message="train.py:train states epsilon 1, the noise gives 3.91 at the least",
        location=Spot(path="train.py", line=20, column=1),
        claim="claim:train",
        fingerprint="aa01",
        clauses=(ART_32,),
        remedy="Set noise_multiplier to 2.13.",
    ),
)

INVENTORY = (
    AssetRow(
        id="sdk:openai",
        kind=Asset.AI_SDK,
        name="openai",
        provider="openai",
        version="1.52.0",
        model=None,
        approved=None,
        source=Origin.DECLARED,
        locations=(Location(path="requirements.txt", line=3, evidence="openai==1.52.0"),),
    ),
    AssetRow(
        id="service:openai",
        kind=Asset.AI_SERVICE,
        name="api.openai.com",
        provider="openai",
        version=None,
        model="gpt-4o",
        approved=False,
        source=Origin.DETECTED,
        locations=(
            Location(path="shop/llm.py", line=41, column=12, evidence="client.chat.completions.create"),
            Location(path="shop/summary.py", line=17, column=8, evidence="client.responses.create"),
        ),
    ),
    AssetRow(
        id="model:bert",
        kind=Asset.MODEL,
        name="bert-base-uncased",
        provider="huggingface",
        version=None,
        model="bert-base-uncased",
        approved=True,
        source=Origin.DETECTED,
        locations=(Location(path="shop/embed.py", line=7, column=9, evidence='from_pretrained("bert-base-uncased")'),),
    ),
)

COVERAGE = Coverage(
    collected=143,
    analysed=121,
    partial=2,
    skipped=19,
    failed=1,
    skipped_because={"binary": 16, "too_large": 3},
    excluded=("node_modules/**", "*.min.js"),
    gaps=(
        GapRow(path="shop/legacy.py", line=3, state=State.FAILED, reason="parse_error", detail="unexpected indent"),
        GapRow(path="shop/llm.py", line=58, state=State.PARTIAL, reason="unresolved", detail="MODEL names the model"),
        GapRow(path="shop/tools.py", line=19, state=State.PARTIAL, reason="unresolved", detail="getattr is dynamic"),
        *(
            GapRow(path=f"data/{part}.json", line=None, state=State.SKIPPED, reason="too_large", detail="12.4 MB")
            for part in range(1, 13)
        ),
    ),
)


@pytest.fixture
def realistic() -> Report:
    """A scan with findings of most kinds, all three verdicts, flows, gaps and a suppression."""
    return Report(
        tool=TOOL,
        run=RUN,
        scope=SCOPE,
        execution_status="incomplete",
        policy_decision="fail",
        coverage=COVERAGE,
        inventory=INVENTORY,
        flows=(FLOW, LOGGED),
        claims=CLAIMS,
        findings=FINDINGS,
        rules=RULES,
    )


@pytest.fixture
def clean() -> Report:
    """A complete scan of twelve files in which nothing was found."""
    return Report(
        tool=TOOL,
        run=RUN,
        scope=Scope(root="library", policy="built-in"),
        execution_status="complete",
        policy_decision="pass",
        coverage=Coverage(collected=12, analysed=12, partial=0, skipped=0, failed=0),
        inventory=(),
        flows=(),
        claims=(),
        findings=(),
        rules=RULES,
    )


@pytest.fixture
def gaps_only(realistic: Report, clean: Report) -> Report:
    """A scan that found nothing, but could not check everything either."""
    return clean.model_copy(update={"coverage": realistic.coverage, "execution_status": "incomplete"})


def laced(report: Report, text: str) -> Report:
    """The report with `text` in every place that a scanned tree can write to."""
    finding, claim, flow, asset = report.findings[2], report.claims[0], report.flows[0], report.inventory[1]
    place = Place(path=text, line=1)
    gap = GapRow(path=text, line=3, state=State.FAILED, reason=text, detail=text)
    step = Step(path=text, line=1, label=text)
    return report.model_copy(
        update={
            "scope": Scope(root=text, policy=text),
            "coverage": Coverage(
                collected=1, analysed=0, partial=1, skipped=0, failed=0,
                skipped_because={text: 1}, excluded=(text,), gaps=(gap, gap.model_copy(update={"line": None})),
            ),
            "inventory": (
                asset.model_copy(
                    update={
                        "name": text, "provider": text, "version": text, "model": text,
                        "locations": tuple(Location(path=text, evidence=text) for _ in range(7)),
                    }
                ),
            ),
            "flows": (
                flow.model_copy(
                    update={
                        "id": text, "categories": (text,), "steps": (step, step),
                        "source": Endpoint(path=text, line=1, name=text),
                        "sink": FlowSink(path=text, line=1, kind=SinkKind.AI_SERVICE, name=text),
                        "protections": (Protection(technique=text, claim=text, outcome=None),),
                    }
                ),
            ),
            "claims": (
                claim.model_copy(
                    update={
                        "id": text, "technique": text, "subject": text, "location": place, "explanation": text,
                        "method": text, "assumptions": (text,), "stated": {text: text}, "parameters": {text: [text]},
                        "witness": {text: {text: text}}, "remedy": {text: text},
                    }
                ),
            ),
            "findings": tuple(
                finding.model_copy(
                    update={
                        "name": text, "message": text, "location": Spot(path=text, line=1), "flow": flow_id,
                        "related": (Related(path=text, line=1, message=text),), "claim": text, "remedy": text,
                        "state": state,
                    }
                )
                for flow_id, state in ((text, "new"), (None, "existing"), (text, "suppressed"))
            ),
        }
    )  # fmt: skip


@pytest.fixture
def hostile(realistic: Report) -> Report:
    """A scan of a tree whose every name attacks some reader of the report."""
    return laced(
        realistic,
        "a\n::error::x\r\n##[error]y\x1b[31m\u202e\udcff<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
        "javascript:alert(1) [click](https://evil.example) ](x) | ``` {{ 7*7 }} https://evil.example &lt; \x9b]8;;\x07",
    )


@pytest.fixture
def lace() -> Callable[[Report, str], Report]:
    """The function that puts one text into every place of a report."""
    return laced
