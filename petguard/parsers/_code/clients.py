"""Calls of AI packages: what they are told by name, and who answers the clients that they make."""

from collections.abc import Iterator, Sequence

from petguard.parsers._code import sdks
from petguard.parsers._code.form import Call, Code, Expr, Name, Record, chain, within
from petguard.parsers._code.names import Origin, behind
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._services import Service, is_host, service_at

_DEEP = 4  # objects inside the arguments of a call

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
    for key, bound in code.by_name.items():
        holder, dot, member = key.partition(".")
        if dot and holder == name.name:
            yield from ((member, code, each.value) for each in bound if each.scope[0] <= name.start < each.scope[1])


def own_provider(origin: Origin, use: sdks.Use | None) -> str | None:
    """Who answers the clients of an SDK that are told no address."""
    named = use.provider if use else None
    whole = f"{origin.module}.{origin.path}"
    return named or sdks.cloud(origin.path) or origin.package.provider or sdks.maker(whole)


def services(
    project: Project, code: Code, call: Call, own: str | None, use: sdks.Use, given: Sequence[Setting]
) -> list[Service]:
    """Who answers: what the address says, and otherwise the SDK's own provider."""
    regions = (text for key, file, value in given if sdks.is_region(key) for text in known(texts(project, file, value)))
    region = next(regions, None)
    addresses = [(file, value) for key, file, value in given if sdks.is_address(key)]
    if use.address is not None and use.address < len(call.arguments):
        addresses.append((code, call.arguments[use.address]))
    found = [_service(text, own, region, use) for file, value in addresses for text in texts(project, file, value)]
    return list(dict.fromkeys(found)) or ([Service(own, region=region)] if own else [])


def _service(address: str | None, own: str | None, region: str | None, use: sdks.Use) -> Service:
    """Who answers at one address; without one that can be read, whoever sets it decides."""
    if address is None:
        return Service(own, region=region)
    at = service_at(address if "://" in address else f"http://{address}" if is_host(address) else "")
    if own and (use.fixed or own in sdks.shipped().resources) and (at is None or at.provider is None):
        return Service(own, endpoint=at.endpoint if at else None, region=region)
    return Service(at.provider, at.endpoint, region, None, at.traits) if at else Service(None)
