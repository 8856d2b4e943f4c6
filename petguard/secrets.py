"""Recognises credentials in foreign text and masks them, so that a report never becomes a second leak."""

import re
from collections.abc import Collection

_SHAPES: dict[str, str] = {
    "anthropic": r"sk-ant-[\w-]{20,}",
    "openrouter": r"sk-or-(?:v1-)?[\w-]{20,}",
    "openai": r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,}|sk-[A-Za-z0-9]{20,}",
    "huggingface": r"hf_[A-Za-z0-9]{20,}",
    "google": r"AIza[\w-]{30,}",
    "groq": r"gsk_[A-Za-z0-9]{20,}",
    "xai": r"xai-[A-Za-z0-9]{20,}",
    "replicate": r"r8_[A-Za-z0-9]{20,}",
    "perplexity": r"pplx-[A-Za-z0-9]{20,}",
    "nvidia": r"nvapi-[\w-]{20,}",
    "tavily": r"tvly-[\w-]{20,}",
    "langsmith": r"lsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}",
    "pinecone": r"pcsk_[\w]{20,}",
    "github": r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}",
    "gitlab": r"glpat-[\w-]{20,}",
    "slack": r"xox[abprs]-[\w-]{10,}",
    "stripe": r"[sr]k_live_[A-Za-z0-9]{16,}",
    "aws": r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    "jwt": r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}",
}
_KNOWN = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(f"(?P<{kind}>{shape})" for kind, shape in _SHAPES.items()) + ")")
_PREFIX = re.compile(r"sk-(?:ant|proj|svcacct|admin|or-v1|or)-|[a-z]{2,6}[-_]|AIza|AKIA|ASIA|[A-Za-z][A-Za-z0-9]_")

_SECRET_NAME = re.compile(
    r"(?i)(?:api|access|secret|master|private|auth|encryption|service|signing|salt|account)[-_ ]?key\b"
    r"|^key$|token$|[-_]token[-_]|secret|passw(?:or)?d|passphrase|credential|(?:^|[-_])pat$"
    r"|authorization|apikey|connection[-_]?string"
)
_MAYBE_SECRET_NAME = re.compile(r"(?i)[-_.]key$")  # `STRIPE_KEY`, but also `sort_key`: the value decides
_NOT_A_SECRET_NAME = re.compile(
    r"(?i)(?:max|num|min|total|count|limit|per)[-_]?\w*tokens?|tokens$|tokeni[sz]er|public[-_]?key"
)

_PLACEHOLDER = re.compile(
    r"""(?ix)
    ^$ | [<>]|\$\{|\$\(|\{\{|^\$|^%\w+%$|\.\.\.|…|\*{3}|x{4}|_{4}
    | ^(?:os\.environ/|env[.:]|process\.env|input:|file:|keyring:|op://|vault:|secret:|ref\+)
    | (?:^|[^a-z0-9]|_)(?:your|example|placeholder|change[-_ ]?me|changeit|insert|replace|todo|redacted|dummy|fake
        |sample|goes|here|none|null|empty|optional|required|not-needed|unused|no-key|my[-_](?:api|key|token|secret))
        (?:$|[^a-z0-9]|_)
    | EXAMPLE(?:KEY)?$ | ^(?:sk-|hf_|gsk_)?(?:1234|abcd|test)[a-z0-9]{0,6}$ | 123456789|abcdefgh
    """
)
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~-]+")
_UUID_OR_PATH = re.compile(
    r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[~./].*|[a-z0-9]+(?:[-_./][a-z0-9]+)*\.[a-z]{2,5}"
)

_ASSIGNED = re.compile(
    r"""(?ix)
    (?<![\w.-])(?P<name>[\w.-]{0,60}?(?:key|token|secret|passw(?:or)?d|passphrase|authorization|credentials?)[\w-]{0,40}+)
    (?P<middle>["']?\s*(?:=>|:=|[:=,])\s*["']?(?:(?:bearer|basic|token)\s+)?|["']?\s+["']?)
    (?P<value>[^\s"',;}\]]{6,})
    """
)
# One line of code: text literals, a comment at its end, and what stands between them.
_STRING = r"""\"(?P<double>(?:[^"\\]|\\.)*+)\"|'(?P<single>(?:[^'\\]|\\.)*+)'"""
_LITERAL = re.compile(rf"{_STRING}|(?P<comment>#.*)", re.S)
_CODE = re.compile(r"""(?:[^"'#]|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')*+(?:#.*)?""", re.S)
_LONG_QUOTE = re.compile("\"\"\"|'''")
_GIVEN_TO = re.compile(
    r"""(?x) (?P<name>[\w.-]{1,80}) ["']?\s*\]?\s*
    (?::\s*[\w.\[\]|\x20]{1,60}=\s* | (?P<sign>==?|!=|[:,(])\s*) [rbuRBU]{0,2} $"""
)
_CONSTANT_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z:._-]*=")  # `<Package Name="SharpToken" Version="2.0">`
_QUOTES = ('"', "'")
_URL_LOGIN = re.compile(r"(?P<before>(?<!\w)\w+://[^\s/:@]*:)(?P<value>[^\s/@]+)(?=@)")
_DATED = r"(?:\d{1,2}-){0,2}20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"  # `4-5-20250929`: of a release
# Of a card, a telephone or a person.
_LONG_NUMBER = re.compile(rf"(?<![\w.])(?!(?<=-){_DATED})\+?(?:\d[ -]?){{8,}}\d(?!\w)")
_EMAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d][\w-]*")

_LONGEST_EVIDENCE = 200
_LONG_LINE = 400  # characters; of longer ones only a part is shown
_SEEN_BEFORE, _SEEN_AFTER = 200, 600
_BETWEEN_WORDS = re.compile(r"[\s\"'`,;]")
_RUN = re.compile(r"[A-Za-z0-9+/=_~-]{20,}+")
_LONGEST_READ = 4_000  # no credential is longer, and no expression above is linear in its input


def find(text: str) -> tuple[tuple[str, str], ...]:
    """The credentials in `text` whose shape gives their issuer away: (issuer, masked value), in order of appearance."""
    found = (match for match in _KNOWN.finditer(text) if not is_placeholder(match[0]))
    return tuple((match.lastgroup or "", mask(match[0])) for match in found)


def is_placeholder(value: str) -> bool:
    """Whether the value only stands for one: a variable, an example, an instruction, one character repeated."""
    value = _without_scheme(value)
    body = _PREFIX.sub("", value, count=1)
    return bool(_PLACEHOLDER.search(value)) or len(set(body)) <= 3


def names_secret(name: str) -> bool:
    """Whether a variable, header or option of this name usually holds a credential."""
    name = name[-200:]
    return bool(_SECRET_NAME.search(name)) and not _NOT_A_SECRET_NAME.search(name)


def looks_secret(value: str, *, name: str = "") -> bool:
    """Whether a literal is a credential, by its shape or, for values without a known one, by the name it is given to.

    Without a telling name, only known shapes and long random tokens count.
    """
    value = _without_scheme(value[:_LONGEST_READ])
    if find(value):
        return True
    if is_placeholder(value) or (_UUID_OR_PATH.fullmatch(value) and not names_secret(name)):
        return False
    if names_secret(name):
        return len(value) >= 8 and not re.search(r"\s|://", value) and not re.fullmatch(r"[\d.]+|[~./].*", value)
    shortest = 16 if _MAYBE_SECRET_NAME.search(name) else 20
    return len(value) >= shortest and bool(_TOKEN.fullmatch(value)) and _is_random(value)


def mask(value: str) -> str:
    """The value's known prefix, stars, and at most two last characters: never more than a quarter of it."""
    shown = len(value) // 4
    found = _PREFIX.match(value)
    prefix = found[0] if found and len(found[0]) <= shown else ""
    tail = min(2, shown - len(prefix))
    return f"{prefix}***{value[len(value) - tail :]}"


def mask_personal(value: str) -> str:
    """Stars and at most two last characters: a name could look like the prefix of a credential."""
    shown = min(2, len(value) // 4)
    return f"***{value[len(value) - shown :]}"


def mask_literals_in(line: str) -> str:
    """A line of code on one line and shortened: like `mask_in`, but names and calls are code and stay as they are.

    A text literal is masked when its shape, or the name it is given to, says that it is a credential. Where literals
    and code cannot be told apart (within a text of several lines, in a comment), everything that may be one is masked.
    """
    line = line[:_LONGEST_READ]
    if not _CODE.fullmatch(line) or _LONG_QUOTE.search(line):
        return mask_in(line)
    return _shortened(_on_one_line(_without_known(_LITERAL.sub(_masked_literal, line))))


def mask_words(text: str) -> str:
    """Like `mask_in`, for text of no known form: a word that looks like a credential by itself is masked, too."""
    return mask_in(text, {word for word in text[:_LONGEST_READ].split() if looks_secret(word)})


def mask_in(text: str, also: Collection[str] = ()) -> str:
    """`text` on one line and shortened, without credentials, e-mail addresses and the values in `also`."""
    return _shortened(_masked(text[:_LONGEST_READ], also))


def _masked(text: str, also: Collection[str]) -> str:
    for value in sorted(also, key=len, reverse=True):
        text = text.replace(value, mask(value))
    return _on_one_line(_ASSIGNED.sub(_masked_assignment, _without_known(text)))


def mask_near(line: str, at: int, also: Collection[str] = (), *, code: bool = False) -> str:
    """A line as evidence, masked; of a very long one the part from `at` on.

    What stands before `at` still says what is a credential. Where literals of code begin nobody knows in the middle of
    a line, so there every random token counts as one.
    """
    if len(line) <= _LONG_LINE:
        return mask_literals_in(line) if code else mask_in(line, also)
    begin = max(0, at - _SEEN_BEFORE)
    if begin > 0:
        word = _BETWEEN_WORDS.search(line, begin, at)
        begin = word.end() if word else at
    before, part = line[begin:at], line[begin : at + _SEEN_AFTER]
    if code:
        before, part = _RUN.sub(_masked_run, before), _RUN.sub(_masked_run, part)
    return _shortened(_masked(part, also).removeprefix(_masked(before, also)).lstrip())


def _masked_run(match: re.Match[str]) -> str:
    return mask(match[0]) if looks_secret(match[0]) else match[0]


def _without_known(text: str) -> str:
    text = _KNOWN.sub(lambda match: match[0] if is_placeholder(match[0]) else mask(match[0]), text)
    return _URL_LOGIN.sub(lambda match: match["before"] + "***", text)


def _on_one_line(text: str) -> str:
    return " ".join(_LONG_NUMBER.sub("***", _EMAIL.sub("***@***", text)).split())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_EVIDENCE else text[:_LONGEST_EVIDENCE] + "…"


def _masked_assignment(match: re.Match[str]) -> str:
    attribute = _ATTRIBUTE.fullmatch(match["value"]) and match.string[match.end() : match.end() + 1] in _QUOTES
    variable = _CONSTANT_NAME.fullmatch(match["value"]) and match["value"].endswith(("_KEY", "_TOKEN", "_SECRET"))
    secret = not (attribute or variable) and looks_secret(match["value"], name=match["name"])
    masked = mask(match["value"]) if secret else match["value"]
    return match["name"] + match["middle"] + masked


def _masked_literal(match: re.Match[str]) -> str:
    if match["comment"]:
        return mask_in(match["comment"])
    name = _GIVEN_TO.search(match.string[max(0, match.start() - 200) : match.start()])
    value = match["double"] if match["double"] is not None else match["single"]
    if _CONSTANT_NAME.fullmatch(value):
        return match[0]
    worded = name is not None and name["sign"] == "," and value.isalpha()  # ("OPENAI_API_KEY", "openai")
    given = name["name"] if name and not worded else ""
    return match[0][0] + (mask(value) if looks_secret(value, name=given) else value) + match[0][-1]


def _without_scheme(value: str) -> str:
    return re.sub(r"^(?i:bearer|basic|token)\s+", "", value.strip())


def _is_random(value: str) -> bool:
    """Letters and digits mixed, many different characters, no words in a row."""
    digits = sum(char.isdigit() for char in value)
    longest_word = max((len(word) for word in re.findall(r"[a-z]+|[A-Z]+", value)), default=0)
    parts = re.split(r"[-_.]", value)
    if len(parts) >= 3 and max(map(len, parts)) <= 10:  # a slug such as gpt-4o-mini-2024-07-18
        return False
    return digits >= 3 and digits < len(value) and len(set(value)) >= 12 and longest_word <= 8
