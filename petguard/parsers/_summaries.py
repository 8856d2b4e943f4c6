"""What files do with their values, as it was found before where nothing has changed since."""

from collections.abc import Callable, Iterable, Mapping

from petguard import _shipped
from petguard.cache import Cache
from petguard.collect import Input
from petguard.errors import UnreadableInput
from petguard.flows import remember
from petguard.flows.form import Form
from petguard.flows.interpret import Interpreter
from petguard.flows.summary import Summary
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.model import Gap, State
from petguard.parsers._code.tree import NOT_VALID


def summarised(
    items: Iterable[Input], lower: Callable[[Input], Form], cache: Cache, dialect: str, told: Told = NOTHING_TOLD
) -> tuple[Mapping[str, Summary], list[Gap]]:
    """The summaries by path, and a gap for whatever could not be followed. The cache knows files by their `dialect`."""
    found: dict[str, Summary] = {}
    gaps = []
    for item in items:
        try:
            found[item.path] = summary = _summary(item, lower, cache, dialect, told)
        except UnreadableInput as error:
            gaps.append(_gap(item, error.reason, error.detail, error.line))
        except RecursionError:
            gaps.append(_gap(item, "too_deep", "nested too deeply to follow"))
        else:
            gaps += [_gap(item, _reason(detail), detail, line) for line, detail in summary.unread]
    return found, gaps


def _summary(item: Input, lower: Callable[[Input], Form], cache: Cache, dialect: str, told: Told) -> Summary:
    key = key_of(item, dialect)
    stored = cache.recall(key)
    known = remember.summary(item.path, stored[0]) if stored else None
    if known is None:
        known = Interpreter(item.path, lower(item), told).run()
        cache.remember(key, [remember.row(known)])
    return known


def key_of(item: Input, dialect: str) -> str:
    """Under which key the cache knows the summary of a file."""
    return f"flows {_shipped.installation()} {dialect} {item.digest}"


def _reason(detail: str) -> str:
    return "parse_error" if detail == NOT_VALID else "too_deep"


def _gap(item: Input, reason: str, detail: str, line: int | None = None) -> Gap:
    return Gap(path=item.path, state=State.PARTIAL, reason=reason, detail=detail, line=line)
