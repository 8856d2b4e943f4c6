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
