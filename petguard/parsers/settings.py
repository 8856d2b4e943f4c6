"""Models, data sets, services and keys in settings: YAML, TOML, JSON, `.properties`, `.env`, `.ini` and the like.

What is looked at: application settings, training and evaluation recipes, provider tables, workflows of builders. Not
looked at, because it mentions and does not use: lock files, API descriptions, translations, recorded traffic and
fixtures of tests.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from petguard import catalog, telltales
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, read_json, read_lines, read_loosely, read_toml, read_yaml_all
from petguard.errors import UnreadableInput
from petguard.model import Facts, Gap, State, Trait
from petguard.parsers import Parser, one_by_one
from petguard.parsers._positions import named
from petguard.parsers._settings import judged
from petguard.parsers._source import Source, together
from petguard.parsers._spots import is_mention
from petguard.telltales import Told

_READERS: dict[str, Callable[[str], list[Document]]] = {
    ".yaml": read_yaml_all,
    ".yml": read_yaml_all,
    ".json": lambda text: [read_json(text)],
    ".jsonc": lambda text: [read_json(text)],
    ".json5": lambda text: [read_json(text)],
    ".toml": lambda text: [read_toml(text)],
    ".properties": lambda text: [read_lines(text)],
    ".env": lambda text: [read_lines(text)],
    ".ini": lambda text: [read_lines(text)],
    ".cfg": lambda text: [read_lines(text)],
    ".conf": lambda text: [read_loosely(text)],
    ".hocon": lambda text: [read_loosely(text)],
}
_ENV = re.compile(
    r"\.env(?:[.\-_][\w.-]+)?|(?:[\w.-]+[.\-_])?env(?:\.(?:example|sample|template|dist|local|defaults?))"
)
_OTHER_KIND = re.compile(
    r"(?i)package(?:-lock)?\.json|npm-shrinkwrap\.json|composer\.(?:json|lock)|.*[.-]lock\.(?:json|ya?ml)|.*\.lock|"
    r"tsconfig.*\.json|.*schema\.json|(?:open-?api|swagger).*\.(?:json|ya?ml)|pyproject\.toml|cargo\.toml|"
    r"manifest\.json|deno\.json|changelog.*|\.pre-commit-config\.yaml|mkdocs\.ya?ml"
)
_DESCRIPTION = re.compile(
    rb"(?m)\A\s*(?:\{\s*)?(?:#[^\n]*\n\s*)*[\"']?(?:openapi|swagger|asyncapi)[\"']?\s*:|^kind: CustomResourceDefinition"
)
_PIPELINE = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+$")

_SPOKEN_OF = frozenset([Told.HOST, Told.KEY_NAME, Told.MODEL, Told.RUNTIME])
_STEMS = (b"model", b"llm", b"engine", b"dataset", b"data_set", b"deployment")
_PLACE = re.compile(
    rb"(?:model|llm|engine|data[_-]?set|deployment)[\w.-]{0,40}+[\"']?[ \t]*[:=][ \t]*(?P<value>[^\n,}]{0,160})"
)
_BEFORE = re.compile(rb"[\w.-]*\Z")
_TELLING = re.compile(
    rb"max_?(?:new_|output_|completion_)?tokens|maxtokens|system_?prompt|learning_rate|lora_|micro_batch_size|num_train_epochs|"
    rb"doc_to_text|dataset_config|torchtune|per_device_|merge_method|base_model|model_name_or_path|max_seq_len|openai|anthropic|ollama|"
    rb"huggingface|langchain|litellm|vllm|bedrock|mistral|embedding"
)
_CALLED = re.compile(
    rb"\b(?:openai|azureopenai|azure|anthropic|google|vertex|bedrock|ollama|mistral|groq|openrouter|huggingface|replicate|"
    rb"cohere|deepseek|xai|togetherai|litellm):[a-z@]"
)
_SERVED = re.compile(
    rb"(?:openai|llm|ollama|anthropic|vllm)[\w.-]{0,20}(?:api[_-]?base|base[_-]?url|host|endpoint)|:11434\b|vector_?store"
)
_NESTED = 300  # bytes behind a key with a block of its own, in which a name is looked for


def _interest(candidate: Candidate) -> Interest:
    if reader_of(candidate.path) is None or _is_elsewhere(candidate):
        return Interest.NONE
    if is_mention(candidate.path):  # nothing there is in use, but a key is a key
        return Interest.READ if Told.KEY_NAME in candidate.told else Interest.NONE
    telling = candidate.told & {Told.HOST, Told.KEY_NAME}
    return Interest.READ if telling or _may_name(candidate) else Interest.NONE


def reader_of(path: str) -> Callable[[str], list[Document]] | None:
    """How a file with this name is read; None when it holds no settings."""
    name = path.rpartition("/")[2]
    if _ENV.fullmatch(name):
        return _READERS[".env"]
    dot = name.rfind(".")
    return _READERS.get(name[dot:].lower()) if dot >= 0 else None


def _is_elsewhere(candidate: Candidate) -> bool:
    """Whether another parser reads this file, or whatever it says is only a mention."""
    data = candidate.data
    return (
        _OTHER_KIND.fullmatch(candidate.name) is not None
        or _DESCRIPTION.search(data[:2_000]) is not None
        or _PIPELINE.search(candidate.path) is not None
        or b"AWSTemplateFormatVersion" in data
        or b"/deploymentTemplate.json" in data[:2_000]
        or (b"model_list" in data and b"litellm_params" in data)
        or (b'"peft_type"' in data or b'"transformers_version"' in data or b'"architectures"' in data)
    )


def _may_name(candidate: Candidate) -> bool:
    """Whether a model, data set or service may stand in some position; cheap, since every file comes by here."""
    lowered = candidate.data.lower()
    if _CALLED.search(lowered) or _SERVED.search(lowered):
        return True
    if not any(stem in lowered for stem in _STEMS):
        return False
    if Told.MODEL in candidate.told or _TELLING.search(lowered):
        return True
    places = dict.fromkeys(_places(candidate.data, lowered))
    return any(_may_stand(key, value) for key, value in places)


def _places(data: bytes, lowered: bytes) -> Iterator[tuple[str, str]]:
    for found in _PLACE.finditer(lowered):
        before = _BEFORE.search(lowered, max(0, found.start() - 60), found.start())
        start = before.start() if before else found.start()
        key = re.split(rb"[\"'\s:=]", data[start : found.start("value")], maxsplit=1)[0]
        value = data[found.start("value") : found.end("value")].strip()
        if value in (b"", b"|", b">", b"|-", b">-") or value[:1] in b"{[&":
            value = b"\n" + data[found.start("value") : found.start("value") + _NESTED]
        yield key.decode("utf-8", "replace"), value.decode("utf-8", "replace")


def _may_stand(key: str, value: str) -> bool:
    if value.startswith("\n"):
        return catalog.is_of_family(value)
    texts = [value.split(" #", 1)[0].strip().strip("\"'"), *value.strip("\"'").split(",")]
    plain = key.rpartition(".")[2]
    return any(named(each, text.strip()) for text in texts for each in {key, plain})


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            return _read(item, gaps)

        yield from one_by_one([item], whole)
        yield from dict.fromkeys(gaps)


def _read(item: Input, gaps: list[Gap]) -> Facts:
    read = reader_of(item.path) or read_yaml_all
    try:
        documents = read(item.text)
    except UnreadableInput as error:
        return _read_loosely(item, gaps, error)
    facts = together(judged(Source(item.path, item.text, document, gaps)) for document in documents)
    return _secrets_of(facts) if is_mention(item.path) else facts


def _secrets_of(facts: Facts) -> Facts:
    return Facts(nodes=tuple(node for node in facts.nodes if Trait.SECRET in node.traits))


def _read_loosely(item: Input, gaps: list[Gap], error: UnreadableInput) -> Facts:
    """What the lines say where the whole cannot be read; that more may stand there is a gap where AI is spoken of."""
    if is_mention(item.path):
        return Facts()
    facts = judged(Source(item.path, item.text, read_loosely(item.text), gaps))
    if facts.nodes or telltales.told(item.text.encode("utf-8", "surrogatepass")) & _SPOKEN_OF:
        detail = f"{error.detail}; only lines of the form key: value were read"
        gaps.append(Gap(path=item.path, state=State.PARTIAL, reason=error.reason, detail=detail, line=error.line))
    return facts


PARSER = Parser.of_configs("settings", _interest, _parse)
