"""Writes the parts of the documentation that come from the program: rule pages, claim fields, numbers, the demo.

    python docs/generate.py           write them
    python docs/generate.py --check   name the pages that are out of date; exit 1 when there are any
    python docs/generate.py --show published-numbers   print one part

The pages below `docs/rules/` are written as a whole. Elsewhere the text between `<!-- generated: NAME -->` and
`<!-- end -->` is written, and the rest is left alone.
"""

import argparse
import importlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from petguard import _plugins, _shipped, he_standard, taxonomy, verifiers
from petguard.claims import BY_TECHNIQUE, Statement
from petguard.reports import formats, text
from petguard.rules import Example, Framework, Rule, frameworks, load
from petguard.scan import Request, scan
from petguard.verifiers import Verifier, _lattice

HOME = Path(__file__).resolve().parents[1]
EXAMPLE = Path("examples", "clinic")

FAMILIES = {
    "shadow-ai": "AI that is in use, and whether anybody decided on it.",
    "data-flow": "Personal data on its way to AI and to third parties.",
    "pet-claims": "Protections that are claimed, and whether the claim holds.",
    "model-supply-chain": "Models that are loaded, and what can come with them.",
    "agents": "Agents and assistants that act, and whether somebody is asked.",
}
_LIMIT_OF_COUNTS = 10**15  # a limit of the program, not worth a word in each row
CHECKS = {
    "node": "a thing that was found (a service, model, package, server or key)",
    "deny_flow": "every way from the data to the recipient",
    "policy_data": "every way from the data to the recipient, by the `data` section of the policy",
    "claim": "a claim and its verdict",
    "ledger": "all releases about a data set or a kind of person, and their budget",
    "declared": "a row of the comparison of [what is declared](../declared.md) with what was found",
}


def pages() -> Iterator[tuple[Path, str]]:
    """Every page that is written as a whole or in part, with the text it should have."""
    yield HOME / "docs" / "rules" / "README.md", _rule_index()
    for family in FAMILIES:
        yield HOME / "docs" / "rules" / f"{family}.md", _family_page(family)
    for name in (
        "README.md",
        *(f"docs/{page}.md" for page in ("claims", "inventory", "reports", "taxonomy", "verification")),
    ):
        yield HOME / name, _filled((HOME / name).read_text("utf-8"))


def _filled(page: str) -> str:
    """The page with its generated parts written anew; a part that nobody knows is a KeyError."""

    def write(match: re.Match[str]) -> str:
        return f"{match['start']}\n{PARTS[match['name']]().strip()}\n{match['end']}"

    return re.sub(r"(?s)(?P<start><!-- generated: (?P<name>[\w-]+) -->).*?(?P<end><!-- end -->)", write, page)


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


# --- rules


def _families() -> Mapping[str, list[Rule]]:
    """The rules of each family, in id order. A family without a description here is a KeyError."""
    folder_of = {path.name.partition("-")[0]: path.parent.name for path in _shipped.files("rules/policy")}
    found: dict[str, list[Rule]] = {family: [] for family in FAMILIES}
    for rule in load():
        found[folder_of[rule.id]].append(rule)
    return found


def _rule_index() -> str:
    rows = [
        (f"[{rule.id}]({family}.md#{_anchor(rule)})", rule.card.name, rule.card.severity, _first(rule.card.why))
        for family, rules in _families().items()
        for rule in rules
    ]
    about = "\n".join(f"- [{family}]({family}.md): {what}" for family, what in FAMILIES.items())
    versions = _table(
        ("id", "framework", "version", "clauses", "checked"),
        *((each.id, f"[{each.title}]({each.source})", each.version, str(len(each.clauses)), each.checked_on)
          for each in frameworks().values()),
    )  # fmt: skip
    return (
        "# The rules\n\n"
        "These pages are written by `python docs/generate.py` from `rules/`; change the rule, not the page.\n"
        f"A rule's id never changes its meaning.\n\n{about}\n\n"
        f"{_table(('rule', 'name', 'severity', 'why'), *rows)}\n\n"
        "## Frameworks\n\n"
        "A clause says what a finding is relevant to. It is never a statement that somebody complies.\n\n"
        f"{versions}\n"
    )


def _first(prose: str) -> str:
    return prose.partition(". ")[0].strip().removesuffix(".") + "."


def _anchor(rule: Rule) -> str:
    return f"{rule.id.lower()}-{rule.card.name}"


def _family_page(family: str) -> str:
    rules = "\n".join(_rule(rule) for rule in _families()[family])
    return f"<!-- fmt: off -->\n# {family}\n\n{FAMILIES[family]} [All rules](README.md)\n\n{rules}"


def _rule(rule: Rule) -> str:
    card, file = rule.card, rule.file
    clauses = [(frameworks()[each.framework], each.clause) for each in card.clauses]
    rows = [(framework.title, clause, _title(framework, clause)) for framework, clause in clauses]
    parts = [
        f"## {card.id} {card.name}",
        f"Severity {card.severity}, confidence {file.confidence}. Looks at {CHECKS[file.check.kind]}.",
        f"**Why.** {card.why.strip()}",
        f"**Fix.** {card.fix.strip()}",
        f"**Says.** `{file.message}`",
        f"Fires on:\n\n{_example(rule.examples.bad[0])}",
        f"Stays quiet on:\n\n{_example(rule.examples.good[0])}",
        f"Relevant to:\n\n{_table(('framework', 'clause', 'about'), *rows)}" if rows else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(framework: Framework, clause: str) -> str:
    found = next(each for each in framework.clauses if each.id == clause)
    return found.title + (f" (applies from {found.applies_from})" if found.applies_from else "")


def _example(example: Example) -> str:
    files = dict(example.files) | ({"petguard.yaml (the policy)": example.policy} if example.policy else {})
    return "\n\n".join(f"`{name}`\n\n```{_language(name)}\n{content.rstrip()}\n```" for name, content in files.items())


def _language(name: str) -> str:
    kinds = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}
    return kinds.get(Path(name.partition(" ")[0]).suffix, "text")


# --- claims


def _claim_fields() -> str:
    judged = {each.technique for each in _plugins.collect(verifiers, "VERIFIER", Verifier)}
    return "\n\n".join(_technique(name, kind, verified=name in judged) for name, kind in BY_TECHNIQUE.items())


def _technique(name: str, kind: type[Statement], *, verified: bool) -> str:
    schema = kind.model_json_schema()
    fields = [
        (f"`{field}`" + (" (guarantee)" if field in kind.guarantees else ""), _values(value, schema))
        for field, value in schema["properties"].items()
        if field not in Statement.model_fields
    ]
    about = (kind.__doc__ or "").strip().splitlines()[0]
    state = "Verified or refuted by computation." if verified else "No verifier yet: always UNVERIFIABLE."
    table = _table(("field", "value"), *fields) if fields else "No fields of its own."
    return f"### {name}\n\n{about} {state}\n\n{table}"


def _values(value: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a field may hold, in words."""
    if "anyOf" in value:
        return ", or ".join(_values(each, schema) for each in value["anyOf"] if each.get("type") != "null")
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "$ref" in value:
        inner = schema["$defs"][value["$ref"].rpartition("/")[2]]["properties"]
        return "mapping of " + "; ".join(f"`{key}`: {_values(each, schema)}" for key, each in inner.items())
    return f"list of {_values(value['items'], schema)}" if value["type"] == "array" else _simple(value)


def _simple(value: Mapping[str, Any]) -> str:
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "`true` or `false`"}
    matching = f" that matches `{value['pattern']}`" if "pattern" in value else ""
    return words[value["type"]] + matching + _range(value)


def _range(value: Mapping[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    shown = [f"{sign} {value[key]:g}" for key, sign in signs.items() if key in value and value[key] < _LIMIT_OF_COUNTS]
    return f" {' and '.join(shown)}" if shown else ""


# --- numbers


def _published_numbers() -> str:
    """Published privacy numbers beside petguard's; the command that prints them is one of the benchmarks."""
    sys.path.insert(0, str(HOME))
    return str(importlib.import_module("benchmarks.published").table())


def _lattice_numbers() -> str:
    """The table of the Homomorphic Encryption Standard, each limit with petguard's estimate for it."""
    rows = [(f"{degree:,}", *(_limit(degree, bits) for bits in he_standard.LEVELS)) for degree in he_standard.DEGREES]
    return _table(("ring degree", *(f"log₂ q for {bits} bits" for bits in he_standard.LEVELS)), *rows)


def _limit(degree: int, bits: int) -> str:
    most = he_standard.limit(degree, bits) or 0
    return f"{most} (estimated {_lattice.estimate(degree, most).bits:.1f})"


# --- the demo


def _demo() -> str:
    """The demo's report, shortened and wrapped: the first and last lines of each block are kept."""
    report = text.render(scan(Request(paths=(HOME / EXAMPLE,))))
    blocks = report.strip().split("\n\n")
    lines = [line for block in blocks for line in (*_shortened(block.splitlines()), "")]
    shown = [part for line in lines for part in _wrapped(line)]
    return "```text\n$ petguard demo\n" + "\n".join(shown).rstrip() + "\n```"


# What a newcomer should see first: one of each kind.
_SHOWN = (
    r"^\S", "PG202", "PG104", "PG301.*dp_sgd", r"PG201.*full_name",
    r"REFUTED +train|VERIFIED +train|UNVERIFIABLE", r"^ {15}",
)  # fmt: skip
_UNDER = r"^ {15}"


def _shortened(block: list[str]) -> Iterator[str]:
    """The lines of a block that are worth showing; `…` stands for those left out."""
    keeping = left_out = False
    for line in block:
        continues = re.match(_UNDER, line) is not None
        keeping = keeping if continues else any(re.search(each, line) for each in _SHOWN if each != _UNDER)
        if keeping:
            yield line
        elif not left_out:
            yield "  …"
        left_out = not keeping


def _wrapped(line: str) -> list[str]:
    indent = len(line) - len(line.lstrip())
    hanging = " " * (indent + (4 if indent < 15 else 0))
    return textwrap.wrap(
        line, 110, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False,
        drop_whitespace=True, replace_whitespace=False,
    ) or [""]  # fmt: skip


def _formats() -> str:
    return ", ".join(f"`{name}`" for name in formats())


# --- the corpus


def _inventory_corpus() -> str:
    """What is found in the labelled corpus; its scorer is a module of the tests."""
    sys.path.insert(0, str(HOME))
    corpus = importlib.import_module("tests.corpus.inventory")
    return str(corpus.table(corpus.score(corpus.load())))


# --- the taxonomy


def _taxonomy() -> str:
    rows = [(key, taxonomy.category(key)) for key in taxonomy.categories()]
    return _table(
        ("category", "what", "DPV", "GDPR", "sensitivity", "for example"),
        *((f"`{key}`", row.label, f"`{row.dpv}`", f"Art. {row.article}" if row.article else "", row.sensitivity,
           ", ".join(f"`{name}`" for name in (*row.names, *row.own, *row.of)[:4])) for key, row in rows),
    )  # fmt: skip


def _identifiers() -> str:
    sys.path.insert(0, str(HOME))
    return str(importlib.import_module("tests.corpus.identifiers").table())


PARTS: Mapping[str, Callable[[], str]] = {
    "claim-fields": _claim_fields,
    "demo": _demo,
    "formats": _formats,
    "identifiers": _identifiers,
    "lattice-numbers": _lattice_numbers,
    "inventory-corpus": _inventory_corpus,
    "published-numbers": _published_numbers,
    "taxonomy": _taxonomy,
}


def _alike(page: str, wanted: str) -> bool:
    """Whether two texts are equal but for what differs between machines.

    That is the fourth digit of a number, the version of a library that is named, and where a line is wrapped for it.
    """
    return _roughly(page) == _roughly(wanted)


def _roughly(page: str) -> str:
    numbers = re.sub(r"(?<![\d.])\d+\.\d+(?![\d.]*\d)", lambda match: f"{float(match[0]):.3g}", page)
    versions = re.sub(r"\d+\.\d+\.\d+", "x.y.z", numbers)
    return " ".join(versions.split())


def main() -> int:
    """Write the pages, or only say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is out of date")
    parser.add_argument("--show", choices=sorted(PARTS), help="print one part and write nothing")
    given = parser.parse_args()
    if given.show:
        sys.stdout.write(PARTS[given.show]() + "\n")
        return 0
    return _write(check=given.check)


def _write(*, check: bool) -> int:
    stale = [
        (page, wanted) for page, wanted in pages() if not page.exists() or not _alike(page.read_text("utf-8"), wanted)
    ]
    for page, wanted in stale:
        if not check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(wanted, "utf-8")
        sys.stdout.write(f"{'out of date' if check else 'wrote'}: {page.relative_to(HOME)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
