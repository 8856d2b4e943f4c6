"""Models and data sets by position: what counts under which name, beside what, and what never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Asset, Location, Trait
from petguard.parsers._company import provider_in, said, spaced, speaks_of_models
from petguard.parsers._positions import is_model_name, literal, named

_AT = Location(path="a.yaml")


@pytest.mark.parametrize(
    ("key", "value", "company"),
    [
        ("model", "gpt-4o", ()),
        ("MODEL", "llama3.2", ()),
        ("model_name", "claude-3-5-sonnet-20241022", ()),
        ("modelId", "anthropic.claude-3-sonnet-20240229-v1:0", ()),
        ("engine", "text-davinci-003", ()),
        ("model", "Qwen/Qwen2.5-7B-Instruct", ()),
        ("model", "acme/thing-7b", ()),
        ("models", "openai/gpt-4.1-mini", ()),
        ("LLM_MODEL", "house-model-2", ()),
        ("embedding_model", "acme/embedder", ()),
        ("chatModelName", "acme-chat-3", ()),
        ("AZURE_OPENAI_DEPLOYMENT_NAME", "gpt4-prod", ()),
        ("base_model", "acme/new-thing", ()),
        ("model_name_or_path", "acme/new-thing", ()),
        ("reward_model", "acme/judge-2", ()),
        ("model", "acme-2", ("temperature", "max_tokens")),
        ("model", "acme-2", ("temperature", "top_p")),
        ("model", "acme-2", ("openai",)),
        ("model", "mistral", ("ollama", "chat")),
        ("model", "resnet-101", ("learning_rate",)),
        ("model", "accounts/fireworks/models/llama-v3p1-8b-instruct", ()),
        ("model", "@cf/meta/llama-3.1-8b-instruct", ()),
        ("model", "gpt-4o", ("manufacturer",)),
    ],
)
def test_a_model_is_known_by_its_place(key: str, value: str, company: tuple[str, ...]) -> None:
    """A sure name, a well-known model or telling company is enough."""
    found = named(key, value, company)
    assert found is not None
    assert found.asset is Asset.MODEL


@pytest.mark.parametrize(
    ("key", "value", "company"),
    [
        ("model", "Corolla", ("make", "year")),
        ("model", "RT-AC68U", ("manufacturer", "temperature", "max_tokens")),
        ("model", "TS0601", ("zigbee",)),
        ("model", "WT-3000", ("temperature", "humidity")),
        ("model", "nvidia-t4", ()),
        ("model", "google/nexus-5", ()),
        ("model", "app.User", ("pk", "fields")),
        ("engine", "InnoDB", ()),
        ("engine", "django.db.backends.postgresql", ("name", "host")),
        ("embedding_model", "sentence_transformers.SentenceTransformer", ()),
        ("device_model", "iPhone14-2", ()),
        ("hub_model_id", "acme/zephyr-7b", ("learning_rate",)),
        ("blocked_models", "gpt-4o", ()),
        ("deprecated_model", "gpt-4o", ()),
        ("model_name_or_path", "./outputs/run-7", ()),
        ("adapter_name_or_path", "saves/llama3-8b/lora/sft", ()),
        ("model", "checkpoints/llama-3-8b", ()),
        ("llm_model", "your-model-name-1", ()),
        ("llm_model", "<model>", ()),
        ("llm_model", "my-org/my-model-1", ()),
        ("model", "6f1c9e2a-aaaa-bbbb-cccc-1234567890ab", ("max_tokens",)),
        ("model", "2024-01-01", ("max_tokens",)),
        ("model", "schema-1.json", ("max_tokens",)),
        ("model", "models.User2", ("max_tokens",)),
        ("model_type", "llama-3", ()),
        ("model_provider", "openai-2", ()),
        ("v-model", "form-1", ()),
        ("title", "gpt-4o", ("max_tokens",)),
        ("model", "sk-ant-api03-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq", ("max_tokens",)),
        ("model", 4, ("max_tokens",)),
        ("model", None, ("max_tokens",)),
    ],
)
def test_what_stands_elsewhere_is_no_model(key: str, value: object, company: tuple[str, ...]) -> None:
    """Cars, devices, tables, classes, paths, placeholders, keys and what is denied are no models in use."""
    assert named(key, value, company) is None


@pytest.mark.parametrize(
    ("key", "value", "company"),
    [
        ("train_dataset", "acme/corpus", ()),
        ("hf_dataset", "acme/corpus", ()),
        ("dataset_mixer", "acme/corpus", ()),
        ("dataset", "tatsu-lab/alpaca", ("learning_rate",)),
        ("datasets", "tatsu-lab/alpaca", ("base_model",)),
        ("dataset", "alpaca_en_demo", ("finetuning_type",)),
        ("dataset_path", "cais/mmlu", ("doc_to_text",)),
    ],
)
def test_a_data_set_is_known_by_its_place(key: str, value: str, company: tuple[str, ...]) -> None:
    """A name of a hub under a sure key, or any name in a recipe."""
    found = named(key, value, company)
    assert found is not None
    assert found.asset is Asset.DATASET


@pytest.mark.parametrize(
    ("key", "value", "company"),
    [
        ("dataset", "tank/home", ()),
        ("dataset", "analytics", ("table", "project")),
        ("dataset", "data/iris", ("learning_rate",)),
        ("datasets", "json", ("base_model",)),
        ("dataset", "sales.csv", ("learning_rate",)),
        ("dataset_name", "abstract_algebra", ("dataset_path", "doc_to_text")),
        ("dataset", "lib.datasets.Iris", ("lr",)),
    ],
)
def test_what_is_no_data_set_of_a_recipe(key: str, value: str, company: tuple[str, ...]) -> None:
    """File systems, warehouses, files, loaders and classes are no data sets."""
    assert named(key, value, company) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("${OPENAI_MODEL:gpt-4o}", "gpt-4o"),
        ("${OPENAI_MODEL:-gpt-4o}", "gpt-4o"),
        ("${oc.env:MODEL, 'gpt-4o'}", "gpt-4o"),
        ('{{ env_var("MODEL", "gpt-4o") }}', "gpt-4o"),
        ("{{ .Values.model | default 'gpt-4o' }}", "gpt-4o"),
        ("<%= ENV.fetch('MODEL', 'gpt-4o') %>", "gpt-4o"),
        ("https://huggingface.co/acme/thing", "acme/thing"),
        ("hf.co/acme/thing:Q4_K_M", "acme/thing"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-text", "amazon.titan-text"),
        ("${MODEL}", "${MODEL}"),
        (" gpt-4o ", "gpt-4o"),
    ],
)
def test_a_value_comes_down_to_a_name(value: str, name: str) -> None:
    """The default of a variable, the repository in an address and the model in an ARN are the names."""
    assert literal(value) == name


def test_a_maker_on_a_hub_is_no_router() -> None:
    """`openai/whisper-large-v3` in a recipe is a repository; `openai/gpt-4o` elsewhere goes to OpenAI."""
    hub, routed = named("model_name_or_path", "openai/whisper-large-v3"), named("model", "openai/gpt-4o")
    assert (hub and hub.name, hub and hub.provider) == ("openai/whisper-large-v3", None)
    assert (routed and routed.name, routed and routed.provider) == ("gpt-4o", "openai")


def test_the_settings_say_who_serves() -> None:
    """A provider that stands beside the model serves it."""
    found = named("model", "meta-llama/Llama-3-8b", ("provider", said("openrouter")))
    assert found is not None
    assert found.provider == "openrouter"


def test_two_providers_beside_say_nothing() -> None:
    """Where several providers are named, none of them is taken; Azure OpenAI is one."""
    assert provider_in(["openai", "anthropic"]) is None
    assert provider_in(["spring", "ai", "azure", "openai"]) == "azure"


def test_a_value_says_more_than_a_key() -> None:
    """`provider: google` beside a key `openai` means Google; a key that is an everyday word means nobody."""
    assert provider_in(["openai", said("google")]) == "google"
    assert provider_in(["continue", "cursor", "factory", "writer", "google"]) is None


def test_a_new_name_is_unlisted() -> None:
    """A name that neither the catalogue nor a family knows is an unlisted model."""
    found = named("llm_model", "house-model-2")
    assert found is not None
    assert found.unlisted
    assert Trait.UNLISTED in found.node(_AT).traits


def test_one_hint_is_not_enough() -> None:
    """A thermostat has a temperature too."""
    assert not speaks_of_models(["temperature", "name"])
    assert speaks_of_models(["temperature", "top_p"])


@pytest.mark.parametrize("name", ["modelNameOrPath", "MODEL_NAME_OR_PATH", "model-name-or-path", "Model.Name.Or.Path"])
def test_spelling_does_not_matter(name: str) -> None:
    """Camel case, capitals, dashes and dots are one name."""
    assert spaced(name) == "model name or path"


@pytest.mark.parametrize("name", ["llama", "farm-llama", "command", "opt-out", "nova-2", "phi", "o1", "user-7b"])
def test_an_everyday_word_is_no_model_by_itself(name: str) -> None:
    """Without its number, size or kind, the name of a family is a word."""
    assert not is_model_name(name)


@given(st.text(max_size=60), st.text(max_size=60), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_is_judged(key: str, value: str, company: list[str]) -> None:
    """No text is a crash, and what is named is never empty."""
    found = named(key, value, company)
    assert found is None or found.node(_AT).name


@given(st.sampled_from(["gpt-4o", "acme-2", "mistral", "tatsu-lab/alpaca"]), st.permutations(["lr", "ollama", "make"]))
def test_the_order_of_the_company_does_not_matter(value: str, company: list[str]) -> None:
    """Company is a set."""
    assert named("model", value, company) == named("model", value, sorted(company))
