"""The catalogue of providers and packages: its shape, and who stands behind a host, a key or a model name."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from petguard import catalog
from petguard.catalog import provider_by_host, provider_by_model
from petguard.model import Asset

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
        ("textract.eu-central-1.amazonaws.com", "amazon-textract"),
        ("eu-documentai.googleapis.com", "google-document-ai"),
        ("westeurope.api.cognitive.microsoft.com", "azure-ai-services"),
        ("api.mistral.ai", "mistral"),
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
        "storage.googleapis.com", "my-speech.example.com", "acme.snowflakecomputing.com", "ollama.com", "github.com",
    ],
)  # fmt: skip
def test_a_look_alike_host_is_nobody_known(host: str) -> None:
    """A host in somebody else's domain, or without a provider's own label, is not attributed."""
    assert provider_by_host(host) is None


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-4o", "openai"),
        ("claude-3-5-sonnet-latest", "anthropic"),
        ("GEMINI-2.0-flash", "google"),
        ("o3", "openai"),
        ("o1-mini", "openai"),
        ("eu.anthropic.claude-3-haiku-20240307-v1:0", "amazon-bedrock"),
        ("@cf/meta/llama-3-8b-instruct", "cloudflare"),
        ("mistral-large-latest", "mistral"),
    ],
)
def test_a_well_known_model_name_tells_its_provider(model: str, provider: str) -> None:
    """Names that only one provider gives its models are enough."""
    found = provider_by_model(model)
    assert found is not None
    assert found.id == provider


@pytest.mark.parametrize(
    "model",
    [
        "llama3", "my-model", "", "mistral-7b-instruct", "mixtral-8x7b", "qwen2.5-7b-instruct", "gemma-2-9b-it",
        "deepseek-coder-6.7b-instruct", "mistral-small-24b-instruct-2501", "gpt-oss-20b", "gpt-j-6b", "gpt2",
        "o365-reader",
    ],
)  # fmt: skip
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


def test_the_tables_are_as_long_as_promised() -> None:
    """A table that lost its rows would find nothing and look clean."""
    shipped = catalog.shipped()
    roles = Counter(each.role for each in shipped.packages)
    tools = {each.tool for each in shipped.conventions}
    tables = (shipped.providers, shipped.resources, shipped.actions, shipped.sql_functions, shipped.images, tools)
    least = (150, 80, 15, 60, 60, 40)
    assert [len(table) >= number for table, number in zip(tables, least, strict=True)] == [True] * 6
    assert roles["framework"] >= 60
    assert roles["vector_store"] >= 20
    assert roles["pet"] >= 60
    assert len([each for each in shipped.runtimes if each.commands or each.ports]) >= 15
    assert len(catalog.models()) >= 2500


@pytest.mark.parametrize(
    "ecosystem", ["pypi", "npm", "maven", "golang", "nuget", "cargo", "gem", "composer", "pub", "swift"]
)
def test_every_ecosystem_has_packages_with_modules(ecosystem: str) -> None:
    """No language is left without anchors."""
    found = [each for each in catalog.packages() if each.ecosystem == ecosystem]
    assert len(found) >= 50
    assert len([each for each in found if each.modules]) >= 50


_TOO_GENERAL = {
    "google",
    "google.cloud",
    "google.api_core",
    "azure",
    "azure.ai",
    "azure.core",
    "ibm",
    "aws",
    "boto3",
    "models",
    "agents",
    "utils",
    "core",
    "swift",
    "art",
    "ts",
    "com",
    "org",
    "io",
    "dev",
    "com.google",
    "com.google.cloud",
    "com.azure",
    "com.azure.ai",
    "com.amazonaws",
    "com.amazonaws.services",
    "software.amazon.awssdk",
    "com.microsoft",
    "com.microsoft.azure",
    "com.ibm",
    "com.oracle",
    "com.alibaba",
    "org.apache",
    "org.springframework",
    "io.github",
    "cloud.google.com",
    "github.com",
    "google.golang.org",
    "Google",
    "Google.Cloud",
    "Amazon",
    "Azure",
    "Azure.AI",
    "Microsoft",
    "Microsoft.Extensions",
    "System",
    "Microsoft.Azure",
    "Oci",
    "aws-sdk",
    "google/cloud",
    "Google\\Cloud",
    "Symfony",
    "Laravel",
    "Drupal",
    "WordPress",
    "@google-cloud",
    "@aws-sdk",
    "@azure",
    "@google",
    "firebase",
    "chroma-js",
    "Models",
    "Hub",
    "Vision",
    "Foundation",
    "rails",
}


def test_no_module_is_the_start_of_things_that_are_not_ai() -> None:
    """A module stands for all below it: `com.google` would make every Android application an AI application."""
    anywhere_but = {("npm", "agents")}  # the package of this name; `./agents` is not looked up
    found = [(each.ecosystem, name) for each in catalog.packages() for name in each.modules if name in _TOO_GENERAL]
    assert [each for each in found if each not in anywhere_but] == []


@pytest.mark.parametrize(
    ("ecosystem", "module"),
    [
        ("npm", "ai.config"),
        ("npm", "chroma-js"),
        ("npm", "@google-cloud/storage"),
        ("npm", "firebase/app"),
        ("maven", "com.google.common.collect"),
        ("maven", "com.azure.storage.blob"),
        ("maven", "org.apache.camel.Exchange"),
        ("maven", "software.amazon.awssdk.services.s3"),
        ("golang", "cloud.google.com/go/storage"),
        ("golang", "github.com/aws/aws-sdk-go-v2/service/s3"),
        ("nuget", "Microsoft.Extensions.Logging"),
        ("nuget", "Azure.Storage.Blobs"),
        ("composer", "Google\\Cloud\\Storage"),
        ("gem", "google/cloud/storage"),
        ("pypi", "swift.common"),
        ("pypi", "art"),
        ("pypi", "azure.storage.blob"),
        ("pypi", "google.cloud.storage"),
        ("cargo", "tokio::sync"),
        ("pub", "flutter/material.dart"),
        ("swift", "SwiftUI"),
    ],
)
def test_a_library_beside_an_ai_library_is_none(ecosystem: catalog.Ecosystem, module: str) -> None:
    """The same vendor's storage client, or a name that only begins alike, is no AI."""
    assert catalog.module(module, ecosystem) is None


@pytest.mark.parametrize(
    ("ecosystem", "module", "package"),
    [
        ("npm", "@ai-sdk/openai/internal", "@ai-sdk/openai"),
        ("npm", "firebase/ai", "@firebase/ai"),
        ("npm", "ai/react", "ai"),
        ("maven", "dev.langchain4j.model.openai.OpenAiChatModel", "dev.langchain4j:langchain4j-open-ai"),
        ("maven", "com.google.cloud.vertexai.api", "com.google.cloud:google-cloud-vertexai"),
        (
            "golang",
            "github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types",
            "github.com/aws/aws-sdk-go-v2/service/bedrockruntime",
        ),
        ("nuget", "Microsoft.SemanticKernel.Connectors.OpenAI", "Microsoft.SemanticKernel.Connectors.OpenAI"),
        ("cargo", "async_openai::types", "async-openai"),
        ("gem", "openai", "ruby-openai"),
        ("composer", "LLPhant\\Chat\\OpenAIChat", "theodo-group/llphant"),
        ("pub", "langchain_openai/langchain_openai.dart", "langchain_openai"),
        ("swift", "FoundationModels", "FoundationModels"),
        ("pypi", "llama_index.llms.ollama", "llama-index-llms-ollama"),
    ],
)
def test_an_import_tells_its_package(ecosystem: catalog.Ecosystem, module: str, package: str) -> None:
    """Each language's way to name a part of a package leads to the package."""
    found = catalog.module(module, ecosystem)
    assert found is not None
    assert found.name == package


def test_nuget_alone_does_not_mind_letter_case() -> None:
    """`<PackageReference Include="openai">` installs OpenAI; Maven would not find it."""
    assert catalog.package("nuget", "openai") is not None
    assert catalog.package("maven", "com.openai:OpenAI-Java") is None


def test_no_row_names_a_provider_that_does_not_exist() -> None:
    """A typing error in a table would lose a provider silently."""
    shipped, known = catalog.shipped(), {provider.id for provider in catalog.providers()}
    tables = (shipped.images, shipped.runtimes, shipped.resources, shipped.actions, shipped.sql_functions)
    named = {each.provider for table in tables for each in table} | {
        id_ for m in catalog.models() for id_ in m.providers
    }
    assert named - known - {None} == set()


def test_no_table_says_a_thing_twice() -> None:
    """A lookup has one answer; a second row for the same thing would never be read."""
    shipped = catalog.shipped()
    keys = [
        *(("provider", each.id) for each in shipped.providers),
        *(("image", each.repository) for each in shipped.images),
        *(("runtime", each.provider) for each in shipped.runtimes),
        *(("port", port) for each in shipped.runtimes for port in each.ports),
        *(("command", command) for each in shipped.runtimes for command in each.commands),
        *((each.dialect, each.type) for each in shipped.resources),
        *((each.system, each.uses) for each in shipped.actions),
        *(("sql", each.name.upper()) for each in shipped.sql_functions),
        *(("convention", each.pattern) for each in shipped.conventions),
    ]
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_terms_name_a_page_of_the_vendor_and_a_fact() -> None:
    """What procurement reads can be looked up, and a source without a fact says nothing."""
    terms = [each.terms for each in catalog.providers() if each.terms]
    assert len(terms) >= 20
    assert [each for each in terms if not all(url.startswith("https://") for url in each.source.split())] == []
    assert [
        each for each in terms if (each.trains_on_inputs, each.retention_days, each.zero_retention) == (None,) * 3
    ] == []


def test_jurisdictions_are_countries() -> None:
    """Two capital letters; `EU` is no country, and the United Kingdom is GB."""
    found = {each.jurisdiction for each in catalog.providers() if each.jurisdiction}
    assert [code for code in found if len(code) != 2 or not code.isupper() or code in {"EU", "UK"}] == []


def test_model_names_are_lower_case_and_sorted() -> None:
    """Names are looked up in lower case; a sorted file shows in a diff what a refresh changed."""
    names = [each.name for each in catalog.models()]
    assert names == sorted(set(names))
    assert [name for name in names if name != name.lower() or not name.strip()] == []


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("gpt-4o", "closed"),
        ("meta-llama/Llama-3.1-8B-Instruct", "open"),
        ("us.anthropic.claude-3-haiku-20240307-v1:0", "closed"),
        ("llama3.1:8b", "open"),
        ("sentence-transformers/all-MiniLM-L6-v2", "open"),
        ("openai/gpt-oss-120b", "open"),
        ("BAAI/bge-m3", "open"),
        ("openai/whisper-large-v3", "open"),
    ],
)
def test_a_model_is_known_however_it_is_written(name: str, weights: str) -> None:
    """Maker, region, size and letter case do not hide a well-known model."""
    found = catalog.model(name)
    assert found is not None
    assert found.weights == weights


@pytest.mark.parametrize(
    "name", ["nova-2", "base", "search", "standard", "v1.1", "corolla", "default", "small", "user", "x5", "medium"]
)
def test_an_ordinary_word_is_no_well_known_model(name: str) -> None:
    """What a price list calls a model is not always the name of one."""
    assert catalog.model(name) is None


def test_a_retired_model_says_when() -> None:
    """The day is the maker's own; an open model is not retired because one host drops it."""
    days = [catalog.model(name) for name in ("claude-2.1", "text-davinci-003", "meta-llama-3.1-70b-instruct")]
    assert [each and each.retires_on for each in days] == ["2025-07-21", "2024-01-04", None]


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("ollama/ollama:0.5", "Ollama"),
        ("harbor.example.com/hub/ollama/ollama", "Ollama"),
        ("mcp/github", "MCP server"),
        ("nvcr.io/nvidia/tritonserver:24.05-py3", "NVIDIA Triton Inference Server"),
        (
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2",
            "Hugging Face inference or training on SageMaker",
        ),
    ],
)
def test_an_image_tells_what_it_runs(reference: str, name: str) -> None:
    """Registry, mirror, tag and architecture do not matter."""
    found = catalog.image(reference)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "reference", ["node:20", "postgres", "acme/ollama", "ollama/ollama-exporter", "acme/mcp", "redis"]
)
def test_an_ordinary_image_is_none(reference: str) -> None:
    """A name that only holds the word is somebody's own image."""
    assert catalog.image(reference) is None


@pytest.mark.parametrize(
    ("dialect", "type_", "asset"),
    [
        ("terraform", "aws_bedrockagent_agent", Asset.AGENT),
        ("terraform", "aws_bedrockagent_data_source", Asset.AI_SERVICE),
        ("cloudformation", "AWS::Bedrock::Agent", Asset.AGENT),
        ("azure", "microsoft.cognitiveservices/accounts", Asset.AI_SERVICE),
        ("kubernetes", "serving.kserve.io/InferenceService", Asset.AI_WORKLOAD),
        ("terraform", "pinecone_index", Asset.VECTOR_STORE),
        ("terraform", "aws_s3_bucket", None),
        ("terraform", "azurerm_search_service", None),
        ("cloudformation", "AWS::SageMaker::Domain", None),
        ("azure", "microsoft.search/searchservices", None),
        ("kubernetes", "kubeflow.org/Notebook", None),
        ("kubernetes", "example.com/Model", None),
    ],
)
def test_a_resource_tells_whether_it_is_ai(dialect: catalog.Dialect, type_: str, asset: Asset | None) -> None:
    """The closer row counts, and a vendor's other resources are none."""
    found = catalog.resource(dialect, type_)
    assert (found and found.asset) == asset


@pytest.mark.parametrize(
    ("path", "tool", "holds"),
    [
        ("CLAUDE.md", "Claude Code", "instructions"),
        ("services/api/AGENTS.md", "AGENTS.md", "instructions"),
        (".claude/skills/pdf/SKILL.md", "Claude Code", "skill"),
        ("skills/pdf/SKILL.md", "Agent Skills", "skill"),
        (".cursor/mcp.json", "Cursor", "mcp"),
        ("tools/mcp.json", "MCP", "mcp"),
        (".clinerules", "Cline", "instructions"),
        (".github/agents/reviewer.agent.md", "GitHub Copilot", "agent"),
        (".cursor/rules/a/b.mdc", "Cursor", "instructions"),
        (".github/instructions/py.instructions.md", "GitHub Copilot", "instructions"),
        (".roomodes", "Roo Code", "agent"),
    ],
)
def test_an_assistant_is_known_by_its_files(path: str, tool: str, holds: str) -> None:
    """In any folder, and as the file of the assistant in whose folder it lies."""
    found = catalog.convention(path)
    assert found is not None
    assert (found.tool, found.holds) == (tool, holds)


@pytest.mark.parametrize(
    "path",
    [
        "docs/agents.md",
        "agents/AGENTS.txt",
        ".claude/agents/README.md",
        ".claude/hooks/README.md",
        "settings.json",
        ".vscode/settings.json",
        "config.toml",
        "rules/a.mdc",
        "README.md",
        ".github/workflows/ci.yml",
        "src/claude.md",
        "commands/deploy.md",
        "guidelines.md",
        "hooks/pre-commit",
        ".github/CODEOWNERS",
    ],
)
def test_an_ordinary_file_is_no_assistants(path: str) -> None:
    """Letter case and folder matter: `agents.md` is a chapter of somebody's documentation."""
    assert catalog.convention(path) is None


def test_every_convention_can_be_found_by_a_name() -> None:
    """Paths are looked up by the last part or the first folder of a pattern: one of them must be written out."""
    patterns = [each.pattern for each in catalog.shipped().conventions]
    assert [each for each in patterns if "*" in each.rpartition("/")[2] and "*" in each.partition("/")[0]] == []


@pytest.mark.parametrize("port", [80, 443, 3000, 4000, 5000, 5432, 8000, 8080, 8500, 8501, 8888])
def test_a_port_of_any_server_is_no_runtimes(port: int) -> None:
    """Port 8000 is vLLM's and everybody's: an address there does not say who answers."""
    assert catalog.provider_by_port(port) is None


def test_runtimes_are_known_by_port_and_command() -> None:
    """Ollama by either, vLLM by its command alone."""
    found = (
        catalog.provider_by_port(11434),
        catalog.provider_by_command("ollama"),
        catalog.provider_by_command("vllm"),
    )
    assert [each and each.id for each in found] == ["ollama", "ollama", "vllm"]


def test_ci_steps_and_sql_functions_are_known_in_any_letter_case() -> None:
    """`Anthropics/Claude-Code-Action@v1` and `ai_complete` are AI; `actions/checkout` and `lower` are not."""
    step, function = catalog.action("github", "Anthropics/Claude-Code-Action@v1"), catalog.sql_function("ai_complete")
    assert (step and step.provider, function and function.provider) == ("anthropic", "snowflake-cortex")
    assert (catalog.action("github", "actions/checkout@v4"), catalog.sql_function("lower")) == (None, None)


@pytest.mark.parametrize("version", ["", "/v2", "/v3"])
def test_a_go_package_is_the_version_that_is_asked_for(version: str) -> None:
    """Manifest and import name the same package; a version that the catalogue does not list is the one it knows."""
    name = f"github.com/openai/openai-go{version}"
    found, imported = catalog.package("golang", name), catalog.module(name, "golang")
    assert found is not None
    assert found.name == name
    assert imported == found
    assert catalog.package("golang", "github.com/openai/openai-go/v9") is not None


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_APIKEY", "BILLING_OPENAI_APIKEY"])
def test_a_key_is_a_key_without_its_underscore(name: str) -> None:
    """.NET projects write `APIKEY` as one word."""
    found = catalog.provider_by_env(name)
    assert found is not None
    assert found.id == "openai"


def test_every_variable_of_the_catalogue_is_found_as_it_is_written() -> None:
    """Also those that end in APIKEY, which projects write for API_KEY too."""
    names = [(name, provider.id) for provider in catalog.providers() for name in provider.env]
    found = {name: catalog.provider_by_env(name) for name, _ in names}
    assert [name for name, owner in names if (known := found[name]) is None or known.id != owner] == []
