"""Which AI services, models and clients Python code uses, and who really stands behind a client."""

import ast
from collections.abc import Iterable
from dataclasses import replace

from petguard import catalog
from petguard.model import EdgeKind, Node, NodeKind, Origin, Trait
from petguard.parsers import _assets
from petguard.parsers._python_callees import Callees, Expression
from petguard.parsers._python_file import Facts, File, Found, argument, call_node, edge, text, whole_text
from petguard.parsers._python_syntax import spelled
from petguard.parsers._services import UNRESOLVED, Service, routed, service_at

_STEPS = 50  # from an expression to the constructor behind it, so that names bound in a circle end


def provider_of_package(name: str | None) -> str | None:
    """The provider that a PyPI package talks to."""
    package = catalog.package("pypi", name) if name else None
    return package.provider if package else None


class Clients:
    """The AI clients that the files of a scan make, by the call that makes them."""

    def __init__(self, files: Iterable[File], callees: Callees) -> None:
        self.callees = callees
        self.made = {id(found.call): (file, found) for file in files for found in file.of("ai_client")}

    def behind(self, file: File, node: ast.expr) -> list[Service]:
        """The services that `node`, or the object its attribute is read from, may stand for."""
        while True:
            start = file.module, node
            services = [self.service(*made) for made in self._makers(start)] or self._annotated(start)
            if services or not isinstance(node, ast.Attribute):
                return services
            node = node.value

    def _makers(self, start: Expression) -> list[tuple[File, Found]]:
        """The constructors behind an expression, also through a wrapper such as `traced(OpenAI())`."""
        found: dict[int, tuple[File, Found]] = {}
        pending = [start]
        for _ in range(_STEPS):
            if not pending:
                break
            module, each = pending.pop(0)
            each = each.value if isinstance(each, ast.Await) else each
            if id(each) in self.made:
                found[id(each)] = self.made[id(each)]
                continue
            pending += [*self.callees.bound(module, each), *self.callees.returned(module, each)[0]]
            pending += [(module, part) for part in _parts(each)]
        return list(found.values())

    def _annotated(self, start: Expression) -> list[Service]:
        """The services that the types around an expression name; those of a parameter that it is bound to, too."""
        bound = [start, *self.callees.bound(*start)]
        typed = [(module, each) for module, source in bound for each in module.annotations(source)]
        typed += [noted for source in bound for noted in self.callees.returned(*source)[1]]
        dotted = [name for module, each in typed for name in [module.dotted(each)] if name]
        packages = [(name, catalog.module(name)) for name in dotted]
        sdks = [(name, package) for name, package in packages if package and package.role == "sdk"]
        return [Service("azure" if "Azure" in name else package.provider) for name, package in sdks]

    def service(self, file: File, found: Found) -> Service:
        """Who stands behind a client: what its address says, and otherwise its SDK's own provider."""
        detector, module = found.detector, file.module
        model = whole_text(module, argument(found.call, detector.model, detector.position))
        region = whole_text(module, argument(found.call, detector.region))
        base = argument(found.call, detector.base) if detector.base else None
        if base is None or module.value(base, hint=True) is None:
            return _own(file, found, model, region)
        at = service_at(text(module, base) or "")
        if at is None:
            return _from_outside(_own(file, found, model, region))
        return Service(at.provider, at.endpoint, region, model, at.traits)


def _parts(node: ast.expr) -> list[ast.expr]:
    """What a client may be inside of: `traced(OpenAI())`, `prompt | llm`, `llm.bind_tools([...])`, `a or b`."""
    if isinstance(node, ast.Call):
        made_from = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*node.args[:1], *made_from]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return node.values if isinstance(node, ast.BoolOp) else []


def _from_outside(own: Service) -> Service:
    """The service at an address that nobody can read: whoever sets it decides who answers.

    The client of a local runtime still says which software does, but not where it runs.
    """
    known = catalog.provider(own.provider) if own.provider else None
    local = known is not None and known.kind == "local"
    return Service(own.provider if local else None, model=own.model, traits=(Trait.UNRESOLVED,))


def _own(file: File, found: Found, model: str | None, region: str | None) -> Service:
    """The service that a client talks to as long as nobody gives it an address."""
    detector = found.detector
    if detector.package in {"litellm", "langchain", "pydantic-ai"}:
        return routed(model)
    own = detector.provider or provider_of_package(detector.package)
    if detector.from_import:
        package = catalog.module(file.module.dotted(found.call.func) or "")
        own = package.provider if package else None
    return Service(own, region=region, model=model, in_process=detector.in_process)


def ai_calls(file: File, clients: Clients, facts: Facts) -> list[Found]:
    """Note every call to a model, and return the calls that count."""
    counted: dict[int, Found] = {}
    for found in file.of("ai_call", "http_call"):
        services = [] if id(found.call) in counted else list(_services(file, clients, found))
        if services:
            counted[id(found.call)] = found
            _note_call(file, found, services, facts)
    return list(counted.values())


def _services(file: File, clients: Clients, found: Found) -> Iterable[Service]:
    detector, call = found.detector, found.call
    if detector.fact == "http_call":
        return _http_service(file, found)
    model = whole_text(file.module, argument(call, detector.model, detector.position))
    if detector.package == "litellm":
        base = text(file.module, argument(call, detector.base)) if detector.base else None
        at = service_at(base) if base else None
        return [Service(at.provider, at.endpoint, None, model, at.traits) if at else routed(model)]
    if detector.package is not None:
        return [Service(provider_of_package(detector.package), model=model)]
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    behind = clients.behind(file, receiver)
    if not behind and (detector.compatible or _speaks_for_itself(found)):
        behind = [_imported(file)]
    return [replace(each, model=model or each.model) for each in behind]


def _http_service(file: File, found: Found) -> list[Service]:
    addresses = [argument(found.call, found.detector.url, position) for position in (0, 1)]
    for written in (text(file.module, address) for address in addresses):
        at = service_at(_whole_address(file, found.call, written or ""))
        if at is not None and at.provider is not None:
            return [at]
    return []


def _whole_address(file: File, call: ast.Call, address: str) -> str:
    """The address of a request; a path alone is below the one that its client was made with."""
    if not address.startswith("/") or not isinstance(call.func, ast.Attribute):
        return address
    made = [each for each in file.module.bindings(call.func.value) if isinstance(each, ast.Call)]
    bases = (text(file.module, argument(each, ["base_url"])) for each in made)
    return next((f"{base.rstrip('/')}{address}" for base in bases if base), address)


def _speaks_for_itself(found: Found) -> bool:
    """Whether the arguments alone say that a model is asked: it is named, and given something to read."""
    given = {keyword.arg for keyword in found.call.keywords}
    return not given.isdisjoint(found.detector.model) and not given.isdisjoint(found.detector.data)


def _imported(file: File) -> Service:
    """Who answers a chat completion whose client was made elsewhere: the one provider whose SDK the file imports."""
    found = {package.provider for package in file.libraries.values() if package.role == "sdk"}
    return Service(found.pop()) if len(found) == 1 else Service(None)


def _note_call(file: File, found: Found, services: Iterable[Service], facts: Facts) -> None:
    site = file.call_id(found.match.start)
    here = file.location(found.match.start)
    facts.nodes.append(call_node(site, found.call, here))
    for service in services:
        if service.model:
            facts.nodes.append(_assets.model(service.model, here, provider=service.provider))
        if service.model and service.id == f"ai_service:{UNRESOLVED}":
            # Only the model's name says who answers; a gateway's configuration may resolve it.
            facts.edges.append(edge(EdgeKind.FLOWS_TO, site, _assets.model_id(service.model), here))
            continue
        facts.nodes.append(service.node(here))
        facts.edges.append(edge(EdgeKind.FLOWS_TO, site, service.id, here))
        if service.model:
            facts.edges.append(edge(EdgeKind.USES, site, _assets.model_id(service.model), here))


def ai_clients(file: File, clients: Clients, facts: Facts) -> None:
    """Note every client that is made, with the model it was made for, even if its calls stand in another file."""
    for found in file.of("ai_client"):
        here, service = file.location(found.match.start), clients.service(file, found)
        if service.model:
            facts.nodes.append(_assets.model(service.model, here, provider=service.provider))
        if service.provider or service.endpoint:
            facts.nodes.append(service.node(here))


def model_loads(file: File, facts: Facts) -> None:
    """Note every model that is loaded from a hub, and whether its bytes or its code may change."""
    for found in file.of("model_load"):
        detector, module = found.detector, file.module
        name = whole_text(module, argument(found.call, detector.model, detector.position))
        if name is None or not _is_hub_name(name) or not _is_model_class(file, found):
            continue
        remote = argument(found.call, ["trust_remote_code"])
        traits = [Trait.LOCAL]
        if not _assets.is_commit(whole_text(module, argument(found.call, ["revision"]))):
            traits.append(Trait.MUTABLE_REFERENCE)
        if remote is not None and module.value(remote) is not False:
            traits.append(Trait.REMOTE_CODE)
        facts.nodes.append(_assets.model(name, file.location(found.match.start), provider="huggingface", traits=traits))


def _is_hub_name(name: str) -> bool:
    """`org/name` or a bare name; not a path on disk and not a URL."""
    return name.count("/") <= 1 and not name.startswith((".", "/", "~")) and not set(name) & set(" \\:{}<>")


def _is_model_class(file: File, found: Found) -> bool:
    """`from_pretrained` is a common name: it counts on a class of a library that loads from the hub."""
    if found.detector.id != "python.model.pretrained" or not isinstance(found.call.func, ast.Attribute):
        return True
    package = catalog.module(file.module.dotted(found.call.func) or "")
    return package is not None and package.role in {"runtime", "framework", "sdk"}


def unsafe_loads(file: File, facts: Facts) -> None:
    """Note every place where loading a model file runs what the file says."""
    for found in file.of("unsafe_load"):
        line, _ = found.match.start
        facts.nodes.append(
            Node(
                id=f"load:{file.path}:{line}",
                kind=NodeKind.ARTIFACT,
                name=spelled(found.call.func),
                origin=Origin.DETECTED,
                locations=(file.location(found.match.start),),
                traits=(Trait.UNSAFE_SERIALISATION,),
            )
        )
