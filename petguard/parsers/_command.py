"""Reads the command line that starts a local tool server: which package, how firmly pinned, which data it is given."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

_NODE = frozenset({"npx", "bunx", "pnpx"})
_PYTHON = frozenset({"uvx", "pipx"})
CONTAINERS = frozenset({"docker", "podman", "nerdctl"})
_SUBCOMMANDS = frozenset({"run", "dlx", "exec", "x", "tool"})
_WITH_SUBCOMMAND = frozenset({"pnpm", "yarn", "npm", "bun", "uv", "pipx"})
_SCRIPTS = frozenset({"npm", "pnpm", "yarn", "bun"})
_WRAPPERS = {"cmd": ("/c",), "sh": ("-c",), "bash": ("-c", "-lc"), "zsh": ("-c", "-lc"), "env": ()}
_PACKAGE_OPTIONS = frozenset({"-p", "--package", "--from", "--spec"})
_FLAGS = re.compile(
    r"-y|-yy|-i|-it|-t|-q|-d|--(?:yes|rm|interactive|tty|init|quiet|silent|no-install|refresh|detach|privileged|read-only"
    r"|isolated|offline|no-cache|prefer-offline|prefer-online|ignore-existing)"
)
_COMMIT = re.compile(r"[@#][0-9a-f]{40}\b")
_NPM_VERSION = re.compile(r"(?<=.)@(\d+\.\d+\.\d+[\w.+-]*)$")
_PY_VERSION = re.compile(r"(?:==|@)(\d[\w.!+]*)$")
_PATH = re.compile(
    r"(?:\.{1,2}[/\\]|~[/\\]|/(?![/*])[^/\s]|[A-Za-z]:[/\\]|\$\{(?:workspaceFolder|HOME|PWD)[^}]*\}[/\\]).*"
)
_PROGRAM = re.compile(
    r"(?i)\.(?:js|mjs|cjs|ts|tsx|py|sh|rb|jar|exe|dll|php|go|rs|wasm|ps1|bat|cmd)$"
    r"|(?:^|/)(?:node_modules|bin|dist|build|venv|\.venv)(?:/|$)"
)


@dataclass(frozen=True)
class Package:
    """What a runner fetches and starts. `version` is None unless nobody can change what it means."""

    runner: str
    name: str
    version: str | None


def words(command: str, args: Sequence[str]) -> list[str]:
    """The command line without the shell around it."""
    line = [*(_split(command) if re.search(r"\s", command) and not args else [command]), *args]
    name = program(line)
    if name not in _WRAPPERS:
        return line
    rest = line[1:]
    if name == "env":
        return _without_assignments(rest)
    if rest and rest[0].lower() in _WRAPPERS[name]:
        return _split(rest[1]) if name != "cmd" and len(rest) == 2 else rest[1:]
    return line


def program(line: Sequence[str]) -> str:
    """The bare name of the started program."""
    return _program(line[0]) if line else ""


@lru_cache(maxsize=1024)
def _program(path: str) -> str:
    return re.sub(r"(?i)\.(?:exe|cmd|bat|ps1)$", "", PurePosixPath(path.replace("\\", "/")).name).lower()


def package(line: Sequence[str]) -> Package | None:
    """The package or image that a runner (npx, uvx, docker ...) is asked for; None for an ordinary program."""
    runner = program(line)
    rest = list(line[1:])
    subcommand = bool(rest) and rest[0] in _SUBCOMMANDS
    if runner in CONTAINERS:
        return _image(runner, rest)
    if not (runner in _NODE or runner in _PYTHON or (runner in _WITH_SUBCOMMAND and subcommand)):
        return None
    if runner in _SCRIPTS and rest[0] == "run":
        return None  # a script of the project's own
    if runner == "uv" and rest[0] == "run" and not set(rest) & {"--from", "--with"}:
        return None  # runs the project's own environment, which has a lock file
    while rest and rest[0] in _SUBCOMMANDS:
        rest.pop(0)
    asked = _asked(rest)
    if asked is None:
        return None
    pattern = _PY_VERSION if runner in {*_PYTHON, "uv"} else _NPM_VERSION
    pinned = pattern.search(asked) or _COMMIT.search(asked)
    name = asked[: pinned.start()] if pinned else asked.removesuffix("@latest")
    return Package(runner, name, pinned[0].lstrip("=@#") if pinned else None)


def is_data_path(text: str) -> bool:
    """Whether a word is a path, and not that of a program."""
    return _PATH.fullmatch(text) is not None and not _PROGRAM.search(text.replace("\\", "/"))


def _asked(rest: Sequence[str]) -> str | None:
    for index, word in enumerate(rest):
        option, _, value = word.partition("=")
        if option in _PACKAGE_OPTIONS:
            return value or (rest[index + 1] if index + 1 < len(rest) else None)
    plain = _without_options(rest)
    return plain[0] if plain else None


def _without_options(rest: Sequence[str]) -> list[str]:
    """Drop leading options; one that is not a known flag and has no `=` takes the next word with it."""
    index = 0
    while index < len(rest) and rest[index].startswith("-"):
        alone = "=" in rest[index] or _FLAGS.fullmatch(rest[index])
        index += 1 if alone else 2
    return list(rest[index:])


def _image(runner: str, rest: Sequence[str]) -> Package | None:
    after = list(rest)
    while after and after[0] in ("run", "container"):
        after.pop(0)
    if len(after) == len(rest):
        return None
    plain = _without_options(after)
    if not plain:
        return None
    name, _, digest = plain[0].partition("@")
    return Package(runner, name, digest if digest.startswith("sha256:") else None)


def _without_assignments(rest: Sequence[str]) -> list[str]:
    start = next((index for index, word in enumerate(rest) if "=" not in word and not word.startswith("-")), len(rest))
    return list(rest[start:])


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
