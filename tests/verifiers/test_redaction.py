"""Redaction: a configuration refutes by what it leaves; a redactor is measured on a named corpus."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import verifiers
from petguard.artefacts import Artefacts
from petguard.claims import STATEMENT
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import Bench, _redaction_corpus, _redactor
from petguard.verifiers._entities import entity
from tests.benches import bench

REDACTORS = r"""
import re
def same(texts):
    return list(texts)
def shouted(texts):
    return [text.upper() for text in texts]
def nothing_left(texts):
    return ["" for _ in texts]
def mail(texts):
    return [re.sub(r"[\w.+-]+@[\w.-]+", "<EMAIL>", text) for text in texts]
def careless(texts):
    return [re.sub(r"[\w.]+@[\w.-]+", "<EMAIL>", text) if n % 10 else text for n, text in enumerate(texts)]
def numbers(texts):
    return [1.5 for _ in texts]
def fewer(texts):
    return list(texts)[1:]
def broken(texts):
    raise ValueError("no model")
"""


def judge(root: Path, *, probe_runs: bool = True, subject: str = "app", **said: Any) -> Verdict:
    """The verdict on a claim of redaction; the files are below `root`."""
    statement = STATEMENT.validate_python({"technique": "redaction", **said})
    claim = Claim(id="c", statement=statement, location=Location(path="petguard.yaml"), subject=subject)
    made = Bench(Budget(), Artefacts(root), bench().now, probe_runs)
    return verifiers.judge_all([claim], made)[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A module `red` with redactors of all qualities."""
    (tmp_path / "red.py").write_text(REDACTORS)
    return tmp_path


# --- a redactor that is run


def test_a_redactor_that_takes_all_out_is_verified_on_the_corpus(project: Path) -> None:
    """No leak in so many texts; the verdict names corpus, seed and what that does not prove."""
    verdict = judge(project, probe="red:mail", entities=["EMAIL_ADDRESS"], max_leak=0.01)
    assert verdict.outcome is Outcome.VERIFIED
    assert "version 1, seed 20260" in verdict.explanation
    assert "no proof for other texts" in verdict.explanation
    assert verdict.interval is not None
    assert verdict.interval[1] is not None
    assert verdict.interval[1] <= 0.01


@pytest.mark.parametrize("name", ["same", "shouted"])
def test_a_redactor_that_takes_nothing_out_is_refuted(project: Path, name: str) -> None:
    """Also without a stated rate, and also when it changes how the text looks."""
    verdict = judge(project, probe=f"red:{name}")
    assert verdict.outcome is Outcome.REFUTED
    assert set(verdict.witness["leaked"]) == set(_redaction_corpus.KINDS)


def test_a_redactor_that_misses_more_than_is_stated_is_refuted(project: Path) -> None:
    """A tenth of the addresses gets through; one in a hundred was claimed."""
    verdict = judge(project, probe="red:careless", entities=["email"], max_leak=0.01)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.interval is not None
    assert (verdict.interval[0] or 0) > 0.01


def test_what_a_redactor_does_not_know_refutes_it(project: Path) -> None:
    """It finds addresses, and the claim says telephone numbers too."""
    verdict = judge(project, probe="red:mail", entities=["email", "PHONE_NUMBER"], max_leak=0.05)
    assert verdict.outcome is Outcome.REFUTED
    assert list(verdict.witness["leaked"]) == ["phone"]


def test_leaked_values_are_masked(project: Path) -> None:
    """They are invented, and a report masks them all the same."""
    told = judge(project, probe="red:same").model_dump_json()
    values = [each.value for kind in _redaction_corpus.KINDS for each in _redaction_corpus.samples(kind, 20)]
    assert not any(value in told for value in values)


def test_too_near_to_say_is_not_verified(project: Path) -> None:
    """A rate of nothing at all cannot be shown by any number of texts."""
    verdict = judge(project, probe="red:nothing_left", max_leak=0.0)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)


def test_a_kind_of_data_that_the_corpus_lacks_is_not_verified(project: Path) -> None:
    """What was not tried is named."""
    verdict = judge(project, probe="red:nothing_left", entities=["email", "MEDICAL_LICENSE"], max_leak=0.1)
    assert verdict.reason is Reason.NOT_SUFFICIENT
    assert "holds no medical_license" in verdict.explanation
    assert "holds no swift_code" in judge(project, probe="red:same", entities=["SWIFT_CODE"]).explanation


def test_without_a_rate_the_measured_one_is_told(project: Path) -> None:
    """Nobody said what is good enough."""
    verdict = judge(project, probe="red:mail", entities=["email"])
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "email 0 of 200 leaked" in verdict.explanation


@pytest.mark.parametrize("name", ["numbers", "fewer", "broken", "absent"])
def test_a_probe_that_gives_nothing_to_compare_is_a_gap(project: Path, name: str) -> None:
    """A crash is no pass."""
    assert judge(project, probe=f"red:{name}", max_leak=0.5).reason is Reason.GAP


def test_without_the_option_nothing_runs(project: Path) -> None:
    """Code of the project is executed only when the user asks for it."""
    (project / "red.py").write_text("raise RuntimeError('imported')")
    verdict = judge(project, probe_runs=False, probe="red:mail", max_leak=0.5)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)
    assert "petguard verify --probe runs it" in verdict.explanation


def test_neither_probe_nor_configuration_is_nothing_to_judge(tmp_path: Path) -> None:
    """The verdict names what is missing."""
    assert judge(tmp_path, entities=["email"]).reason is Reason.MISSING_PARAMETER


@given(of=st.integers(1, 3000), data=st.data())
def test_the_bounds_hold_the_measured_rate(of: int, data: st.DataObject) -> None:
    """And nothing leaked gives the closed form."""
    hits = data.draw(st.integers(0, of))
    low, high = _redactor.bounds(hits, of, 0.01)
    assert 0 <= low <= hits / of <= high <= 1
    assert _redactor.bounds(0, of, 0.01)[1] == pytest.approx(1 - 0.01 ** (1 / of))


def test_the_corpus_is_the_same_everywhere() -> None:
    """A text that changes needs a new version."""
    told = [_redaction_corpus.samples(kind, 2)[1].text for kind in ("email", "card", "iban")]
    assert told == [
        "cc ximena_romano36@uni.example.edu on it",
        "I paid with card 5146 7609 7359 6870 yesterday.",
        "Transfer it to ES69 7998 0165 4753 1982 9927 by Friday.",
    ]


def test_the_corpus_is_right() -> None:
    """Check digits, ranges, and every value where its text says."""
    for kind in _redaction_corpus.KINDS:
        for sample in _redaction_corpus.samples(kind, 300):
            assert sample.value in sample.text
            assert _IS[kind](sample.value), sample


def _luhn(value: str) -> bool:
    digits = [int(char) for char in reversed(re.sub(r"\D", "", value))]
    return sum(digits[::2] + [each * 2 - 9 * (each > 4) for each in digits[1::2]]) % 10 == 0


def _mod97(value: str) -> bool:
    plain = value.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


_IS: dict[str, Any] = {
    "email": re.compile(r"[\w.+]+@[\w.]*example\.(com|org|net|edu)").fullmatch,
    "phone": re.compile(r"[+()\d -]{10,20}").fullmatch,
    "ssn": re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}").fullmatch,
    "card": _luhn,
    "iban": _mod97,
    "ipv4": re.compile(r"(\d{1,3}\.){3}\d{1,3}").fullmatch,
    "date_of_birth": re.compile(r".*(19|20)\d\d.*").fullmatch,
    "name": re.compile(r"[A-Z]\w+ [A-Z]\w+").fullmatch,
    "address": re.compile(r"\d+ \w+ \w+, \w+, [A-Z]{2} \d{5}").fullmatch,
}


# --- a configuration


LITELLM = """
model_list:
  - model_name: gpt
    litellm_params: {model: openai/gpt-4o%s}
guardrails:
  - guardrail_name: pii
    litellm_params:
      guardrail: presidio
      %s
"""
NEMO = """
rails:
  config:
    sensitive_data_detection:
      input: {entities: [PERSON, EMAIL_ADDRESS]}
  %s
"""
TERRAFORM = """
resource "aws_bedrock_guardrail" "g" {
  name = "g"
  sensitive_information_policy_config {
    pii_entities_config {
      type = "EMAIL"
      action = "ANONYMIZE"
    }
    %s
  }
}
"""
FORMATION = """
Resources:
  G:
    Type: AWS::Bedrock::Guardrail
    Properties:
      Name: g
      SensitiveInformationPolicyConfig:
        PiiEntitiesConfig:
          - {Type: EMAIL, Action: %s}
"""
MAP = "data:\n  c: |\n    litellm_settings:\n      callbacks: [presidio]\n      presidio_logging_only: true\n"
API = '{"sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": "EMAIL", "action": "NONE"}]}}'
ON = "mode: pre_call\n      default_on: true\n      "


@pytest.mark.parametrize(
    ("name", "text", "entities", "why"),
    [
        ("c.yaml", LITELLM % ("", "mode: logging_only\n      default_on: true"), [], "masks only what is logged"),
        ("c.yaml", LITELLM % ("", "mode: during_call\n      default_on: true"), [], "the prompt has left"),
        ("c.yaml", LITELLM % ("", "mode: post_call\n      default_on: true"), [], "only at what comes back"),
        ("c.yaml", LITELLM % ("", "mode: [post_call, logging_only]"), [], "its mode is post_call, logging_only"),
        ("c.yaml", LITELLM % ("", "mode: pre_call"), [], "default_on is not true"),
        ("c.yaml", LITELLM % ("", "default_on: true"), [], "its mode is not stated"),
        ("c.yaml", LITELLM % ("", ON + "presidio_filter_scope: output"), [], "only at what comes back"),
        ("c.yaml", LITELLM % ("", ON + "pii_entities_config: {PERSON: MASK}"), ["EMAIL"], "email is not among"),
        ("c.yaml", (LITELLM % ("", ON)).replace(": presidio", ": lakera").replace(": pii", ": x"), [], "no redactor"),
        ("c.yaml", "litellm_settings: {callbacks: [presidio], presidio_logging_only: true}", [], "only what is logged"),
        (
            "c.yaml",
            "litellm_settings: {guardrails: [{p: {callbacks: [presidio], logging_only: true}}]}",
            [],
            "masks only what is logged",
        ),
        ("c.yaml", "litellm_settings: {guardrails: [{p: {callbacks: [presidio]}}]}", [], "default_on is not true"),
        ("c.yml", NEMO % "output: {flows: [mask sensitive data on output]}", [], "only at the output"),
        ("c.yml", NEMO % "input: {flows: [self check input]}", [], "no flow runs it"),
        ("c.yml", NEMO % "input: {flows: [mask sensitive data on input]}", ["PHONE_NUMBER"], "phone is not among"),
        ("c.yml", "rails: {input: {flows: [mask sensitive data on input]}}", [], "told no entities"),
        ("g.tf", TERRAFORM % "", ["US_SSN"], "ssn is not among"),
        ("g.tf", TERRAFORM % 'pii_entities_config {\ntype = "NAME"\naction = "NONE"\n}', [], "action for name is NONE"),
        (
            "g.tf",
            TERRAFORM % 'pii_entities_config {\n type = "NAME"\n action = "BLOCK"\n input_enabled = false\n }',
            ["PERSON"],
            "its action for name is none",
        ),
        ("g.yaml", FORMATION % "NONE", ["EMAIL_ADDRESS"], "its action for email is NONE"),
        ("g.json", API, [], "its action for email is NONE"),
        ("p.json", '{"anonymizers": {"PHONE_NUMBER": {"type": "keep"}}}', ["phone"], "for phone is keep"),
        ("p.yaml", "operators: {DEFAULT: {type: keep}}", [], "its default operator keeps"),
        ("r.yaml", "recognizers: [{name: EmailRecognizer, enabled: false}]", ["EMAIL"], "for email is none"),
        ("v.yaml", "validators: [{id: guardrails/detect_pii, on_fail: noop}]", [], "on_fail is noop"),
        ("k.yaml", MAP, [], "masks only what is logged"),
    ],
)  # fmt: skip
def test_a_guardrail_that_leaves_what_is_claimed_is_refuted(
    tmp_path: Path, name: str, text: str, entities: list[str], why: str
) -> None:
    """By the file alone, with the place."""
    (tmp_path / name).write_text(text)
    verdict = judge(tmp_path, config=name, entities=entities)
    assert verdict.outcome is Outcome.REFUTED, verdict.explanation
    assert why in verdict.explanation
    assert "(line " in verdict.explanation


@pytest.mark.parametrize(
    ("name", "text", "entities"),
    [
        ("c.yaml", LITELLM % ("", ON), ["EMAIL"]),
        ("c.yaml", LITELLM % (", guardrails: [pii]", "mode: [pre_call, post_call]"), ["EMAIL"]),
        ("c.yaml", LITELLM % ("", ON + "pii_entities_config: {EMAIL_ADDRESS: BLOCK, PERSON: MASK}"), ["EMAIL", "name"]),
        ("c.yaml", LITELLM % ("", "mode: {tags: {a: pre_call}}"), ["EMAIL"]),
        ("c.yml", NEMO % "input: {flows: [mask sensitive data on input]}", ["PERSON"]),
        ("c.yml", NEMO % "input: {flows: [detect sensitive data on input]}", []),
        ("g.tf", TERRAFORM % "", ["EMAIL"]),
        ("g.tf", TERRAFORM % 'pii_entities_config {\n type = "NAME"\n action = var.a\n }', ["NAME"]),
        ("g.tf", TERRAFORM % 'dynamic "pii_entities_config" {\n content {\n type = each.value\n }\n }', ["NAME"]),
        ("g.yaml", FORMATION % "ANONYMIZE", ["EMAIL"]),
        ("p.json", '{"anonymizers": {"PHONE_NUMBER": {"type": "mask"}}}', ["phone", "email"]),
        ("r.yaml", "recognizers: [{name: EmailRecognizer}, {name: EmailRecognizer, enabled: false}]", ["EMAIL", "ssn"]),
        ("v.yaml", "validators: [{id: guardrails/detect_pii, on_fail: fix, entities: [EMAIL_ADDRESS]}]", ["email"]),
    ],
)
def test_a_guardrail_that_does_what_is_claimed_is_not_verified(
    tmp_path: Path, name: str, text: str, entities: list[str]
) -> None:
    """What it misses the file does not say."""
    (tmp_path / name).write_text(text)
    verdict = judge(tmp_path, config=name, entities=entities)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT), verdict.explanation
    assert "only a probe can show" in verdict.explanation


def test_a_claim_may_mean_one_of_several_guardrails(tmp_path: Path) -> None:
    """The one that is named decides, although another masks."""
    other = (
        "  - guardrail_name: logs\n    litellm_params: {guardrail: presidio, mode: logging_only, default_on: true}\n"
    )
    (tmp_path / "c.yaml").write_text(LITELLM % ("", ON) + other)
    assert judge(tmp_path, config="c.yaml", subject="c.yaml#logs").outcome is Outcome.REFUTED
    assert judge(tmp_path, config="c.yaml", subject="c.yaml#pii").outcome is Outcome.UNVERIFIABLE
    assert judge(tmp_path, config="c.yaml").outcome is Outcome.UNVERIFIABLE


def test_the_rest_may_stand_in_another_file_of_the_folder(tmp_path: Path) -> None:
    """NeMo Guardrails reads all of them together."""
    (tmp_path / "a.yml").write_text("rails: {input: {flows: [mask sensitive data on input]}}")
    assert judge(tmp_path, config="a.yml").outcome is Outcome.REFUTED
    (tmp_path / "b.yml").write_text("rails: {config: {sensitive_data_detection: {input: {entities: [PERSON]}}}}")
    assert judge(tmp_path, config="a.yml").outcome is Outcome.UNVERIFIABLE


def test_a_configuration_that_refutes_needs_no_probe(project: Path) -> None:
    """The probe is not run, and could not save the claim."""
    (project / "c.yaml").write_text(LITELLM % ("", "mode: logging_only"))
    verdict = judge(project, probe_runs=False, config="c.yaml", probe="red:mail", max_leak=0.5)
    assert verdict.outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.yaml", b"a: 1\n"),
        ("c.yaml", b"guardrails: 7\nlitellm_settings: []\nrails: {input: 3}\n"),
        ("c.yaml", b"a: [1,\n"),
        ("c.yaml", b"\xff\xfe\x00"),
        ("c.json", b'{"a": '),
        ("c.json", b"[" * 100_000),
        ("g.tf", b'resource "x" {'),
        ("c.yaml", b"x" * (5 * 1024 * 1024)),
        ("c.pkl", b"cos\nsystem\n(S'true'\ntR."),
    ],
)
def test_what_is_no_guardrail_is_a_gap(tmp_path: Path, name: str, content: bytes) -> None:
    """Truncated, huge, of another kind: the claim stays open."""
    (tmp_path / name).write_bytes(content)
    verdict = judge(tmp_path, config=name)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    """It may have been moved."""
    assert judge(tmp_path, config="c.yaml").reason is Reason.ARTEFACT_ABSENT


@given(cut=st.integers(0, 700), put=st.sampled_from(["", "{}", "[1]", "null", "x:", "- "]))
def test_damaged_configurations_are_judged_or_not(cut: int, put: str) -> None:
    """Cut off or changed anywhere, none crashes a reader."""
    from petguard.documents import read_yaml_all  # noqa: PLC0415
    from petguard.errors import UnreadableInput  # noqa: PLC0415
    from petguard.verifiers._guardrail_formats import guards  # noqa: PLC0415

    text = (
        LITELLM % ("", ON + "pii_entities_config: {EMAIL: MASK}")
        + NEMO % "input: {flows: [mask pii]}"
        + FORMATION % "X"
    )
    for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
        try:
            documents = read_yaml_all(damaged)
        except UnreadableInput:
            continue
        for document in documents:
            guards(document)


def test_makers_call_the_same_data_by_other_names() -> None:
    """What has no common name keeps its own."""
    assert {entity(name) for name in ("US_SSN", "us-ssn", "SSN", "US_SOCIAL_SECURITY_NUMBER")} == {"ssn"}
    assert entity("UK_NHS") == "uk_nhs"
