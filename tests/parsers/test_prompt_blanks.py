"""Personal data that a prompt's own blanks ask for."""

from collections.abc import Callable

from petguard.model import EdgeKind, Facts, Gap, NodeKind
from petguard.parsers import Parser, prompts

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_HEAD = "---\nmodel:\n  api: chat\n  configuration: {type: azure_openai, azure_deployment: gpt-4o}\n---\n"


def _asked_for(facts: Facts) -> dict[str, tuple[str, ...]]:
    return {node.name: node.categories for node in facts.nodes if node.kind is NodeKind.DATA}


def test_blank_that_means_personal_data_goes_to_the_model_of_the_file(read: Read) -> None:
    """`{{customer.firstName}}` is a source with a way to whoever answers the prompt."""
    facts, _ = read(prompts.PARSER, {"chat.prompty": f"{_HEAD}system:\nThis is {{{{customer.firstName}}}}.\n"})
    assert _asked_for(facts) == {"customer.firstName": ("user.name.first",)}
    sent = [edge for edge in facts.edges if edge.kind is EdgeKind.FLOWS_TO and edge.source.startswith("data:")]
    assert [edge.location.line for edge in sent] == [7]
    assert sent[0].target.startswith("ai_service:")


def test_blank_that_means_nothing_personal_is_none(read: Read) -> None:
    """`{{question}}` and `{{item.title}}` are nobody's."""
    facts, _ = read(prompts.PARSER, {"chat.prompty": f"{_HEAD}system:\n{{{{question}}}} {{{{item.title}}}}\n"})
    assert _asked_for(facts) == {}


def test_prompt_that_names_no_model_has_no_flow(read: Read) -> None:
    """Where a file does not say who answers, code decides, and is followed for it."""
    facts, _ = read(prompts.PARSER, {"a.prompt": "Greet {{customer.firstName}}, please, and be kind to them."})
    assert _asked_for(facts) == {}
