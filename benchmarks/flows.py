"""Measures how long personal data is followed: cold, with the cache, as the tree grows, and the rules on a graph.

    python benchmarks/flows.py                       100,000 lines, and 100 rules on 10,000 nodes and 40,000 edges
    python benchmarks/flows.py --curve               also 10,000 to 1,000,000 lines
    python benchmarks/flows.py --lines 50000

The tree is made by copying, each copy in a package of its own: the Python cases of `tests/corpus/flows` (small
applications with AI in nearly every file), and modules of Python's own library for the rest, nine lines in ten.

With the cache three things are measured: a tree in which nothing has changed, one in which a file without AI has, and
one in which a file with AI has, for which semgrep starts as well. petguard's bytecode is there, as if installed.
"""

import argparse
import itertools
import random
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from run import Figure, measure

from petguard import rules, taxonomy
from petguard.documents import read_yaml
from petguard.graph import SystemGraph
from petguard.model import Edge, EdgeKind, Facts, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.policy import Policy
from petguard.rules import Evidence

CASES = Path(__file__).parent.parent / "tests" / "corpus" / "flows"
PACKAGES = (
    "asyncio",
    "concurrent",
    "email",
    "http",
    "importlib",
    "json",
    "logging",
    "multiprocessing",
    "unittest",
    "xml",
)

_EVERY = taxonomy.categories()
CATEGORIES = [each for each in _EVERY if not any(other.startswith(f"{each}.") for other in _EVERY)][:20]


def grow(folder: Path, lines: int) -> int:
    """Fill a folder with about so many lines of Python; the number that it became."""
    written = 0
    cases, library = itertools.cycle(_cases()), itertools.cycle(_library())
    for number in itertools.count():
        if written >= lines:
            return written
        is_case = number % 10 == 0
        name, files = next(cases if is_case else library)
        for path, text in files.items():
            place = folder / f"copy{number}" / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
            written += text.count("\n")
    raise AssertionError("counting never ends")


def _cases() -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(CASES.glob("*python*.yaml")):
        for case in read_yaml(path.read_text("utf-8")).value:
            files = {name: text for name, text in case["files"].items() if name.endswith(".py")}
            yield case["case"].replace("-", "_"), files


def _library() -> Iterator[tuple[str, dict[str, str]]]:
    home = Path(sysconfig.get_path("stdlib"))
    for package in PACKAGES:
        for path in sorted((home / package).glob("*.py")):
            text = path.read_text("utf-8", "replace")
            if 50 < text.count("\n") < 600:
                yield package, {path.name: text}


def graph(nodes: int = 10_000, edges: int = 40_000, module: int = 50, *, guarded: bool = True) -> SystemGraph:
    """A system graph of 20 applications with ten modules of 50 nodes each: one edge in forty leaves its module.

    One node in ten is a source, one in fifty a protection, and each module has a recipient. With `guarded`, only one
    module in twenty lets data reach its recipient around the protection.
    """
    choose, here = random.Random(4), (Location(path="a.py"),)  # noqa: S311 - a benchmark, not a secret
    sinks = itertools.cycle(SinkKind)

    def node(number: int) -> Node:
        more: dict[str, object] = {}
        kind = NodeKind.CODE
        if number % 10 == 0:
            kind, more = NodeKind.DATA, {"categories": (choose.choice(CATEGORIES),)}
        elif number % module == 1:
            kind, more = NodeKind.SINK, {"sink": next(sinks), "traits": (Trait.EXTERNAL,)}
        elif number % module == 2:
            kind, more = NodeKind.PROTECTION, {"technique": "redaction", "details": {"evidence": "tested"}}
        whole = {"id": f"n{number}", "kind": kind, "name": f"n{number}", "origin": Origin.DETECTED, "locations": here}
        return Node.model_validate(whole | more)

    def ends() -> tuple[int, int]:
        start = choose.randrange(nodes)
        first = start // module * module
        if choose.randrange(40) == 0:
            first = start // (10 * module) * 10 * module + choose.randrange(10) * module
        end = first + choose.randrange(module)
        is_guarded = guarded and end % module == 1 and (first // module) % 20
        return (end + 1 if is_guarded else start), end

    joined = (ends() for _ in range(edges))
    made = tuple(
        Edge(kind=EdgeKind.FLOWS_TO, source=f"n{a}", target=f"n{b}", origin=Origin.DETECTED, location=here[0])
        for a, b in joined
    )
    return SystemGraph([Facts(nodes=tuple(map(node, range(nodes))), edges=made)])


def hundred_rules() -> list[rules.Rule]:
    """A hundred flow rules, each for one category of data and one kind of end, with the protections of PG201."""
    (shipped,) = (rule for rule in rules.load() if rule.id == "PG201")
    made = []
    for number, (category, sink) in zip(range(100), itertools.product(CATEGORIES, SinkKind), strict=False):
        test = shipped.file.check.deny_flow
        assert test is not None, "PG201 is a flow rule"
        source, target = test.source.model_copy(update={"data_category": category}), test.to
        to = target.model_copy(update={"sink": (sink,)})
        check = shipped.file.check.model_copy(
            update={"deny_flow": test.model_copy(update={"source": source, "to": to})}
        )
        changed = {"id": f"PG{900 - number}", "yields_to": (), "check": check}
        made.append(rules.Rule(shipped.file.model_copy(update=changed)))
    return made


def _evaluate(*, guarded: bool) -> None:
    evidence = Evidence(graph(guarded=guarded), (), {}, Policy.built_in(), ())
    chosen = hundred_rules()
    started = time.perf_counter()
    found = len(rules.findings(chosen, evidence))
    seconds = time.perf_counter() - started
    what = "100 flow rules" if guarded else "100 flow rules, nothing guarded"
    sys.stdout.write(f"{what:<50}{seconds:7.2f} s  {found} findings\n")


def _measured(lines: int, *, again: bool) -> None:
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as cache:
        tree, empty = Path(place) / "tree", Path(place) / "empty"
        written = grow(tree, lines)
        grow(empty, 1)
        env = ["env", "-u", "PYTHONDONTWRITEBYTECODE", f"PYTHONPYCACHEPREFIX={cache}", f"XDG_CACHE_HOME={cache}"]
        scan = [*env, sys.executable, "-m", "petguard", "scan", "--quiet"]
        measure([*scan, str(empty)], 1)  # which writes the bytecode
        scan = [*scan, str(tree)]
        _line(f"{written:,} lines, cold", measure(scan, 1))
        if again:
            _line(f"{written:,} lines, again, nothing changed", measure(scan, 3))
            for what, copy in (("a file without AI", "copy1"), ("a file with AI", "copy0")):
                changed = min((tree / copy).rglob("*.py"))
                _line(f"{written:,} lines, again, {what} changed", _after_changes(changed, scan))


def _after_changes(path: Path, scan: list[str]) -> Figure:
    """The run of middle length of three, each after another change of this file."""
    figures = []
    for number in range(3):
        path.write_text(f"{path.read_text('utf-8')}\nCHANGED_{number} = {number}\n", "utf-8")
        figures.append(measure(scan, 1))
    return sorted(figures, key=lambda figure: figure.seconds)[1]


def _line(what: str, figure: Figure) -> None:
    sys.stdout.write(f"{what:<50}{figure.columns}\n")
    sys.stdout.flush()


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--curve", action="store_true", help="also grow the tree to a million lines")
    given = parser.parse_args()
    _evaluate(guarded=True)
    _evaluate(guarded=False)
    _measured(given.lines, again=True)
    for lines in (10_000, 30_000, 300_000, 1_000_000) if given.curve else ():
        _measured(lines, again=False)


if __name__ == "__main__":
    main()
