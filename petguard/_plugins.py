"""Collects the one object that each module of a package offers: the plug-in mechanism."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def collect(package: ModuleType, attribute: str, kind: type[T]) -> tuple[T, ...]:
    """Import every module of `package` and return their `attribute`, in module-name order.

    A module without the attribute, or with one of another type, is a TypeError at start: a plug-in
    that is silently left out would make the scan look cleaner than it is.
    """
    found = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        plugin = getattr(module, attribute, None)
        if not isinstance(plugin, kind):
            raise TypeError(f"{module.__name__} must define {attribute}: {kind.__name__}")
        found.append(plugin)
    return tuple(found)
