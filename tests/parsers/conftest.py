"""Runs a parser the way a scan does: it sees only the files that it asked to read."""

from collections.abc import Callable, Mapping

import pytest

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._source import together
from petguard.semgrep import SEMGREP


def _read(parser: Parser, files: Mapping[str, str]) -> tuple[Facts, list[Gap]]:
    candidates = [Candidate(path, text.encode("utf-8", "surrogatepass")) for path, text in files.items()]
    wanted = [each for each in candidates if parser.interest(each) is Interest.READ]
    results = list(parser.parse([Input(each.path, files[each.path]) for each in wanted], SEMGREP))
    facts = together(each for each in results if isinstance(each, Facts))
    return facts, [each for each in results if isinstance(each, Gap)]


@pytest.fixture(scope="session")
def read() -> Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]:
    """Facts and gaps that a parser finds in files given as path and text."""
    return _read
