"""Prompts by place and shape, and what lies in a folder of that name without being one."""

from collections.abc import Callable

import pytest

from petguard.model import Asset, Facts, Gap, State
from petguard.parsers import Parser, prompts

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_BAML = """\
client<llm> Fast {
  provider openai
  options {
    model "gpt-4o"
    api_key env.OPENAI_API_KEY
  }
}
function Ask(q: string) -> string {
  client Fast
  prompt #"
    model: "not-a-model-1"
    {{ q }}
  "#
}
"""


def _ids(facts: Facts) -> set[str]:
    return {node.id for node in facts.nodes}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.prompt", "Hello {{name}}"),
        ("chat.prompty", "---\nname: x\n---\nsystem:\nHi"),
        ("plan.prompt.md", "Write a plan"),
        ("eval.prompt.yml", "messages: []\n"),
        ("a.poml", "<poml><task>x</task></poml>"),
        ("plugins/Fun/Joke/skprompt.txt", "WRITE A JOKE {{$input}}"),
        ("system_prompt.md", "Be kind."),
        ("src/prompts/support.txt", "You are a helpful assistant."),
        ("src/prompts/support.md", "# Task\nYour task is to sort letters."),
        ("src/prompt_templates/qa.j2", "Given the following {{ context }}"),
        (
            "src/prompts/mail.txt",
            "Answer this mail politely and in no more than two short sentences, please: {{ mail }}",
        ),
        ("src/prompts/qa.yaml", "system: You are an expert.\n"),
        ("prompts/zh.txt", "你是一个助手"),
        ("hub/a.yaml", "_type: prompt\ntemplate: x\n"),
        ("hub/a.json", '{"_type": "few_shot_prompt"}'),
        ("flow/chat.jinja2", "# system:\nBe kind.\n\n# user:\n{{question}}\n"),
    ],
)
def test_a_prompt_is_one_row(read: Read, path: str, text: str) -> None:
    """One row per file, named by its path."""
    facts, gaps = read(prompts.PARSER, {path: text})
    assert gaps == []
    assert [(node.asset, node.name) for node in facts.nodes] == [(Asset.PROMPT, path)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("prompts/README.md", "You are a user of this package."),
        ("lib/prompts/select.js", "You are an assistant"),
        ("prompts/confirm.txt", "Continue? (y/n)"),
        ("zsh/prompts/prompt_pure_setup", "PROMPT='%n'"),
        ("prompts/messages.yaml", "continue: Weiter?\n"),
        ("docs/how/system-prompt.md", "# How to set it"),
        ("docs/guide.md", "You are a developer. Your task is to install it."),
        ("templates/page.j2", "<h1>{{ title }}</h1>"),
        ("data.json", '{"source_type": "prompt"}'),
        (".github/prompts.txt", "x"),
        ("tests/fixtures/prompts/a.txt", "You are a helpful assistant."),
        ("empty.prompt", " \n"),
    ],
)
def test_other_prompts_are_none(read: Read, path: str, text: str) -> None:
    """Questions to a user, prompts of a shell, documentation and pages are no prompts for a model."""
    assert read(prompts.PARSER, {path: text}) == (Facts(), [])


def test_what_a_prompt_says_about_its_model(read: Read) -> None:
    """The model and the key in the front matter are found; a licence may stand before it."""
    text = "# Licence\n---\nmodel: openai/gpt-4o\nconfig: {api_key: '${OPENAI_API_KEY}'}\n---\nHello"
    facts, _ = read(prompts.PARSER, {"a.prompt": text})
    assert {"prompt:a.prompt", "model:gpt-4o", "credential:OPENAI_API_KEY"} <= _ids(facts)
    assert {node.locations[0].line for node in facts.nodes if node.asset is Asset.MODEL} == {3}


def test_the_clients_of_baml(read: Read) -> None:
    """A client's provider, model and key are found, with their lines; the text of a prompt is only text."""
    facts, _ = read(prompts.PARSER, {"a.baml": _BAML})
    assert _ids(facts) == {"prompt:a.baml", "model:gpt-4o", "ai_service:openai", "credential:OPENAI_API_KEY"}
    assert [node.locations[0].line for node in facts.nodes if node.asset is Asset.MODEL] == [4]


def test_clients_without_a_prompt(read: Read) -> None:
    """A BAML file that only declares clients is no prompt."""
    facts, _ = read(prompts.PARSER, {"clients.baml": _BAML.partition("function")[0]})
    assert "prompt:clients.baml" not in _ids(facts)


def test_broken_front_matter_is_a_gap(read: Read) -> None:
    """The prompt is still there; what its settings name is not known."""
    facts, gaps = read(prompts.PARSER, {"a.prompt": "---\nmodel: [gpt-4o\n---\nHello"})
    assert _ids(facts) == {"prompt:a.prompt"}
    assert [gap.state for gap in gaps] == [State.PARTIAL]
