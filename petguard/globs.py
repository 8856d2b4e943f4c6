"""Exclude patterns in the manner of .gitignore: `docs/`, `*.min.js`, `/generated/**`, `a/**/b`."""

import re
from dataclasses import dataclass

from petguard.errors import ConfigurationError

_TOKEN = re.compile(
    r"(?P<any_folders>\*\*/)|(?P<all>\*\*)|(?P<star>\*)|(?P<one>\?)|\[(?P<set>!?\]?[^\]/]+)\]|(?P<plain>.)", re.S
)
_MEANING = {"any_folders": "(?:[^/]+/)*", "all": ".+", "star": "[^/]*", "one": "[^/]"}


@dataclass(frozen=True)
class Glob:
    """One pattern; a pattern without an inner slash matches at any depth, one with a slash from the root."""

    pattern: str
    folders_only: bool
    _compiled: re.Pattern[str]

    def matches(self, path: str, *, folder: bool) -> bool:
        """Whether `path` (relative, with `/`) itself is meant; what lies below a matching folder is not asked here."""
        return (folder or not self.folders_only) and self._compiled.fullmatch(path) is not None


def glob(pattern: str) -> Glob:
    """Compile a pattern; an empty one, or a negated one, is a ConfigurationError."""
    body = pattern.strip().rstrip("/")
    if not body or body.startswith("!"):
        raise ConfigurationError(f"exclude pattern {pattern!r} is not supported; write a path with *, ?, [a-z] or **")
    anywhere = "" if "/" in body else _MEANING["any_folders"]
    translated = "".join(_translate(token) for token in _TOKEN.finditer(body.removeprefix("/")))
    try:
        compiled = re.compile(anywhere + translated, re.S)
    except re.error as error:
        raise ConfigurationError(f"exclude pattern {pattern!r} cannot be read: {error}") from error
    return Glob(pattern=pattern, folders_only=pattern.rstrip().endswith("/"), _compiled=compiled)


def _translate(token: re.Match[str]) -> str:
    kind = token.lastgroup or "plain"
    if kind == "set":
        inside = token["set"].replace("\\", r"\\").replace("[", r"\[")
        return f"(?!/)[{'^' + inside[1:] if inside.startswith('!') else inside}]"
    return _MEANING.get(kind) or re.escape(token[0])
