"""Rebuilds `models.tsv`, and tells which providers, hosts and variables of its sources `providers.yaml` lacks.

python rules/catalog/refresh.py MODELS_DEV LITELLM

MODELS_DEV is models.dev's provider list: a JSON list of objects with `id`, `env` (names) and `api` (an address).
LITELLM is a wheel of LiteLLM, or a folder that holds the two files of it that are read, as `litellm/...`. Nothing is
fetched: whoever refreshes brings both, and writes their versions into `NOTICE.md` and the day into `version:` of
providers.yaml.

models.tsv is overwritten. What stands in `models-by-hand.tsv` (open models of Hugging Face, retired models,
corrections) is added, and wins, field by field. providers.yaml is never changed here: what is printed is for a human
to look up and add, or not.
"""

import json
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from petguard import catalog

HERE = Path(__file__).resolve().parent
MODELS = "litellm/model_prices_and_context_window_backup.json"
ENDPOINTS = "litellm/llms/openai_like/providers.json"
HEADER = "# name, providers, weights (open, closed or unknown), the day it goes or went away\n"

# What LiteLLM puts before a name besides the provider: regions, commitments, sizes, qualities, steps.
_ROUTE = re.compile(
    r"(?:[a-z]{2}(?:-gov)?-[a-z]+-\d|us|eu|global|global-standard|regional|invoke|converse|accounts|models|\d+-month-commitment"
    r"|\d+-x-\d+|(?:low|medium|high|standard|hd|auto|max-steps|\d+-steps))"
)
_REGION = re.compile(r"^(?:us|us-gov|eu|apac|jp|au|ca|global)\.(?=[a-z0-9]+\.)")
_PRICE_CLASS = re.compile(r"^(?:together-ai|fireworks-ai)-")
_NO_MODEL = {"search", "vector_store", "guardrail", "evaluation", None}
_FAMILIES = (
    "claude", "gpt", "chatgpt", "gemini", "grok", "command", "mistral", "codestral", "deepseek", "sonar", "qwen",
    "llama", "jamba", "embed-", "rerank-", "luminous", "sora", "dall-e", "whisper-", "titan", "palmyra", "mixtral",
    "gemma", "glm-", "kimi-", "flux", "stable-", "imagen", "veo-", "voyage", "jina-", "moonshot", "solar-", "yi-",
)  # fmt: skip
_OPEN = re.compile(
    r"(?:meta-|codellama|code-)?llama-?(?:v?[234]|guard|prompt)|codellama|gpt-oss|mixtral-8x|open-mi[sx]tral|mistral-7b"
    r"|mistral-nemo|(?:code|recurrent|pali|shield|embedding|med)?gemma|phi-[1-4]|qwen1\.5|qwen[23](?:\.\d)?-(?:coder-)?(?:vl-)?\d"
    r"|qwen2|qwq-32b|deepseek-(?:r1|v[23]|coder|llm|vl|ocr)|glm-4\.[5-7]|kimi-k2|minimax-m[12]|granite-|falcon-|starcoder"
    r"|nemotron|hermes-|wizardlm|zephyr|dbrx|olmo|stable-diffusion|sdxl|flux\.?-?1?-?(?:dev|schnell)|bge-|e5-|gte-|nomic-embed"
    r"|all-minilm|whisper-(?:large|medium|small|base|tiny)|jamba-|c4ai-|grok-1$|snowflake-arctic|yi-(?:6|9|34)b|smollm|internlm"
)
_CLOSED = re.compile(
    r"gpt-(?!oss|j|neo)|chatgpt-|o[134](?:-|$)|claude-|gemini-|text-embedding-(?:3|ada|00)|dall-e|whisper-1$|tts-1|sora-"
    r"|grok-[2-9]|grok-(?:beta|code|vision)|titan-|nova-(?:micro|lite|pro|premier|canvas|reel)|sonar|palmyra-x|luminous-|imagen-|veo-"
    r"|mistral-(?:large|medium)-latest|voyage-|embed-(?:english|multilingual|v4)|rerank-|text-bison|chat-bison|qwen-(?:max|plus|turbo)"
    r"|qwen3-max|j2-|eleven_|flux-pro|doubao-|moonshot-v1|ernie-(?:3\.5|4\.0|bot|lite|speed|x1)|hunyuan-(?:lite|pro|turbo)|yandexgpt|computer-use-preview"
    r"|(?:anthropic|amazon)\.|text-davinci|code-davinci|babbage-002|davinci-002|omni-moderation|codex-mini"
)


# Left out of providers.yaml on purpose: they serve much besides AI, or are a web site more than an address of an API.
_GENERAL = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AZURE_RESOURCE_NAME", "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_API_KEY", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID", "DATABRICKS_HOST", "DATABRICKS_TOKEN",
    "DIGITALOCEAN_ACCESS_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_VERTEX_LOCATION", "INFERENCE_API_KEY", "META_API_KEY", "NOVA_API_KEY", "SCW_SECRET_KEY",
    "SNOWFLAKE_ACCOUNT", "SYNTHETIC_API_KEY", "VULTR_API_KEY", "api.cloudflare.com", "ollama.com", "opencode.ai",
}  # fmt: skip

Row = tuple[str, ...]  # providers, weights, the day of retirement


def _reader(source: Path) -> Callable[[str], Any]:
    """How to read a JSON file of LiteLLM, from a wheel or from a folder."""
    if source.is_dir():
        return lambda name: json.loads((source / name).read_text("utf-8"))
    wheel = zipfile.ZipFile(source)
    return lambda name: json.loads(wheel.read(name))


def normalised(key: str) -> str | None:
    """A key of LiteLLM as the lower-case name that people write; None for what is no model's name."""
    name = _REGION.sub("", key.lower())
    parts = name.split("/")
    while len(parts) > 1 and (catalog.provider_by_prefix(parts[0]) or _ROUTE.fullmatch(parts[0])):
        parts.pop(0)
    name = _REGION.sub("", parts[-1] if len(parts) <= 2 else "/".join(parts))
    return name if _is_telling(name) and not _PRICE_CLASS.match(name) else None


def _is_telling(name: str) -> bool:
    """Whether nothing but a model bears this name: `base`, `v1.1` and `search` do not say enough."""
    if re.fullmatch(r"o[134]", name):
        return True
    if len(name) < 5 or re.search(r"\d-x-\d|^v?[\d.-]+$", name) or not re.search(r"[a-z]{2}", name):
        return False
    numbered = re.search(r"\d", name) and not re.fullmatch(r"[a-z]+[-_]?\d", name)  # `nova-2` may be anything
    return bool(numbered) or name.startswith(_FAMILIES)


def models(listed: Mapping[str, Mapping[str, Any]]) -> dict[str, Row]:
    """Name to providers, weights and the day of retirement, as far as LiteLLM's list tells."""
    offers: dict[str, dict[str, str]] = defaultdict(dict)
    for key, row in listed.items():
        name = normalised(key) if row.get("mode") not in _NO_MODEL and row.get("litellm_provider") else None
        provider = catalog.provider_by_prefix(str(row.get("litellm_provider")).partition("-")[0]) or (
            catalog.provider_by_prefix(str(row.get("litellm_provider")))
        )
        if name and provider:
            date = str(row.get("deprecation_date") or "")
            offers[name][provider.id] = max(date, offers[name].get(provider.id, ""))
    return {name: (",".join(sorted(by)), weights(name), _retirement(name, by)) for name, by in sorted(offers.items())}


def weights(name: str) -> str:
    """`open` or `closed` for the families that are known for it, else nothing."""
    if _OPEN.match(name):
        return "open"
    return "closed" if _CLOSED.match(name) else ""


def _retirement(name: str, dates: Mapping[str, str]) -> str:
    """The day of the maker's own offer; one host that drops an open model does not retire it."""
    maker = catalog.provider_by_model(name)
    if maker and maker.id in dates:
        return dates[maker.id]
    return max(dates.values()) if all(dates.values()) and weights(name) != "open" else ""


def by_hand() -> dict[str, Row]:
    """The rows of `models-by-hand.tsv`."""
    lines = (HERE / "models-by-hand.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {name: (offered, openness, retires) for name, offered, openness, retires in rows}


def missing(models_dev: list[dict[str, Any]], endpoints: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the sources name and providers.yaml does not, one line each."""
    known = {each.id for each in catalog.providers()}
    rows = [(each["id"], each.get("env") or [], each.get("api") or "") for each in models_dev]
    rows += [(name, [row["api_key_env"]], row["base_url"]) for name, row in endpoints.items()]
    for name, variables, address in rows:
        host = urlsplit(address).hostname or ""
        if _is_public(host) and catalog.provider_by_host(host) is None:
            yield f"host {host} of {name}" + ("" if name in known else " (no such provider)")
        unknown = (each for each in variables if each not in _GENERAL and catalog.provider_by_env(each) is None)
        yield from (f"variable {each} of {name}" for each in unknown)


def _is_public(host: str) -> bool:
    return "." in host and host not in _GENERAL and not host.startswith(("127.", "$"))


def main() -> int:
    """Write models.tsv and print what is missing."""
    models_dev, litellm = (Path(each) for each in sys.argv[1:])
    read = _reader(litellm)
    rows = models(read(MODELS))
    for name, ours in by_hand().items():
        rows[name] = tuple(own or theirs for own, theirs in zip(ours, rows.get(name, ("", "", "")), strict=True))
    lines = ("\t".join((name, *row)) + "\n" for name, row in sorted(rows.items()))
    (HERE / "models.tsv").write_text(HEADER + "".join(lines), "utf-8")
    lacking = missing(json.loads(models_dev.read_text("utf-8")), read(ENDPOINTS))
    sys.stdout.writelines(f"{line}\n" for line in lacking)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
