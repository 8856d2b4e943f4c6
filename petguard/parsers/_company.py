"""What the names around a place say: that models are configured there, that one is trained, or that it is a device."""

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache

from petguard import catalog

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Stands beside a model's name, and hardly beside anything else.
_SPEAKS = re.compile(
    r"(?:.* )?(?:max (?:completion |new |output |input |gen )?tokens|max tokens to sample|llms?|openai|anthropic|"
    r"ollama|langchain(?: ?4 ?j)?|litellm|vllm|huggingface|transformers|system prompt|prompt template|"
    r"(?:frequency|presence|repetition) penalty|stop sequences|reasoning effort|context (?:window|length)|"
    r"num ctx|n ctx|max (?:model|seq) len|model max length|embeddings?|embedder|reranker|torch dtype|"
    r"tensor parallel size|gpu memory utilization|load in \d ?bit|quantization|gguf|(?:model|llm) provider)"
)
_TRAINS = re.compile(
    r"learning rate|lr|(?:num )?(?:train )?epochs|(?:per device )?(?:train |eval |micro )?batch size|"
    r"gradient (?:accumulation steps|checkpointing)|warmup (?:ratio|steps)|lr scheduler(?: type)?|weight decay|"
    r"lora(?: r| rank| alpha| target| target modules| dropout)?|peft|finetuning type|sequence len|max seq length|"
    r"cutoff len|chat template|base model(?: .*)?|(?:.* )?(?:model|tokenizer) name or path|max train steps|"
    r"num ?fewshot|doc to text|dataset config name|output type|training arguments|merge method|deepspeed|bf 16|fp 16|"
    r"(?:train|test|validation|training|fewshot) split"
)
# Two of these are as good as one of those.
_HINTS = re.compile(
    r"temperature|top p|top k|prompt|prompts|messages|system|instructions|tools|tool choice|chat|ai|completion|"
    r"completions|response format|stop|streaming|api key|api base|base url|provider|max retries|agent|agents|"
    r"assistant|logprobs|system message|role|goal|backstory|inference|tokenizer|dimensions|optimizer|dataset|"
    r"seed|trainer|generation"
)
# A device, a car or a table of a database has these.
_AGAINST = re.compile(
    r"manufacturer|serial|serial number|firmware|firmware version|sw version|hw version|sku|vin|mac|mac address|"
    r"brand|make|year|humidity|vendor id|product id|zigbee|zha|mileage|ieee address|battery|unique id|entity id|"
    r"identifiers|via device|table|fields|pk|relations|vehicle|gpu|cpu|upc|ean|asset tag|rack|interfaces|"
    r"manufacturers|devices"
)


@lru_cache(65_536)
def spaced(name: str) -> str:
    """A name as lower-case words: `modelNameOrPath`, `MODEL_NAME_OR_PATH` and `model-name-or-path` are the same."""
    words = " ".join(word.lower() for word in _WORDS.findall(name[:200]))
    return words.replace("open ai", "openai").replace("hugging face", "huggingface")


def speaks_of_models(company: Collection[str]) -> bool:
    """Whether the names around a place, together, are ones that only a model's settings have."""
    names = frozenset(map(spaced, company))
    if any(map(_AGAINST.fullmatch, names)):
        return False
    sure = any(_SPEAKS.fullmatch(name) or _provider_key(name) not in (None, "azure") for name in names)
    return (
        sure
        or any(name.startswith("@") for name in company)
        or trains(names)
        or sum(map(bool, map(_HINTS.fullmatch, names))) > 1
    )


def speaks_against(company: Iterable[str]) -> bool:
    """Whether the names around a place are those of a device or of a table."""
    return any(map(_AGAINST.fullmatch, map(spaced, company)))


def trains(company: Iterable[str]) -> bool:
    """Whether the names around a place are those of a training or evaluation recipe."""
    return any(_TRAINS.fullmatch(spaced(name)) for name in company)


def said(provider: str) -> str:
    """The name to put into a company where a value says whose settings these are (`provider: google`)."""
    return f"@{provider}"


def provider_in(company: Iterable[str]) -> str | None:
    """The id of the one provider that the names around a place mean; None where they name none or several.

    What a value says counts before what keys are called; a key must be a provider's beyond doubt.
    """
    names = frozenset(company)
    found = {name[1:] for name in names if name.startswith("@")} or set(filter(None, map(_provider_key, names)))
    if found == {"azure", "openai"}:  # `spring.ai.azure.openai`
        return "azure"
    return found.pop() if len(found) == 1 else None


def provider_called(text: str) -> str | None:
    """The id of the provider that somebody asked for a provider would call so: `google`, `Azure OpenAI`, `together`."""
    return _provider_words().get(spaced(text).replace(" ", ""))


def _provider_key(name: str) -> str | None:
    word = spaced(name).replace(" ", "")
    return _provider_words().get(word) if _UNMISTAKABLE.fullmatch(word) else None


# What a key may be called only where a provider's settings stand: many others are everyday words or do much else.
_UNMISTAKABLE = re.compile(
    r"openai|azure(?:openai)?|anthropic|ollama(?:chat|cloud)?|mistral(?:ai)?|groq|openrouter|deepseek|huggingface|"
    r"(?:amazon)?bedrock(?:converse)?|(?:google)?vertexai|(?:google)?gemini|googlegenai|vllm|hostedvllm|xai|siliconflow|"
    r"dashscope|moonshot(?:ai)?|zhipu(?:ai)?|togetherai|fireworksai|coherechat|perplexity|watsonx|lmstudio|llamacpp|"
    r"llamafile|cerebras|sambanova|deepinfra|nvidianim|ai21(?:labs)?|voyageai|jinaai|elevenlabs|assemblyai|deepgram|"
    r"githubcopilot|githubmodels|stabilityai|alephalpha|minimax|localai|sglang|xinference|azureai|ovhcloudaiendpoints"
)


@cache
def _provider_words() -> dict[str, str]:
    """What settings call a provider: its id, its name or its prefixes, as one word."""
    return {
        spaced(word).replace(" ", ""): each.id
        for each in reversed(catalog.providers())
        for word in (each.name, *each.prefixes, each.id)
    }
