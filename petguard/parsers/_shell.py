"""Shell text inside other files: the packages it installs."""

from petguard import secrets
from petguard.catalog import Ecosystem
from petguard.model import Facts, Location, Node
from petguard.parsers import _assets, _launch
from petguard.parsers._names import exact, requirement

_INSTALLERS: tuple[tuple[tuple[str, ...], Ecosystem], ...] = (
    (("pip", "install"), "pypi"),
    (("pip3", "install"), "pypi"),
    (("uv", "pip", "install"), "pypi"),
    (("python", "-m", "pip", "install"), "pypi"),
    (("npm", "install"), "npm"),
    (("npm", "i"), "npm"),
)


def commands(text: str, path: str, first_line: int = 1) -> Facts:
    """The facts of a shell text whose first line is line `first_line` of a file."""
    lines = text.split("\n")
    nodes: list[Node] = []
    for offset, words in _launch.commands(text):
        ecosystem, rest = _installs(words)
        for word in rest:
            line = next((at for at in range(offset, len(lines)) if word in lines[at]), offset)
            place = Location(path=path, line=first_line + line, evidence=secrets.mask_in(lines[line]))
            node = _package(ecosystem, word, place) if ecosystem else None
            nodes += [node] if node else []
    return Facts(nodes=tuple(nodes))


def _installs(words: list[str]) -> tuple[Ecosystem | None, list[str]]:
    for row, ecosystem in _INSTALLERS:
        if tuple(words[: len(row)]) == row:
            return ecosystem, [word for word in words[len(row) :] if not word.startswith("-")]
    return None, []


def _package(ecosystem: Ecosystem, word: str, place: Location) -> Node | None:
    if ecosystem == "pypi":
        parsed = requirement(word)
        return _assets.package("pypi", parsed.name, exact(parsed.specifier), place) if parsed else None
    name, _, version = word.rpartition("@") if word.rfind("@") > 0 else (word, "", "")
    return _assets.package(ecosystem, name, version or None, place)
