"""How personal data moves through Java: each case says what reaches the model."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.flows import form as f
from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, SinkKind
from petguard.parsers import Parser
from petguard.parsers._code import flow_java
from petguard.parsers._code.tree import NOT_VALID
from petguard.parsers.code import PARSER
from tests.flows.forms import every

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_LLM = """package org.clinic.llm;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.responses.ResponseCreateParams;

public class Llm {
    private final OpenAIClient client = OpenAIOkHttpClient.fromEnv();

    public String ask(String prompt) {
        ResponseCreateParams params = ResponseCreateParams.builder().model("gpt-4o").input(prompt).build();
        return client.responses().create(params).toString();
    }

    public String ask(String prompt, int times) {
        return ask(prompt);
    }
}
"""
_PATIENT = """package org.clinic.model;
import lombok.Builder;
import lombok.Data;
@Data
@Builder
public class Patient {
    private Long id;
    private String email;
    private String notes;
    private String ward;
}
"""
_HEAD = """package org.clinic.web;
import java.util.*;
import java.util.function.*;
import org.clinic.llm.Llm;
import org.clinic.model.Patient;
public class Desk {
    private final Llm llm;
    private String kept;
    Desk(Llm llm) { this.llm = llm; }
    void SINK(Object text) { llm.ask(text.toString()); }
"""


def _reached(read: Read, files: Mapping[str, str]) -> set[str]:
    facts, _ = read(PARSER, files)
    flows = SystemGraph([facts]).flows()
    return {path.source.name for path in flows if path.target.sink is SinkKind.AI_SERVICE}


def _sent(read: Read, body: str, more: str = "") -> set[str]:
    text = f"{_HEAD}{more}\n    void f(Patient patient, List<Patient> rows, String id) {{\n{body}\n    }}\n}}\n"
    return _reached(read, {"Llm.java": _LLM, "Patient.java": _PATIENT, "Desk.java": text})


_BODIES = {
    "a getter that Lombok writes": ("SINK(patient.getNotes());", {"patient.notes"}),
    "a local": ("var x = patient.getNotes(); SINK(x);", {"patient.notes"}),
    "a sum": ('SINK("about " + patient.getNotes());', {"patient.notes"}),
    "an addition": ('String p = "a"; p += patient.getNotes(); SINK(p);', {"patient.notes"}),
    "a format": ('SINK(String.format("%s", patient.getNotes()));', {"patient.notes"}),
    "formatted": ('SINK("%s".formatted(patient.getNotes()));', {"patient.notes"}),
    "a text block": ('SINK("""\n  about %s\n  """.formatted(patient.getNotes()));', {"patient.notes"}),
    "a builder of text": (
        'var sb = new StringBuilder("a"); sb.append(patient.getNotes()); SINK(sb.toString());',
        {"patient.notes"},
    ),
    "a list": ("SINK(List.of(patient.getNotes()));", {"patient.notes"}),
    "a list that is filled": (
        "List<String> xs = new ArrayList<>(); xs.add(patient.getNotes()); SINK(xs);",
        {"patient.notes"},
    ),
    "a map": ('Map<String, String> m = Map.of("a", patient.getNotes()); SINK(m.get("a"));', {"patient.notes"}),
    "a map that is filled": (
        'var m = new HashMap<String, String>(); m.put("a", patient.getNotes()); SINK(m);',
        {"patient.notes"},
    ),
    "a loop": ("for (Patient each : rows) { SINK(each.getNotes()); }", {"each.notes"}),
    "a stream": ("rows.stream().map(each -> each.getNotes()).forEach(t -> SINK(t));", {"each.notes"}),
    "a reference to a getter": ("rows.stream().map(Patient::getNotes).forEach(this::SINK);", {"<it>.notes"}),
    "an optional": (
        'SINK(Optional.ofNullable(patient).map(p -> p.getNotes()).orElse(""));',
        {"p.notes"},
    ),
    "a choice": ('SINK(id == null ? "" : patient.getNotes());', {"patient.notes"}),
    "a switch": ('SINK(switch (id) { case "a" -> patient.getNotes(); default -> "x"; });', {"patient.notes"}),
    "a switch with blocks": (
        'String p = ""; switch (id) { case "a": p = patient.getNotes(); break; default: p = "x"; } SINK(p);',
        {"patient.notes"},
    ),
    "a pattern": ("Object o = patient; if (o instanceof Patient p) { SINK(p.getNotes()); }", {"p.notes"}),
    "a try": ('String p = ""; try { p = patient.getNotes(); } finally { SINK(p); }', {"patient.notes"}),
    "a lambda": ("Consumer<String> c = t -> SINK(t); c.accept(patient.getNotes());", {"patient.notes"}),
    "a class without a name": (
        "Consumer<String> c = new Consumer<>() { public void accept(String t) { SINK(t); } };"
        " c.accept(patient.getNotes());",
        {"patient.notes"},
    ),
    "a field of this": ("this.kept = patient.getNotes(); send();", {"patient.notes"}),
    "a field without this": ("kept = patient.getNotes(); send();", {"patient.notes"}),
    "the whole object": ("SINK(patient);", {"patient"}),
    "what a builder builds": (
        "Patient p = Patient.builder().notes(patient.getNotes()).build(); SINK(p.getNotes());",
        {"patient.notes"},
    ),
    "a value that is not sent": ('var x = patient.getNotes(); SINK("hello");', set()),
    "a value that is replaced": ('String x = patient.getNotes(); x = "hello"; SINK(x);', set()),
    "a length": ("SINK(patient.getNotes().length());", set()),
    "a comparison": ("SINK(patient.getNotes().equals(id) ? 1 : 0);", set()),
    "another field": ("SINK(patient.getWard());", set()),
    "another field of what was built": (
        "Patient p = Patient.builder().notes(patient.getNotes()).ward(id).build(); SINK(p.getWard());",
        set(),
    ),
}


@pytest.mark.parametrize(("body", "sources"), _BODIES.values(), ids=_BODIES.keys())
def test_values_are_followed_through(read: Read, body: str, sources: set[str]) -> None:
    """What the language offers to hand a value on does so, and what takes it away does not."""
    assert _sent(read, body, "    void send() { SINK(kept); }") == sources


def test_a_call_reaches_a_wrapper_in_another_file(read: Read) -> None:
    """The method of a field that was injected is the one of its declared class, also where there are several of it."""
    assert _sent(read, "llm.ask(patient.getEmail(), 2);") == {"patient.email"}


def test_a_parameter_bears_the_name_of_the_request(read: Read) -> None:
    """`@RequestParam("email")` says what comes in, whatever the parameter is called."""
    text = _HEAD + '    String g(@RequestParam("email") String value) { return llm.ask(value); }\n}\n'
    assert _reached(read, {"Llm.java": _LLM, "Desk.java": text}) == {"email"}


def test_a_repository_gives_objects_of_its_entity(read: Read) -> None:
    """`findById` of a `JpaRepository<Patient, Long>` reads a patient, though nobody wrote that method."""
    repository = "package org.clinic.model;\npublic interface Wards extends JpaRepository<Patient, Long> {}\n"
    text = (
        _HEAD
        + "    org.clinic.model.Wards wards;\n    void g(Long id) { SINK(wards.findById(id).orElseThrow()); }\n}\n"
    )
    found = _reached(read, {"Llm.java": _LLM, "Patient.java": _PATIENT, "Wards.java": repository, "Desk.java": text})
    assert found == {"Patient.find"}


def test_an_interface_runs_what_implements_it(read: Read) -> None:
    """A field of an interface may hold any class that implements it."""
    interface = "package org.clinic.llm;\npublic interface Writer { String write(String text); }\n"
    writer = (
        "package org.clinic.llm;\npublic class Real implements Writer {\n  Llm llm;\n"
        "  public String write(String text) { return llm.ask(text); }\n}\n"
    )
    text = (
        "package org.clinic.web;\nimport org.clinic.llm.Writer;\nimport org.clinic.model.Patient;\n"
        "class Desk { Writer writer; void g(Patient patient) { writer.write(patient.getEmail()); } }\n"
    )
    files = {"Llm.java": _LLM, "Writer.java": interface, "Real.java": writer, "Patient.java": _PATIENT, "D.java": text}
    assert _reached(read, files) == {"patient.email"}


def test_a_record_is_read_by_its_accessors(read: Read) -> None:
    """`claim.iban()` is the component of a record, and no other one."""
    record = "package org.clinic.model;\npublic record Claim(String iban, String plan) {}\n"
    body = "    void g(org.clinic.model.Claim claim) { SINK(%s); }\n}\n"
    files = {"Llm.java": _LLM, "Claim.java": record}
    assert _reached(read, {**files, "Desk.java": _HEAD + body % "claim.iban()"}) == {"claim.iban"}
    assert _reached(read, {**files, "Desk.java": _HEAD + body % "claim.plan()"}) == set()


def test_a_static_import_is_the_method_of_its_class(read: Read) -> None:
    """`import static` names a method that another file defines."""
    prompts = (
        "package org.clinic.llm;\npublic class Prompts {\n"
        '  public static String about(String text) { return "about " + text; }\n}\n'
    )
    head = _HEAD.replace("import java.util.*;", "import static org.clinic.llm.Prompts.about;\nimport java.util.*;")
    text = head + "    void g(Patient patient) { SINK(about(patient.getEmail())); }\n}\n"
    files = {"Llm.java": _LLM, "Prompts.java": prompts, "Patient.java": _PATIENT, "Desk.java": text}
    assert _reached(read, files) == {"patient.email"}


# --- the form -----------------------------------------------------------------------------------------------------


def _form(text: str) -> f.Form:
    return flow_java.form(text.encode())


def test_an_inner_class_is_known_by_its_whole_name() -> None:
    """Other places call it so, too: `new Inner()` in `Outer` makes an `Outer.Inner`."""
    form = _form("class Outer { class Inner {} Object f() { return new Inner(); } }")
    (call,) = [each for each in every(form.body) if isinstance(each, f.Call)]
    assert isinstance(call.callee, f.Attr)
    assert call.callee.name == "Inner"
    assert isinstance(call.callee.of, f.Var)


def test_methods_of_one_name_are_one() -> None:
    """Which one a call runs depends on what it is given, so each of them may."""
    form = _form("class A { void f(String a) { g(a); } void f(String b, int c) { h(b); } }")
    (made,) = form.body
    assert isinstance(made, f.Class)
    (method,) = made.body
    assert isinstance(method, f.Function)
    assert [each.name for each in method.parameters] == ["<0>", "c"]


def test_deep_nesting_is_noted() -> None:
    """What is nested too deeply is left out and said, and no error."""
    form = _form("class A { void f() { x = " + "g(" * 400 + "1" + ")" * 400 + "; } }")
    assert form.unread == [(1, "nested too deeply to follow")]


def test_a_long_sum_is_one_mix() -> None:
    """Thousands of texts that are added up are no deep nesting."""
    form = _form("class A { void f() { x = " + " + ".join(["a"] * 3000) + "; } }")
    assert form.unread == []
    assert max(len(each.parts) for each in every(form.body) if isinstance(each, f.Mix)) == 3000


def test_what_is_not_valid_is_said() -> None:
    """What the grammar could not read is no error, and no secret."""
    text = "class A { void f( { x = ( \n\n @@ } } ((( \n\n )) }} class {"
    assert [detail for _, detail in _form(text).unread] == [NOT_VALID]


_EVERYTHING = _LLM + _HEAD + "void g(Patient p) { switch (p) { case Patient q -> { } default -> f(x -> y); } } }"


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(_EVERYTHING)), st.integers(0, 40))
def test_any_piece_of_a_file_is_read(start: int, size: int) -> None:
    """A file that is cut, or in which something is missing, is no error."""
    flow_java.form(_EVERYTHING[:start].encode())
    flow_java.form((_EVERYTHING[:start] + _EVERYTHING[start + size :]).encode())
