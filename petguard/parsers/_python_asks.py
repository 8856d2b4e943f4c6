"""Calls of AI that only show when values are followed: a client behind a partial, an alias or a factory elsewhere."""

from dataclasses import dataclass

from petguard import catalog
from petguard.flows.follow import Asked
from petguard.flows.form import line_and_column
from petguard.flows.knowledge import Data, table
from petguard.flows.summary import Site
from petguard.parsers import _posts
from petguard.parsers._noted import Noted
from petguard.parsers._python_file import argument, text
from petguard.parsers._python_project import Project
from petguard.parsers._python_rules import Detector
from petguard.parsers._services import IN_PROCESS, Service

_FEW = 3  # of more clients nobody can say which one answers


def data_of(detector: Detector) -> Data:
    """The arguments of a call that carry data."""
    positions = (*((0,) if detector.first else ()), *((1,) if detector.second else ()))
    names = (*detector.data, *filter(None, [detector.second]))
    return Data(data=names, positions=positions, receiver_too=detector.pipeline)


@dataclass
class Asks:
    """Recognises calls by the library path that they turn out to have."""

    project: Project
    noted: Noted

    def recognise(self, path: str, site: Site, dotted: str) -> Asked | None:
        """The call as one that asks an AI; None when it is not."""
        if _posts.is_request(dotted):
            return self.noted.posts(path, site, self._address(path, site))
        package, known = catalog.module(dotted.replace("()", "")), table("pypi").ask(dotted)
        if known is None or package is None or package.role not in ("sdk", "framework", "runtime"):
            return None
        if self.project.holds(dotted.partition(".")[0], path):
            return None
        services = self._services(path, package, anywhere=known.results)
        return self.noted.asks(path, site, services, known, contains=known.contains)

    def _address(self, path: str, site: Site) -> str | None:
        module = self.project.module(path)
        call = module and module.calls.get((line_and_column(site.at), line_and_column(site.end)))
        if not module or not call:
            return None
        written = (text(module, argument(call, ["url"], position)) for position in (0, 1))
        return next((each for each in written if each and "://" in each), None)

    def _services(self, path: str, package: catalog.Package, *, anywhere: bool) -> list[Service]:
        """Who answers: whoever the clients of this package in the tree were made for, else its own provider.

        A framework has none; then it is whoever the clients in the same file were made for, else, where it may be
        `anywhere`, in the tree.
        """
        if package.role == "runtime":
            return [Service(package.provider or IN_PROCESS, in_process=True)]
        clients = self.project.clients
        made = [(file, found.call.func, clients.service(file, found)) for file, found in clients.made.values()]
        own = [each for file, func, each in made if catalog.module(file.module.dotted(func) or "") == package]
        near = [each for file, _, each in made if file.path == path and package.provider is None]
        others = list(dict.fromkeys(each for _, _, each in made if anywhere and package.provider is None))
        return list(dict.fromkeys(own or near)) or (others if 0 < len(others) <= _FEW else [Service(package.provider)])
