"""The only place that starts semgrep: explicit files, no network, no version check, and every doubt is a gap.

The scanned files are copied under plain names into a private folder first. So a hostile file name, a planted
`.semgrepignore` or git configuration never reaches semgrep, a file without an extension is read in the right
language, and semgrep sees the very bytes that the rest of the scan saw.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import petguard
from petguard.cache import Cache
from petguard.collect import Input
from petguard.model import Gap, Json, State

_SECONDS_PER_RULE_AND_FILE = 5
_RULE_TIMEOUTS_PER_FILE = 3
_MEGABYTES = 3000
_OUTPUT_BYTES = 128 * 1024 * 1024
_GLANCE_SECONDS = 0.2  # between two looks at how much a running semgrep has written
_SUFFIXES = {"python": ".py"}
_EVERYWHERE: Mapping[str, Collection[str]] = {}


@dataclass(frozen=True)
class Program:
    """The semgrep to start, by default the one that is installed with petguard, and how much it may take."""

    executable: str | None = None
    jobs: int | None = None  # None leaves it to semgrep
    cache: Cache = field(default_factory=lambda: Cache(None))
    seconds: float = 60
    seconds_per_file: float = 2
    output_bytes: int = _OUTPUT_BYTES

    def found(self) -> str | None:
        """Where the executable is; None when there is none."""
        beside = Path(sys.executable).parent / "semgrep"
        return self.executable or (str(beside) if beside.is_file() else shutil.which("semgrep"))


SEMGREP = Program()


@dataclass(frozen=True)
class Match:
    """One place where a rule matched; lines and columns are 1-based, columns count the bytes of UTF-8."""

    rule: str
    path: str
    start: tuple[int, int]
    end: tuple[int, int]
    message: str


@dataclass(frozen=True)
class Result:
    """All matches in (path, position, rule) order, and everything that semgrep could not look at."""

    matches: tuple[Match, ...]
    gaps: tuple[Gap, ...]


def run(
    inputs: Sequence[Input],
    rules: Sequence[Json],
    *,
    language: str,
    only: Mapping[str, Collection[str]] = _EVERYWHERE,
    program: Program = SEMGREP,
) -> Result:
    """Match `rules` against `inputs` in one call; `only` keeps a rule, by its id, to the inputs of these paths.

    Never raises for what semgrep does: if it is missing, killed, too slow or too talkative, each input becomes a gap.
    """
    wanted = [rule for rule in rules if only.get(rule["id"], inputs)]
    if all(rule["id"] in only for rule in wanted):
        reached = {path for rule in wanted for path in only[rule["id"]]}
        inputs = [item for item in inputs if item.path in reached]
    keys = _keys(inputs, wanted, only)
    known = {item.path: found for item in inputs if (found := _recalled(program, item.path, keys)) is not None}
    result = _run([item for item in inputs if item.path not in known], wanted, language, only, program)
    _remember(program, result, keys.keys() - known.keys(), keys)
    matches = [*result.matches, *(match for found in known.values() for match in found)]
    return Result(tuple(sorted(matches, key=_order)), result.gaps)


def _keys(inputs: Sequence[Input], rules: Sequence[Json], only: Mapping[str, Collection[str]]) -> dict[str, str]:
    """For each path what its matches depend on: the text, the rules that see it, and the version of semgrep."""
    digests = {rule["id"]: hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest() for rule in rules}
    reach = {rule: frozenset(paths) for rule, paths in only.items()}
    keys = {}
    for item in inputs:
        seen = sorted(digest for rule, digest in digests.items() if rule not in reach or item.path in reach[rule])
        keys[item.path] = hashlib.sha256("\n".join([_version(), item.digest, *seen]).encode()).hexdigest()
    return keys


@cache
def _version() -> str:
    """The version of petguard decides, too: it makes the rules and reads the answers."""
    with suppress(metadata.PackageNotFoundError):
        return f"petguard {petguard.__version__}, semgrep {metadata.version('semgrep')}"
    return f"petguard {petguard.__version__}"


def _recalled(program: Program, path: str, keys: Mapping[str, str]) -> list[Match] | None:
    rows = program.cache.recall(keys[path])
    with suppress(KeyError, TypeError, ValueError, OverflowError):
        return None if rows is None else [_match(path, row) for row in rows]
    return None


def _match(path: str, row: Json) -> Match:
    (line, column), (last_line, last_column) = row["start"], row["end"]
    start, end = (int(line), int(column)), (int(last_line), int(last_column))
    return Match(rule=str(row["rule"]), path=path, start=start, end=end, message=str(row["message"]))


def _remember(program: Program, result: Result, paths: Iterable[str], keys: Mapping[str, str]) -> None:
    """Keep the matches of files that were looked at in full; whatever had a gap is tried again next time."""
    doubtful = {gap.path for gap in result.gaps}
    for path in sorted(paths):
        if path not in doubtful:
            rows = [asdict(match) for match in result.matches if match.path == path]
            program.cache.remember(keys[path], rows)


def _run(
    inputs: Sequence[Input], rules: Sequence[Json], language: str, only: Mapping[str, Collection[str]], program: Program
) -> Result:
    if not inputs or not rules:
        return Result((), ())
    with tempfile.TemporaryDirectory(prefix="petguard-") as name:
        folder = Path(name)
        staged = _stage(folder, inputs, rules, only, _SUFFIXES[language])
        try:
            return _result(_answer(program, folder, list(staged)), staged)
        except _Failure as failure:
            return Result((), tuple(_gap(item.path, failure.reason, str(failure)) for item in inputs))


class _Failure(Exception):
    """Semgrep gave no usable answer at all."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _stage(
    folder: Path, inputs: Sequence[Input], rules: Iterable[Json], only: Mapping[str, Collection[str]], suffix: str
) -> Mapping[str, Input]:
    staged = {f"{number}{suffix}": item for number, item in enumerate(inputs)}
    for name, item in staged.items():
        (folder / name).write_bytes(item.text.encode("utf-8", "replace"))
    kept = [
        _kept_to(rule, [name for name, item in staged.items() if item.path in only[rule["id"]]])
        if rule["id"] in only
        else rule
        for rule in rules
    ]
    (folder / "rules.json").write_text(json.dumps({"rules": kept}), "utf-8")
    return staged


def _kept_to(rule: Json, names: Sequence[str]) -> Json:
    return {**rule, "paths": {"include": list(names)}}


def _command(executable: str, jobs: int | None, targets: Sequence[str]) -> list[str]:
    options = ["--experimental", "--config", "rules.json", "--json", "--quiet", "--metrics", "off"]
    options += ["--disable-version-check", "--disable-nosem", "--no-git-ignore", "--no-rewrite-rule-ids"]
    options += ["--max-target-bytes", "0", "--max-memory", str(_MEGABYTES)]
    options += ["--timeout", str(_SECONDS_PER_RULE_AND_FILE), "--timeout-threshold", str(_RULE_TIMEOUTS_PER_FILE)]
    options += ["--jobs", str(jobs)] if jobs else []
    return [executable, "scan", *options, *targets]


def _environment(folder: Path) -> dict[str, str]:
    """Only what semgrep needs: no tokens, no settings of the user, no network switches left to chance."""
    kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if key in os.environ}
    private = {key: str(folder) for key in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")}
    return kept | private | {"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0", "LC_ALL": "C.UTF-8"}


def _answer(program: Program, folder: Path, targets: Sequence[str]) -> dict[str, Any]:
    """Run semgrep and read its JSON."""
    executable = program.found()
    if executable is None:
        raise _Failure("semgrep_missing", "semgrep is not installed; install petguard again")
    output = folder / "answer.json"
    code = _wait(program, _command(executable, program.jobs, targets), folder, output)
    try:
        answer = json.loads(output.read_bytes())
    except (ValueError, RecursionError):
        raise _Failure("semgrep_failed", f"semgrep ended with code {code} and without an answer") from None
    if not isinstance(answer, dict) or not {"results", "errors", "paths"} <= answer.keys():
        raise _Failure("semgrep_failed", f"semgrep ended with code {code} and an answer petguard cannot read")
    return answer


def _wait(program: Program, command: Sequence[str], folder: Path, output: Path) -> int:
    """Run `command` in its own process group, so that nothing of it stays behind."""
    with output.open("wb") as sink:
        try:
            process = subprocess.Popen(  # noqa: S603 - an explicit program and file names of petguard's making
                command,
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise _Failure("semgrep_missing", f"semgrep could not be started: {error.strerror}") from error
        try:
            return _ended(process, output, program, len(command))
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError, PermissionError):  # it ended just now
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _ended(process: subprocess.Popen[bytes], output: Path, program: Program, arguments: int) -> int:
    seconds = program.seconds + program.seconds_per_file * arguments
    code = None
    for _ in range(1 + int(seconds / _GLANCE_SECONDS)):
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(min(seconds, _GLANCE_SECONDS))
        if output.stat().st_size > program.output_bytes:
            detail = f"semgrep wrote more than {program.output_bytes} bytes, so its answer was dropped"
            raise _Failure("too_many_matches", detail)
        if code is not None:
            return code
    raise _Failure("timeout", f"semgrep did not finish within {seconds:g} s")


def _result(answer: Mapping[str, Any], staged: Mapping[str, Input]) -> Result:
    try:
        return Result(_matches(answer, staged), tuple(_gaps(answer, staged)))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise _Failure("semgrep_failed", f"semgrep gave an answer petguard cannot read: {error!r}") from error


def _matches(answer: Mapping[str, Any], staged: Mapping[str, Input]) -> tuple[Match, ...]:
    found = {
        Match(
            rule=row["check_id"],
            path=staged[row["path"]].path,
            start=(row["start"]["line"], row["start"]["col"]),
            end=(row["end"]["line"], row["end"]["col"]),
            message=row["extra"]["message"],
        )
        for row in answer["results"]
    }
    return tuple(sorted(found, key=_order))


def _order(match: Match) -> tuple[Any, ...]:
    return match.path, match.start, match.end, match.rule, match.message


def _gaps(answer: Mapping[str, Any], staged: Mapping[str, Input]) -> Iterator[Gap]:
    """Errors of semgrep, and files that it silently left out."""
    for error in answer["errors"]:
        yield from _error_gaps(error, staged)
    for name in sorted(staged.keys() - set(answer["paths"].get("scanned", ()))):
        yield _gap(staged[name].path, "not_scanned", "semgrep left this file out without saying why")


def _error_gaps(error: Mapping[str, Any], staged: Mapping[str, Input]) -> Iterator[Gap]:
    kind = error["type"][0] if isinstance(error["type"], list) else error["type"]
    item = staged.get(error.get("path", ""))
    where: Iterable[Input] = staged.values() if item is None else (item,)
    spans = error.get("spans") or error.get("location") or []
    line = spans[0]["start"]["line"] if isinstance(spans, list) and spans else None
    rule = f" in rule {error['rule_id']}" if error.get("rule_id") else ""
    for each in where:
        yield Gap(
            path=each.path,
            state=State.PARTIAL,
            reason=_REASONS.get(kind, "semgrep_error"),
            detail=f"semgrep: {kind}{rule}",
            line=line,
        )


_REASONS = {
    "Timeout": "timeout",
    "Fixpoint timeout": "timeout",
    "Out of memory": "out_of_memory",
    "Stack overflow": "too_deep",
    "Too many matches": "too_many_matches",
    "Syntax error": "parse_error",
    "Lexical error": "parse_error",
    "Other syntax error": "parse_error",
    "PartialParsing": "parse_error",
}


def _gap(path: str, reason: str, detail: str) -> Gap:
    return Gap(path=path, state=State.PARTIAL, reason=reason, detail=detail)
