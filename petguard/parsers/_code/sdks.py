"""What a call of an AI package means: read from `rules/code/sdks.yaml`, with a default that fits most packages."""

import re
from collections.abc import Collection, Iterable
from fnmatch import translate
from functools import cache, cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from petguard import _shipped, documents
from petguard.catalog import Package
from petguard.handwritten import validated
from petguard.model import Frozen

_SQUASHED = re.compile(r"[^a-z0-9]")
_SETS = re.compile(r"(?:with|set|add|use)(?=[A-Z_])", re.IGNORECASE)


def _expression(text: str) -> str:
    re.compile(text)
    return text


Expression = Annotated[str, AfterValidator(_expression)]


class Maker(Frozen):
    """A provider that the name of a class or method gives away: `AzureChatOpenAI`, `AddOpenAIChatCompletion`."""

    name: Expression
    provider: str


class Use(Frozen):
    """What the calls of some packages mean: `call` fits the names from the package to the first call.

    With `method` instead, any call of a method of that name, on whatever object, in a file that uses the package.
    `address` and `model` are positions of plain arguments, `model_name` the name of one that no model is usually given
    under. A `fixed` provider answers whatever the address is. `instances`: what the call makes is called like itself.
    """

    packages: tuple[str, ...]
    call: Expression = ""
    method: Expression = ""
    kind: Literal["client", "agent", "load", "routed", "dataset", "other"] = "client"
    provider: str | None = None
    address: Annotated[int, Field(ge=0)] | None = None
    model: Annotated[int, Field(ge=0)] | None = None
    model_name: str | None = None
    fixed: bool = False
    instances: bool = False

    @cached_property
    def _matches(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        return re.compile("|".join(translate(each) for each in self.packages)), re.compile(self.call)

    def fits(self, package: Package, path: str) -> bool:
        """Whether this row speaks of the call."""
        packages, call = self._matches
        spoken_of = not self.method and packages.fullmatch(f"{package.ecosystem}/{package.name}")
        return bool(spoken_of and call.fullmatch(path))

    def takes(self, packages: Iterable[Package], name: str) -> bool:
        """Whether this row speaks of a method of this name, in a file that uses these packages."""
        globs, _ = self._matches
        return bool(
            self.method
            and re.fullmatch(self.method, name)
            and any(globs.fullmatch(f"{each.ecosystem}/{each.name}") for each in packages)
        )


class Sdks(Frozen):
    """The whole table: rows for odd packages, and the default for all others."""

    clients: Expression
    constructors: Expression
    other: Expression
    made: Expression
    clouds: tuple[Maker, ...]
    makers: tuple[Maker, ...]
    addresses: tuple[str, ...]
    regions: tuple[str, ...]
    resources: tuple[str, ...]
    getters: Expression
    uses: tuple[Use, ...]

    @cached_property
    def methods(self) -> tuple[Use, ...]:
        """The rows that speak of methods of any object."""
        return tuple(each for each in self.uses if each.method)


@cache
def shipped() -> Sdks:
    """The table of this installation."""
    path = _shipped.folder("rules/code") / "sdks.yaml"
    return validated(Sdks, documents.read_yaml(path.read_text("utf-8")), str(path))


def method(packages: Collection[Package], name: str) -> Use | None:
    """What a method of this name means in a file that uses these packages."""
    return next((each for each in shipped().methods if each.takes(packages, name)), None)


@lru_cache(100_000)
def use(package: Package, path: str, *, new: bool, opened: bool = False) -> Use | None:
    """What a call of `path` in a package means; None when it means nothing for the inventory.

    Where the name may be anybody's (`opened`), it must tell by itself.
    """
    table = shipped()
    found = next((each for each in table.uses if each.fits(package, path)), None)
    if found is not None:
        return found
    if re.fullmatch(table.other, path) or (opened and maker(path) is None):
        return None
    before, _, last = path.rpartition(".")
    if re.fullmatch(table.constructors, last):
        return Use(packages=()) if not before or _is_made(package, before) else None
    if re.fullmatch(table.clients, last) or (new and _is_made(package, path)):
        return Use(packages=())
    return None


def _is_made(package: Package, path: str) -> bool:
    """Whether the class at `path` is a client: by its name, or by the provider that it is named after."""
    clearly = re.fullmatch(shipped().made, path) is not None
    return maker(path.rpartition(".")[2]) is not None or (clearly and (package.provider or maker(path)) is not None)


def maker(path: str) -> str | None:
    """The provider that the name of a class or method gives away."""
    return _named(shipped().makers, path) or _named(shipped().clouds, path)


def cloud(path: str) -> str | None:
    """The cloud that runs somebody else's models, by the name of a class or method."""
    return _named(shipped().clouds, path)


def _named(makers: tuple[Maker, ...], path: str) -> str | None:
    return next((each.provider for each in makers if re.search(each.name, path)), None)


def is_address(name: str) -> bool:
    """Whether an argument of this name says where a client calls."""
    return squashed(name) in shipped().addresses


def is_region(name: str) -> bool:
    """Whether an argument of this name says in which region a service runs."""
    return squashed(name) in shipped().regions


def setting(name: str) -> str:
    """The name of what a builder's method sets: `WithModel` and `setModel` set `Model`."""
    return _SETS.sub("", name, count=1)


def is_builder(name: str) -> bool:
    """Whether a method of this name sets something; `languageModel("x")` gives a model, `isModel("x")` an answer."""
    return bool(name) and re.fullmatch(shipped().getters, name) is None


@cache
def squashed(name: str) -> str:
    """A name in lower case without anything but letters and digits."""
    return _SQUASHED.sub("", setting(name).lower())
