"""Runs tree-sitter within bounds: it needs quadratic time for a text that is not of the language at all."""

from time import process_time
from typing import TYPE_CHECKING

from petguard.errors import UnreadableInput

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

_SECONDS = 4.0  # of this process; a megabyte of sound code takes less than one
_CHUNK = 4096  # bytes that the parser is handed at a time; also what every look at a node's text copies


def tree_of(language: "Language", source: bytes) -> "Tree":
    """The tree of a text; UnreadableInput when that takes longer than anything that somebody wrote."""
    from tree_sitter import Parser  # noqa: PLC0415 - most scans parse nothing with it

    # One parser a text: what it asks us while it parses lets other threads run, and two of them in one parser crash.
    parser, end = Parser(language), process_time() + _SECONDS
    try:
        # Only where it is handed the text in pieces does the parser ask whether to go on.
        return parser.parse(
            lambda at, _point: source[at : at + _CHUNK],
            progress_callback=lambda _at, _broken: process_time() > end,
        )
    except ValueError as error:
        detail = f"cannot be parsed within {_SECONDS:g} seconds; fix its syntax or exclude it"
        raise UnreadableInput(detail, reason="timeout") from error
