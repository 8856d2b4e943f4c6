"""Manifests and lock files of every package manager: the AI and PET packages a project asks for, or gets with others.

A lock file often lists packages without saying who asked for them. The manifests in its folder and below (the members
of a workspace) do: what none of them names is there for another package's sake.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap, Node
from petguard.parsers import Parser, _assets, one_by_one
from petguard.parsers._dependencies import Dependency, Format, Sheet, Standing, mentions, refuse_conflict
from petguard.parsers._manifests import FORMATS


@dataclass(frozen=True)
class _Reading:
    """What one file lists of the packages in the catalogue."""

    format: Format
    sheet: Sheet
    known: tuple[tuple[catalog.Package, Dependency], ...] = ()

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.sheet.path).parent


@cache
def _any_name() -> re.Pattern[str]:
    return re.compile("|".join(each.named for each in FORMATS), re.IGNORECASE)


def _format(path: str) -> Format | None:
    """The first format that goes by this name; one look says no to most files."""
    name = path.rpartition("/")[2]
    if _any_name().fullmatch(name) is None:
        return None
    return next(each for each in FORMATS if re.fullmatch(each.named, name, re.IGNORECASE))


def _interest(candidate: Candidate) -> Interest:
    """A manifest without AI is read as well: it says what a lock file beside it is there for."""
    format_ = _format(candidate.path)
    if format_ is None or not candidate.data.strip() or not format_.looks(candidate):
        return Interest.NONE
    return Interest.READ if not format_.lock or mentions(format_, candidate.data) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    readings = []
    for reading in one_by_one(inputs, _read):
        if isinstance(reading, Gap):
            yield reading
        else:
            readings.append(reading)
            yield from dict.fromkeys(reading.sheet.gaps)
    asking = _Asking.of(readings)
    for reading in readings:
        yield Facts(nodes=tuple(_nodes(reading, asking)))


def _read(item: Input) -> _Reading:
    format_, sheet = _format(item.path), Sheet(item.path, item.text)
    assert format_ is not None, f"{item.path} was never asked for"
    if not mentions(format_, item.text.encode("utf-8", "surrogatepass")):
        return _Reading(format_, sheet)
    refuse_conflict(sheet)
    found = ((catalog.package(format_.ecosystem, each.name), each) for each in format_.read(sheet))
    return _Reading(format_, sheet, tuple((package, each) for package, each in found if package is not None))


@dataclass(frozen=True)
class _Asking:
    """Which folders hold manifests of an ecosystem, and which folders' manifests ask for a package."""

    manifests: Mapping[str, set[PurePosixPath]]
    asked: Mapping[catalog.Package, set[PurePosixPath]]
    listed: frozenset[catalog.Package]  # by any file that does not only manage versions

    @classmethod
    def of(cls, readings: Sequence[_Reading]) -> "_Asking":
        manifests: dict[str, set[PurePosixPath]] = defaultdict(set)
        asked: dict[catalog.Package, set[PurePosixPath]] = defaultdict(set)
        for reading in readings:
            if not reading.format.lock:
                manifests[reading.format.ecosystem].add(reading.folder)
            for package, each in reading.known:
                if each.standing is Standing.DIRECT:
                    asked[package].add(reading.folder)
        every = (pair for reading in readings for pair in reading.known)
        return cls(
            manifests, asked, frozenset(package for package, each in every if each.standing is not Standing.MANAGED)
        )

    def direct(self, reading: _Reading, package: catalog.Package, dependency: Dependency) -> bool | None:
        """Whether the project itself asks for the package; None where no file says so."""
        if dependency.standing is not Standing.LOCKED:
            return dependency.standing is not Standing.TRANSITIVE
        if _any_below(self.asked.get(package, set()), reading.folder):
            return True
        return False if _any_below(self.manifests.get(reading.format.ecosystem, set()), reading.folder) else None


def _any_below(folders: set[PurePosixPath], top: PurePosixPath) -> bool:
    return any(folder.is_relative_to(top) for folder in folders)


def _nodes(reading: _Reading, asking: _Asking) -> Iterator[Node]:
    for package, each in reading.known:
        if package not in asking.listed:
            continue
        location, direct = reading.sheet.location(each), asking.direct(reading, package, each)
        node = _assets.package(package.ecosystem, package.name, each.version, location, direct=direct)
        assert node is not None, f"{package.name} was in the catalogue a moment ago"
        yield node


PARSER = Parser.of_configs("dependencies", _interest, _parse)
