"""How personal data moves through Go: each case says what reaches the model."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.flows import form as f
from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, SinkKind
from petguard.parsers import Parser
from petguard.parsers._code import flow_go
from petguard.parsers._code.tree import NOT_VALID
from petguard.parsers.code import PARSER
from tests.flows.forms import every

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_MODULE = "module clinic.example/api\n\ngo 1.23\n"
_LLM = """package llm

import (
	"context"

	openai "github.com/sashabaranov/go-openai"
)

type Client struct {
	api *openai.Client
}

func New(key string) *Client {
	return &Client{api: openai.NewClient(key)}
}

func (c *Client) Ask(ctx context.Context, prompt string) (string, error) {
	resp, err := c.api.CreateChatCompletion(ctx, openai.ChatCompletionRequest{
		Model:    openai.GPT4o,
		Messages: []openai.ChatCompletionMessage{{Role: "user", Content: prompt}},
	})
	if err != nil {
		return "", err
	}
	return resp.Choices[0].Message.Content, nil
}
"""
_MODELS = """package models

type Patient struct {
	ID    int
	Email string `json:"email"`
	Notes string
	Ward  string
}
"""
_HEAD = """package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"clinic.example/api/llm"
	"clinic.example/api/models"
)

type Desk struct {
	llm  *llm.Client
	kept string
}

func (d *Desk) SINK(text any) {
	d.llm.Ask(context.TODO(), fmt.Sprint(text))
}
"""


def _reached(read: Read, files: Mapping[str, str]) -> set[str]:
    facts, _ = read(PARSER, {"go.mod": _MODULE, "llm/llm.go": _LLM, "models/models.go": _MODELS, **files})
    flows = SystemGraph([facts]).flows()
    return {path.source.name for path in flows if path.target.sink is SinkKind.AI_SERVICE}


def _sent(read: Read, body: str, more: str = "") -> set[str]:
    head = "func (d *Desk) f(patient models.Patient, rows []models.Patient, r *http.Request) {"
    return _reached(read, {"web/desk.go": f"{_HEAD}{more}\n{head}\n{body}\n}}\n"})


_BODIES = {
    "a field": ("d.SINK(patient.Notes)", {"patient.Notes"}),
    "a local": ("x := patient.Notes\nd.SINK(x)", {"patient.Notes"}),
    "a pointer": ("p := &patient\nd.SINK(p.Notes)", {"p.Notes"}),
    "a sum": ('d.SINK("about " + patient.Notes)', {"patient.Notes"}),
    "an addition": ('p := "a"\np += patient.Notes\nd.SINK(p)', {"patient.Notes"}),
    "a format": ('d.SINK(fmt.Sprintf("%s", patient.Notes))', {"patient.Notes"}),
    "a join": ('d.SINK(strings.Join([]string{"a", patient.Notes}, ";"))', {"patient.Notes"}),
    "a builder of text": (
        "var sb strings.Builder\nsb.WriteString(patient.Notes)\nd.SINK(sb.String())",
        {"patient.Notes"},
    ),
    "a print into a builder": (
        'var sb strings.Builder\nfmt.Fprintf(&sb, "%s", patient.Notes)\nd.SINK(sb.String())',
        {"patient.Notes"},
    ),
    "append": ("xs := []string{}\nxs = append(xs, patient.Notes)\nd.SINK(xs)", {"patient.Notes"}),
    "a map": ('m := map[string]any{"a": patient.Notes}\nd.SINK(m["a"])', {"patient.Notes"}),
    "a map that is filled": ('m := make(map[string]any)\nm["a"] = patient.Notes\nd.SINK(m)', {"patient.Notes"}),
    "JSON": ("raw, err := json.Marshal(patient.Notes)\n_ = err\nd.SINK(string(raw))", {"patient.Notes"}),
    "a loop": ("for _, each := range rows {\nd.SINK(each.Notes)\n}", {"each.Notes"}),
    "a counting loop": ("for i := 0; i < 3; i++ {\nd.SINK(rows[i].Notes)\n}", {"rows[].Notes"}),
    "a switch": (
        'p := ""\nswitch patient.ID {\ncase 1:\np = patient.Notes\ndefault:\np = "x"\n}\nd.SINK(p)',
        {"patient.Notes"},
    ),
    "a closure": ("g := func(t string) { d.SINK(t) }\ng(patient.Notes)", {"patient.Notes"}),
    "a goroutine": ("go func(t string) { d.SINK(t) }(patient.Notes)", {"patient.Notes"}),
    "what is put off": ("defer d.SINK(patient.Notes)", {"patient.Notes"}),
    "a channel": ("ch := make(chan string)\nch <- patient.Notes\nd.SINK(<-ch)", {"patient.Notes"}),
    "several results": ("a, b := two(patient)\nd.SINK(a)\n_ = b", {"patient.Notes"}),
    "the other one of several results": ("a, b := two(patient)\nd.SINK(b)\n_ = a", set()),
    "a result beside an error": ("a, err := one(patient)\n_ = err\nd.SINK(a)", {"patient.Notes"}),
    "a field of the receiver": ("d.kept = patient.Notes\nd.send()", {"patient.Notes"}),
    "a form": ('d.SINK(r.FormValue("email"))', {"r.email"}),
    "a query": ('d.SINK(r.URL.Query().Get("email"))', {"r.URL.Query().email"}),
    "a body": ("var in models.Patient\njson.NewDecoder(r.Body).Decode(&in)\nd.SINK(in.Notes)", {"in.Notes"}),
    "a struct that is written out": (
        "p := models.Patient{Notes: patient.Notes, Ward: patient.Ward}\nd.SINK(p.Notes)",
        {"patient.Notes"},
    ),
    "another field of it": ("p := models.Patient{Notes: patient.Notes, Ward: patient.Ward}\nd.SINK(p.Ward)", set()),
    "a value that is not sent": ('x := patient.Notes\n_ = x\nd.SINK("hello")', set()),
    "a value that is replaced": ('x := patient.Notes\nx = "hello"\nd.SINK(x)', set()),
    "a length": ("d.SINK(len(patient.Notes))", set()),
    "a comparison": ('d.SINK(patient.Notes == "x")', set()),
    "another field": ("d.SINK(patient.Ward)", set()),
}
_MORE = """
func two(p models.Patient) (string, string) { return p.Notes, p.Ward }
func one(p models.Patient) (string, error) { return p.Notes, nil }
func (d *Desk) send() { d.SINK(d.kept) }
"""


@pytest.mark.parametrize(("body", "sources"), _BODIES.values(), ids=_BODIES.keys())
def test_values_are_followed_through(read: Read, body: str, sources: set[str]) -> None:
    """What the language offers to hand a value on does so, and what takes it away does not."""
    found = _sent(read, body, _MORE)
    # The value that is read may be named twice: where it is read, and by the object that holds it.
    assert sources <= {each if "p :=" in body else each.replace("p.Notes", "patient.Notes") for each in found}
    assert bool(found) == bool(sources)


def test_a_method_may_stand_in_another_file(read: Read) -> None:
    """The methods of a type may be anywhere in its package."""
    other = "package web\n\nfunc (d *Desk) Hand(text string) { d.SINK(text) }\n"
    body = "\nfunc g(d *Desk, patient models.Patient) { d.Hand(patient.Email) }\n"
    assert _reached(read, {"web/desk.go": _HEAD + body, "web/other.go": other}) == {"patient.Email"}


def test_a_type_with_all_methods_is_one_of_the_interface(read: Read) -> None:
    """Nothing says that a struct implements an interface but its methods."""
    text = (
        'package web\n\nimport (\n"context"\n"clinic.example/api/models"\n)\n\n'
        "type Asker interface {\nAsk(ctx context.Context, prompt string) (string, error)\n}\n\n"
        "func g(ctx context.Context, a Asker, patient models.Patient) { a.Ask(ctx, patient.Email) }\n"
    )
    assert _reached(read, {"web/desk.go": text}) == {"patient.Email"}


def test_a_function_of_the_same_package_needs_no_import(read: Read) -> None:
    """All files of a folder share their names."""
    other = 'package web\n\nfunc about(text string) string { return "about " + text }\n'
    body = "\nfunc (d *Desk) g(patient models.Patient) { d.SINK(about(patient.Email)) }\n"
    assert _reached(read, {"web/desk.go": _HEAD + body, "web/other.go": other}) == {"patient.Email"}


def test_columns_are_scanned_in_their_order(read: Read) -> None:
    """`rows.Scan(&a, &b)` fills the variables with the columns of the query, one by one."""
    query = (
        'rows, err := db.Query("SELECT ward, diagnosis FROM patients")\n_ = err\nvar a, b string\nrows.Scan(&a, &b)\n'
    )
    assert _sent(read, f"{query}d.SINK(b)") == {"patients.diagnosis"}
    assert _sent(read, f"{query}d.SINK(a)") == set()


# --- the form -----------------------------------------------------------------------------------------------------


def _form(text: str) -> f.Form:
    return flow_go.form(text.encode())


def test_the_receiver_is_the_object() -> None:
    """Whatever a method calls what it is called on, it is `self`."""
    form = _form("package a\ntype T struct{ x int }\nfunc (t *T) F() int { return t.x }\n")
    (made,) = form.body
    assert isinstance(made, f.Class)
    (method,) = made.body
    assert [each.name for each in every(method) if isinstance(each, f.Var)] == ["self"]


def test_an_import_is_known_by_the_name_of_its_package() -> None:
    """`github.com/openai/openai-go/v2` is `openai`, though no folder is called so."""
    form = _form('package a\nimport "github.com/openai/openai-go/v2"\n')
    assert "openai" in {each.local for each in form.imports}


def test_deep_nesting_is_noted() -> None:
    """What is nested too deeply is left out and said, and no error."""
    form = _form("package a\nfunc f() { x := " + "g(" * 400 + "1" + ")" * 400 + " }\n")
    assert form.unread == [(2, "nested too deeply to follow")]


def test_closures_in_closures_are_lowered_once() -> None:
    """The work grows with the file, not with two to the power of its depth."""
    depth = 12
    form = _form("package a\nfunc f() { " + "db.Get(&x, func() { " * depth + " })" * depth + " }\n")
    assert len({id(each) for each in every(form.body) if isinstance(each, f.Function)}) == depth + 1


def test_what_is_not_valid_is_said() -> None:
    """What the grammar could not read is no error, and no secret."""
    assert [detail for _, detail in _form("package a\nfunc f( { x := \n\n } } }}} func {").unread] == [NOT_VALID]


_EVERYTHING = _LLM + _HEAD + _MORE + "func h() { for range x { select { case <-c: } } }\nvar a, b = 1, 2\n"


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(_EVERYTHING)), st.integers(0, 40))
def test_any_piece_of_a_file_is_read(start: int, size: int) -> None:
    """A file that is cut, or in which something is missing, is no error."""
    flow_go.form(_EVERYTHING[:start].encode())
    flow_go.form((_EVERYTHING[:start] + _EVERYTHING[start + size :]).encode())
