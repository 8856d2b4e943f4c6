"""`petguard scan`: the main job."""

from typing import Unpack

import click

from petguard.cli import _scanning, _streams
from petguard.errors import Exit
from petguard.model import Severity
from petguard.report import Report
from petguard.scan import scan


class _Options(_scanning.Options):
    output: tuple[str, ...]
    fail_on: str | None


@click.command("scan")
@_scanning.scanning
@click.option("-o", "--output", multiple=True, metavar="FORMAT[=FILE]", help="Report to write; repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice([*(severity.value for severity in Severity), "never"]),
    help="Lowest severity that fails the scan; default: what the policy says, else high.",
)
def command(**options: Unpack[_Options]) -> int:
    """Find where personal data meets AI, and whether the policy allows it."""
    outputs = _scanning.outputs(options["output"])
    report = scan(_scanning.request(options, fail_on=_threshold(options["fail_on"])))
    for output in outputs:
        output.write(report, verbose=options["verbose"])
    code = _scanning.exit_code(report, allow_incomplete=options["allow_incomplete"])
    if not options["quiet"]:
        for output in outputs:
            if output.file is not None:
                _streams.remark(f"petguard: wrote {output.form.name} to {output.file}")
        _streams.remark(_closing(report, code))
    return Exit.OK if options["exit_zero"] else code


def _threshold(asked: str | None) -> _scanning.FailOn | None:
    if asked is None:
        return None
    return "never" if asked == "never" else Severity(asked)


def _closing(report: Report, code: Exit) -> str:
    findings, gaps = len(report.findings), len(report.coverage.gaps)
    counted = f"{findings:,} finding{'' if findings == 1 else 's'}, {gaps:,} gap{'' if gaps == 1 else 's'}"
    done = f"{counted}, policy {report.scope.policy}, {report.run.duration_s:.1f} s"
    return f"petguard: {_scanning.spoken(code)} (exit {code:d}); {done}"
