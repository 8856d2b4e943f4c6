"""What a Python project uses of AI: packages, services, models and keys; every case is a small project of its own."""

from collections.abc import Callable, Mapping

import pytest

from petguard.model import Asset, Facts, Gap, Node, NodeKind, Trait
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]
_CHAT = "client.chat.completions.create(model='m', messages=[])\n"

_PACKAGES = {
    "a plain import": ("import openai", {"openai"}),
    "an import under another name": ("import anthropic as llm", {"anthropic"}),
    "a name imported from the library": ("from openai import OpenAI as Client", {"openai"}),
    "a name imported from a sub-module": ("from langchain_openai.chat_models import ChatOpenAI", {"langchain-openai"}),
    "a namespace package": ("from google import genai", {"google-genai"}),
    "a neighbour in the same namespace": ("from google import auth", set()),
    "an import at run time": ("import importlib\nm = importlib.import_module('litellm')", {"litellm"}),
    "an import inside a function": ("def f():\n    import ollama", {"ollama"}),
    "an import of a privacy library": ("from opacus import PrivacyEngine", {"opacus"}),
    "a library whose name only begins alike": ("import openai_tools, transformersx", set()),
    "a comment": ("# import openai\nx = 1", set()),
    "a docstring": ('"""Use `import openai` and OpenAI()."""', set()),
    "a relative import": ("from .openai import x", set()),
}

_SERVICES = {
    "the SDK's own provider": ("from openai import OpenAI\nclient = OpenAI()\n" + _CHAT, {"openai"}),
    "an address at OpenRouter": (
        "from openai import OpenAI\nclient = OpenAI(base_url='https://openrouter.ai/api/v1')\n" + _CHAT,
        {"openrouter"},
    ),
    "an address in a constant": (
        "from openai import OpenAI\nBASE = 'https://api.groq.com/openai/v1'\nclient = OpenAI(base_url=BASE)\n" + _CHAT,
        {"groq"},
    ),
    "an address that is the default of a variable": (
        "import os\nfrom openai import OpenAI\n"
        "client = OpenAI(base_url=os.getenv('U', 'https://api.deepseek.com'))\n" + _CHAT,
        {"deepseek"},
    ),
    "an address on this machine": (
        "from openai import OpenAI\nclient = OpenAI(base_url='http://localhost:11434/v1')\n" + _CHAT,
        {"ollama"},
    ),
    "a port in a constant": (
        "from openai import OpenAI\nP = 1234\nclient = OpenAI(base_url=f'http://127.0.0.1:{P}/v1')\n" + _CHAT,
        {"lm-studio"},
    ),
    "an address nobody knows": (
        "from openai import OpenAI\nclient = OpenAI(base_url='https://llm.corp.example/v1')\n" + _CHAT,
        {"llm.corp.example"},
    ),
    "an address from outside": (
        "import os\nfrom openai import OpenAI\nclient = OpenAI(base_url=os.environ['BASE'])\n" + _CHAT,
        set(),
    ),
    "an explicit None as address": ("from openai import OpenAI\nclient = OpenAI(base_url=None)\n" + _CHAT, {"openai"}),
    "Azure": ("from openai import AzureOpenAI\nclient = AzureOpenAI(api_key='')\n" + _CHAT, {"azure"}),
    "Anthropic": (
        "from anthropic import Anthropic\nc = Anthropic()\nc.messages.create(model='m', messages=[])",
        {"anthropic"},
    ),
    "Anthropic on Bedrock": (
        "import anthropic\nc = anthropic.AnthropicBedrock(aws_region='eu-west-1')",
        {"amazon-bedrock"},
    ),
    "Bedrock by boto3": (
        "import boto3\nb = boto3.client('bedrock-runtime')\nb.invoke_model(body='x', modelId='anthropic.claude-v2')",
        {"amazon-bedrock"},
    ),
    "a LiteLLM prefix": ("import litellm\nlitellm.completion(model='anthropic/claude-3', messages=[])", {"anthropic"}),
    "a LiteLLM model by name": ("from litellm import completion\ncompletion('gpt-4o', [])", {"openai"}),
    "a LiteLLM address": (
        "import litellm\nlitellm.completion('openai/x', [], api_base='http://localhost:11434')",
        {"ollama"},
    ),
    "LangChain": ("from langchain_openai import ChatOpenAI\nm = ChatOpenAI(model='gpt-4o')\nm.invoke('x')", {"openai"}),
    "LangChain with an address": (
        "from langchain_openai import ChatOpenAI\nm = ChatOpenAI(base_url='https://openrouter.ai/api/v1')\nm.invoke('x')",
        {"openrouter"},
    ),
    "LangChain by name": (
        "from langchain.chat_models import init_chat_model\nm = init_chat_model('anthropic:claude-3')\nm.invoke('x')",
        {"anthropic"},
    ),
    "a client in a with statement": (
        "from openai import OpenAI\nwith OpenAI() as c:\n    c.responses.create(model='m', input='x')",
        {"openai"},
    ),
    "a client as an attribute": (
        "from groq import Groq\nclass A:\n    def __init__(self):\n        self.c = Groq()\n"
        "    def f(self):\n        self.c.chat.completions.create(messages=[])",
        {"groq"},
    ),
    "a client as a class attribute": (
        "from openai import OpenAI\nclass A:\n    c = OpenAI()\n"
        "    def f(self):\n        self.c.responses.create(input='x')",
        {"openai"},
    ),
    "a wrapped client": (
        "import instructor\nfrom openai import OpenAI\nc = instructor.from_openai(OpenAI())\n"
        "c.chat.completions.create(messages=[])",
        {"openai"},
    ),
    "an awaited client": (
        "from openai import AsyncOpenAI\nasync def f():\n    c = AsyncOpenAI()\n"
        "    await c.embeddings.create(input='x')",
        {"openai"},
    ),
    "an annotated parameter": (
        "from anthropic import Anthropic\ndef f(c: 'Anthropic | None'):\n    c.messages.create(messages=[])",
        {"anthropic"},
    ),
    "an annotated parameter kept as an attribute": (
        "from anthropic import Anthropic\nclass A:\n    def __init__(self, c: Anthropic):\n        self.c = c\n"
        "    def f(self):\n        self.c.messages.create(messages=[])",
        {"anthropic"},
    ),
    "an annotated field": (
        "from anthropic import Anthropic\nclass A:\n    c: Anthropic\n"
        "    def f(self):\n        self.c.messages.create()",
        {"anthropic"},
    ),
    "a function that makes the client": (
        "from anthropic import Anthropic\ndef make():\n    return Anthropic()\nmake().messages.create(messages=[])",
        {"anthropic"},
    ),
    "a property that makes the client": (
        "from anthropic import Anthropic\nclass A:\n    @property\n    def c(self):\n        return Anthropic()\n"
        "    def f(self):\n        self.c.messages.create(messages=[])",
        {"anthropic"},
    ),
    "a client made by a walrus": (
        "from anthropic import Anthropic\nif c := Anthropic():\n    c.messages.create(messages=[])",
        {"anthropic"},
    ),
    "one client or the other": (
        "from openai import OpenAI\nimport anthropic\nc = OpenAI()\nif x:\n    c = anthropic.Anthropic()\n"
        "c.completions.create(prompt='x')",
        {"openai", "anthropic"},
    ),
    "requests to a provider": ("import requests\nrequests.post('https://api.openai.com/v1/chat', json={})", {"openai"}),
    "requests by method name": (
        "import requests as r\nr.request('POST', 'https://api.mistral.ai/v1', json={})",
        {"mistral"},
    ),
    "httpx with an address in a constant": (
        "import httpx\nURL = 'https://api.anthropic.com/v1/messages'\nhttpx.post(url=URL, json={})",
        {"anthropic"},
    ),
    "aiohttp with an f-string": (
        "B = 'https://api.cohere.com'\nasync def f(s, path):\n"
        "    async with s.post(f'{B}/{path}', json={}) as r:\n        pass",
        {"cohere"},
    ),
    "an f-string with an unknown resource": (
        "import requests\nrequests.post(f'https://{name}.openai.azure.com/openai', json={})",
        {"azure"},
    ),
    "requests to somebody else": (
        "import requests\n# see https://api.openai.com\nrequests.post('https://example.org', json={})",
        set(),
    ),
    "an f-string that may lead anywhere": (
        "import openai\nclient = openai.OpenAI(base_url=f'https://{host}/v1')\n" + _CHAT,
        set(),
    ),
    "a look-alike host": ("import requests\nrequests.post('https://api.openai.com.evil.example/v1', json={})", set()),
    "an address in a comment only": ("x = 1  # https://api.openai.com", set()),
    "an estate agency": (
        "class Agent:\n    def chat(self, buyer):\n        return self.completions.create(buyer)\n"
        "class Model:\n    def generate(self): ...\nAgent().chat(1)\nModel().generate()",
        set(),
    ),
    "a model that runs inside the program": (
        "from transformers import pipeline\np = pipeline('ner', model='dslim/bert')\np('x')",
        set(),
    ),
    "a client that was handed a text": (
        "from openai import OpenAI\nclient = OpenAI(base_url=3)\n" + _CHAT,
        set(),
    ),
}

_HEAD = "import os, openai\nclient = openai.OpenAI()\n"
_MODELS = {
    "a literal": ("client.responses.create(model='abc', input='x')", {"abc"}),
    "a module constant": ("M = 'abc'\nclient.responses.create(model=M, input='x')", {"abc"}),
    "the default of a parameter": ("def f(m='abc'):\n    client.responses.create(model=m, input='x')", {"abc"}),
    "the default of a keyword parameter": ("def f(*, m='abc'):\n    client.responses.create(model=m)", {"abc"}),
    "the default of a variable": ("client.responses.create(model=os.getenv('M', 'abc'), input='x')", {"abc"}),
    "an either-or": ("client.responses.create(model=m or 'abc', input='x')", {"abc"}),
    "an f-string of constants": ("V = 4\nclient.responses.create(model=f'abc-{V}', input='x')", {"abc-4"}),
    "an f-string with an unknown part": ("client.responses.create(model=f'gpt-{v}', input='x')", set()),
    "a variable nobody set": ("client.responses.create(model=os.environ['M'], input='x')", set()),
    "a name that is set twice": ("m = 'abc'\nif x:\n    m = 'abd'\nclient.responses.create(model=m)", set()),
    "a name that a loop sets": ("for m in ms:\n    client.responses.create(model=m)", set()),
    "a name that is set in a global": (
        "m = 'abc'\ndef f():\n    global m\n    m = 1\nclient.responses.create(model=m)",
        set(),
    ),
    "a well-known name in a table": ("CONFIG = {'model': 'gpt-4o'}", {"gpt-4o"}),
    "a well-known name set by key": ("config['model'] = 'claude-3-opus-20240229'", {"claude-3-opus-20240229"}),
    "a well-known name in another place": ("title = 'gpt-4o'", set()),
    "a sentence about a model": ("model = 'gpt-4o is a model'", set()),
    "a model of a car": ("car_model = 'golf-gti'", set()),
    "a hub model": ("from transformers import AutoModel\nAutoModel.from_pretrained('org/name')", {"org/name"}),
    "a path on disk": ("from transformers import AutoModel\nAutoModel.from_pretrained('./models/x')", set()),
    "from_pretrained of something else": ("from shop import Offer\nOffer.from_pretrained('org/name')", set()),
}

_TRAITS = {
    "no revision": ("'o/n'", {Trait.MUTABLE_REFERENCE}),
    "a branch": ("'o/n', revision='main'", {Trait.MUTABLE_REFERENCE}),
    "a commit": (f"'o/n', revision='{'a1' * 20}'", set()),
    "a commit in a constant": ("'o/n', revision=COMMIT", set()),
    "a revision nobody knows": ("'o/n', revision=rev", {Trait.MUTABLE_REFERENCE}),
    "code from the repository": (f"'o/n', revision='{'a1' * 20}', trust_remote_code=True", {Trait.REMOTE_CODE}),
    "no code from the repository": (f"'o/n', revision='{'a1' * 20}', trust_remote_code=False", set()),
    "perhaps code from the repository": (f"'o/n', revision='{'a1' * 20}', trust_remote_code=flag", {Trait.REMOTE_CODE}),
}

_LOADS = {
    "torch.load": ("import torch\ntorch.load('m.pt')", 1),
    "torch.load of weights only": ("import torch\ntorch.load('m.pt', weights_only=True)", 0),
    "torch.load of everything": ("import torch\ntorch.load('m.pt', weights_only=False)", 1),
    "joblib": ("from joblib import load\nload('m.joblib')", 1),
    "pickle beside a model library": ("import sklearn\nimport pickle\npickle.load(f)", 1),
    "pickle of something else": ("import pickle\npickle.load(f)", 0),
}

_KEYS = {
    "a key by its name": ("import os\nk = os.environ['OPENAI_API_KEY']", {"OPENAI_API_KEY": False}),
    "a name that is no key": ("import os\nk = os.environ['OLLAMA_HOST']", {}),
    "a key of somebody else": ("import os\nk = os.environ['STRIPE_API_KEY']", {}),
    "a key in the code": ("k = 'sk-ant-api03-Zk3Qw9Xv7Lm2Np5Rt8Yb1Hc4'", {"anthropic sk-ant-***c4": True}),
    "a placeholder": ("k = 'sk-ant-your-key-goes-here-please'", {}),
    "a name in a comment": ("x = 1  # OPENAI_API_KEY", {}),
}
_EXTRA = {"a commit in a constant": f"COMMIT = '{'b2' * 20}'\n"}


def _projects(prefix: str, cases: Mapping[str, tuple[str, object]], head: str = "") -> dict[str, str]:
    return {f"{prefix}{number}/app.py": f"{head}{code}\n" for number, (code, _) in enumerate(cases.values())}


@pytest.fixture(scope="module")
def found(read: Read) -> Callable[[str], list[Node]]:
    """The nodes of one case: all cases are read in one go."""
    loads = {
        name: (f"{_EXTRA.get(name, '')}from transformers import AutoModel\nAutoModel.from_pretrained({given})", None)
        for name, (given, _) in _TRAITS.items()
    }
    files = {
        **_projects("package", _PACKAGES),
        **_projects("service", _SERVICES),
        **_projects("model", _MODELS, _HEAD),
        **_projects("trait", loads),
        **_projects("load", _LOADS),
        **_projects("key", _KEYS),
    }
    facts, gaps = read(PARSER, files)
    assert gaps == []
    return lambda folder: [node for node in facts.nodes if node.locations[0].path.startswith(f"{folder}/")]


@pytest.mark.parametrize("name", _PACKAGES)
def test_packages(found: Callable[[str], list[Node]], name: str) -> None:
    """An import counts in every form; a mention does not."""
    nodes = found(f"package{list(_PACKAGES).index(name)}")
    assert {node.name for node in nodes if node.id.startswith("ai_sdk:")} == _PACKAGES[name][1]


@pytest.mark.parametrize("name", _SERVICES)
def test_services(found: Callable[[str], list[Node]], name: str) -> None:
    """Who answers is read from the client's address, else from its SDK; what is not certain is not listed."""
    nodes = found(f"service{list(_SERVICES).index(name)}")
    services = {node.provider or node.endpoint for node in nodes if node.asset is Asset.AI_SERVICE}
    assert services - {None} == _SERVICES[name][1]


@pytest.mark.parametrize("name", _MODELS)
def test_models(found: Callable[[str], list[Node]], name: str) -> None:
    """A model's name counts where it is certain, or where it is the default; it is never guessed."""
    nodes = found(f"model{list(_MODELS).index(name)}")
    assert {node.model for node in nodes if node.asset is Asset.MODEL} == _MODELS[name][1]


@pytest.mark.parametrize("name", _TRAITS)
def test_traits_of_loaded_models(found: Callable[[str], list[Node]], name: str) -> None:
    """Only a commit pins a model; unless it is certainly off, code from the repository may run."""
    (node,) = [node for node in found(f"trait{list(_TRAITS).index(name)}") if node.asset is Asset.MODEL]
    assert set(node.traits) - {Trait.LOCAL} == _TRAITS[name][1]


@pytest.mark.parametrize("name", _LOADS)
def test_unsafe_loads(found: Callable[[str], list[Node]], name: str) -> None:
    """Unpickling a model is noted where it happens."""
    nodes = found(f"load{list(_LOADS).index(name)}")
    assert len([node for node in nodes if Trait.UNSAFE_SERIALISATION in node.traits]) == _LOADS[name][1]


@pytest.mark.parametrize("name", _KEYS)
def test_keys(found: Callable[[str], list[Node]], name: str) -> None:
    """Keys of AI providers are listed by name; a literal one is marked as a secret."""
    nodes = [node for node in found(f"key{list(_KEYS).index(name)}") if node.asset is Asset.CREDENTIAL]
    assert {node.name: Trait.SECRET in node.traits for node in nodes} == _KEYS[name][1]


def test_a_literal_key_is_never_shown(read: Read) -> None:
    """Wherever a key stands in the code, no fact repeats it."""
    secret = "sk-ant-api03-Zk3Qw9Xv7Lm2Np5Rt8Yb1Hc4"
    code = (
        "import anthropic, opacus\n"
        f"k = '{secret}'\n"
        f"c = anthropic.Anthropic(api_key='{secret}')\n"
        f"anthropic.Anthropic(api_key='{secret}').messages.create(messages=[store('{secret}').user.email])\n"
        f"engine.make_private(noise_multiplier=noise('{secret}'), data_loader=1)\n"
    )
    facts, gaps = read(PARSER, {"a.py": code})
    assert secret not in facts.model_dump_json()
    assert not any(secret in gap.detail for gap in gaps)


def test_a_module_of_the_tree_that_bears_a_library_s_name_is_not_the_library(read: Read) -> None:
    """`openai.py` beside the file is what Python imports: neither a package nor a service is in use."""
    app = "import openai\nclient = openai.OpenAI()\nclient.chat.completions.create(model='m', messages=[])\n"
    facts, _ = read(PARSER, {"app.py": app, "openai.py": "class OpenAI: ...\n"})
    assert [node.name for node in facts.nodes if node.asset in {Asset.AI_SDK, Asset.AI_SERVICE}] == []


def test_a_package_of_the_tree_in_src_is_not_the_library(read: Read) -> None:
    """`src/guidance/` is the project's own `guidance`."""
    files = {
        "src/guidance/__init__.py": "",
        "src/app/main.py": "import guidance\n",
        "tests/test_a.py": "import guidance\n",
    }
    facts, _ = read(PARSER, files)
    assert facts.nodes == ()


@pytest.mark.parametrize("path", ["app/anthropic.py", "app/anthropic/utils.py"])
def test_a_wrapper_inside_a_package_may_bear_the_name_of_its_library(read: Read, path: str) -> None:
    """`app/anthropic.py` is `app.anthropic` to Python, so what it imports as `anthropic` is the library."""
    code = "import anthropic\nanthropic.Anthropic().messages.create(model='claude-3-opus-20240229', messages=[])\n"
    files = {"app/__init__.py": "", "app/anthropic/__init__.py": "", path: code}
    facts, _ = read(PARSER, files)
    assert {node.name for node in facts.nodes if node.asset is Asset.AI_SERVICE} == {"Anthropic"}


def test_a_library_re_exported_by_the_tree_is_still_the_library(read: Read) -> None:
    """`from app.llm import litellm` leads to the library."""
    files = {
        "app/llm.py": "import litellm\n",
        "app/a.py": "from app.llm import litellm\nlitellm.completion('gpt-4o', [])\n",
    }
    facts, _ = read(PARSER, files)
    assert {node.provider for node in facts.nodes if node.asset is Asset.AI_SERVICE} == {"openai"}


def test_a_model_that_runs_inside_the_program_stays_a_place_data_goes_to(read: Read) -> None:
    """It is no service of the inventory, but a local end of flows."""
    code = "from sentence_transformers import SentenceTransformer\nm = SentenceTransformer('a/b')\nm.encode('x')\n"
    facts, _ = read(PARSER, {"a.py": code})
    ends = {(node.id, node.asset, node.traits) for node in facts.nodes if node.kind is NodeKind.AI_SERVICE}
    assert ends == {("ai_service:transformers", None, (Trait.LOCAL,))}


def test_a_model_named_in_a_call_is_listed_once(read: Read) -> None:
    """The call's own model argument is not found a second time by its position."""
    code = "import openai\nopenai.OpenAI(base_url='https://openrouter.ai/api').responses.create(model='gpt-4o')\n"
    facts, _ = read(PARSER, {"a.py": code})
    models = [(node.provider, node.locations[0].column) for node in facts.nodes if node.asset is Asset.MODEL]
    assert models == [("openrouter", 1)]


def test_the_prefix_of_a_protocol_is_no_provider(read: Read) -> None:
    """`openai/llama3` at an address set elsewhere is not OpenAI's model; `openai/gpt-4o` is."""
    facts, _ = read(PARSER, {"a.py": "import litellm\nllm.model = 'openai/llama3'\nother.model = 'openai/gpt-4o'\n"})
    models = {node.model: node.provider for node in facts.nodes if node.asset is Asset.MODEL}
    assert models == {"llama3": None, "gpt-4o": "openai"}


def test_an_embedding_model_of_an_index_library_is_listed(read: Read) -> None:
    """LlamaIndex loads from the hub, too."""
    code = "import llama_index.embeddings.huggingface as h\nh.HuggingFaceEmbedding(model_name='a/b')\n"
    facts, _ = read(PARSER, {"a.py": code})
    assert [node.model for node in facts.nodes if node.asset is Asset.MODEL] == ["a/b"]


def test_a_client_keeps_its_region(read: Read) -> None:
    """Where the cloud answers from is part of the service."""
    facts, _ = read(PARSER, {"a.py": "import boto3\nboto3.client('bedrock-runtime', region_name='eu-central-1')\n"})
    assert [node.region for node in facts.nodes if node.asset is Asset.AI_SERVICE] == ["eu-central-1"]


def test_evidence_shows_the_code_and_not_the_key(read: Read) -> None:
    """A name of a variable is evidence; a literal key is masked."""
    code = "import os, openai\nopenai.OpenAI(api_key=os.environ['X'])\nopenai.OpenAI(api_key='hunter2hunter2')\n"
    facts, _ = read(PARSER, {"a.py": code})
    shown = [node.locations[0].evidence for node in facts.nodes if node.asset is Asset.AI_SERVICE]
    assert shown == ["openai.OpenAI(api_key=os.environ['X'])", "openai.OpenAI(api_key='***r2')"]


_KEY = "5f2a9c81d7e34b60a1f8c2d95e7b3046"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        (f"from openai import AzureOpenAI\nclient = AzureOpenAI(api_key='{_KEY}')", 1),
        (f"import openai\nopenai.api_key = '{_KEY}'", 1),
        (f"import os\nos.environ['AZURE_OPENAI_API_KEY'] = '{_KEY}'", 1),
        (f"AZURE_OPENAI_API_KEY = '{_KEY}'", 1),
        ("from openai import OpenAI\nclient = OpenAI(api_key='not-needed')", 0),
        ("import os\nos.environ['OPENAI_API_KEY'] = 'deadbeef'", 0),
        ("from openai import OpenAI\nclient = OpenAI(api_key='your-api-key-here')", 0),
        (f"import openai\nstripe.configure(api_key='{_KEY}')", 0),
    ],
)
def test_a_key_without_a_known_shape_is_known_by_where_it_is_given(read: Read, code: str, count: int) -> None:
    """Azure's keys are plain hexadecimal; the value itself is in no node."""
    facts, _ = read(PARSER, {"app.py": code + "\n"})
    keys = [node for node in facts.nodes if node.asset is Asset.CREDENTIAL and Trait.SECRET in node.traits]
    assert len(keys) == count
    assert _KEY not in facts.model_dump_json()


def test_a_key_given_as_a_model_is_masked(read: Read) -> None:
    """A slip of the hand must not end in the inventory."""
    key = "sk-proj-" + "aB3dE5gH7jK9mN1pQ3sT5vX7"
    facts, _ = read(PARSER, {"app.py": f"import litellm\nlitellm.completion(model='{key}', messages=[])\n"})
    assert key not in facts.model_dump_json()
