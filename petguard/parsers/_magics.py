"""What stands in a notebook's cells beside Python: magics, shell lines, and cells of other languages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from petguard import catalog, secrets, telltales
from petguard.model import Facts, Gap, Node, State
from petguard.parsers import _assets, _sql
from petguard.parsers._python_snippet import python_in
from petguard.parsers._services import routed
from petguard.parsers._shell import read_at
from petguard.parsers._shell_place import Place

Kind = Literal["python", "shell", "sql", "file", "extension", "model", "prose", "other"]

_CELL = re.compile(r"%%(?P<name>[\w.!]+)[ \t]*(?P<rest>.*)")
_DATABRICKS_CELL = re.compile(r"%(?P<name>sql|sh|md|scala|r|python|fs|run|md-sandbox)(?:[ \t]+(?P<rest>.*))?$", re.I)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("time", "timeit", "capture", "prun", "skip", "memit", "python", "python3", "pypy", "debug"), "python"
    ),
    **dict.fromkeys(("bash", "sh", "zsh", "shell", "system", "sx", "!", "shellscript"), "shell"),
    **dict.fromkeys(("sql", "bigquery", "read_sql", "sparksql", "snowflake", "postgresql", "mssql"), "sql"),
    **dict.fromkeys(("writefile", "file"), "file"),
    **dict.fromkeys(("html", "markdown", "md", "md-sandbox", "latex", "svg", "raw", "plaintext", "mermaid"), "prose"),
    "ai": "model",
}
_LINE = re.compile(r"(?P<indent>\s*+)(?:(?P<target>[\w., ]++)=\s*+)?(?P<mark>!!?|%)(?P<rest>\S.*)")
_HELP = re.compile(r"\s*\?{1,2}\s*[\w.]+\s*|\s*[\w.\[\]'\"]+\s*\?{1,2}\s*")
_AUTOMAGIC = re.compile(r"(?P<indent>\s*)(?P<rest>(?:pip|pip3|conda|mamba|uv|npm|curl|wget|apt|apt-get|git)\s+[\w-].*)")
_INSTALLS = re.compile(r"(?:pip|pip3|conda|mamba|micromamba|uv|sx|system|sh|bash)\b")
_ENVIRONMENT = re.compile(r"(?:env|set_env)\s+(?P<name>\w+)(?:\s*=\s*|\s+)(?P<value>.+)")
_JUPYTEXT = re.compile(r"# (?P<rest>[%!](?:pip|conda|uv|curl|wget|ollama|huggingface-cli|hf|npm)\s.+)")


@dataclass(frozen=True)
class Piece:
    """Text of another kind than Python, from its first line on; `name` is its language or the file that it becomes."""

    kind: Kind
    text: str
    line: int
    name: str = ""


def cell_piece(lines: Sequence[str], first: int, language: str) -> Piece | None:
    """What a whole cell is when it is not Python, or Python below a first line that is not; None for plain Python."""
    start = next((index for index, line in enumerate(lines) if line.strip()), None)
    head = lines[start].strip() if start is not None else ""
    found = _CELL.fullmatch(head) or _DATABRICKS_CELL.fullmatch(head)
    if found is None or start is None:
        return None if language == "python" else _of_language(language, "\n".join(lines), first)
    name, rest = found["name"].lower(), found["rest"] or ""
    body = "\n".join(lines[start + 1 :])
    if name == "script":
        return _of_language(rest.split()[0] if rest else "sh", body, first + start + 1)
    kind = _KINDS.get(name, "other")
    if head.startswith("%%"):
        words = rest if kind in {"file", "model"} else name
        return Piece(kind, body, first + start + 1, words)
    # Databricks: the statement may begin on the line of the magic.
    return Piece(kind, f"{rest}\n{body}", first + start, name)


def _of_language(language: str, text: str, line: int) -> Piece:
    kind = _KINDS.get(language.lower(), "other")
    return Piece("python" if language.startswith("python") else kind, text, line, language)


def line_pieces(lines: Sequence[str], first: int) -> tuple[list[str], list[Piece]]:
    """The lines with those that only IPython understands made harmless, and what stood there."""
    kept: list[str] = []
    found: list[Piece] = []
    index = 0
    while index < len(lines):
        match = _LINE.fullmatch(lines[index]) or _AUTOMAGIC.fullmatch(lines[index])
        if match is None:
            kept.append("" if _HELP.fullmatch(lines[index]) else lines[index])
            index += 1
            continue
        end = index + 1
        while lines[end - 1].endswith("\\") and end < len(lines):
            end += 1
        found += _line_piece(match, "\n".join([match["rest"], *lines[index + 1 : end]]), first + index)
        target = match.groupdict().get("target")
        kept += [f"{match['indent']}{target.strip() if target else '_'} = None", *[""] * (end - index - 1)]
        index = end
    return kept, found


def _line_piece(match: re.Match[str], text: str, line: int) -> list[Piece]:
    if match.groupdict().get("mark") != "%":
        return [Piece("shell", text, line)]
    environment = _ENVIRONMENT.fullmatch(text)
    if environment:
        return [Piece("shell", f"export {environment['name']}={environment['value']}", line)]
    name, _, rest = text.partition(" ")
    if _INSTALLS.match(text):
        return [Piece("shell", rest if name in {"sx", "system", "sh", "bash"} else text, line)]
    kinds: dict[str, Kind] = {"sql": "sql", "load_ext": "extension", "ai": "model"}
    return [Piece(kinds[name], rest, line, rest.strip())] if name in kinds else []


def commented_pieces(text: str) -> list[Piece]:
    """What stands in the comments of a notebook that is kept as a Python file: magics of Databricks and Jupytext."""
    if text.startswith("# Databricks notebook source"):
        return list(_databricks(text.split("\n")))
    if "# %%" not in text and "jupytext:" not in text[:2_000]:
        return []
    matches = ((number, _JUPYTEXT.fullmatch(line)) for number, line in enumerate(text.split("\n"), 1))
    return [Piece("shell", match["rest"][1:], number) for number, match in matches if match]


def _databricks(lines: Sequence[str]) -> Iterator[Piece]:
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.startswith("# MAGIC"):
            block.append(line[len("# MAGIC ") :])
        elif block:
            first, block_lines = number - len(block), block
            block = []
            piece = cell_piece(block_lines, first, "python")
            yield from [piece] if piece is not None else line_pieces(block_lines, first)[1]


def read(piece: Piece, place: Place) -> Iterator[Facts | Gap]:
    """What a piece uses."""
    match piece.kind:
        case "shell":
            yield from read_at(place, piece.text, piece.line)
        case "sql":
            yield from _sql.read(piece.text, place, piece.line)
        case "extension":
            package = catalog.module(piece.name)
            yield Facts(nodes=(_assets.imported(package, place.at(piece.line)),) if package else ())
        case "model":
            yield Facts(nodes=tuple(_asked(piece, place)))
        case "file":
            yield from _written(piece, place)
        case "other":
            yield from _unread(piece, place)
        case _:
            pass


def _asked(piece: Piece, place: Place) -> Iterator[Node]:
    """The model that a line of Jupyter AI names: `%%ai openai-chat:gpt-4o`."""
    name = next((word for word in piece.name.split() if ":" in word and not word.startswith("-")), "")
    if name:
        service = routed(name.replace("-chat:", ":", 1))
        yield _assets.model(service.model or name, place.at(max(1, piece.line - 1)), provider=service.provider)


def _written(piece: Piece, place: Place) -> Iterator[Facts | Gap]:
    """A file that a cell writes, by its name."""
    name = next((word for word in reversed(piece.name.split()) if not word.startswith("-")), "")
    if name.endswith(".py"):
        found = list(python_in(piece.text, place.path, piece.line, place.at))
        yield Facts(nodes=tuple(each for each in found if isinstance(each, Node)))
        yield from (each for each in found if isinstance(each, Gap))
    elif name.endswith((".sh", ".bash")):
        yield from read_at(place, piece.text, piece.line)
    elif name.endswith(".sql"):
        yield from _sql.read(piece.text, place, piece.line)
    elif not name.endswith((".md", ".txt", ".html", ".rst", ".csv")):
        yield from _unread(piece, place)


def _unread(piece: Piece, place: Place) -> Iterator[Gap]:
    if telltales.told(piece.text.encode("utf-8", "replace")):
        detail = f"a cell of {secrets.mask_in(piece.name)} that speaks of AI; review it by hand"
        yield Gap(path=place.path, state=State.PARTIAL, reason="unsupported_language", detail=detail, line=piece.line)
