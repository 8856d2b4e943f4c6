"""Command lines that start AI: which program, which model it is told to serve or ask, and whether it asks a human."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from petguard import catalog
from petguard.model import Asset
from petguard.parsers import _command, _positions
from petguard.parsers._positions import Named

# What stands before a program without changing what is started.
_BEFORE = frozenset({"sudo", "exec", "time", "nohup", "env", "command", "then", "do", "else", "if", "while", "!", "{"})
_RUNNERS = frozenset({"npx", "bunx", "pnpx", "uvx"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.S)
_DURATION = re.compile(r"\d+[smhd]?")
# The word after these is a model. Longer rows come first.
_SERVED = (
    *(("vllm", "serve"), ("ollama", "pull"), ("ollama", "run"), ("trtllm-serve",), ("lmdeploy", "serve", "api_server")),
    *(("mlc_llm", "serve"), ("aphrodite", "run"), ("huggingface-cli", "download"), ("hf", "download")),
    *(("docker", "model", "run"), ("docker", "model", "pull"), ("ramalama", "serve"), ("ramalama", "run")),
    *(("local-ai", "run"), ("vllm", "bench"), ("lms", "load"), ("llm", "-m")),
)
_MODEL_OPTIONS = frozenset(
    [
        *("--model", "--model-id", "--model_id", "--model-path", "--model_path", "--model-name", "--model_name"),
        *(
            "--hf-repo",
            "-hf",
            "-hfr",
            "--model_name_or_path",
            "--model-name-or-path",
            "--pretrained_model_name_or_path",
        ),
        *("--speculative-model", "--draft-model", "--embedding-model", "--weak-model", "--editor-model"),
        *("--judge-model", "--base-model", "--base_model"),
    ]
)
# Only where the program is known to start a model: `-m` means much elsewhere.
_SHORT_MODEL_OPTIONS = frozenset({"-m"})
# Beside an option that says which model it is, a name is only what the server calls it.
_ALIASES = frozenset({"--model-name", "--model_name"})
_IDENTITIES = frozenset({"--model-id", "--model_id", "--model-path", "--model_path", "--model-dir", "--model_dir"})
_LOCAL_MODULES = ("vllm.", "sglang.", "llama_cpp.server", "mlx_lm", "huggingfaceserver", "tensorrt_llm", "mlc_llm")
_SERVERS = {
    "vllm": "vllm",
    "ollama": "ollama",
    "text-generation-launcher": "tgi",
    "text-embeddings-router": "tei",
    "llama-server": "llama-cpp",
    "llama-cli": "llama-cpp",
    "trtllm-serve": "tensorrt-llm",
    "lmdeploy": "lmdeploy",
    "mlc_llm": "mlc-llm",
    "aphrodite": "aphrodite",
    "infinity_emb": "infinity",
    "tabby": "tabby",
    "local-ai": "localai",
    "ramalama": "ramalama",
    "litellm": "litellm",
    "tritonserver": "triton",
    "lms": "lm-studio",
}
# Assistants that work without a human when they are started so.
_ASSISTANTS: dict[str, tuple[str, str | None, re.Pattern[str]]] = {
    "claude": ("Claude Code", "anthropic", re.compile(r"-p|--print|--prompt|--dangerously-skip-permissions")),
    "claude-code": ("Claude Code", "anthropic", re.compile(r"-p|--print|--prompt")),
    "codex": ("Codex", "openai", re.compile(r"exec|e|review|apply")),
    "gemini": ("Gemini CLI", "google", re.compile(r"-p|--prompt|-y|--yolo|--approval-mode.*")),
    "gemini-cli": ("Gemini CLI", "google", re.compile(r"-p|--prompt|-y|--yolo|--approval-mode.*")),
    "aider": ("Aider", None, re.compile(r"--(?:message|message-file|yes|yes-always|model|apply)(?:=.*)?|-m|-f")),
    "copilot": ("GitHub Copilot CLI", "github-copilot", re.compile(r"-p|--prompt|--allow-all-tools")),
    "cursor-agent": ("Cursor CLI", None, re.compile(r"-p|--print|--force|-f")),
    "opencode": ("opencode", None, re.compile(r"run|serve")),
    "opencode-ai": ("opencode", None, re.compile(r"run|serve")),
    "goose": ("Goose", None, re.compile(r"run|session")),
    "qwen": ("Qwen Code", "alibaba", re.compile(r"-p|--prompt|--yolo")),
    "amp": ("Amp", None, re.compile(r"-x|--execute")),
    "droid": ("Factory Droid", None, re.compile(r"exec")),
}
_UNASKED = re.compile(
    r"--dangerously-skip-permissions|--dangerously-bypass-approvals-and-sandbox|--full-auto|--yolo|--yes-always"
    r"|--allow-all-tools|--permission-mode[= ]bypassPermissions|--approval-mode[= ](?:yolo|full-auto)"
    r"|danger-full-access|--skip-permissions-unsafe"
)


@dataclass(frozen=True)
class Launch:
    """A program that runs or asks a model. `provider` is None where only its settings tell."""

    program: str
    provider: str | None = None
    assistant: bool = False


def launched(words: Sequence[str]) -> Launch | None:
    """The AI that a command line starts; None for every other program."""
    line = _bare(words)
    name = _command.program(line)
    rest = line[1:]
    assistant = _ASSISTANTS.get(name)
    if assistant is not None and any(assistant[2].fullmatch(word) for word in rest):
        return Launch(assistant[0], assistant[1], assistant=True)
    if name in ("gh",) and rest[:2] in (["models", "run"], ["models", "eval"]):
        return Launch("GitHub Models", "github-models", assistant=True)
    if name in _SERVERS and rest[:1] not in (["--version"], ["--help"], ["-v"], ["-h"], ["version"]):
        return Launch(name, _SERVERS[name])
    module = _module(line)
    return Launch(module, module.partition(".")[0]) if module.startswith(_LOCAL_MODULES) else None


def models(words: Sequence[str], *, serves: bool = False) -> Iterator[tuple[int, Named]]:
    """The models that a command line names, each with the index of its word.

    `serves` is true when the words are arguments of a program that is known to run models.
    """
    line = list(words)
    bare = _bare(line)
    start = len(line) - len(bare)
    launch = launched(bare)
    known = serves or launch is not None
    read = hub_model if serves or (launch is not None and not launch.assistant) else _asked
    company = [word.lstrip("-").partition("=")[0] for word in line if word.startswith("-")] + ["llm"] * known
    served = _served(bare) if not serves else None
    if served is None and serves and bare and _positions.is_name(bare[0]) and "/" in bare[0]:
        served = 0  # arguments of an image whose entry point is the server
    if served is not None:
        found = hub_model(bare[served], company)
        if found is not None:
            yield start + served, found
    given = {option for _, option, _ in _options(line)}
    for index, option, value in _options(line):
        if option in _ALIASES and given & _IDENTITIES:
            continue
        if option in _MODEL_OPTIONS or (known and option in _SHORT_MODEL_OPTIONS):
            found = read(value, company) if known else _positions.named(option, value, company)
            if found is not None:
                yield index, found


def hub_model(name: str, company: Sequence[str]) -> Named | None:
    """A model that is served here: `maker/name` says whose weights are fetched, not who answers."""
    found = _positions.named("llm model", name, (*company, "llm"))
    if found is None or not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return found
    return Named(Asset.MODEL, name, unlisted=catalog.model(name) is None)


def asks_nobody(text: str) -> bool:
    """Whether a command lets the assistant act without asking."""
    return _UNASKED.search(text) is not None


def commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """The simple commands of a shell text, each with the offset of its first line; quoting is followed."""
    for offset, line in _logical_lines(text):
        for words in _pieces(line):
            if words:
                yield offset, words


def _asked(name: str, company: Sequence[str]) -> Named | None:
    return _positions.named("llm model", name, company)


def _bare(words: Sequence[str]) -> list[str]:
    line = list(words)
    while line and (line[0] in _BEFORE or _ASSIGNMENT.fullmatch(line[0])):
        line.pop(0)
    if line and line[0] == "timeout":
        line = [word for word in line[1:] if not _DURATION.fullmatch(word)]
    if line and line[0] in _RUNNERS:
        line = line[1:]
        while line and line[0].startswith("-"):
            line.pop(0)
        if line:
            line[0] = re.sub(r"(?<=.)@[^/]*$", "", line[0])
    return line


def _module(line: Sequence[str]) -> str:
    if not re.fullmatch(r"python[\d.]*", _command.program(line)):
        return ""
    return next((line[index + 1] for index, word in enumerate(line[:-1]) if word == "-m"), "")


def _served(line: Sequence[str]) -> int | None:
    start = next((len(row) for row in _SERVED if [_command.program(line), *line[1 : len(row)]] == list(row)), None)
    if start is None or start >= len(line):
        return None
    index = start
    while index < len(line) and line[index].startswith("-"):
        takes = "=" not in line[index] and index + 1 < len(line) and not line[index + 1].startswith("-")
        index += 2 if takes and index + 2 < len(line) else 1
    return index if index < len(line) else None


def _options(line: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    for index, word in enumerate(line):
        option, equals, value = word.partition("=")
        if option.startswith("-") and equals:
            yield index, option, value
        elif option.startswith("-") and index + 1 < len(line):
            yield index + 1, option, line[index + 1]


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines, joined where they end in a backslash, each with the offset of its first."""
    started, kept = None, ""
    for offset, raw in enumerate(text.split("\n")):
        started = offset if started is None else started
        if raw.rstrip().endswith("\\"):
            kept += raw.rstrip()[:-1] + " "
            continue
        yield started, kept + raw
        started, kept = None, ""
    if started is not None:
        yield started, kept


def _pieces(line: str) -> Iterator[list[str]]:
    """The commands of one line, between `;`, `&&`, `|`, `$(` and the like; an unclosed quote ends it."""
    lexer = shlex.shlex(line.replace("$(", " ; "), posix=True, punctuation_chars=";&|()`")
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for token in lexer:
            if re.fullmatch(r"[;&|()`]+", token):
                yield words
                words = []
            else:
                words.append(token)
    except ValueError:  # the text goes on in the next line; what was read so far counts
        pass
    yield words
