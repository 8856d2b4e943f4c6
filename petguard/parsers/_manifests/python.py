"""What Python projects ask for: `pyproject.toml`, `Pipfile`, `setup.cfg` and the literals of `setup.py`."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

from petguard import secrets
from petguard.documents import Step, read_toml
from petguard.parsers._dependencies import Dependency, Format, Sheet, listed
from petguard.parsers._names import exact, requirement
from petguard.parsers._python_syntax import module
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]


def pyproject(sheet: Sheet) -> Iterator[Dependency]:
    """The PEP 621, PEP 735, Poetry, PDM, uv, Hatch and pixi styles; what only the build needs is not counted."""
    source = sheet.source(read_toml(sheet.text))
    for pointer in _lists(source):
        yield from _from_list(source, pointer)
    for pointer in (*_poetry(source), *pixi_tables(source, "tool", "pixi")):
        yield from from_table(source, *pointer)


def pipfile(sheet: Sheet) -> Iterator[Dependency]:
    """Every table but the ones that are no group of packages."""
    source = sheet.source(read_toml(sheet.text))
    for group in source.mapping(source.document.value):
        if group not in ("source", "requires", "scripts", "pipenv"):
            yield from from_table(source, group)


def value_at(source: Source, pointer: Pointer) -> Any:
    """What stands at the pointer; None when it, or anything above it, is absent."""
    value = source.document.value
    for end, step in enumerate(pointer):
        value = source.mapping(value, *pointer[:end]).get(str(step))
    return value


def from_table(source: Source, *pointer: Step) -> Iterator[Dependency]:
    """A table of names and versions; a bare version is an exact one."""
    for name, wanted in source.mapping(value_at(source, pointer), *pointer).items():
        yield listed(source, name, _pin(wanted), *pointer, name)


def pixi_tables(source: Source, *above: Step) -> Iterator[Pointer]:
    """The tables of pixi, alone or below `tool.pixi`: for all, for a feature, for a platform."""
    tops: list[Pointer] = [above]
    for group in ("feature", "target"):
        tops += [(*above, group, name) for name in source.mapping(value_at(source, (*above, group)), *above, group)]
    for top in tops:
        yield from ((*top, "dependencies"), (*top, "pypi-dependencies"))


def _lists(source: Source) -> Iterator[Pointer]:
    yield ("project", "dependencies")
    yield ("tool", "uv", "dev-dependencies")
    groups: tuple[Pointer, ...] = (
        ("project", "optional-dependencies"),
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
    )
    for group in groups:
        yield from ((*group, name) for name in source.mapping(value_at(source, group), *group))
    hatch: Pointer = ("tool", "hatch", "envs")
    for name in source.mapping(value_at(source, hatch), *hatch):
        yield from ((*hatch, name, "dependencies"), (*hatch, name, "extra-dependencies"))


def _poetry(source: Source) -> Iterator[Pointer]:
    poetry: Pointer = ("tool", "poetry")
    yield (*poetry, "dependencies")
    yield (*poetry, "dev-dependencies")
    groups: Pointer = (*poetry, "group")
    for name in source.mapping(value_at(source, groups), *groups):
        yield (*groups, name, "dependencies")


def _from_list(source: Source, pointer: Pointer) -> Iterator[Dependency]:
    for index, item in enumerate(source.items(value_at(source, pointer), *pointer)):
        # PEP 735 lets a group include another one: {include-group = "test"}; that group is read by itself.
        if isinstance(item, dict) and isinstance(item.get("include-group"), str):
            continue
        text = source.string(item, *pointer, index)
        parsed = requirement(text) if text else None
        if parsed is not None:
            yield listed(source, parsed.name, exact(parsed.specifier), *pointer, index)
        elif text is not None:
            source.doubt(f"not a requirement: {secrets.mask_words(text)}", *pointer, index, reason="parse_error")


def _pin(wanted: Any) -> str | None:
    """Poetry reads a bare version as an exact one."""
    text = wanted.get("version") if isinstance(wanted, dict) else wanted
    if not isinstance(text, str):
        return None
    bare = text.strip().removeprefix("==").strip()
    return bare if bare[:1].isdigit() and not set(bare) & set("*,<>~^|= ") else None


_SECTION = re.compile(r"\[(?P<name>[^\]]+)\]\s*(?:[#;].*)?")
_OPTION = re.compile(r"(?P<name>[^\s#;=:\[][^=:]*?)\s*[=:](?P<value>.*)")


def setup_cfg(sheet: Sheet) -> Iterator[Dependency]:
    """`install_requires` and the extras of setuptools; the lines that go on with a value are indented."""
    section = option = ""
    for number, raw in enumerate(sheet.lines, 1):
        value = raw
        if not raw.strip() or raw.lstrip()[0] in "#;":
            continue
        if found := _SECTION.fullmatch(raw):
            section, option, value = found["name"].strip(), "", ""
        elif not raw[0].isspace() and section and (found := _OPTION.fullmatch(raw)):
            option, value = found["name"], found["value"]
        elif not raw[0].isspace():
            sheet.doubt("not a line of an INI file", number)
        wanted = option in ("install_requires", "tests_require") if section == "options" else bool(option)
        if wanted and section in ("options", "options.extras_require"):
            yield from _from_texts(sheet, [(value.strip(), number)])


_LISTS = ("install_requires", "extras_require", "tests_require")
_LIST_NAMES = re.compile(
    r"(?i)(?:\w+_)?(?:(?:install|extras|tests)_requires?|requirements|requires|dependencies|extras)"
)


def setup_py(sheet: Sheet) -> Iterator[Dependency]:
    """The literal texts in `install_requires` and its like, and in lists that bear such a name; nothing is run."""
    for node in ast.walk(module(sheet.text)):
        wishes = _wishes(node)
        if wishes is not None:
            yield from _from_texts(sheet, _texts(wishes))


def _wishes(node: ast.AST) -> ast.expr | None:
    """The value of an argument or a variable whose name says that it lists requirements."""
    if isinstance(node, ast.keyword):
        return node.value if node.arg in _LISTS else None
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return None
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = any(isinstance(to, ast.Name) and _LIST_NAMES.fullmatch(to.id) for to in targets)
    return node.value if named else None


def _texts(value: ast.expr) -> Iterator[tuple[str, int]]:
    """The texts of a list, or of the lists that a dict holds; whatever is computed is left to the Python reader."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value, value.lineno
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        for item in value.elts:
            yield from _texts(item)
    elif isinstance(value, ast.Dict):
        for item in value.values:
            yield from _texts(item)
    elif isinstance(value, ast.BinOp):
        yield from (*_texts(value.left), *_texts(value.right))


def _from_texts(sheet: Sheet, texts: Iterable[tuple[str, int]]) -> Iterator[Dependency]:
    for text, line in texts:
        parsed = requirement(text)
        if parsed is not None:
            yield Dependency(parsed.name, exact(parsed.specifier), line)
        elif text and not text.startswith(("#", "file:", ".", "/")):
            sheet.doubt(f"not a requirement: {secrets.mask_words(text)}", line)


FORMATS = (
    Format("pypi", r"pyproject\.toml", pyproject),
    Format("pypi", r"Pipfile", pipfile),
    Format("pypi", r"setup\.cfg", setup_cfg),
    Format("pypi", r"setup\.py", setup_py),
)
