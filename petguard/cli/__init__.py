"""The command line: one module per command, and the only place that prints.

A command's module is imported when the command runs, so that `petguard --help` does not wait for libraries.
"""

import importlib
from collections.abc import Mapping, Sequence
from typing import cast

import click

from petguard import __version__
from petguard.cli import _streams
from petguard.errors import Exit, PetguardError
from petguard.untrusted import terminal

COMMANDS: Mapping[str, str] = {
    "scan": "Find where personal data meets AI, and whether the policy allows it.",
    "verify": "Check the privacy protections that the project claims.",
    "rules": "List, explain and test the policy rules.",
    "schema": "Print the JSON schema of the report, the policy or a rule.",
    "demo": "Scan the bundled example project.",
}


class _Program(click.Group):
    """Knows its commands by name and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", importlib.import_module(f"{__name__}.{cmd_name}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Find where personal data meets AI in a repository, and check the numbers behind claimed protections.

    Exit codes: 0 complete and nothing found, 1 policy violated, 2 wrong usage or configuration,
    3 nothing to scan, 4 incomplete, 70 petguard crashed.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; errors the user can mend become one line on stderr."""
    _streams.prepare()
    try:
        with program.make_context("petguard", list(arguments)) as context:
            return int(program.invoke(context))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort as abort:
        raise KeyboardInterrupt from abort
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except PetguardError as error:
        _streams.remark("petguard: " + "\n".join(map(terminal, str(error).splitlines())))
        return error.exit_code
