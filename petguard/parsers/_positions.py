"""Whether a text that stands under a name is a model or a data set: told by its place, its company and the catalogue.

A name that only models are given under (`base_model`, `model_name_or_path`) is enough. Under a name that anything may
bear (`model`), the text must be a well-known model, or stand beside what only models need (`temperature`, `messages`).
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from petguard import catalog, secrets
from petguard.model import Asset, Location, Node, Origin, Trait
from petguard.parsers import _assets
from petguard.parsers._names import HOLE
from petguard.parsers._services import routed

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KINDS = (
    r"(?:llm|chat|gpt|openai|azure openai|anthropic|claude|gemini|mistral|ollama|bedrock|embeddings?|embedder|"
    r"completion|instruct|rerank|reranker|reranking|transcription|whisper|tts|vision|summari[sz]ation|moderation|foundation|"
    r"judge|teacher|draft|reward|base|pretrained|hf|huggingface|ai|language|reasoning|small|fast|smart|default|fallback)"
)
_MODEL = re.compile(rf"(?:.* )?{_KINDS} model(?: name| id)?(?: or path)?|model name or path|(?:.* )?llm(?: name| id)?")
_MAYBE_MODEL = re.compile(r"(?:.* )?model(?: name| id)?|engine|deployment(?: name| id)?|(?:.* )?model (?:name|id)")
_DATASET = re.compile(
    r"(?:.* )?data ?sets?(?: name| id| mixer| path)?(?: or path)?|(?:train|training|eval|test) data ?sets?"
)
_COMPANY = frozenset(
    [
        "temperature",
        "top p",
        "top k",
        "max tokens",
        "max completion tokens",
        "max new tokens",
        "messages",
        "prompt",
        "system prompt",
        "api base",
        "system",
        "frequency penalty",
        "presence penalty",
        "stop sequences",
        "llm",
        "embedding",
        "embeddings",
        "embedder",
        "completion",
        "chat",
        "tools",
        "instructions",
        "openai",
        "anthropic",
        "gemini",
        "ollama",
        "context window",
        "torch dtype",
        "tokenizer",
        "lora",
        "learning rate",
        "reasoning effort",
        "response format",
        "n ctx",
        "max model len",
        "max input tokens",
        "quantization",
        "model provider",
        "ai",
    ]
)
_NAME = re.compile(r"[A-Za-z0-9][\w.:/@+-]{1,118}")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_NO_NAME = re.compile(
    r"(?i)(?:true|false|null|none|auto|default|test|local|custom|model|string|str|text|name|foo|bar|example|your.*|my.*)"
    r"|.*\.(?:ya?ml|json|toml|txt|py|js|ts|csv|md|html?|xml|java|go|rb|php|properties)|\d[\d.]*|https?:.*"
)


@dataclass(frozen=True)
class Named:
    """A model or data set by its place; `unlisted` when nobody knows a model of this name."""

    asset: Asset
    name: str
    provider: str | None = None
    unlisted: bool = False

    def node(self, location: Location, *, origin: Origin = Origin.DECLARED) -> Node:
        """The inventory row."""
        if self.asset is Asset.DATASET:
            return _assets.dataset(self.name, location, provider=self.provider, origin=origin)
        traits = (Trait.UNLISTED,) if self.unlisted else ()
        return _assets.model(self.name, location, provider=self.provider, traits=traits, origin=origin)


def spaced(name: str) -> str:
    """A name as lower-case words: `modelNameOrPath`, `MODEL_NAME_OR_PATH` and `model-name-or-path` are the same."""
    return " ".join(word.lower() for word in _WORDS.findall(name))


def named(key: str, value: object, company: Iterable[str] = ()) -> Named | None:
    """What stands under `key`, given the names around it (siblings, the keys above, other arguments of a call)."""
    if not isinstance(value, str) or not is_name(value):
        return None
    place = spaced(key)
    if _DATASET.fullmatch(place) and not _MAYBE_MODEL.fullmatch(place):
        return Named(Asset.DATASET, value) if _HUB.fullmatch(value) else None
    sure = _MODEL.fullmatch(place) is not None
    if not sure and not _MAYBE_MODEL.fullmatch(place):
        return None
    return _model(value, sure=sure or speaks_of_models(company))


def speaks_of_models(company: Iterable[str]) -> bool:
    """Whether the names around a place are ones that only a model's settings have."""
    return any(spaced(name) in _COMPANY for name in company)


def is_name(value: str) -> bool:
    """Whether a text can be the name of one model or data set at all."""
    return (
        _NAME.fullmatch(value) is not None
        and _NO_NAME.fullmatch(value) is None
        and HOLE not in value
        and not secrets.find(value)
    )


def _model(value: str, *, sure: bool) -> Named | None:
    service = routed(value)
    name = service.model or value
    known = catalog.model(name)
    provider = service.provider or (known.providers[0] if known and len(known.providers) == 1 else None)
    if known is not None or (service.provider is not None and name):
        return Named(Asset.MODEL, name, provider) if sure or is_distinctive(name) else None
    return Named(Asset.MODEL, name, provider, unlisted=True) if sure and is_distinctive(name) else None


def is_distinctive(name: str) -> bool:
    """Whether a name could hardly be anything else than a model's: it has a number or a maker in it."""
    return len(name) > 3 and (any(char.isdigit() for char in name) or "/" in name or "-" in name)


def all_named(pairs: Iterable[tuple[str, object]], company: Collection[str]) -> list[tuple[str, Named]]:
    """What stands under each of several keys that stand together."""
    found = ((key, named(key, value, company)) for key, value in pairs)
    return [(key, each) for key, each in found if each is not None]
