"""The detectors of `rules/code/python/`: semgrep rules that find facts."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal

from ahocorasick_rs import AhoCorasick

from petguard import _shipped, catalog, secrets, tables, telltales
from petguard.model import Frozen, Json
from petguard.parsers import _python_pets

Fact = Literal["ai_call", "ai_client", "http_call", "model_load", "unsafe_load"]
_KEY_SIGNS = ("sk-", "hf_", "AIza", "gsk_", "xai-", "r8_", "pplx-", "nvapi-")  # how the keys of AI providers begin
_IMPORT = re.compile(
    r"(?:^|[\n;:])[ \t]*(?:from|import)[ \t]+([^\n]+)|(?:import_module|__import__)\([ \t]*[\"']([\w.]+)"
)
_ROOT = re.compile(r'"pattern": "([a-z_0-9]+)\.')
_WORD, _DOTTED = re.compile(r"\w+"), re.compile(r"[\w.]+")
_NAMESPACES = frozenset({"google", "azure", "ibm", "concrete", "tmlt", "cerebras", "fireworks"})  # hold much besides AI
_HOSTS = "hosts"  # the anchor that stands for every host of the catalogue


class Detector(Frozen):
    """What a rule's metadata says about its matches; the argument lists name keywords, in order of preference."""

    id: str
    rule: Json
    fact: Fact
    anchors: tuple[str, ...] = ()  # literals of which one must occur in a file that semgrep sees; else imports
    package: str | None = None  # the PyPI package that is called
    provider: str | None = None
    from_import: bool = False  # the provider is that of the imported package
    pipeline: bool = False  # its object is made of prompts and models: what is in them is sent, too
    contains: bool = False  # what is given back is the data in another form: an embedding
    compatible: bool = False  # other providers answer to the same call
    in_process: bool = False  # the model runs inside the program, so nobody else answers
    receiver: Literal["client"] | None = None
    data: tuple[str, ...] = ()
    first: bool = False
    second: str | None = None  # the keyword that the second positional argument stands for
    model: tuple[str, ...] = ()
    position: int | None = None  # of the model, among the positional arguments
    base: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    url: tuple[str, ...] = ()


@cache
def detectors() -> Mapping[str, Detector]:
    """Every detector by rule id."""
    found: dict[str, Detector] = {}
    for path in _shipped.files("rules/code/python"):
        for rule in tables.read(path).value["rules"]:
            about = {"anchors": _imports_of(rule)} | rule["metadata"]["petguard"]
            found[rule["id"]] = Detector.model_validate({"id": rule["id"], "rule": rule, **about})
    return found


def _imports_of(rule: Json) -> tuple[str, ...]:
    """The imports of the packages that a rule's patterns call by their full names, unless its metadata names others."""
    roots = dict.fromkeys(_ROOT.findall(json.dumps(rule)))
    return tuple(form for root in roots for form in (f"import {root}", f"from {root}"))


@cache
def search_rules() -> tuple[Json, ...]:
    """The rule of every detector."""
    return tuple(_search(each) for each in detectors().values())


def reach(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """For every search rule, by id, the paths whose text holds one of its anchors: the literal index."""
    chosen = detectors().values()
    literals = {literal for each in chosen for literal in _literals(each)}
    holders = {literal: {path for path, text in texts.items() if literal in text} for literal in literals}
    return {each.id: sorted(set().union(*(holders[literal] for literal in _literals(each)))) for each in chosen}


def _literals(detector: Detector) -> frozenset[str]:
    named = frozenset(detector.anchors)
    return named - {_HOSTS} | _hosts() if _HOSTS in named else named


@cache
def _hosts() -> frozenset[str]:
    """Also the ports of local runtimes, which have no host of their own."""
    return frozenset(host for each in catalog.providers() for host in each.hosts) | frozenset(telltales.of_ports())


def speaks_of_ai(text: str) -> bool:
    """Whether a file could hold anything the detectors find: the prefilter, one pass over every Python file."""
    automaton, proofs = _filter()
    met = {proofs[index] for index, _, _ in automaton.find_matches_as_indexes(text, overlapping=True)}
    return any(proof(text) for proof in met)


Proof = Callable[[str], bool]


@cache
def _filter() -> tuple[AhoCorasick, tuple[Proof, ...]]:
    """What to look for in every file, and what then decides whether the file is looked at more closely."""
    chosen = detectors().values()
    modules = (module for each in catalog.packages() if each.ecosystem == "pypi" for module in each.modules)
    wanted: dict[str, Proof] = {max(module.split("."), key=len): _imports_a_package for module in modules}
    wanted |= dict.fromkeys(_KEY_SIGNS, _holds_a_key)
    wanted |= dict.fromkeys((name for each in catalog.providers() for name in each.env), _surely)
    wanted |= dict.fromkeys(telltales.of_models(), _surely)
    wanted |= dict.fromkeys(telltales.of_ports(), _surely)
    wanted |= dict.fromkeys((literal for each in chosen for literal in _literals(each)), _surely)
    wanted = {**_python_pets.anchors(), **wanted}
    return AhoCorasick(list(wanted)), tuple(wanted.values())


def _surely(_text: str) -> bool:
    return True


def _holds_a_key(text: str) -> bool:
    return bool(secrets.find(text))


def _imports_a_package(text: str) -> bool:
    """Cheaper than parsing, and never less: `from google import genai` is tried as `google.genai`."""
    for statement, called in _IMPORT.findall(text):
        origin, found, names = (statement or called).partition(" import ")
        modules = [f"{origin.strip()}.{word}" for word in _WORD.findall(names)] if found else _DOTTED.findall(origin)
        if any(catalog.module(module) or module in _parents() for module in modules or [origin.strip()]):
            return True
    return False


@cache
def _parents() -> frozenset[str]:
    """Modules that several packages share: what is called in them tells which one it is."""
    known = {module for each in catalog.packages() if each.ecosystem == "pypi" for module in each.modules}
    shared = (module.partition(".")[0] for module in known if module.partition(".")[2].islower())
    return frozenset(shared) - known - _NAMESPACES


def _search(detector: Detector) -> Json:
    return {key: value for key, value in detector.rule.items() if key != "metadata"}
