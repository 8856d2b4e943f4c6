"""The catalogue of providers and packages: its shape, and who stands behind a host, a key or a model name."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from petguard import catalog
from petguard.catalog import provider_by_host, provider_by_model

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("eu.api.openai.com", "openai"),
        ("API.OpenAI.com.", "openai"),
        ("contoso.openai.azure.com", "azure"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "amazon-bedrock"),
        ("bedrock-agent-runtime.us-east-1.amazonaws.com", "amazon-bedrock"),
        ("europe-west4-aiplatform.googleapis.com", "google-vertex"),
        ("aiplatform.googleapis.com", "google-vertex"),
        ("runtime.sagemaker.us-gov-west-1.amazonaws.com", "amazon-sagemaker"),
        ("openrouter.ai", "openrouter"),
    ],
)
def test_a_host_tells_its_provider(host: str, provider: str) -> None:
    """Sub-domains, regions and letter case do not hide who answers."""
    found = provider_by_host(host)
    assert found is not None
    assert found.id == provider


@pytest.mark.parametrize(
    "host",
    [
        "openai.com", "api.openai.com.evil.example", "api-openai.com", "api.openai.evil.com", "openai", "", ".",
        "localhost", "bedrock-runtime.evil.example", "amazonaws.com", "s3.eu-west-1.amazonaws.com", "googleapis.com",
    ],
)  # fmt: skip
def test_a_look_alike_host_is_nobody_known(host: str) -> None:
    """A host in somebody else's domain, or without a provider's own label, is not attributed."""
    assert provider_by_host(host) is None


@pytest.mark.parametrize(
    ("model", "provider"),
    [("gpt-4o", "openai"), ("claude-3-5-sonnet-latest", "anthropic"), ("GEMINI-2.0-flash", "google"), ("o3", "openai")],
)
def test_a_well_known_model_name_tells_its_provider(model: str, provider: str) -> None:
    """Names that only one provider gives its models are enough."""
    found = provider_by_model(model)
    assert found is not None
    assert found.id == provider


@pytest.mark.parametrize("model", ["llama3", "my-model", "", "mistral-7b-instruct"])
def test_an_open_model_name_tells_nobody(model: str) -> None:
    """A model that anybody may host does not say who answers."""
    assert provider_by_model(model) is None


def test_every_package_names_a_provider_that_exists() -> None:
    """A typing error in the catalogue would lose a provider silently."""
    known = {provider.id for provider in catalog.providers()}
    assert [each.name for each in catalog.packages() if each.provider and each.provider not in known] == []


@pytest.mark.parametrize("field", ["hosts", "env", "prefixes"])
def test_no_two_providers_share_a_host_key_or_prefix(field: str) -> None:
    """A lookup has one answer."""
    count = Counter(value for provider in catalog.providers() for value in getattr(provider, field))
    assert [value for value, times in count.items() if times > 1] == []


def test_no_two_providers_share_the_start_of_a_model_name() -> None:
    """`provider_by_model` must not depend on the order of the rows."""
    starts = [(start, provider.id) for provider in catalog.providers() for start in provider.model_prefixes]
    clashes = [(a, b) for a, one in starts for b, other in starts if one != other and a.startswith(b)]
    assert clashes == []


def test_hosts_are_lower_case_names_with_a_dot() -> None:
    """Hosts are compared as lower-case labels, without scheme, port or path."""
    hosts = [host for provider in catalog.providers() for host in provider.hosts]
    assert [host for host in hosts if host != host.lower() or "." not in host or set(host) & set("/: ")] == []


def test_packages_are_normalised_and_unique() -> None:
    """PyPI names are looked up in PEP 503 form."""
    names = [(each.ecosystem, each.name) for each in catalog.packages()]
    python = [name for ecosystem, name in names if ecosystem == "pypi"]
    assert [name for name in python if name != name.lower() or "_" in name] == []
    assert len(names) == len(set(names))


def test_a_sub_module_belongs_to_the_closest_package() -> None:
    """`google.cloud.aiplatform` is Vertex AI, `google.generativeai.types` is Gemini, `google.auth` is neither."""
    names = ("google.cloud.aiplatform.models", "google.generativeai.types", "google.auth", "openai_helpers")
    found = [catalog.module(name) for name in names]
    assert [each and each.name for each in found] == ["google-cloud-aiplatform", "google-generativeai", None, None]


def test_local_runtimes_have_no_host_of_their_own() -> None:
    """A local provider is recognised by its package or port, never by a public host."""
    assert [provider.id for provider in catalog.providers() if provider.kind == "local" and provider.hosts] == []


def test_unknown_keys_have_no_provider() -> None:
    """Lookups answer None for what the catalogue does not hold."""
    found = (catalog.provider("x"), catalog.provider_by_env("PATH"), catalog.provider_by_prefix("x"))
    assert found == (None, None, None)


def test_packages_are_found_by_ecosystem_and_name() -> None:
    """The same name in another ecosystem is another package."""
    assert catalog.package("pypi", "openai") is not None
    assert catalog.package("npm", "left-pad") is None


def test_the_packed_catalogue_is_the_one_in_the_tables() -> None:
    """What petguard reads is what people edit: `python rules/build.py` was run after the last change."""
    command = [sys.executable, "rules/build.py", "--check"]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == 0  # noqa: S603 - our own script
