"""Code that calls a gateway and the gateway's configuration are one system."""

from pathlib import Path

import pytest

from petguard.report import Report
from petguard.scan import Request, scan

CONFIG = """\
model_list:
  - model_name: intake
    litellm_params: {model: anthropic/claude-3-5-sonnet-20240620}
  - model_name: gpt-4o
    litellm_params: {model: azure/clinic-gpt, api_base: "https://clinic.openai.azure.com"}
"""
CODE = """\
from openai import OpenAI

gateway = OpenAI(base_url="http://litellm:4000")
direct = OpenAI()


def through_the_gateway(user):
    return gateway.chat.completions.create(model="intake", messages=[{"content": user.email}])


def around_it(user):
    return direct.chat.completions.create(model="gpt-4o", messages=[{"content": user.phone}])
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A project with a LiteLLM configuration, one call through it and one around it."""
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "litellm_config.yaml").write_text(CONFIG)
    (folder / "app.py").write_text(CODE)
    return scan(Request(paths=(Path(folder),)))


def test_the_configured_name_and_the_name_in_code_are_one_model(report: Report) -> None:
    """One inventory row, with the place in the configuration and the place in the code."""
    (model,) = [row for row in report.inventory if row.name == "intake"]
    assert {place.path for place in model.locations} == {"litellm_config.yaml", "app.py"}


def test_the_model_has_the_provider_that_the_gateway_routes_to(report: Report) -> None:
    """The code alone does not know it."""
    (model,) = [row for row in report.inventory if row.name == "intake"]
    assert model.provider == "anthropic"


def test_data_sent_to_the_gateway_reaches_the_routed_provider(report: Report) -> None:
    """The gateway itself is local; what it passes on is not."""
    assert ("user.email", "Anthropic") in {(flow.source.name, flow.sink.name) for flow in report.flows}


def test_a_direct_call_is_not_rerouted(report: Report) -> None:
    """A well-known model asked of its own provider does not pass the gateway that has a model of that name."""
    assert {flow.sink.name for flow in report.flows if flow.source.name == "user.phone"} == {"OpenAI"}


def test_a_name_that_a_pattern_routes_goes_on_to_its_provider(tmp_path: Path) -> None:
    """The longest pattern that fits; a call that has an address of its own is not rerouted."""
    entries = [("*", "openai/*"), ("anthropic/*", "anthropic/*")]
    config = "".join(f"  - {{model_name: '{name}', litellm_params: {{model: '{to}'}}}}\n" for name, to in entries)
    (tmp_path / "litellm_config.yaml").write_text("model_list:\n" + config)
    (tmp_path / "app.py").write_text(CODE.replace('"intake"', '"anthropic/claude-next"'))
    flows = {(flow.source.name, flow.sink.name) for flow in scan(Request(paths=(tmp_path,))).flows}
    assert {sink for source, sink in flows if source == "user.email"} >= {"Anthropic"}
    assert ("user.email", "OpenAI") not in flows
    assert {sink for source, sink in flows if source == "user.phone"} == {"OpenAI"}


GUARDED = """\
model_list:
  - model_name: intake
    litellm_params: {model: anthropic/claude-3-5-sonnet-20240620}
  - model_name: triage
    litellm_params: {model: mistral/mistral-large-latest}
guardrails:
  - guardrail_name: no-pii
    litellm_params:
      guardrail: presidio
      mode: %s
      default_on: %s
      pii_entities_config: {EMAIL_ADDRESS: MASK, CREDIT_CARD: BLOCK}
litellm_settings:
  success_callback: [langfuse]
  %s
"""


def _flows(folder: Path, mode: str = "pre_call", on: str = "true", more: str = "") -> dict[tuple[str, str], list[str]]:
    """The protections on the way of each flow of personal data, by its ends."""
    (folder / "litellm_config.yaml").write_text(GUARDED % (mode, on, more))
    (folder / "app.py").write_text(CODE)
    flows = scan(Request(paths=(folder,))).flows
    return {(flow.source.name, flow.sink.name): [each.technique for each in flow.protections] for flow in flows}


def test_a_call_through_the_gateway_passes_its_guardrail(tmp_path: Path) -> None:
    """To the provider and to whoever gets the logs."""
    flows = _flows(tmp_path)
    assert flows["user.email", "Anthropic"] == ["redaction"]
    assert flows["user.email", "langfuse"] == ["redaction"]


def test_data_of_one_model_does_not_reach_the_provider_of_another(tmp_path: Path) -> None:
    """Both models pass the same guardrail."""
    assert ("user.email", "Mistral AI") not in _flows(tmp_path)


@pytest.mark.parametrize(("mode", "on"), [("during_call", "true"), ("post_call", "true"), ("pre_call", "false")])
def test_a_guardrail_that_does_not_stand_on_the_way_protects_nothing(tmp_path: Path, mode: str, on: str) -> None:
    """Beside the call or off by default, it is passed by no prompt."""
    flows = _flows(tmp_path, mode, on)
    assert (flows["user.email", "Anthropic"], flows["user.email", "langfuse"]) == ([], [])


def test_a_guardrail_of_the_logs_protects_only_them(tmp_path: Path) -> None:
    """The provider gets what the user wrote."""
    flows = _flows(tmp_path, "logging_only")
    assert (flows["user.email", "Anthropic"], flows["user.email", "langfuse"]) == ([], ["redaction"])


def test_without_message_logging_nobody_else_gets_the_prompt(tmp_path: Path) -> None:
    """The provider still does."""
    flows = _flows(tmp_path, more="turn_off_message_logging: true")
    assert {sink for source, sink in flows if source == "user.email"} >= {"Anthropic"}
    assert ("user.email", "langfuse") not in flows


def test_a_guardrail_covers_the_entities_that_it_names(tmp_path: Path) -> None:
    """A phone number is not among them: nothing is said to protect it."""
    (tmp_path / "litellm_config.yaml").write_text(GUARDED % ("pre_call", "true", ""))
    (tmp_path / "app.py").write_text(CODE.replace("user.email", "user.email + user.phone_number"))
    found = [each for each in scan(Request(paths=(tmp_path,))).findings if each.rule == "PG201"]
    results = {each.message.partition(" ")[0]: each.result for each in found if "Anthropic" in each.message}
    assert results == {"user.email": "unverified", "user.phone_number": "violation"}
