"""Models, data sets, services and keys in settings of every format, and all that is none of them."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import Candidate, Interest
from petguard.model import Asset, EdgeKind, Facts, Gap, State, Trait
from petguard.parsers import Parser, settings

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_KEY = "sk-ant-api03-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq"


def _ids(facts: Facts) -> set[str]:
    return {node.id for node in facts.nodes if node.asset}


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        ("application.properties", "spring.ai.openai.chat.options.model=gpt-4o\n", "model:gpt-4o"),
        ("application.properties", "langchain4j.open-ai.chat-model.model-name=gpt-4o\n", "model:gpt-4o"),
        ("application.properties", "quarkus.langchain4j.ollama.chat-model.model-id=mistral\n", "model:mistral"),
        ("application.yml", "spring:\n  ai:\n    openai:\n      chat: {options: {model: gpt-4o}}\n", "model:gpt-4o"),
        ("application.yml", "a: 1\n---\nllm: {model: gpt-4o}\n", "model:gpt-4o"),
        ("application.yml", "llm:\n  model: ${MODEL:gpt-4o}\n", "model:gpt-4o"),
        (".env", "export OPENAI_MODEL='gpt-4o' # the default\n", "model:gpt-4o"),
        (".env.example", "LLM_MODEL=house-model-2\n", "model:house-model-2"),
        ("prod.env", "OPENAI_MODELS=gpt-4o,gpt-4o-mini\n", "model:gpt-4o-mini"),
        ("app.ini", "[llm]\nmodel = gpt-4o\n", "model:gpt-4o"),
        ("application.conf", 'llm {\n  model = "gpt-4o"\n}\n', "model:gpt-4o"),
        ("config.toml", '[model]\nname = "gpt-4o"\nprovider = "openai"\n', "model:gpt-4o"),
        ("appsettings.json", '{"AzureOpenAI": {"DeploymentName": "chat-prod-1"}}', "model:chat-prod-1"),
        ("settings.jsonc", '{// c\n"llm": {"model": "gpt-4o",}}', "model:gpt-4o"),
        ("ai.yml", "production:\n  openai:\n    model: gpt-4o\n", "model:gpt-4o"),
        ("recipe.yaml", "base_model: acme/thing\nlearning_rate: 1e-4\n", "model:acme/thing"),
        ("recipe.yaml", "model_name_or_path: google/gemma-7b\nlearning_rate: 1\n", "model:google/gemma-7b"),
        ("recipe.yaml", "model: {name: acme/net-50}\nlearning_rate: 1\n", "model:acme/net-50"),
        ("merge.yml", "models:\n  - model: acme/a-7b\nmerge_method: slerp\n", "model:acme/a-7b"),
        ("dify.yml", "model:\n  provider: langgenius/openai/openai\n  name: gpt-4o\n", "model:gpt-4o"),
        ("flow.json", '{"template": {"model_name": {"value": "gpt-4o"}}}', "model:gpt-4o"),
        ("action.yml", "inputs:\n  model:\n    default: gpt-4o\n", "model:gpt-4o"),
        ("models.yaml", "models:\n  gpt-4o: {max_tokens: 5}\n", "model:gpt-4o"),
        ("promptfooconfig.yaml", "providers:\n  - openai:chat:gpt-4o\n", "model:gpt-4o"),
        ("promptfooconfig.yaml", "providers:\n  - id: anthropic:messages:claude-x-9\n", "model:claude-x-9"),
        ("deploy.yaml", "env:\n  - name: LLM_MODEL\n    value: gpt-4o\n", "model:gpt-4o"),
        ("compose.yaml", "services:\n  a:\n    environment:\n      - LLM_MODEL=gpt-4o\n", "model:gpt-4o"),
        ("llms.yml", "llms:\n  a: {name: gpt-4o, provider: open_ai}\n", "model:gpt-4o"),
        ("llms.yml", "a: {name: gpt-4o, url: 'https://api.openai.com/v1'}\n", "model:gpt-4o"),
        ("main.yml", "kb_embedding_model_arn: 'arn:aws:bedrock:x::foundation-model/acme.e-2'\n", "model:acme.e-2"),
    ],
)
def test_a_model_is_found(read: Read, path: str, text: str, wanted: str) -> None:
    """Wherever a format puts the model, it is one row by its name."""
    facts, gaps = read(settings.PARSER, {path: text})
    assert gaps == []
    assert wanted in _ids(facts)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("base_model: a/b-7b\ndatasets:\n  - path: tatsu-lab/alpaca\n    name: en\n", {"dataset:tatsu-lab/alpaca"}),
        ("model_name_or_path: a/b-7b\ndataset: identity,alpaca_en\n", {"dataset:identity", "dataset:alpaca_en"}),
        ("model_name_or_path: a/b-7b\ndataset_mixer:\n  acme/chat: 1.0\n", {"dataset:acme/chat"}),
        (
            "model_name_or_path: a/b-7b\nlearning_rate: 1\ndataset_mixture:\n  datasets:\n    - id: acme/chat\n",
            {"dataset:acme/chat"},
        ),
        ("task: x\ndataset_path: cais/mmlu\ndataset_name: law\ndoc_to_text: q\n", {"dataset:cais/mmlu"}),
        ("include: base\ndataset_name: law\ndoc_to_text: q\n", set()),
        ("model: acme/a-7b\nlearning_rate: 1\ndatasets:\n  - path: json\n    data_files: x.json\n", set()),
    ],
)
def test_the_data_sets_of_a_recipe(read: Read, text: str, wanted: set[str]) -> None:
    """Data sets in every way that recipes name them; parts and loaders of data sets are none."""
    facts, _ = read(settings.PARSER, {"recipe.yaml": text})
    assert {each for each in _ids(facts) if each.startswith("dataset:")} == wanted


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("car.yaml", "make: Toyota\nmodel: Corolla\nyear: 2020\n"),
        ("device.yaml", "manufacturer: IKEA\nmodel: TRADFRI-bulb-2\ntemperature: 21\n"),
        ("climate.json", '{"model": "WT-3000", "temperature": 21, "humidity": 40}'),
        ("fixture.json", '[{"model": "app.user2", "pk": 1, "fields": {}}]'),
        ("my.cnf.ini", "[mysqld]\nengine = InnoDB\n"),
        ("pool.yaml", "dataset: tank/home\nquota: 5\n"),
        ("chart.json", '{"data": {"datasets": [{"label": "a/b", "data": [1]}]}}'),
        ("pod.yaml", "nodeSelector:\n  model: nvidia-t4\n"),
        ("schema.yml", "models:\n  - name: stg-orders-2\n    columns: []\n"),
        ("en.yml", "en:\n  activerecord:\n    models:\n      user: User\n"),
        ("openapi.yaml", "openapi: 3.0.0\ncomponents: {model: gpt-4o}\n"),
        ("api.json", '{"openapi": "3.0.0", "x": {"model": "gpt-4o"}}'),
        ("crd.yaml", "apiVersion: v1\nkind: CustomResourceDefinition\nmodel: gpt-4o\n"),
        ("locales/en.yml", "model: gpt-4o\n"),
        ("tests/cassettes/a.yaml", "model: gpt-4o\n"),
        ("package-lock.json", '{"model": "gpt-4o"}'),
        ("deny.yaml", "blocked_models: [gpt-4o]\ndeny:\n  models: [gpt-4o]\n"),
        ("comment.yaml", "# model: gpt-4o\nname: x\n"),
        (".env", "# OPENAI_API_KEY=x\nMAX_TOKENS=5\n"),
        ("prose.yaml", "title: we tried gpt-4o and it was good\n"),
        ("ci.yaml", "matrix:\n  include:\n    - model-name: azure-openai\n"),
        ("gpu.yaml", "train_models:\n  runs-on: ubuntu-latest\nopenai: 1\n"),
        ("answer.json", '{"id": "x", "model": "gpt-4o", "choices": [], "usage": {}}'),
        ("answer.json", '{"object": "chat.completion", "created": 1, "model": "gpt-4o"}'),
        ("store.json", '{"model": "iPhone14-2", "price": 1}'),
        ("tags.yaml", "posts:\n  - {name: gpt-4o, type: tag}\n"),
    ],
)
def test_what_only_looks_like_it_is_nothing(read: Read, path: str, text: str) -> None:
    """Cars, devices, tables, charts, translations, recordings, comments and deny-lists give no row and no gap."""
    assert read(settings.PARSER, {path: text}) == (Facts(), [])


def test_rows_of_chats_are_data(read: Read) -> None:
    """A list of recorded conversations names models that somebody used once, not here."""
    rows = [{"model": "gpt-4o", "messages": [{"role": "user"}]} for _ in range(10)]
    assert _ids(read(settings.PARSER, {"data.json": json.dumps(rows)})[0]) == set()


def test_a_price_list_is_a_catalogue(read: Read) -> None:
    """A map of more than a hundred models is data about models; so is a shorter one with prices."""
    many = {"models": {f"gpt-4-{number}": {"max_tokens": 1} for number in range(101)}}
    priced = {"models": {f"gpt-4-{number}": {"max_tokens": 1, "input_cost_per_token": 1} for number in range(30)}}
    facts, _ = read(settings.PARSER, {"many.json": json.dumps(many), "priced.json": json.dumps(priced)})
    assert _ids(facts) == set()


def test_the_default_of_a_catalogue_is_in_use(read: Read) -> None:
    """What is taken unless somebody asks for another stands apart from the list of what there is."""
    models = {f"gpt-4-{number}": {"max_tokens": 1} for number in range(101)}
    facts, _ = read(settings.PARSER, {"many.json": json.dumps({"default-model": "gpt-4o", "models": models})})
    assert _ids(facts) == {"model:gpt-4o"}


def test_an_address_that_is_a_default_stands_under_the_name_above(read: Read) -> None:
    """Settings that describe themselves put the value one level lower."""
    text = "ai:\n  stability_api_url:\n    default: https://api.stability.ai\n"
    facts, _ = read(settings.PARSER, {"settings.yml": text})
    assert _ids(facts) == {"ai_service:stability"}


def test_thirty_models_without_prices_are_in_use(read: Read) -> None:
    """An application that offers many models uses them."""
    some = {"models": {f"gpt-4-{number}": {"max_tokens": 1} for number in range(30)}}
    assert len(_ids(read(settings.PARSER, {"some.json": json.dumps(some)})[0])) == 30


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        ("a.yaml", "llm:\n  provider: anthropic\n  model: claude-3-opus\n", "anthropic"),
        ("a.yaml", "llm:\n  model: gpt-4o\n  base_url: https://openrouter.ai/api/v1\n", "openrouter"),
        ("a.yaml", "llm:\n  model: openai/gpt-4o\n", "openai"),
        (".env", "OPENAI_BASE_URL=https://api.groq.com/openai/v1\n", "groq"),
        (".env", "OPENAI_API_BASE=http://localhost:11434/v1\n", "ollama"),
        (".env", "OLLAMA_HOST=localhost:11434\n", "ollama"),
        ("a.properties", "spring.ai.openai.chat.options.model=gpt-4o\n", "openai"),
        ("a.properties", "google-ai-gemini.chat-model.model-name=gemini-2.0-flash\n", "google"),
        ("a.json", '{"AzureOpenAI": {"Endpoint": "https://x.openai.azure.com", "Deployment": "gpt-4o"}}', "azure"),
        ("a.properties", "spring.ai.google.genai.chat.options.model=gemini-3-pro\n", "google"),
        (
            "a.yaml",
            "clients: [{type: openai-compatible, api_base: 'http://localhost:11434/v1', models: [{name: phi3.5}]}]\n",
            "ollama",
        ),
        ("a.json", '{"type": "@n8n/n8n-nodes-langchain.lmChatGroq", "parameters": {"model": "llama-3.1-8b"}}', "groq"),
    ],
)
def test_the_service_that_settings_name(read: Read, path: str, text: str, wanted: str) -> None:
    """A provider beside or above, the router in the name or the address says who answers; the address is surest."""
    facts, _ = read(settings.PARSER, {path: text})
    assert {node.provider for node in facts.nodes if node.asset is Asset.AI_SERVICE} == {wanted}


def test_a_model_flows_to_its_service(read: Read) -> None:
    """What is sent to a model reaches the service that the settings give it."""
    facts, _ = read(settings.PARSER, {"a.yaml": "llm:\n  provider: anthropic\n  model: claude-3-opus\n"})
    edge = facts.edges[0]
    assert (edge.kind, edge.source, edge.target) == (
        EdgeKind.FLOWS_TO,
        "model:claude-3-opus",
        "ai_service:anthropic",
    )


def test_an_unknown_host_beside_a_model_is_a_service(read: Read) -> None:
    """Somebody answers at the base address, even if nobody knows who; any other address is no service."""
    text = "llm:\n  model: gpt-4o\n  base_url: https://llm.acme.example/v1\n  docs: https://acme.example\n"
    facts, _ = read(settings.PARSER, {"a.yaml": text})
    assert next(node.endpoint for node in facts.nodes if node.asset is Asset.AI_SERVICE) == "llm.acme.example"


def test_a_recipe_calls_nobody(read: Read) -> None:
    """The weights of a trained model are loaded; the maker's name is no service."""
    facts, _ = read(settings.PARSER, {"a.yaml": "base_model: mistralai/x-7b\nlearning_rate: 1\nmodel_type: mistral\n"})
    assert _ids(facts) == {"model:mistralai/x-7b"}


def test_keys_by_name_and_by_value(read: Read) -> None:
    """The name of a key is a row; a literal key is a secret and nowhere in clear text; a placeholder is none."""
    text = f"ANTHROPIC_API_KEY={_KEY}\nOPENAI_API_KEY=your-key-here\nAZURE_OPENAI_KEY=\n"
    facts, _ = read(settings.PARSER, {".env": text})
    traits = {node.name: node.traits for node in facts.nodes}
    assert traits == {"ANTHROPIC_API_KEY": (Trait.SECRET,), "OPENAI_API_KEY": (), "AZURE_OPENAI_KEY": ()}
    assert _KEY not in facts.model_dump_json()


@pytest.mark.parametrize(
    "value",
    ["${OPENAI_API_KEY}", "${OPENAI_API_KEY:-x}", "os.environ/OPENAI_API_KEY", "{{ env.OPENAI_API_KEY }}",
     "$OPENAI_API_KEY", "${{ secrets.OPENAI_API_KEY }}", "<%= ENV['OPENAI_API_KEY'] %>", "env.OPENAI_API_KEY"],
)  # fmt: skip
def test_a_reference_names_the_key(read: Read, value: str) -> None:
    """However a format refers to a variable, the key is the same row."""
    facts, _ = read(settings.PARSER, {"a.yaml": f'llm:\n  api_key: "{value}"\n'})
    assert _ids(facts) == {"credential:OPENAI_API_KEY"}


def test_a_literal_key_beside_a_provider(read: Read) -> None:
    """A key without a known shape is an AI key where the settings are a provider's."""
    text = '{"openai": {"model": "gpt-4o", "api_key": "Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq"}}'
    facts, _ = read(settings.PARSER, {"a.json": text})
    key = next(node for node in facts.nodes if node.asset is Asset.CREDENTIAL)
    assert key.provider == "openai"
    assert Trait.SECRET in key.traits
    assert "Qz7Lm2Rt9Vb4" not in facts.model_dump_json()


def test_a_key_of_something_else_is_not_reported(read: Read) -> None:
    """A payment key beside no model belongs to another tool."""
    text = "llm:\n  model: gpt-4o\npayment:\n  api_key: Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq\n"
    assert _ids(read(settings.PARSER, {"a.yaml": text})[0]) == {"model:gpt-4o"}


def test_a_key_in_a_fixture_is_still_a_key(read: Read) -> None:
    """What a test recorded is not in use, but a secret in it has leaked."""
    text = f"model: gpt-4o\nANTHROPIC_API_KEY: {_KEY}\nOPENAI_API_KEY: x\n"
    facts, _ = read(settings.PARSER, {"tests/fixtures/a.yaml": text})
    assert _ids(facts) == {"credential:ANTHROPIC_API_KEY"}


def test_a_vector_store_by_its_key(read: Read) -> None:
    """`vector_store: qdrant` is a vector store; the same word elsewhere is not."""
    text = "llm: {model: gpt-4o}\nvector_store: {type: qdrant}\nteam: {type: chroma}\n"
    facts, _ = read(settings.PARSER, {"a.yaml": text})
    assert {node.name for node in facts.nodes if node.asset is Asset.VECTOR_STORE} == {"qdrant"}


def test_the_address_of_a_vector_store_is_no_ai_service(read: Read) -> None:
    """An address below the name of a vector store, among the settings of models, is where the store listens."""
    text = '{"OpenAI": {"TextModel": "gpt-4o"}, "Qdrant": {"Endpoint": "http://127.0.0.1:6333"}}'
    facts, _ = read(settings.PARSER, {"appsettings.json": text})
    assert {node.name for node in facts.nodes if node.asset is Asset.VECTOR_STORE} == {"qdrant"}
    assert {node.provider for node in facts.nodes if node.asset is Asset.AI_SERVICE} == {"openai"}


@pytest.mark.parametrize(
    "text",
    [
        "llm:\n  {{- if .Values.ai }}\n  model: gpt-4o\n  {{- end }}\n  x: {{ .Values.x }}\n",
        "llm:\n  model: gpt-4o\n  x: [1, 2\n",
        "{% if a %}\nllm:\n  model: gpt-4o\n{% endif %}\n",
    ],
)
def test_a_template_is_read_line_by_line(read: Read, text: str) -> None:
    """What cannot be parsed still gives its model, and a gap with a line."""
    facts, gaps = read(settings.PARSER, {"values.yaml": text})
    assert "model:gpt-4o" in _ids(facts)
    assert [(gap.state, gap.path) for gap in gaps] == [(State.PARTIAL, "values.yaml")]
    assert gaps[0].line


def test_json5_is_read_line_by_line(read: Read) -> None:
    """Keys without quotes are more than the JSON reader takes."""
    facts, gaps = read(settings.PARSER, {"a.json5": "{\n  llm: {\n    model: 'gpt-4o',\n  },\n}\n"})
    assert _ids(facts) == {"model:gpt-4o"}
    assert len(gaps) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.json", '{"llm": {"model": "gpt-4o"'),
        ("a.json", "llm:\n  model: gpt-4o\n"),
        ("a.toml", '{"model": "gpt-4o"}'),
        ("a.yaml", "model: gpt-4o\n" + "- " * 300),
        ("a.json", '{"model": "gpt-4o", "x": ' + "[" * 300),
        ("a.yaml", "model: gpt-4o\n" + "x: y\n" * 300_000),
        ("a.yaml", "model: gpt-4o\n\x00\x07"),
    ],
)
def test_bad_input_is_a_gap(read: Read, path: str, text: str) -> None:
    """Truncated, of another format, deep or huge: a gap with the path, never a crash, never silence."""
    _, gaps = read(settings.PARSER, {path: text})
    assert [gap.path for gap in gaps] == [path]


def test_what_has_nothing_to_do_with_ai_is_not_even_parsed() -> None:
    """A broken file without AI literals is no gap of ours."""
    broken = Candidate("values.yaml", b"image: {{ .x }}\nmodel: [\nengine: v8\n")
    assert settings.PARSER.interest(broken) is Interest.NONE


_TEXTS = st.sampled_from(["model", "models", "name", "provider", "openai", "gpt-4o", "datasets", "path", "a/b", "x"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS | st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_any_document_is_read(read: Read, value: object) -> None:
    """Whatever types stand where, there is no crash; every row has a line of the file."""
    text = json.dumps({"model": "gpt-4o", "rest": value})
    facts, _ = read(settings.PARSER, {"a.json": text})
    assert "model:gpt-4o" in _ids(facts)
    assert all(node.locations[0].line == 1 for node in facts.nodes)


@given(st.text(max_size=200), st.sampled_from([".yaml", ".toml", ".json", ".properties", ".env", ".conf"]))
def test_any_text_is_read(read: Read, text: str, suffix: str) -> None:
    """No text makes a reader crash."""
    read(settings.PARSER, {f"a{suffix}": text + "\nmodel: gpt-4o\nmodel = gpt-4o\n"})


def test_the_name_of_a_secret_is_no_secret(read: Read) -> None:
    """Charts and clusters say where a key is kept; only a key in clear text is one."""
    text = """\
llm:
  provider: openai
  apiKeySecretName: openai-credentials
  secretName: openai-credentials
  secretKey: api-key-of-openai
  env: {valueFrom: {secretKeyRef: {name: openai-credentials, key: openai-key-of-team}}}
  model: gpt-4o
"""
    facts, _ = read(settings.PARSER, {"values.yaml": text})
    assert [node.id for node in facts.nodes if Trait.SECRET in node.traits] == []
