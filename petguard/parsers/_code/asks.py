"""Calls of AI in other languages than Python, recognised by the library path that following values gives them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from petguard import catalog
from petguard.catalog import Ecosystem, Package
from petguard.flows.follow import Asked
from petguard.flows.form import line_and_column
from petguard.flows.knowledge import Ask, table
from petguard.flows.summary import Site, Summary
from petguard.parsers import _posts
from petguard.parsers._code.form import Call, chain
from petguard.parsers._code.project import Project
from petguard.parsers._code.values import known, texts
from petguard.parsers._noted import Noted
from petguard.parsers._services import IN_PROCESS, Service

_ONLY_MADE = "NewRequest"  # of Go
_FEW = 3  # of more clients nobody can say which one answers


@dataclass
class Asks:
    """Recognises calls in the files of one ecosystem."""

    project: Project
    ecosystem: Ecosystem
    noted: Noted
    summaries: Mapping[str, Summary]

    def recognise(self, path: str, site: Site, dotted: str) -> Asked | None:
        """The call as one that asks an AI; None when it is not."""
        if _posts.is_request(dotted):
            if site.name.rpartition(".")[2].startswith(_ONLY_MADE) and self._is_sent(path, site):
                return None
            return self.noted.posts(path, site, self._address(path, site))
        row = table().ask(dotted)
        if row is None:
            return None
        return self.noted.asks(path, site, self._services(path, dotted, row), row, contains=row.contains)

    def _is_sent(self, path: str, site: Site) -> bool:
        """Whether the function that makes a request sends it, too: there it is noted."""
        sites = self.summaries[path].sites
        return any(each.function == site.function and each.name.endswith(".Do") for each in sites)

    def _services(self, path: str, dotted: str, row: Ask) -> list[Service]:
        """Who answers: whoever the clients of this package were made for, else its own provider.

        A framework has none; then it is whoever the clients in the same file were made for, else in the tree.
        """
        package = self._package(dotted)
        if package is not None and package.role == "runtime":
            return [Service(package.provider or IN_PROCESS, in_process=True)]
        made = self.project.answering
        own = [each for _, its, each in made if package is not None and its == package]
        provider = row.provider or (package.provider if package is not None else None)
        near = [each for where, _, each in made if where == path and provider is None]
        anywhere = [each for _, _, each in made if provider is None]
        found = list(dict.fromkeys(own or near or anywhere)) or [Service(provider)]
        return found if len(found) <= _FEW else [Service(provider)]

    def _package(self, dotted: str) -> Package | None:
        """The AI package that a path begins with: the longest of its beginnings that the catalogue knows."""
        parts = dotted.partition("(")[0].split(".")
        beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((found for each in beginnings if (found := catalog.module(each, self.ecosystem))), None)

    def _address(self, path: str, site: Site) -> str | None:
        """The address of a request, where it is written out, also from constants."""
        plain = next((each.text for each in site.arguments if each.text and "://" in each.text), None)
        if plain is not None:
            return plain
        here = next((each for each in self._written(path, site) if "://" in each), None)
        return here if here is not None else self._beside(path, site)

    def _beside(self, path: str, site: Site) -> str | None:
        """The only address in the function around: of a request that is made in one statement and sent in another."""
        function = self.summaries[path].functions.get(site.function)
        code = self.project.code(path)
        if function is None or code is None:
            return None
        first, last = (line_and_column(each)[0] for each in (function.at, function.end))
        calls = [call for call in code.calls if first <= code.line(call.start) <= last]
        links = [link.call for call in calls for link in chain(call)[1] if link.call is not None]
        found = {each for link in links for each in self._texts(path, link) if "://" in each}
        return found.pop() if len(found) == 1 else None

    def _written(self, path: str, site: Site) -> Iterator[str]:
        code = self.project.code(path)
        if code is None:
            return
        line, _ = line_and_column(site.at)
        name = site.name.rpartition(".")[2]
        for call in code.calls:
            if code.line(call.start) != line:
                continue
            links = [link.call for link in chain(call)[1] if link.call is not None and link.name in (name, "")]
            for link in links:
                yield from self._texts(path, link)

    def _texts(self, path: str, call: Call) -> Iterator[str]:
        code = self.project.code(path)
        for argument in call.arguments[:2]:
            yield from known(texts(self.project, code, argument)) if code is not None else ()
