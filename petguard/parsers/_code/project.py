"""All files of a scan together: which are parsed, which package an import means, and which file another one means."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar

from petguard import catalog
from petguard.catalog import Ecosystem, Package
from petguard.collect import Input
from petguard.parsers._code.form import Code, Import
from petguard.parsers._services import Service

T = TypeVar("T")

_ENDINGS = ("", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".vue", "/index.ts", "/index.tsx", "/index.js")
_ALIAS = re.compile(r"(?:@|~|#|src|\$lib)/(.+)")
_NPM = re.compile(r"(?:npm:|https://(?:esm\.sh|esm\.run|cdn\.skypack\.dev|unpkg\.com|cdn\.jsdelivr\.net/npm)/)?(.+)")
_VERSION = re.compile(r"(?<=.)@[^/]*")
_SEPARATORS: Mapping[Ecosystem, str] = {"composer": "\\", "cargo": "::"}
_WHOLE: frozenset[Ecosystem] = frozenset({"golang", "gem", "pub", "swift"})  # an import names a package, not a part
_NAMED = {
    "package.json": re.compile(r'"name"\s*:\s*"([^"]+)"'),
    "go.mod": re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE),
    "Cargo.toml": re.compile(r"^name\s*=\s*\"([^\"]+)\"", re.MULTILINE),
    "pubspec.yaml": re.compile(r"^name\s*:\s*[\"']?([\w-]+)", re.MULTILINE),
}
MANIFESTS: Mapping[str, Ecosystem] = {
    "package.json": "npm",
    "go.mod": "golang",
    "Cargo.toml": "cargo",
    "pubspec.yaml": "pub",
}


@dataclass
class Project:
    """The files of a scan; each is parsed when it is first needed."""

    inputs: Mapping[str, Input]
    open: Callable[[Input], Code | None]
    memo: dict[tuple[str, int], tuple[object, list[Any]]] = field(default_factory=dict)  # by purpose and expression
    answering: list[tuple[str, Package, Service]] = field(default_factory=list)  # the clients made, with their file
    _aliases: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, Code | None] = field(default_factory=dict)

    def once(self, purpose: str, expr: object, answer: Callable[[], list[T]], meanwhile: list[T]) -> list[T]:
        """What was answered for this very expression, or the answer; `meanwhile` to whoever asks in a circle."""
        key = purpose, id(expr)
        if key not in self.memo:
            self.memo[key] = expr, meanwhile  # the expression is kept, so that no other one gets its id
            self.memo[key] = expr, answer()
        return self.memo[key][1]

    def code(self, path: str) -> Code | None:
        """The common form of a file; None for a file that is not there or that nobody wrote."""
        if path not in self._codes:
            self._codes[path] = self.open(self.inputs[path]) if path in self.inputs else None
        return self._codes[path]

    def packages(self, code: Code) -> Iterator[tuple[Import, Package]]:
        """The imports of a file that mean AI packages."""
        for each in code.imports:
            found = self.package(code, each.module, each.name)
            if found is not None:
                yield each, found

    def opened(self, code: Code) -> Iterator[tuple[str, Package]]:
        """The AI packages whose names may be written in a file without them."""
        for each in [*code.imports, *self._everywhere.get(code.ecosystem, ())]:
            found = None if each.local else self.package(code, each.module, each.name)
            if found is not None:
                yield each.module, found

    @cached_property
    def _everywhere(self) -> Mapping[str, list[Import]]:
        """What one file opens for all files of its language."""
        found: dict[str, list[Import]] = {}
        for code in filter(None, self._codes.values()):
            found.setdefault(code.ecosystem, []).extend(each for each in code.imports if each.everywhere)
        return found

    def named_in_full(self, code: Code, path: str) -> Package | None:
        """The AI package whose own name a path without any import begins with: `async_openai::Client::new`."""
        if code.ecosystem == "gem":
            first = path.partition(".")[0]
            return None if self._has_own(first) else self._gems.get(first.lower())
        separator = _SEPARATORS.get(code.ecosystem)
        return self.package(code, path.replace(".", separator)) if separator else None

    @cached_property
    def _gems(self) -> Mapping[str, Package]:
        """Gems by the name of their module; a bundle loads them without any `require`."""
        known = [each for each in catalog.packages() if each.ecosystem == "gem"]
        return {re.sub(r"[^a-z0-9]", "", name.lower()): each for each in known for name in each.modules}

    def _has_own(self, name: str) -> bool:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        return any(path.endswith(".rb") for stem in (snake, name.lower()) for path in self.of_stem(stem))

    def package(self, code: Code, module: str, name: str = "") -> Package | None:
        """The AI package that an import means; None when it is not one, or when the tree has its own of that name."""
        if code.ecosystem == "npm":
            return self._npm(module)
        within = name and code.ecosystem not in _WHOLE
        full = f"{module}{_SEPARATORS.get(code.ecosystem, '.')}{name}" if within else module
        found = catalog.module(full, code.ecosystem)
        return None if found is None or self._is_own(code, found, module) else found

    def _npm(self, module: str) -> Package | None:
        """Bare specifiers only: `./openai` is a file, and `openai.js` another package than `openai`."""
        match = _NPM.fullmatch(module)
        bare = _VERSION.sub("", match[1]) if match else ""
        if bare.startswith((".", "/", "http:", "https:", "node:")):
            return None
        base = "/".join(bare.split("/")[: 2 if bare.startswith("@") else 1])
        found = catalog.module(bare, "npm")
        known = found is not None and any(each == base or each.startswith(f"{base}/") for each in found.modules)
        return found if known and ("npm", base) not in self._own else None

    @cached_property
    def _own(self) -> frozenset[tuple[str, str]]:
        """The ecosystem and name of every package that the tree itself is."""
        found = set()
        for path, item in self.inputs.items():
            ecosystem = MANIFESTS.get(PurePosixPath(path).name)
            match = _NAMED[PurePosixPath(path).name].search(item.text) if ecosystem else None
            if ecosystem and match:
                found.add((str(ecosystem), match[1].replace("-", "_") if ecosystem == "cargo" else match[1]))
        return frozenset(found)

    def _is_own(self, code: Code, found: Package, module: str) -> bool:
        if module in self._declared:
            return True
        roots = {each for kind, each in self._own if kind == code.ecosystem}
        if code.ecosystem == "golang":
            return any(module == root or module.startswith(f"{root}/") for root in roots)
        if code.ecosystem in ("cargo", "pub") and any(each in roots for each in found.modules):
            return True
        return code.ecosystem in ("gem", "swift", "cargo") and self._holds(code, found)

    @cached_property
    def _declared(self) -> frozenset[str]:
        """The packages and namespaces that files of the tree belong to."""
        return frozenset(code.declares for code in self._codes.values() if code and code.declares)

    def _holds(self, code: Code, found: Package) -> bool:
        """Whether the tree holds the library itself: `lib/openai.rb`, `Sources/OpenAI/`, a Rust module `openai.rs`."""
        if code.ecosystem == "swift":
            folders = [f"/{folder}/" for folder in self._by_folder]
            return any(f"/Sources/{each}/" in folder for each in found.modules for folder in folders)
        if code.ecosystem == "cargo":
            folders = [PurePosixPath(path).parent.name for path in self.of_stem("mod")]
            files = [path for each in found.modules for path in self.of_stem(each) if path.endswith(".rs")]
            return bool(files) or any(each in folders for each in found.modules)
        ends = [(each, f"/lib/{each}.rb") for each in found.modules]
        return any(f"/{path}".endswith(end) for each, end in ends for path in self.of_stem(PurePosixPath(each).name))

    @cached_property
    def _by_stem(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.inputs:
            found.setdefault(PurePosixPath(path).stem, []).append(path)
        return found

    @cached_property
    def _by_folder(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.inputs:
            found.setdefault(str(PurePosixPath(path).parent), []).append(path)
        return found

    def of_stem(self, stem: str) -> Sequence[str]:
        """The files of this name, whatever their folder and extension."""
        return self._by_stem.get(stem, ())

    def neighbours(self, code: Code) -> Sequence[str]:
        """The files in the same folder."""
        return self._by_folder.get(str(PurePosixPath(code.path).parent), ())

    def target(self, code: Code, module: str) -> Code | None:
        """The file of the tree that a relative or aliased module means, in the common form."""
        return self.code(self.located(code.path, module)) if code.ecosystem == "npm" else None

    def located(self, path: str, module: str) -> str:
        """The path of the file that a module of JavaScript means in another file; empty for one that is not there."""
        if module.startswith("."):
            whole = _normal(PurePosixPath(path).parent / module)
            stem = re.sub(r"\.[cm]?jsx?$", "", whole)
            ways = (each + ending for each in (whole, stem) for ending in _ENDINGS)
            return next((each for each in ways if each in self.inputs), "")
        alias = _ALIAS.fullmatch(module)
        return self._aliased(alias[1]) if alias else ""

    def _aliased(self, module: str) -> str:
        """`@/lib/ai`: the only file of the tree whose path ends so."""
        if module not in self._aliases:
            self._aliases[module] = self._only(module)
        return self._aliases[module]

    def _only(self, module: str) -> str:
        ends = [f"{module}{ending}" for ending in _ENDINGS]
        paths = {path for end in ends for path in self.of_stem(PurePosixPath(end).stem)}
        found = [path for path in paths if any(f"/{path}".endswith(f"/{end}") for end in ends)]
        return found[0] if len(found) == 1 else ""


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", ".."):
            parts.append(part)
    return "/".join(parts)
