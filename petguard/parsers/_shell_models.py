"""Programs that run, serve, fetch or train models, and assistants that are started from a command line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from petguard import catalog
from petguard.model import Asset, Node, Origin, Trait
from petguard.parsers import _assets, _command
from petguard.parsers._credentials import from_variable
from petguard.parsers._names import HOLE
from petguard.parsers._positions import all_named, is_name
from petguard.parsers._services import Service, routed
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Word
from petguard.parsers._shell_words import Call

_FLAGS = frozenset(
    [
        *("--insecure", "--verbose", "--nowordwrap", "--hidethinking", "--quiet", "-q", "--force", "--resume", "--yes"),
        *("-y", "--cpu", "--trust-remote-code", "--exact"),
    ]
)
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class _Tool:
    """How a program is told its model: at a place among its plain words, or by one of its options."""

    provider: str | None = None  # of the catalogue; None: whoever the catalogue's table of commands names
    place: int | None = None
    options: tuple[str, ...] = ("--model",)
    serves: bool = True  # False: it only fetches or converts


_HUB_DOWNLOAD = _Tool("huggingface", place=0, serves=False)
_OLLAMA = _Tool("ollama", place=0)
_TOOLS: Mapping[str, _Tool] = {
    "ollama": _Tool("ollama"),
    **{f"ollama {verb}": _OLLAMA for verb in ("pull", "run", "show", "push")},
    "vllm": _Tool("vllm"),
    "vllm serve": _Tool("vllm", place=0),
    "python -m vllm": _Tool("vllm"),
    "llama-server": _Tool("llama-cpp", options=("-hf", "-hfr", "--hf-repo", "-m", "--model")),
    "llama-cli": _Tool("llama-cpp", options=("-hf", "-hfr", "--hf-repo", "-m", "--model")),
    "llama-run": _Tool("llama-cpp", place=0),
    "python -m llama_cpp": _Tool("llama-cpp", options=("--model", "--hf_model_repo_id")),
    "lms": _Tool("lm-studio", options=()),
    "lms get": _Tool("lm-studio", place=0),
    "lms load": _Tool("lm-studio", place=0),
    "text-generation-launcher": _Tool(options=("--model-id",)),
    "text-embeddings-router": _Tool(options=("--model-id",)),
    "python -m sglang": _Tool(options=("--model-path", "--model")),
    "lmdeploy serve": _Tool(place=1),
    "mlx_lm.generate": _Tool(),
    "mlx_lm.server": _Tool(),
    "mlx_lm.lora": _Tool(),
    "python -m mlx_lm": _Tool(),
    "python -m fastchat": _Tool(options=("--model-path",)),
    "xinference launch": _Tool(options=("--model-name", "-n")),
    "local-ai run": _Tool(place=0),
    "ramalama run": _Tool(place=0),
    "ramalama serve": _Tool(place=0),
    "ramalama pull": _Tool(place=0),
    "docker model": _Tool(place=1, options=()),
    "huggingface-cli download": _HUB_DOWNLOAD,
    "hf download": _HUB_DOWNLOAD,
    "optimum-cli export": _Tool("huggingface", options=("--model", "-m"), serves=False),
    "ct2-transformers-converter": _Tool("huggingface", serves=False),
    "autotrain": _Tool("huggingface", options=("--model",), serves=False),
    "trl": _Tool("huggingface", options=("--model_name_or_path",), serves=False),
    "transformers serve": _Tool("transformers"),
    "transformers chat": _Tool("transformers", place=0),
    "gh models": _Tool("github-models", place=1),
    "litellm": _Tool(options=("--model", "-m")),
}
_CLOUDS = {
    "aws bedrock-runtime": "amazon-bedrock",
    "aws bedrock": "amazon-bedrock",
    "aws bedrock-agent": "amazon-bedrock",
    "aws bedrock-agent-runtime": "amazon-bedrock",
    "aws sagemaker": "amazon-sagemaker",
    "aws sagemaker-runtime": "amazon-sagemaker",
    "gcloud ai": "google-vertex",
    "gcloud ai-platform": "google-vertex",
    "az cognitiveservices": "azure",
}
_AZURE_KINDS = frozenset({"openai", "aiservices"})
_MODEL_OPTIONS = ("--model-id", "--model-name", "--foundation-model-id", "--base-model-identifier", "--model")
_CONTAINERS = frozenset({"docker", "podman", "nerdctl", "apptainer", "singularity", "docker-compose", "kubectl"})
_RUNS = frozenset({"run", "pull", "create", "exec", "build"})
_ENVIRONMENT = frozenset({"-e", "--env", "--build-arg"})


@dataclass(frozen=True)
class _Assistant:
    """An assistant that acts by itself; it counts when one of its `marks` is given, or at once when there are none."""

    name: str
    provider: str | None
    marks: frozenset[str] = frozenset()
    trusting: frozenset[str] = frozenset()  # options under which it asks nobody


def _assistant(name: str, provider: str | None, marks: str = "", trusting: str = "") -> _Assistant:
    return _Assistant(name, provider, frozenset(marks.split()), frozenset(trusting.split()))


_ASSISTANTS: Mapping[str, _Assistant] = {
    "claude": _assistant("Claude Code", "anthropic", trusting="--dangerously-skip-permissions bypassPermissions"),
    "codex": _assistant(
        "Codex",
        "openai",
        "exec e -q --quiet --full-auto -m --model mcp login resume",
        "--full-auto --dangerously-bypass-approvals-and-sandbox --yolo danger-full-access never full-auto",
    ),
    "gemini": _assistant("Gemini CLI", "google", "-p --prompt -m --model -y --yolo mcp -i", "-y --yolo yolo"),
    "qwen": _assistant("Qwen Code", "alibaba", "-p --prompt -m --model -y --yolo", "-y --yolo yolo"),
    "aider": _assistant("aider", None, trusting="--yes --yes-always"),
    "cursor-agent": _assistant("Cursor CLI", None, trusting="-f --force"),
    "opencode": _assistant("opencode", None, "run serve -m --model -p auth"),
    "goose": _assistant("goose", None, "-t --text -i --instructions --recipe session configure"),
    "llm": _assistant("llm", None, "-m --model -s --system keys chat embed -t --template install"),
    "aichat": _assistant("aichat", None),
    "sgpt": _assistant("ShellGPT", None),
    "copilot": _assistant("GitHub Copilot CLI", "github-copilot", "-p --prompt --model", "--allow-all-tools --yolo"),
    "gh copilot": _assistant("GitHub Copilot CLI", "github-copilot"),
    "amp": _assistant("Amp", None, "-x --execute", "--dangerously-allow-all"),
    "crush": _assistant("Crush", None, "run", "-y --yolo"),
    "interpreter": _assistant("Open Interpreter", None, "-m --model -y --local --auto_run", "-y --auto_run"),
    "openai": _assistant("OpenAI command line", "openai", "api"),
}
_TRAINING = dict.fromkeys(
    ("accelerate", "torchrun", "deepspeed", "trl", "autotrain", "axolotl", "llamafactory-cli"), ("learning_rate",)
)  # programs that train, and what stands beside a data set's name where somebody trains
# Beside an option that says which model it is, a name is only what the server calls it.
_ALIASES = frozenset({"--model-name", "--model_name"})
_IDENTITIES = frozenset({"--model-id", "--model_id", "--model-path", "--model_path", "--model-dir", "--model_dir"})
_CALLED = frozenset({"--served-model-name", "--served_model_name"})
_SERVED = frozenset({"--model", "--hf-repo", "-hf", "--speculative-model", "--draft-model", *_ALIASES, *_IDENTITIES})
_ASSISTANT_MODEL = ("--model", "-m", "--embedding-model", "--editor-model", "--weak-model")
_MCP = re.compile(r"(?i)@modelcontextprotocol/.+|(?:.*[/_-])?mcp(?:[/_-].*)?|.*[-_]mcp")


def used(call: Call, place: Place) -> Iterator[Node]:
    """What a call runs, serves, fetches, trains or hands to an assistant."""
    known = [*_tool(call, place), *_cloud(call, place), *_assistant_of(call, place), *_containers(call, place)]
    yield from known
    told = {(node.id, node.locations) for node in known}
    yield from (node for node in _by_position(call, place) if (node.id, node.locations) not in told)


def _tool(call: Call, place: Place) -> Iterator[Node]:
    known = _row(call)
    if known is None:
        yield from _unlisted_runtime(call, place)
        return
    name, tool = known
    here = place.at(call.first.line)
    if call.program.startswith("python -m "):
        package = catalog.module(call.program.removeprefix("python -m "))
        if package is not None:
            yield _assets.imported(package, here)
    if tool.serves:
        yield from _runtime(name, tool.provider, call, place)
    for word in _models_of(name, tool, call):
        yield from _hub_item(call, word, tool.provider, place)


def _unlisted_runtime(call: Call, place: Place) -> Iterator[Node]:
    """A command of the catalogue whose options nobody wrote down here."""
    if catalog.provider_by_command(call.program) is not None:
        yield from _runtime(call.program, None, call, place)


def _row(call: Call) -> tuple[str, _Tool] | None:
    """The row for a program with its verb, or for the program alone; `python -m` also by the package above."""
    names = [f"{call.program} {call.texts[0]}"] if call.texts else []
    names.append(call.program)
    if call.program.startswith("python -m "):
        names.append(call.program.partition(".")[0])
    return next(((name, _TOOLS[name]) for name in names if name in _TOOLS), None)


def _runtime(name: str, provider: str | None, call: Call, place: Place) -> Iterator[Node]:
    here = place.at(call.first.line)
    program = name.removeprefix("python -m ").partition(" ")[0]
    known = catalog.provider(provider or "") or catalog.provider_by_command(program)
    if known is not None:
        yield Service(known.id).node(here)
    else:
        yield _assets.workload(f"command/{program}", program, here).model_copy(update={"origin": Origin.DETECTED})


def _models_of(name: str, tool: _Tool, call: Call) -> Iterator[Word]:
    if tool.place is not None:
        plain = call.plain(_FLAGS)[1 if " " in name and not name.startswith("python -m ") else 0 :]
        yield from plain[tool.place : tool.place + 1]
    yield from (value for option, value in call.options if option in tool.options)


def _hub_item(call: Call, word: Word, provider: str | None, place: Place) -> Iterator[Node]:
    """A model by what a tool was told; a data set when the tool was told so. Files and folders are neither."""
    name, here = word.text.rstrip("/"), place.at(word.line)
    if provider == "llama-cpp" and name.endswith((".gguf", ".bin")):
        name = ""  # a file, which is read by itself
    if not is_name(name) or name.startswith(("/", ".", "~")):
        return
    kind = call.option("--repo-type", "--type")
    if kind is not None and kind.text in {"dataset", "space"}:
        if kind.text == "dataset":
            yield _assets.dataset(name, here, provider="huggingface", origin=Origin.DETECTED)
        return
    traits = [Trait.LOCAL]
    if call.option("--revision") is None and "@sha256:" not in name:
        traits.append(Trait.MUTABLE_REFERENCE)
    if any(text in {"--trust-remote-code", "--trust_remote_code"} for text in call.texts):
        traits.append(Trait.REMOTE_CODE)
    hub = "huggingface" if _HUB_NAME.fullmatch(name) and provider != "ollama" else provider
    outside = provider == "github-models" or call.program == "litellm"
    yield _assets.model(
        name, here, provider=routed(name).provider if outside else hub, traits=() if outside else tuple(traits)
    )


def _cloud(call: Call, place: Place) -> Iterator[Node]:
    provider = _CLOUDS.get(f"{call.program} {call.texts[0]}") if call.texts else None
    if provider is None:
        return
    kind = call.option("--kind")
    if provider == "azure" and "deployment" not in call.texts and not (kind and kind.text.lower() in _AZURE_KINDS):
        return
    region = call.option("--region", "--location", "-l")
    known = None if region is None or HOLE in region.text else region.text
    yield Service(provider, region=known).node(place.at(call.first.line))
    for option, value in call.options:
        if option in _MODEL_OPTIONS and is_name(value.text) and not value.text.startswith("arn:"):
            yield _assets.model(value.text, place.at(value.line), provider=provider)


def _assistant_of(call: Call, place: Place) -> Iterator[Node]:
    group = f"{call.program} {call.texts[0]}" if call.texts else ""
    known = _ASSISTANTS.get(group) or _ASSISTANTS.get(call.program)
    if known is None or not _is_started(known, call):
        return
    models = [value for option, value in call.options if option in _ASSISTANT_MODEL and is_name(value.text)]
    here, trusts = place.at(call.first.line), not known.trusting.isdisjoint(_values(call))
    provider = known.provider or next((found for word in models if (found := routed(word.text).provider)), None)
    traits = (Trait.AUTO_APPROVE,) if trusts else ()
    node = _assets.workload(f"command/{call.program}", call.program, here, provider=provider, traits=traits)
    yield node.model_copy(update={"origin": Origin.DETECTED})
    for word in models:
        service = routed(word.text)
        yield _assets.model(service.model or word.text, place.at(word.line), provider=service.provider or provider)


def _is_started(known: _Assistant, call: Call) -> bool:
    """Not `gemini --version`, and nothing that only bears the name of an assistant."""
    if not known.marks:
        return bool(call.words or call.command.stdin) and not {"--version", "--help", "-h", "-v"} & set(call.texts)
    return not known.marks.isdisjoint(_values(call))


def _values(call: Call) -> set[str]:
    """The words of a call, and what stands behind `=` in them."""
    return {part for text in call.texts for part in (text, text.partition("=")[0], text.partition("=")[2]) if part}


def _containers(call: Call, place: Place) -> Iterator[Node]:
    if call.program not in _CONTAINERS:
        return
    for option, value in call.options:
        variable = from_variable(value.text.partition("=")[0], place.at(value.line), literal=False)
        if option in _ENVIRONMENT and variable is not None:
            yield variable
    for index, word in enumerate(call.words):
        reference = word.text.removeprefix("docker://").removeprefix("--image=")
        node = _assets.image(reference, place.at(word.line)) if HOLE not in reference.partition(":")[0] else None
        if node is not None and not _RUNS.isdisjoint(call.texts):
            yield node
            inner = Call(call.program, call.words[index + 1 :], word, call.command)
            yield from served(inner, node.provider, place)
            return


def served(call: Call, provider: str | None, place: Place) -> Iterator[Node]:
    """The models among the arguments of a server whose name does not stand there: an image brings it."""
    given = {option for option, _ in call.options}
    for option, value in call.options:
        is_alias = option in _ALIASES and given & _IDENTITIES
        if option in _SERVED and not is_alias:
            yield from _hub_item(call, value, provider, place)


def servers(call: Call, place: Place) -> Iterator[Node]:
    """The tool server that a package runner starts."""
    package = _command.package([call.first.text, *call.texts])
    if package is None or HOLE in package.name or not _MCP.fullmatch(package.name):
        return
    traits = (Trait.LOCAL,) if package.version else (Trait.LOCAL, Trait.MUTABLE_REFERENCE)
    yield _assets.tool_server(package.name, place.at(call.first.line), version=package.version, traits=traits)


def _by_position(call: Call, place: Place) -> Iterator[Node]:
    """Models and data sets under options that only they are given to: `--model_name_or_path`, `--dataset_name`."""
    company = [*(option for option, _ in call.options), *_TRAINING.get(call.program, ())]
    for option, value in call.options:
        if option in _CALLED:
            continue
        for _, found in all_named([(option, value.text)], company):
            if found.asset is Asset.MODEL or HOLE not in value.text:
                yield found.node(place.at(value.line), origin=Origin.DETECTED)
