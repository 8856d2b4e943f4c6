"""Whether a text that stands under a name is a model or a data set: told by its place, its company and its own shape.

A name that only models are given under (`embedding_model`, `model_name_or_path`) is enough. Under a name that anything
may bear (`model`), the text must be a well-known model or of a well-known family, or stand beside what only models
need (`max_tokens`, `learning_rate`, `provider: openai`). What a device or a table has beside it speaks against.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from petguard import catalog, secrets
from petguard.model import Asset, Location, Node, Origin, Trait
from petguard.parsers import _assets
from petguard.parsers._company import provider_called, provider_in, spaced, speaks_against, speaks_of_models, trains
from petguard.parsers._names import HOLE
from petguard.parsers._services import Service, routed

__all__ = ["Named", "all_named", "is_distinctive", "is_model_name", "is_name", "literal", "named", "spaced"]

_END = r"(?: names?| ids?| identifier| repo| slug| version| arns?)?(?: or path)?(?: \d+)?"
_ONLY_MODELS = (
    r"(?:llms?|chat|gpt|openai|anthropic|claude|gemini|mistral|ollama|bedrock|groq|deepseek|openrouter|huggingface|hf|"
    r"embeddings?|embedder|embed|instruct|rerank|reranker|reranking|transcription|whisper|tts|stt|asr|moderation|"
    r"foundation|judge|reward|pretrained|language|reasoning|vlm|multimodal|adapter|summarization|summarizer)"
)
_SURE = re.compile(
    rf"(?:.* )?{_ONLY_MODELS} (?:.* )?models?{_END}|(?:.* )?(?:model|adapter|lora) name or path|"
    rf"(?:.* )?llms?{_END}|(?:.* )?openai (?:.* )?deployment{_END}"
)
_FROM_A_HUB = re.compile(rf"(?:.* )?(?:base|teacher|draft|student|ref|reference|assistant) model{_END}")
_MAYBE = re.compile(
    rf"(?:.* )?models?{_END}|engine|(?:.* )?deployment(?: name| id)?|(?:.* )?(?:embeddings?|embedder|encoder|reranker)"
)
_OTHERWISE = re.compile(
    r"(?:.* )?(?:not|no|non|block|blocked|deny|denied|disallowed|forbidden|exclude|excluded|ignore|ignored|unsupported|"
    r"disabled|banned|deprecated|removed|hub|output|push|car|device|product|data|domain|view|user|auth|db|"
    r"database|phone|vehicle|hardware|printer|camera|pricing|business|form|gpu|threat|security) models?\b.*"
    r"|(?:.* )?(?:revision|version|type|kind|class|size|hash|commit|num|number|max|enabled?|count)(?: of)? models?"
)
_TRAINED = r"(?:hf|hub|huggingface|train|training|eval|evaluation|sft|dpo|preference|finetuning|calibration)"
_DATA = r"data ?sets?(?: names?| ids?| repo| repo id| paths?| mixer| name or path)?"
_SURE_DATA = re.compile(rf"(?:.* )?{_TRAINED} {_DATA}|(?:.* )?data ?set (?:mixer|name or path)")
_EVALUATES = re.compile(r"dataset path|include|task|tag|doc to .*|output type|num ?fewshot|.* split")
_MAYBE_DATA = re.compile(rf"(?:.* )?{_DATA}")

_NAME = re.compile(r"(?:@(?:cf|hf)/)?[A-Za-z0-9][\w.:/@+-]{1,158}")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_HUB_URL = re.compile(
    r"(?:hf://|(?:https?://)?(?:huggingface|hf)\.co/)(?:datasets/|models/)?(?P<name>[\w.-]+/[\w.-]+)(?::[\w.-]+)?/?"
)
_GOOGLES = re.compile(r"models/(?P<name>(?:gemini|gemma|text-embedding|embedding|imagen|veo|learnlm|palm)[\w.-]*)")
_TORCHTUNE = re.compile(r"torchtune\.models\.[\w.]+\.(?P<name>\w*\d[bm]\w*)")
_ARN = re.compile(
    r"arn:aws[\w-]*:bedrock:.*(?:foundation-model|inference-profile|custom-model|imported-model)/(?P<name>[^/]+)"
)
_DEFAULTED = (
    re.compile(r"\$\{[\w.-]+:[-=]?(?P<name>[^${}\s]+)\}"),  # a shell's, Spring's
    re.compile(r"\$\{oc\.env:\w+,\s*['\"]?(?P<name>[^${}'\"\s]+)['\"]?\}"),  # Hydra's
    re.compile(
        r"(?:\{\{|<%=)[^{}]{0,200}?(?:default|fetch|env_var|getenv)\b[^{}]*['\"](?P<name>[^'\"{}]+)['\"][^{}'\"]*(?:\}\}|%>)"
    ),
)
_NO_NAME = re.compile(
    r"(?i)(?:true|false|null|none|auto|default|test|local|custom|model|string|str|text|name|foo|bar|example|unknown|inherit|latest|chat"
    r"|(?:default|custom|test|dummy|fake|mock|sample|placeholder|some|any|unknown)[-_ ]model"
    r"|json|csv|parquet|arrow|imagefolder|audiofolder|undefined|my[-_](?:model|org|user|username|data|dataset|awesome|deployment|custom|company)(?![a-z]).*|your.*)"
    r"|.*\.(?:ya?ml|jsonl?|toml|txt|py|[jt]sx?|[ct]sv|parquet|md|html?|xml|java|go|rb|php|properties|sql|png|jpe?g|svg|"
    r"obj|glb|gltf|stl|step|fbx|zip|gz|ini|cfg|conf|sh|swift|kt|cs|proto)"
    r"|[\d.:/+-]+|(?:https?|file|s3|gs|hdfs|jdbc|github|git):.*|[0-9a-f-]{16,}"
)
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+|.*[a-z]\.[A-Z][A-Za-z]+")
_A_PATH = re.compile(
    r"(?i)(?:data|data_?sets?|paths?|inputs?|outputs?|assets|src|apps?|tmp|home|mnt|opt|var|usr|etc|saves?|"
    r"checkpoints?|ckpts?|runs|results?|files?|resources|static|public|tests?|fixtures|configs?|workspace|weights|content|root|models?)"
    r"/.*"
)
_SIZED = re.compile(
    r"(?i)(?<![a-z0-9])(?:\d+x)?\d+(?:\.\d+)?[bm](?![a-z0-9])|-(?:instruct|chat|gguf|awq|gptq|lora|sft|dpo)(?![a-z])"
)
# Prefixes of routers that are also makers of other things, or hosts of code.
_BRANDS = re.compile(r"google|nvidia|github|amazon|azure|vercel|cloudflare|databricks|gemini|novita|mistral|perplexity")
# Makers with repositories on a hub, whose names are also prefixes of routers.
_MAKERS = re.compile(
    r"(?:google|mistralai|nvidia|databricks|microsoft|moonshotai|minimaxai|cerebras|deepseek-ai)/.*"
    r"|openai/(?:whisper-(?!1$)|gpt-oss|gpt-?2|clip|privacy-filter).*"
)
_REGISTRIES = ("accounts/", "publishers/", "@cf/", "@hf/")
_FINE_TUNED = re.compile(r"ft:(?P<name>[\w.-]+)(?::.*)?")


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


def named(key: str, value: object, company: Iterable[str] = ()) -> Named | None:
    """What stands under `key`, given the names around it: siblings, the keys above, other arguments of a call.

    `company` may also hold what a value says about whose settings these are: `_company.said(provider)`.
    """
    name = literal(value) if isinstance(value, str) else None
    place = spaced(key)
    if name is None or not is_name(name) or _OTHERWISE.fullmatch(place):
        return None
    around = frozenset(company)
    if _MAYBE_DATA.fullmatch(place):
        return Named(Asset.DATASET, name) if _is_dataset(place, name, around) else None
    whole = _on_a_hub(place, name, around) or _HUB_URL.fullmatch(str(value).strip()) is not None
    if _SURE.fullmatch(place) or (_FROM_A_HUB.fullmatch(place) and _HUB.fullmatch(name)):
        return _model(name, around, whole=whole, sure=not speaks_against(around))
    return _model(name, around, whole=whole, sure=speaks_of_models(around)) if _MAYBE.fullmatch(place) else None


def all_named(pairs: Iterable[tuple[str, object]], company: Collection[str]) -> list[tuple[str, Named]]:
    """What stands under each of several keys that stand together."""
    found = ((key, named(key, value, company)) for key, value in pairs)
    return [(key, each) for key, each in found if each is not None]


def literal(value: str) -> str:
    """The name that a value comes down to: the default of a variable, the name inside an address or ARN, or itself."""
    value = value.strip()[:400]
    shapes = (*_DEFAULTED, _HUB_URL, _GOOGLES, _TORCHTUNE, _ARN)
    found = next((match for shape in shapes if (match := shape.fullmatch(value))), None)
    return found["name"] if found else value


def is_name(value: str) -> bool:
    """Whether a text can be the name of one model or data set at all."""
    return (
        _NAME.fullmatch(value) is not None
        and _NO_NAME.fullmatch(value) is None
        and HOLE not in value
        and not secrets.find(value)
    )


def is_model_name(name: str) -> bool:
    """Whether a name is a model's wherever it stands: in the catalogue, or built like those of a known family."""
    return is_distinctive(name) and (catalog.model(name) is not None or catalog.is_of_family(name))


def is_distinctive(name: str) -> bool:
    """Whether a name could hardly be anything else than a model's: it has a number or a maker in it."""
    return len(name) > 3 and (any(char.isdigit() for char in name) or "/" in name or "-" in name)


def _on_a_hub(place: str, name: str, company: frozenset[str]) -> bool:
    """Whether `openai/whisper-large-v3` is a maker's repository on a hub, not a router's way to a provider."""
    if place.endswith("name or path") or trains(company):
        return True
    return _MAKERS.fullmatch(name) is not None and catalog.provider_by_model(name.partition("/")[2]) is None


def _model(name: str, company: frozenset[str], *, sure: bool, whole: bool) -> Named | None:
    tuned = _FINE_TUNED.fullmatch(name)
    if provider_called(name) and catalog.model(name) is None and not name.isalpha():  # `model-name: azure-openai`
        return None
    service = Service(None, model=name) if whole else routed(tuned["name"] if tuned else name)
    short = name if tuned else service.model or name
    local = _A_PATH.fullmatch(name) and not name.startswith(_REGISTRIES)
    known = None if local else catalog.model(tuned["name"] if tuned else short)
    said = provider_in(company)
    if known is None and not is_name(short):
        return None  # `openai/local`: the router's prefix, and then no name
    if not (known or _is_recognised(name, service) or (sure and _may_be_new(name, short, service, said))):
        return None
    if known is not None and not sure and not is_distinctive(short):
        return None
    listed = known is not None or catalog.provider_by_model(service.model or short) is not None
    return Named(Asset.MODEL, short, _provider(service, known, said), unlisted=not listed)


def _is_recognised(name: str, service: Service) -> bool:
    """Whether the name alone gives a model away: by its family, its router, or a size behind a maker's name."""
    if _A_PATH.fullmatch(name) and not name.startswith(_REGISTRIES):
        return False
    by_router = service.model != name and service.model and _BRANDS.fullmatch(_prefix(name)) is None
    return bool(by_router) or catalog.is_of_family(name) or ("/" in name and _SIZED.search(name) is not None)


def _may_be_new(name: str, short: str, service: Service, said: str | None) -> bool:
    """Whether a name nobody knows is a model's, given that it stands where models stand; a path or code is none."""
    if service.model != name and service.provider:
        return bool(short)
    if said and name.islower() and name.isalpha():  # `provider: ollama` beside `model: mistral`
        return True
    parts = name.count("/")
    somewhere = parts > 1 and not name.startswith(_REGISTRIES)
    return is_distinctive(name) and not somewhere and not _A_PATH.fullmatch(name) and not _CODE.fullmatch(name)


def _prefix(name: str) -> str:
    return re.split(r"[/:]", name, maxsplit=1)[0].lower()


def _provider(service: Service, known: catalog.Model | None, said: str | None) -> str | None:
    """Who serves it: whom the settings name, unless the catalogue knows that those do not offer it; else the name."""
    offered = known.providers if known else ()
    if said and (not offered or said in offered or service.provider in (None, said)):
        return said
    alone = len(offered) == 1 and known is not None and known.weights != "open" and "/" not in known.name
    return service.provider or (offered[0] if alone else None)


def _is_dataset(place: str, name: str, company: frozenset[str]) -> bool:
    if _A_PATH.fullmatch(name) or _CODE.fullmatch(name):
        return False
    recipe = trains(company)
    if (
        place == "dataset name"
        and not _HUB.fullmatch(name)
        and any(_EVALUATES.fullmatch(spaced(each)) for each in company)
    ):
        return False  # the part of a data set that `dataset_path` names
    if _HUB.fullmatch(name):
        return recipe or _SURE_DATA.fullmatch(place) is not None or speaks_of_models(company)
    return recipe and "/" not in name and ":" not in name
