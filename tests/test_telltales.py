"""What gives AI use away in any file, before somebody looks at it closely."""

import pytest

from petguard import telltales


@pytest.mark.parametrize(
    "text",
    [
        "from openai import OpenAI",
        "import anthropic",
        "use async_openai::Client;",
        "use OpenAI\\Client;",
        "url = bedrock-runtime.eu-west-1.amazonaws.com",
        'const llm = require("openai")',
        "fetch('https://api.mistral.ai/v1')",
        "export OPENAI_API_KEY=",
    ],
)
def test_ai_use_is_told(text: str) -> None:
    """Imports, hosts, key names and quoted package names, in any language."""
    assert telltales.first(text.encode())


@pytest.mark.parametrize(
    "text", ["we import togetherness", "from google.cloud import storage", "# openai is mentioned", "use mcpherson"]
)
def test_a_mere_word_is_not_told(text: str) -> None:
    """A word in a comment, a part of a word, a namespace that holds much else."""
    assert not telltales.first(text.encode())
