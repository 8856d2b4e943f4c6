"""Calls of AI packages: what they are told by name, and who answers the clients that they make."""

import re
from collections.abc import Iterator, Sequence

from petguard.parsers._code import sdks
from petguard.parsers._code.form import Call, Code, Expr, Member, Name, Record, chain, pairs_of, within
from petguard.parsers._code.names import Origin, behind
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._services import Service, is_host, service_at

_DEEP = 4  # objects inside the arguments of a call

_REGION = re.compile(r"[A-Z]{2}_[A-Z]+_\d")

Setting = tuple[str, Code, Expr]


def settings(project: Project, code: Code, call: Call, deep: int = _DEEP) -> Iterator[Setting]:
    """Everything that a call is told by name: arguments, options in objects, builder methods, option functions."""
    for link in chain(call)[1]:
        if link.call is None:
            continue
        if len(link.call.arguments) == 1 and sdks.is_builder(link.name):
            yield link.name, code, link.call.arguments[0]
        for key, value in link.call.named:
            yield key, code, value
            yield from _inside(project, code, value, deep - 1)
        for argument in link.call.arguments:
            yield from _inside(project, code, argument, deep - 1)


def afterwards(code: Code, call: Call) -> Iterator[Setting]:
    """What is set on the object that a call makes, where it is bound to a name: `config.BaseURL = "..."`."""
    for each in code.made.get(id(call), ()):
        yield from _members(code, each.name, each.start)


def _inside(project: Project, code: Code, expr: Expr, deep: int) -> Iterator[Setting]:
    if deep <= 0:
        return
    for option in within(expr):
        if isinstance(option, Record):
            for key, value in option.pairs:
                yield key, code, value
                yield from _inside(project, code, value, deep - 1)
        elif isinstance(option, Call):
            yield from settings(project, code, option, deep - 1)
        elif isinstance(option, Name):
            yield from _of_variable(project, code, option, deep)


def _of_variable(project: Project, code: Code, name: Name, deep: int) -> Iterator[Setting]:
    """What an object was made with, and what was set on it afterwards: `config.BaseURL = "..."`."""
    for file, value in behind(project, code, name):
        if isinstance(value, Record | Call):
            yield from _inside(project, file, value, deep - 1)
    yield from _members(code, name.name, name.start)


def _members(code: Code, name: str, at: int) -> Iterator[Setting]:
    for each in code.members.get(name, ()):
        if each.scope[0] <= at < each.scope[1]:
            yield each.name.rpartition(".")[2], code, each.value


def own_provider(origin: Origin, use: sdks.Use | None) -> str | None:
    """Who answers the clients of an SDK that are told no address."""
    named = use.provider if use else None
    whole = f"{origin.module}.{origin.path}"
    return named or sdks.cloud(origin.path) or origin.package.provider or sdks.maker(whole)


def services(
    project: Project, code: Code, call: Call, own: str | None, use: sdks.Use, given: Sequence[Setting]
) -> list[Service]:
    """Who answers: what the address says, and otherwise the SDK's own provider."""
    placed = [(file, value) for key, file, value in given if sdks.is_region(key)]
    region = next((text for file, value in placed for text in _regions(project, file, value)), None)
    addresses = [(file, value) for key, file, value in given if sdks.is_address(key) and not _holds_address(value)]
    found = [_service(text, own, region, use) for file, value in addresses for text in texts(project, file, value)]
    if use.address is not None and use.address < len(call.arguments):
        # In the same place other overloads take a key, so only what is written as an address is one.
        plain = [text for text in texts(project, code, call.arguments[use.address]) if text and "://" in text]
        found += [_service(text, own, region, use) for text in plain]
    return list(dict.fromkeys(found)) or ([Service(own, region=region)] if own else [])


def _holds_address(value: Expr) -> bool:
    """`host = OpenAIHost(baseUrl = "...")`: what counts is inside."""
    objects = (option for option in within(value) if isinstance(option, Call | Record))
    pairs = (pairs_of(each) if isinstance(each, Call) else each.pairs for each in objects)
    return any(sdks.is_address(key) for each in pairs for key, _ in each)


def _regions(project: Project, code: Code, value: Expr) -> Iterator[str]:
    """A region as text, or as an SDK's constant: `Region.EU_WEST_1`."""
    if isinstance(value, Member) and _REGION.fullmatch(value.name):
        yield value.name.lower().replace("_", "-")
    yield from known(texts(project, code, value))


def _service(address: str | None, own: str | None, region: str | None, use: sdks.Use) -> Service:
    """Who answers at one address; without one that can be read, whoever sets it decides."""
    if address is None:
        return Service(own, region=region)
    at = service_at(address if "://" in address else f"http://{address}" if is_host(address) else "")
    if own and (use.fixed or own in sdks.shipped().resources) and (at is None or at.provider is None):
        return Service(own, endpoint=at.endpoint if at else None, region=region)
    return Service(at.provider, at.endpoint, region, None, at.traits) if at else Service(None)
