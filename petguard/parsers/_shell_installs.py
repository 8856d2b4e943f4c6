"""Commands that install packages: `pip install`, `npm install`, `go get` and their like."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from petguard import catalog
from petguard.catalog import Ecosystem
from petguard.model import Node
from petguard.parsers import _assets
from petguard.parsers._names import HOLE, exact, requirement
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Word
from petguard.parsers._shell_words import Call

_PIP = "install download wheel"
_FLAGS = frozenset(
    [
        *("-q", "-qq", "-U", "-u", "-v", "-y", "-g", "-D", "-S", "-O", "-E", "-P"),
        *("--upgrade", "--quiet", "--user", "--pre", "--no-deps", "--no-cache-dir", "--no-cache", "--system", "--dev"),
        *("--yes", "--global", "--save", "--save-dev", "--save-exact", "--force-reinstall", "--no-input", "--exact"),
        *("--ignore-installed", "--verbose", "--break-system-packages", "--no-build-isolation", "--force", "--locked"),
        *("--no-interaction", "--legacy-peer-deps", "--frozen", "--no-sync", "--silent", "--no-save", "--no-document"),
        *("--prefer-binary", "--no-audit", "--no-fund", "--optional", "--build", "--workspace", "--ignore-scripts"),
    ]
)


@dataclass(frozen=True)
class _Installer:
    ecosystem: Ecosystem
    verbs: frozenset[str]
    version_options: tuple[str, ...] = ()


def _rows() -> Iterator[tuple[str, _Installer]]:
    rows: list[tuple[str, Ecosystem, str, str]] = [
        ("pip", "pypi", _PIP, ""),
        ("python -m pip", "pypi", _PIP, ""),
        ("uv pip", "pypi", _PIP, ""),
        ("uv tool", "pypi", "install run", ""),
        ("uv", "pypi", "add", ""),
        ("uvx", "pypi", "", ""),
        ("pipx", "pypi", "install run inject", ""),
        ("poetry", "pypi", "add", ""),
        ("pdm", "pypi", "add", ""),
        ("rye", "pypi", "add", ""),
        ("pixi", "pypi", "add", ""),
        ("pipenv", "pypi", "install", ""),
        ("conda", "pypi", "install create", ""),
        ("mamba", "pypi", "install create", ""),
        ("micromamba", "pypi", "install create", ""),
        ("npm", "npm", "install i add exec x", ""),
        ("pnpm", "npm", "install i add dlx", ""),
        ("yarn", "npm", "add dlx", ""),
        ("yarn global", "npm", "add", ""),
        ("bun", "npm", "install i add x", ""),
        ("npx", "npm", "", ""),
        ("bunx", "npm", "", ""),
        ("go", "golang", "get install", ""),
        ("cargo", "cargo", "add install", "--version --vers"),
        ("gem", "gem", "install", "-v --version"),
        ("bundle", "gem", "add", "-v --version"),
        ("composer", "composer", "require", ""),
        ("composer global", "composer", "require", ""),
        ("dotnet add", "nuget", "package", "--version -v"),
        ("dotnet", "nuget", "", "--version -v"),
        ("dart pub", "pub", "add", ""),
        ("flutter pub", "pub", "add", ""),
    ]
    for name, ecosystem, verbs, versions in rows:
        yield name, _Installer(ecosystem, frozenset(verbs.split()), tuple(versions.split()))


_INSTALLERS: Mapping[str, _Installer] = dict(_rows())
_NUGET = re.compile(r"add(?: \S+)? package")
_EXTRA = re.compile(r"[\[<>=!~;@ ].*")
_LAST = re.compile(r"(?<=.)@v?([\d.]+[\w.+-]*)$")
_CONDA = re.compile(r"(?:[\w-]+::)?([A-Za-z0-9][\w.-]*)(?:==?([\d.]+\w*))?.*")


def installed(call: Call, place: Place) -> Iterator[Node]:
    """The AI and PET packages that a call installs or fetches to run them."""
    for ecosystem, word, version in _asked(call):
        name = _known_name(ecosystem, word.text)
        node = _assets.package(ecosystem, name, version, place.at(word.line)) if name else None
        if node is not None:
            yield node


def _asked(call: Call) -> Iterator[tuple[Ecosystem, Word, str | None]]:
    """What is asked for: the word with the bare name of a package, and its exact version."""
    yield from _with(call)
    plain = call.plain(_FLAGS)
    group = f"{call.program} {plain[0].text}" if plain else ""
    installer, rest = _INSTALLERS.get(group), plain[1:]
    if installer is None:
        installer, rest = _INSTALLERS.get(call.program), plain
    if installer is None:
        return
    if call.program == "dotnet":
        rest = _nuget(plain)
    elif installer.verbs:
        rest = rest[1:] if rest and rest[0].text in installer.verbs else []
    else:
        rest = rest[:1]
    given = call.option(*installer.version_options) if installer.version_options else None
    for word in rest:
        name, version = _split(call, installer.ecosystem, word.text)
        yield installer.ecosystem, Word(name, word.line), version or (given.text if given else None)


def _with(call: Call) -> Iterator[tuple[Ecosystem, Word, str | None]]:
    """`uv run --with openai`, `npx --package=x`."""
    ecosystem: Ecosystem = "pypi" if call.program in {"uv", "uvx", "pipx"} else "npm"
    if call.program in {"uv", "uvx", "pipx", "npx", "npm", "bunx", "pnpm"}:
        for option, value in call.options:
            if option in {"--with", "--from", "--package", "-p", "--spec"}:
                for part in value.text.split(","):
                    name, version = _split(call, ecosystem, part)
                    yield ecosystem, Word(name, value.line), version


def _nuget(plain: list[Word]) -> list[Word]:
    texts = [word.text for word in plain]
    return plain[texts.index("package") + 1 :][:1] if _NUGET.match(" ".join(texts)) else []


def _split(call: Call, ecosystem: Ecosystem, text: str) -> tuple[str, str | None]:
    if call.program in {"conda", "mamba", "micromamba", "pixi"}:
        found = _CONDA.fullmatch(text)
        return (found[1], found[2]) if found else ("", None)
    if ecosystem == "pypi":
        parsed = requirement(text)
        if parsed is not None:
            return parsed.name, exact(parsed.specifier)
        at = _LAST.search(text)  # uv's `ruff@0.3.0`
        return _EXTRA.sub("", text), at[1] if at else None
    if ecosystem in {"composer", "pub"}:
        name, _, version = text.partition(":")
        return name, version if re.fullmatch(r"v?\d[\d.]*", version) else None
    pinned = _LAST.search(text)
    return (text[: pinned.start()] if pinned else re.sub(r"(?<=.)@[^/]*$", "", text)), pinned[1] if pinned else None


def _known_name(ecosystem: Ecosystem, name: str) -> str | None:
    if not name or HOLE in name:
        return None
    if ecosystem != "golang":
        return name
    module = catalog.module(name, "golang")
    return module.name if module else None
