"""Shell scripts: the AI services, models, packages and assistants that their commands use."""

import re
from collections.abc import Iterator, Sequence

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._shell import read, speaks

_SUFFIXES = frozenset({".sh", ".bash", ".zsh", ".ksh", ".bats", ".command", ".slurm", ".sbatch"})
_NAMES = frozenset(
    {".envrc", ".bashrc", ".bash_profile", ".bash_aliases", ".zshrc", ".zprofile", ".zshenv", ".profile"}
)
_SHEBANG = re.compile(rb"\A#![^\n]*?[/\s](?:ba|z|k|da|a|mk)?sh(?:\s|$)")


def _interest(candidate: Candidate) -> Interest:
    named = candidate.suffix in _SUFFIXES or candidate.name in _NAMES
    if not named and not _SHEBANG.match(candidate.data):
        return Interest.NONE
    return Interest.READ if speaks(candidate.data, candidate.told) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        yield from read(item.text, item.path)


PARSER = Parser.of_configs("shell", _interest, _parse)
