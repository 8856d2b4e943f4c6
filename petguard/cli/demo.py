"""`petguard demo`: what petguard says about a project that gets it wrong, with nothing to set up."""

import click

from petguard import _shipped
from petguard.cli import _scanning, _streams
from petguard.errors import Exit
from petguard.reports import text
from petguard.scan import Request, scan


@click.command("demo")
@click.option("-v", "--verbose", is_flag=True, help="More detail: paths of flows, assumptions, all gaps.")
def command(*, verbose: bool) -> int:
    """Scan the bundled example project.

    The exit code is 0, because nothing of yours was judged; the last line says what `scan` would end with.
    """
    project = _shipped.folder("examples/clinic")
    report = scan(Request(paths=(project,)))
    _streams.result(text.render(report, verbose=verbose, color=_streams.wants_colour()))
    code = _scanning.exit_code(report, allow_incomplete=False)
    _streams.remark(f"petguard: this was a demo of {project}")
    _streams.remark(f"petguard: `petguard scan` ends with exit {code:d} there: {_scanning.spoken(code)}")
    return Exit.OK
