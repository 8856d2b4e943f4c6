"""Which file of the scanned tree a Python module is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Modules:
    """The files of a tree that can be imported."""

    paths: Sequence[str]

    def file(self, parts: Sequence[str], importer: str) -> str | None:
        """The file of a module: below the closest folder around the importer that has it, else the only one there is.

        Of several elsewhere none is chosen: which one is imported depends on sys.path.
        """
        ending = ".".join(parts)
        named = self._files.get(parts[-1], ())
        fitting = {name.removesuffix(ending): path for path, name in named if f".{name}".endswith(f".{ending}")}
        here = ".".join(PurePosixPath(importer).parent.parts) + "."
        around = [root for root in fitting if here.startswith(root)]
        if around:
            return fitting[max(around, key=len)]
        return next(iter(fitting.values())) if len(fitting) == 1 else None

    def located(self, importer: str, module: str) -> Sequence[str]:
        """The file that a module means as it is written, `..core.llm` too; empty when it is none of the tree."""
        name = module.lstrip(".")
        level = len(module) - len(name)
        if not level:
            found = self.file(name.split("."), importer) if name else None
            return (found,) if found else ()
        folder = PurePosixPath(importer).parent
        for _ in range(level - 1):
            folder = folder.parent
        base = folder.joinpath(*name.split(".")) if name else folder
        ways = ([f"{base}.py"] if name else []) + [str(base / "__init__.py")]
        return [way for way in ways if way in self._all][:1]

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def _files(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Every file, with its dotted name, under the last part of that name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for path in self.paths:
            parts = PurePosixPath(path).with_suffix("").parts
            name = parts[:-1] if parts[-1] == "__init__" else parts
            if name:
                found.setdefault(name[-1], []).append((path, ".".join(name)))
        return found
