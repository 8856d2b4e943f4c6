"""What the commands that scan have in common: options, outputs and the exit code."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, TypeVar

import click

from petguard.cli import _streams
from petguard.errors import Exit
from petguard.model import Severity
from petguard.report import Report
from petguard.reports import Format, formats, text
from petguard.scan import Request
from petguard.untrusted import terminal

FailOn = Severity | Literal["never"]
Command = TypeVar("Command", bound=Callable[..., object])


class Options(TypedDict):
    """The options of every command that scans."""

    paths: tuple[Path, ...]
    policy: Path | None
    allow_incomplete: bool
    exit_zero: bool
    jobs: int | None
    cache: bool
    quiet: bool
    verbose: bool


def scanning(command: Command) -> Command:
    """Give a command the options of `Options`."""
    path, file = click.Path(path_type=Path), click.Path(path_type=Path, exists=True, dir_okay=False)
    chosen = (
        click.argument("paths", nargs=-1, type=path),
        click.option(
            "-p", "--policy", type=file, help="Policy file; default: the project's own, else the built-in one."
        ),
        click.option("--allow-incomplete", is_flag=True, help="Gaps do not fail the scan."),
        click.option("--exit-zero", is_flag=True, help="Exit 0 whatever was found; errors still fail."),
        click.option("--jobs", type=click.IntRange(min=1), help="How many processes may run at a time."),
        click.option("--no-cache", "cache", is_flag=True, flag_value=False, default=True, help="Forget earlier scans."),
        click.option("-q", "--quiet", is_flag=True, help="No remarks on stderr, errors only."),
        click.option("-v", "--verbose", is_flag=True, help="More detail: paths of flows, assumptions, all gaps."),
    )
    for option in reversed(chosen):
        command = option(command)
    return command


def request(options: Options, *, fail_on: FailOn | None = None) -> Request:
    """What is asked of the scan; without a path it is the current folder."""
    return Request(
        paths=options["paths"] or (Path(),),
        policy=options["policy"],
        fail_on=fail_on,
        jobs=options["jobs"],
        cache=_cache_folder() if options["cache"] else None,
    )


def _cache_folder() -> Path | None:
    """Where the user keeps caches; None without a home.

    As the XDG specification says, a relative folder does not count: it would lie in whatever tree is scanned.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with suppress(RuntimeError):
        return (named if named.is_absolute() else Path.home() / ".cache") / "petguard"
    return None


def exit_code(report: Report, *, allow_incomplete: bool) -> Exit:
    """A violation weighs more than a gap, and only a complete scan without one is a success."""
    if report.policy_decision == "fail":
        return Exit.VIOLATED
    if report.execution_status == "complete" or allow_incomplete:
        return Exit.OK
    return Exit.INCOMPLETE


def spoken(code: Exit) -> str:
    """An exit code in words."""
    return {Exit.VIOLATED: "the policy is violated", Exit.INCOMPLETE: "the scan is incomplete"}.get(
        code, "nothing is at or above the threshold"
    )


@dataclass(frozen=True)
class Output:
    """One report to write; no file means stdout."""

    form: Format
    file: Path | None

    def write(self, report: Report, *, verbose: bool) -> None:
        """Render, and only then open the file."""
        if self.file is not None:
            _streams.save(self.file, self._rendered(report, verbose=verbose, colour=False))
        else:
            _streams.result(self._rendered(report, verbose=verbose, colour=_streams.wants_colour()))

    def _rendered(self, report: Report, *, verbose: bool, colour: bool) -> str:
        if self.form.name == text.FORMAT.name:
            return text.render(report, verbose=verbose, color=colour)
        return self.form.render(report)


def outputs(asked: Sequence[str]) -> tuple[Output, ...]:
    """Read `FORMAT[=FILE]` options; what cannot work is a usage error before anything is scanned."""
    known = formats()
    wanted = tuple(_output(each, known) for each in asked or ("text",))
    files = [each.file and each.file.resolve() for each in wanted]
    twice = next((file for file in files if files.count(file) > 1), files)
    if twice is None:
        raise click.UsageError("two reports on stdout would mix; give all but one a file: -o json=report.json")
    if isinstance(twice, Path):
        raise click.UsageError(f"two reports would overwrite each other in {terminal(str(twice))}")
    return wanted


def _output(asked: str, known: Mapping[str, Format]) -> Output:
    name, equals, target = asked.partition("=")
    if name not in known:
        raise click.UsageError(f"no such format as {terminal(name)!r}; choose from {', '.join(known)}")
    if equals and not target:
        raise click.UsageError(f"{name}= names no file; write {name} alone for stdout")
    if target in ("", "-"):
        return Output(known[name], None)
    if not Path(target).parent.is_dir() or Path(target).is_dir():
        raise click.UsageError(f"cannot write {terminal(target)}; its folder must exist, and it must not be one itself")
    return Output(known[name], Path(target))
