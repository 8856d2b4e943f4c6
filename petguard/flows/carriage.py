"""What calls do with data that leave the tree, told by the last name of what is called, and which arguments count."""

import re

from petguard.flows.knowledge import Data, table
from petguard.flows.links import Links
from petguard.flows.summary import Argument, Atoms, Site
from petguard.flows.values import NOTHING, select

MAPS = re.compile(
    r"map|flatMap|mapNotNull|concatMap|reduce|fold|apply|applymap|then|thenApply|Select|collect|let|run|with|transform"
    r"|map(?:Indexed|To\w+)|joinToString|thenCompose|fold(?:Indexed|Right)|flatMapIndexed|sumOf|use"
)
RUNS = re.compile(
    r"submit|map|starmap|imap\w*|to_thread|run_in_executor|run_sync|Thread|Process|partial|add_task|apply|apply_async"
    r"|delay|call_soon\w*|create_task|gather|reduce|filter|forEach|flatMap|then|with_structured_output"
)
CHOOSES = re.compile(
    r"sort(?:ed)?(?:By|With|_values|ByDescending)?|Sort(?:Func)?|toSorted|(?:filter|take|drop)(?:Not|While|Indexed|Last)?"
    r"|group_?[bB]y|groupingBy|(?:min|max)(?:By|With)?(?:OrNull)?|find(?:Last|Index|LastIndex)?|some|every|any|all|none|count"
    r"|(?:any|all|none)Match|partition|distinctBy|associateBy|(?:first|last|single|indexOf(?:First|Last))(?:OrNull)?"
    r"|take(?:If|Unless)|removeIf|onEach|peek|also|(?:Index|Contains|Delete)Func"
)
_ROUTES = re.compile(r"get|post|put|patch|delete|head|options|all|route|handle|HandleFunc|GET|POST|PUT|PATCH|DELETE")
_LISTENS = re.compile(r"use|on|once|on[A-Z]\w*|notFound|middleware|mutation|subscription|add(?:Event)?Listener|listen")
_MADE = "NewRequest"  # what is only made here is still what was put into it


class Carriage:
    """What the table says about one call."""

    def __init__(self, links: Links, path: str, number: int) -> None:
        self._table = table().carriage
        found = links.meanings[path, number]
        self._remote = any(one.kind == "library" and _is_remote(one.name) for one in found)
        self._keeps = any(one.kind == "library" and one.name in self._table.keeps for one in found)

    def drops(self, name: str) -> bool:
        """Whether it gives back nothing of what it got."""
        return self._remote or (not self._keeps and re.fullmatch(self._table.drops, name) is not None)

    def looks_up(self, name: str) -> bool:
        """Whether what it is given only chooses what it gives back."""
        return re.fullmatch(self._table.looks_up, name) is not None

    def same(self, name: str) -> bool:
        """Whether it gives back the object itself, or what is in it."""
        return re.fullmatch(self._table.same, name) is not None


def last_name(site: Site) -> str:
    """The last name of what is called."""
    return site.name.removesuffix("()").rpartition(".")[2]


def registers(site: Site) -> bool:
    """Whether a call only says who answers requests or events: `app.get("/users", handler)`."""
    name = last_name(site)
    if _LISTENS.fullmatch(name) is not None:
        return True
    return _ROUTES.fullmatch(name) is not None and any((each.text or "").startswith("/") for each in site.arguments)


def _is_remote(path: str) -> bool:
    return table().remote.fullmatch(path) is not None and not path.rpartition(".")[2].startswith(_MADE)


def counted(argument: Argument, data: Data) -> Atoms:
    """The atoms of an argument, as far as it carries data."""
    if data.all or argument.slot in data.data or (argument.slot.isdigit() and int(argument.slot) in data.positions):
        return select(argument.given, "")
    if argument.slot.isdigit() or argument.slot in ("*", "**"):
        return NOTHING.union(*(select(argument.given, name) for name in data.data))
    return NOTHING
