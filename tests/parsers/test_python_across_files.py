"""Clients, addresses and models that stand in another file than the call that uses them."""

from collections.abc import Callable, Mapping

import pytest

from petguard.model import Asset, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_ASK = "client.messages.create(model='claude-3-5-haiku-latest', max_tokens=9, messages=[])\n"
_CHAT = "client.chat.completions.create(model='m', messages=[])\n"

_SERVICES = {
    "a factory function": (
        {
            "llm.py": "import anthropic\ndef make(key):\n    return anthropic.Anthropic(api_key=key)\n",
            "app.py": "from llm import make\nclient = make('k')\n" + _ASK,
        },
        {"anthropic"},
    ),
    "a factory of a factory, in a package": (
        {
            "core/__init__.py": "from core.llm import make\n",
            "core/llm.py": "from google import genai\ndef _make():\n    return genai.Client()\n"
            "def make():\n    return _make()\n",
            "app.py": "import core\ncore.make().models.generate_content(model='gemini-2.0-flash', contents='x')\n",
        },
        {"google"},
    ),
    "an instance": (
        {
            "llm.py": "from groq import Groq\nclient = Groq()\n",
            "app.py": "from llm import client\n" + _CHAT,
        },
        {"groq"},
    ),
    "an attribute that a base class sets": (
        {
            "base.py": "from openai import OpenAI\nclass Base:\n    def __init__(self):\n"
            "        self.client = OpenAI(base_url='https://api.deepseek.com')\n",
            "app.py": "from base import Base\nclass App(Base):\n    def ask(self):\n        self." + _CHAT,
        },
        {"deepseek"},
    ),
    "an address in a constant": (
        {
            "conf.py": "BASE = 'https://openrouter.ai/api/v1'\n",
            "app.py": "from openai import OpenAI\nfrom conf import BASE\nclient = OpenAI(base_url=BASE)\n" + _CHAT,
        },
        {"openrouter"},
    ),
    "an address in a settings class": (
        {
            "conf.py": "from pydantic import Field\nfrom pydantic_settings import BaseSettings\n"
            "class Settings(BaseSettings):\n    url: str = Field('https://api.groq.com/openai/v1', alias='U')\n"
            "settings = Settings()\n",
            "app.py": "from openai import OpenAI\nimport conf\nclient = OpenAI(base_url=conf.settings.url)\n" + _CHAT,
        },
        {"groq"},
    ),
    "addresses that refer to each other in a circle": (
        {
            "a.py": "from b import URL\n",
            "b.py": "from a import URL\n",
            "app.py": "from openai import OpenAI\nfrom a import URL\nclient = OpenAI(base_url=URL)\n" + _CHAT,
        },
        set(),
    ),
    "an address that two files could mean": (
        {
            "one/conf.py": "BASE = 'https://openrouter.ai/api/v1'\n",
            "two/conf.py": "BASE = 'https://api.groq.com/openai/v1'\n",
            "app.py": "from openai import OpenAI\nfrom conf import BASE\nclient = OpenAI(base_url=BASE)\n" + _CHAT,
        },
        {"groq", "openrouter"},  # each is kept somewhere to be called; which one this client calls is not said
    ),
    "a client of Twilio": (
        {"app.py": "import openai\nfrom twilio.rest import Client\nClient().messages.create(to='x', body='y')\n"},
        set(),
    ),
    "a client nobody can see, asked in a way that only models are": (
        {"app.py": "import anthropic\ndef ask(client):\n    " + _ASK},
        {"anthropic"},
    ),
}


@pytest.mark.parametrize("case", _SERVICES)
def test_services(read: Read, case: str) -> None:
    """Who answers is found through imports, factories, base classes and settings; in doubt nobody is named."""
    files, expected = _SERVICES[case]
    nodes = read(PARSER, files)[0].nodes
    assert {node.provider for node in nodes if node.asset is Asset.AI_SERVICE and node.provider} == expected


def test_a_model_in_a_constant_of_another_file_is_the_one_that_the_call_uses(read: Read) -> None:
    """The constant and the call are one asset, also when an aggregator writes the maker before the name."""
    files = {
        "conf.py": "MODEL = 'anthropic/claude-3.5-sonnet'\n",
        "app.py": "from openai import OpenAI\nfrom conf import MODEL\nclient = OpenAI(base_url='https://openrouter.ai/api/v1')\n"
        "client.chat.completions.create(model=MODEL, messages=[])\n",
    }  # fmt: skip
    nodes = read(PARSER, files)[0].nodes
    assert len({node.id for node in nodes if node.asset is Asset.MODEL}) == 1
