"""How personal data moves through Kotlin: each case says what reaches the model."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.flows import form as f
from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, SinkKind
from petguard.parsers import Parser
from petguard.parsers._code import flow_kotlin
from petguard.parsers._code.tree import NOT_VALID
from petguard.parsers.code import PARSER
from tests.flows.forms import every

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_LLM = """package org.clinic.llm

import com.aallam.openai.api.chat.ChatCompletionRequest
import com.aallam.openai.api.chat.ChatMessage
import com.aallam.openai.api.model.ModelId
import com.aallam.openai.client.OpenAI

class Llm(private val key: String) {
    private val openai by lazy { OpenAI(token = key) }

    suspend fun ask(prompt: String, model: String = "gpt-4o"): String? {
        val request = ChatCompletionRequest(model = ModelId(model), messages = listOf(ChatMessage.User(prompt)))
        return openai.chatCompletion(request).choices.first().message.content
    }
}
"""
_PATIENT = """package org.clinic.model

data class Patient(
    val id: Long,
    val email: String,
    val notes: String,
    val ward: String,
)
"""
_HEAD = """package org.clinic.web

import org.clinic.llm.Llm
import org.clinic.model.Patient

class Desk(private val llm: Llm) {
    var kept: String? = null
    suspend fun SINK(text: Any?) {
        llm.ask(text.toString())
    }
"""


def _reached(read: Read, files: Mapping[str, str]) -> set[str]:
    facts, _ = read(PARSER, {"Llm.kt": _LLM, "Patient.kt": _PATIENT, **files})
    flows = SystemGraph([facts]).flows()
    return {path.source.name for path in flows if path.target.sink is SinkKind.AI_SERVICE}


def _sent(read: Read, body: str, more: str = "", below: str = "") -> set[str]:
    head = "    suspend fun f(patient: Patient, rows: List<Patient>, id: String?) {"
    return _reached(read, {"Desk.kt": f"{_HEAD}{more}\n{head}\n{body}\n    }}\n}}\n{below}"})


_BODIES = {
    "a property": ("SINK(patient.notes)", {"patient.notes"}),
    "a property that may be missing": ('SINK(patient?.notes ?: "none")', {"patient.notes"}),
    "what cannot be missing": ("SINK(patient!!.notes)", {"patient.notes"}),
    "a template": ('SINK("about ${patient.notes}")', {"patient.notes"}),
    "a plain template": ('val x = patient.notes\nSINK("about $x now")', {"patient.notes"}),
    "a long text": ('SINK("""about ${patient.notes}""".trimIndent())', {"patient.notes"}),
    "a sum": ('SINK("about " + patient.notes)', {"patient.notes"}),
    "an addition": ('var p = "a"\np += patient.notes\nSINK(p)', {"patient.notes"}),
    "a list": ("SINK(listOf(patient.notes))", {"patient.notes"}),
    "a list that is filled": ("val xs = mutableListOf<String>()\nxs.add(patient.notes)\nSINK(xs)", {"patient.notes"}),
    "a map": ('val m = mapOf("a" to patient.notes)\nSINK(m["a"])', {"patient.notes"}),
    "a map that is filled": ('val m = mutableMapOf("x" to "y")\nm["a"] = patient.notes\nSINK(m)', {"patient.notes"}),
    "a text that is built": ("SINK(buildString { append(patient.notes) })", {"patient.notes"}),
    "a loop": ("for (each in rows) {\nSINK(each.notes)\n}", {"each.notes"}),
    "map": ("SINK(rows.map { it.notes }.joinToString())", {"rows.notes"}),
    "forEach": ("rows.forEach { each -> SINK(each.notes) }", {"rows.notes"}),
    "a reference": ("SINK(rows.map(Patient::notes))", {"rows.notes"}),
    "let": ("patient.let { SINK(it.notes) }", {"patient.notes"}),
    "also": ("patient.also { p -> SINK(p.notes) }", {"patient.notes"}),
    "with": ("with(patient) { SINK(notes) }", {"patient.notes"}),
    "run": ("patient.run { SINK(notes) }", {"patient.notes"}),
    "if": ('SINK(if (id == null) "" else patient.notes)', {"patient.notes"}),
    "when": ('SINK(when (id) {\n"a" -> patient.notes\nelse -> "x"\n})', {"patient.notes"}),
    "when with blocks": (
        'var p = ""\nwhen (id) {\n"a" -> {\np = patient.notes\n}\nelse -> p = "x"\n}\nSINK(p)',
        {"patient.notes"},
    ),
    "try": ('SINK(try {\npatient.notes\n} catch (e: Exception) {\n""\n})', {"patient.notes"}),
    "taking apart": ("val (a, b) = Pair(patient.notes, 1)\nSINK(a)", {"patient.notes"}),
    "a lambda": ("val g = { t: String -> SINK(t) }\ng(patient.notes)", {"patient.notes"}),
    "an object without a name": (
        "val o = object : Runner {\noverride fun run(t: String) {\nSINK(t)\n}\n}\no.run(patient.notes)",
        {"patient.notes"},
    ),
    "a field": ("kept = patient.notes\nsend()", {"patient.notes"}),
    "an extension": ("SINK(patient.render())", {"patient.notes"}),
    "a function of the file": ("SINK(about(patient.notes))", {"patient.notes"}),
    "arguments by name": ("SINK(joined(b = patient.notes))", {"patient.notes"}),
    "a companion": ("SINK(Prompts.about(patient.notes))", {"patient.notes"}),
    "a copy": ("val p = Patient(1, id, patient.notes, id)\nSINK(p.notes)", {"patient.notes"}),
    "another field of it": ('val p = Patient(1, "x", patient.notes, "y")\nSINK(p.ward)', set()),
    "a value that is not sent": ('val x = patient.notes\nSINK("hello")', set()),
    "a value that is replaced": ('var x = patient.notes\nx = "hello"\nSINK(x)', set()),
    "a length": ("SINK(patient.notes.length)", set()),
    "a comparison": ('SINK(patient.notes == "x")', set()),
    "another field": ("SINK(patient.ward)", set()),
    "the other argument by name": ("SINK(leading(b = patient.notes))", set()),
}
_MORE = "    suspend fun send() {\n        SINK(kept)\n    }\n"
_BELOW = """
fun Patient.render(): String = "notes: $notes"
fun about(text: String) = "about " + text
fun joined(a: String = "", b: String = "") = a + b
fun leading(a: String = "", b: String = "") = a
class Prompts {
    companion object {
        fun about(text: String) = "about $text"
    }
}
"""


@pytest.mark.parametrize(("body", "sources"), _BODIES.values(), ids=_BODIES.keys())
def test_values_are_followed_through(read: Read, body: str, sources: set[str]) -> None:
    """What the language offers to hand a value on does so, and what takes it away does not."""
    found = _sent(read, body, _MORE, _BELOW)
    # The value that is read may be named twice: where it is read, and by the object that holds it.
    assert sources <= found
    assert bool(found) == bool(sources)


def test_an_extension_is_imported_by_its_name(read: Read) -> None:
    """`import org.clinic.text.render` makes `patient.render()` a call of that function."""
    extension = "package org.clinic.text\nimport org.clinic.model.Patient\nfun Patient.render() = this.email\n"
    head = _HEAD.replace("import org.clinic.llm.Llm", "import org.clinic.llm.Llm\nimport org.clinic.text.render")
    text = head + "    suspend fun g(patient: Patient) {\n        SINK(patient.render())\n    }\n}\n"
    assert _reached(read, {"Text.kt": extension, "Desk.kt": text}) == {"patient.email"}


def test_a_body_is_of_the_type_that_it_is_received_as(read: Read) -> None:
    """`call.receive<Patient>()` gives a patient."""
    text = (
        "package org.clinic.web\nimport org.clinic.llm.Llm\nimport org.clinic.model.Patient\n"
        'fun Route.desk(llm: Llm) {\n    post("/ask") {\n        val given = call.receive<Patient>()\n'
        "        llm.ask(given.toString())\n    }\n}\n"
    )
    assert _reached(read, {"Desk.kt": text}) == {"given"}


def test_java_and_kotlin_call_each_other(read: Read) -> None:
    """A class of Java calls a method of a class of Kotlin, with what it reads from another one."""
    text = (
        "package org.clinic.web;\nimport org.clinic.llm.Llm;\nimport org.clinic.model.Patient;\n"
        "class Desk { Llm llm; void g(Patient patient) { llm.ask(patient.getEmail()); } }\n"
    )
    assert _reached(read, {"Desk.java": text}) == {"patient.email"}


# --- the form -----------------------------------------------------------------------------------------------------


def _form(text: str) -> f.Form:
    return flow_kotlin.form(text.encode())


def test_what_a_lambda_sets_up_is_given_to_its_call() -> None:
    """`post(url) { setBody(text) }` sends the text."""
    form = _form("fun f() {\n    client.post(url) {\n        setBody(text)\n    }\n}\n")
    posts = [each for each in every(form.body) if isinstance(each, f.Call) and len(each.arguments) == 3]
    assert [argument.name for argument in posts[0].arguments] == ["", "", "setBody"]


def test_a_property_with_a_getter_reads_as_a_field() -> None:
    """`val full get() = ...` is computed where it is read."""
    (made,) = _form("class A(val name: String) {\n    val full: String\n        get() = name\n}\n").body
    assert isinstance(made, f.Class)
    assert [each.name for each in made.fields] == ["name"]
    (getter,) = made.body
    assert isinstance(getter, f.Function)
    assert [each.name for each in getter.decorators if isinstance(each, f.Var)] == ["get"]


def test_a_call_with_a_type_is_no_comparison() -> None:
    """The grammar takes `ask<Answer>(prompt)` for two comparisons."""
    form = _form("fun f(prompt: String) {\n    val a = ask<Answer>(prompt)\n}\n")
    assert any(isinstance(each, f.Call) for each in every(form.body))


def test_deep_nesting_is_noted() -> None:
    """What is nested too deeply is left out and said, and no error."""
    form = _form("fun f() {\n    val x = " + "g(" * 400 + "1" + ")" * 400 + "\n}\n")
    assert form.unread == [(2, "nested too deeply to follow")]


def test_what_is_not_valid_is_said() -> None:
    """What the grammar could not read is no error, and no secret."""
    assert [detail for _, detail in _form("fun f( { x = \n\n } } }}} class {").unread] == [NOT_VALID]


_EVERYTHING = _LLM + _HEAD + _MORE + "}\n" + _BELOW + "enum class E(val h: String) {\n    A(1),\n    B(2)\n}\n"


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(_EVERYTHING)), st.integers(0, 40))
def test_any_piece_of_a_file_is_read(start: int, size: int) -> None:
    """A file that is cut, or in which something is missing, is no error."""
    flow_kotlin.form(_EVERYTHING[:start].encode())
    flow_kotlin.form((_EVERYTHING[:start] + _EVERYTHING[start + size :]).encode())


def test_a_helper_that_is_not_valid_is_a_gap(read: Read) -> None:
    """A file that only hands data on is not passed over when it cannot be read."""
    _, gaps = read(PARSER, {"Llm.kt": _LLM, "Broken.kt": "package org.clinic\nfun f( { x = \n\n } } }}} class {\n"})
    assert [(gap.path, gap.reason) for gap in gaps] == [("Broken.kt", "parse_error")]
