"""SQL files, dbt models among them: functions and statements of databases that call models."""

from collections.abc import Iterator, Sequence

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._shell_place import Place
from petguard.parsers._sql import read, speaks

_SUFFIXES = frozenset({".sql", ".ddl", ".dml", ".pgsql", ".plsql", ".pls", ".pkb", ".pks", ".tsql", ".hql", ".bqsql"})


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix not in _SUFFIXES or not candidate.data.strip():
        return Interest.NONE
    if speaks(candidate.data):
        return Interest.READ
    return Interest.NONE if candidate.is_binary else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        yield from read(item.text, Place(item.path, item.text))


PARSER = Parser.of_configs("sql", _interest, _parse)
