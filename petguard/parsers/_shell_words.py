"""Which program a command line starts in the end, behind `sudo`, `uv run`, `docker exec` or `bash -c`."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from petguard.parsers._names import HOLE
from petguard.parsers._shell_syntax import Command, Word

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "fish", "ash"})
_REMOTE = frozenset({"ssh", "tmux", "screen", "su", "concurrently", "alias", "trap", "parallel", "eval", "watch"})
# Programs that start another one, with those of their options that take a value, and how many words stand before it.
_WRAPPERS: Mapping[str, tuple[frozenset[str], int]] = {
    name: (frozenset(options.split()), skip)
    for name, options, skip in [
        ("sudo", "-u -g -h -p -C -D -R -T -U --user --group", 0),
        ("doas", "-u -C", 0),
        ("env", "-u -C -S --unset --chdir", 0),
        ("cross-env", "", 0),
        ("nohup", "", 0),
        ("time", "-f -o", 0),
        ("exec", "-a", 0),
        ("command", "", 0),
        ("builtin", "", 0),
        ("timeout", "-s -k --signal --kill-after", 1),
        ("gtimeout", "-s -k", 1),
        ("nice", "-n", 0),
        ("ionice", "-c -n", 0),
        ("chronic", "", 0),
        ("setsid", "", 0),
        ("stdbuf", "-i -o -e", 0),
        ("numactl", "-N -m -C", 0),
        ("caffeinate", "-t -w", 0),
        ("xargs", "-I -n -P -L -d -a -s -E", 0),
        ("srun", "-p -n -N -c -t -J -A -o -e -w --account --partition", 0),
        ("uv run", "--with --from --python -p --extra --group --project --directory --env-file --with-requirements", 0),
        ("poetry run", "-C", 0),
        ("pdm run", "-p", 0),
        ("pipenv run", "", 0),
        ("hatch run", "", 0),
        ("rye run", "", 0),
        ("pixi run", "-e", 0),
        ("conda run", "-n -p --name --prefix --cwd", 0),
        ("mamba run", "-n -p", 0),
        ("micromamba run", "-n -p", 0),
        ("docker exec", "-e -u -w --env --user --workdir --env-file", 1),
        ("podman exec", "-e -u -w --env --user --workdir", 1),
        ("docker compose exec", "-e -u -w --env --user --workdir --index", 1),
        ("docker compose run", "-e -u -w -v -p --env --user --workdir --name --entrypoint", 1),
        ("docker-compose exec", "-e -u -w --env --user --workdir --index", 1),
        ("docker-compose run", "-e -u -w -v -p --env --user --workdir --name --entrypoint", 1),
    ]
}
# Programs that fetch a package and start what it brings.
_FETCHERS = frozenset({"npx", "bunx", "pnpx"})
_PROGRAMS: Mapping[str, str] = {
    "@anthropic-ai/claude-code": "claude",
    "@openai/codex": "codex",
    "@google/gemini-cli": "gemini",
    "@qwen-code/qwen-code": "qwen",
    "@github/copilot": "copilot",
    "@sourcegraph/amp": "amp",
    "opencode-ai": "opencode",
}
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_INTERPRETER = re.compile(r"(python|pip|pypy)[\d.]*w?")


@dataclass(frozen=True)
class Call:
    """One program with its words; `-m` of Python names the program: `python -m vllm.entrypoints.openai.api_server`."""

    program: str
    words: tuple[Word, ...]
    first: Word
    command: Command

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The words after the program, as plain text."""
        return tuple(word.text for word in self.words)

    @cached_property
    def options(self) -> tuple[tuple[str, Word], ...]:
        """Every option with its value: `--model x`, `--model=x`, `-m x`, and also `key=x`."""
        found: list[tuple[str, Word]] = []
        for word, after in zip(self.words, [*self.words, None][1:], strict=True):
            name, equals, value = word.text.partition("=")
            if equals and re.fullmatch(r"-{0,2}[A-Za-z+][\w.-]*", name):
                found.append((name, Word(value, word.line)))
            elif word.text.startswith("-") and after is not None and not after.text.startswith("-"):
                found.append((word.text, after))
        return tuple(found)

    def option(self, *names: str) -> Word | None:
        """The value of the first of these options that is given."""
        return next((value for name, value in self.options if name in names), None)

    def plain(self, flags: Collection[str] = ()) -> list[Word]:
        """The words that belong to no option; those after an option that is no known flag are its value."""
        found, taken = [], False
        for word in self.words:
            if word.text.startswith("-") and word.text != "-":
                taken = "=" not in word.text and word.text not in flags and word.text != "--"
            else:
                if not taken:
                    found.append(word)
                taken = False
        return found


def calls(command: Command) -> Iterator[Call]:
    """The program of a command, then the one that it starts, and so on."""
    rest = _without_assignments(command.words)
    for _ in range(len(command.words)):
        call = _call(rest, command)
        if call is None:
            return
        yield call
        rest = _inner(call)


def scripts(call: Call) -> Iterator[Word]:
    """The shell text that a call runs: `bash -c TEXT`, `ssh host TEXT`, a here-document given to a shell."""
    if call.program in _SHELLS:
        flag = next((index for index, text in enumerate(call.texts) if re.fullmatch(r"-[a-z]*c", text)), None)
        if flag is not None and flag + 1 < len(call.words):
            yield call.words[flag + 1]
        elif call.command.stdin is not None:
            yield call.command.stdin
    elif call.program in _REMOTE:
        yield from (
            Word(word.text.partition("=")[2] if call.program == "alias" else word.text, word.line)
            for word in call.words
            if " " in word.text
        )
        if call.program == "ssh" and call.command.stdin is not None:
            yield call.command.stdin
        plain = call.plain()
        if call.program in {"eval", "ssh"} and len(plain) > 1:
            start = 0 if call.program == "eval" else 1
            yield Word(" ".join(word.text for word in plain[start:]), plain[0].line)


def _call(words: Sequence[Word], command: Command) -> Call | None:
    if not words:
        return None
    program = re.sub(r"(?i)\.(?:exe|cmd|bat)$", "", PurePosixPath(words[0].text.replace("\\", "/")).name)
    interpreter = _INTERPRETER.fullmatch(program)
    program = interpreter[1] if interpreter else program
    rest = words[1:]
    if len(rest) > 1 and rest[0].text == "-m" and (program == "python" or HOLE in program):
        return Call(f"python -m {rest[1].text}", tuple(rest[2:]), words[0], command)
    return Call(program, tuple(rest), words[0], command)


def _inner(call: Call) -> Sequence[Word]:
    """The words of the command that a call starts; none for an ordinary program."""
    if call.program == "command" and {"-v", "-V"} & set(call.texts):
        return ()
    names = [call.program, *call.texts[:2]]
    name = next((key for end in (3, 2, 1) if (key := " ".join(names[:end])) in _WRAPPERS), None)
    if name is not None:
        options, skip = _WRAPPERS[name]
        return _without_assignments(_behind(call.words[name.count(" ") :], options, skip))
    if call.program in _FETCHERS:
        return _fetched(call.words)
    mark = call.texts.index("--") if "--" in call.texts else None
    return () if mark is None else _without_assignments(call.words[mark + 1 :])


def _fetched(words: Sequence[Word]) -> Sequence[Word]:
    """What `npx -y package@version` starts, under the name of the program that the package brings."""
    rest = _behind(words, frozenset({"-p", "--package"}), 0)
    if not rest:
        return ()
    name = re.sub(r"(?<=.)@[^@/]*$", "", rest[0].text)
    return (Word(_PROGRAMS.get(name, name), rest[0].line), *rest[1:])


def _behind(words: Sequence[Word], options: Collection[str], skip: int) -> Sequence[Word]:
    index = 0
    while index < len(words) and (words[index].text.startswith("-") or skip or _ASSIGNED.match(words[index].text)):
        if words[index].text in options:
            index += 1
        elif not words[index].text.startswith("-") and not _ASSIGNED.match(words[index].text):
            skip -= 1
        index += 1
    return words[index:]


def _without_assignments(words: Sequence[Word]) -> Sequence[Word]:
    start = next((index for index, word in enumerate(words) if not _ASSIGNED.match(word.text)), len(words))
    return words[start:]
