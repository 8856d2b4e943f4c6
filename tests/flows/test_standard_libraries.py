"""What calls of the standard libraries of JavaScript, Java, Kotlin and Go do with the data that they get."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from petguard.scan import Request, scan

_JAVASCRIPT = """\
import OpenAI from "openai";
const ai = new OpenAI();
interface User {{ id: string; email: string; phone: string; plan: string }}
export async function run(user: User, users: User[]) {{
  {code}
  return ai.responses.create({{ model: "m", input: out }});
}}
"""
_JAVA = """\
import java.util.*;
import java.util.stream.*;
import com.openai.client.OpenAIClient;
public class {name} {{
  record User(String id, String email, String phone, String plan) {{}}
  private OpenAIClient client;
  Object run(User user, List<User> users) throws Exception {{
    {code}
    return client.responses().create(out);
  }}
}}
"""
_KOTLIN = """\
import com.openai.client.OpenAIClient
class {name}(private val client: OpenAIClient) {{
  data class User(val id: String, val email: String, val phone: String, val plan: String)
  fun run(user: User, users: List<User>): Any {{
    {code}
    return client.responses().create(out)
  }}
}}
"""
_GO = """\
package main
import (
  "bytes"
  "encoding/json"
  "fmt"
  "io"
  "sort"
  "slices"
  "strings"
  "text/template"
  openai "github.com/sashabaranov/go-openai"
)
type User struct {{ ID string; Email string; Phone string; Plan string }}
func run(user User, users []User, client *openai.Client) {{
  {code}
  client.CreateChatCompletion(nil, out)
}}
"""
_BOTH = "email phone_number"
CASES: Mapping[str, Mapping[str, str]] = {  # the code that makes `out`, and what of a user is in it
    "javascript": {
        "const out = users.slice(0, 5).map(u => u.email).join(',');": "email",
        "const out = users.filter(u => u.email).map(u => u.plan).join(',');": "",
        "const out = users.toSorted().reverse().at(0).email;": "email",
        "const out = users.find(u => u.email === 'x').phone;": "phone_number",
        "const out = users.some(u => u.email) ? 'yes' : 'no';": "",
        "const out = users.findIndex(u => u.email === 'x') + '';": "",
        "const out = user.email.match(/@(.*)/)[1];": "email",
        "const out = user.email.split('@')[0].trim().padStart(3).slice(0, 2);": "email",
        "const p = new URLSearchParams(); p.set('q', user.email); const out = p.toString();": "email",
        "const p = new FormData(); p.append('q', user.email); const out = p;": "email",
        "const out = JSON.stringify({ ...user });": _BOTH,
        "const out = Object.keys(user).join();": "",
        "const m = new Map(); m.set('a', 'b').set('c', user.email); const out = m;": "email",
        "const s = new Set([user.email]); const out = s.has('x') ? 'y' : 'n';": "",
        "const out = Buffer.from(user.email).toString('base64');": "email",
        "const out = await Promise.all(users.map(async u => u.email));": "email",
        "const l = []; users.forEach(u => l.push(u.email)); const out = l.join();": "email",
        "const out = user.email.length + user.email.indexOf('@') + user.email.charCodeAt(0);": "",
        "const out = await Promise.resolve(user.email).then(e => e.toLowerCase());": "email",
        "const b = []; b.splice(0, 0, user.email); const out = b.join();": "email",
        "const out = users.findLast(u => u.plan).email;": "email",
        "const out = Boolean(user.email) + user.email.localeCompare('x');": "",
    },
    "java": {
        'var out = String.format("%s", user.email());': "email",
        'StringBuilder b = new StringBuilder(); b.append("x").append(user.email()).append("y"); var out = b;': "email",
        'var out = users.stream().map(User::email).collect(Collectors.joining(","));': "email",
        "var out = users.stream().filter(u -> u.email() != null).map(User::plan).toList();": "",
        "var out = users.stream().sorted(Comparator.comparing(User::email)).map(User::plan).toList();": "",
        "var out = users.stream().map(u -> u.plan()).toList();": "",
        "var out = users.stream().flatMap(u -> Stream.of(u.email(), u.plan())).toList();": "email",
        "var out = users.stream().findFirst().get().phone();": "phone_number",
        "var out = users.stream().limit(3).skip(1).map(User::phone).toList();": "phone_number",
        'var out = Optional.ofNullable(user).map(User::email).orElse("none");': "email",
        'var out = users.stream().anyMatch(u -> u.email().equals("x")) ? "a" : "b";': "",
        'Map<String, String> m = new HashMap<>(); m.put("a", user.email()); var out = m.get("a");': "email",
        'var out = "" + user.email().contains("x") + user.email().isEmpty() + user.email().length();': "",
        'var out = user.email().equalsIgnoreCase("x") + "" + user.email().compareTo("x");': "",
        'var out = Objects.equals(user.email(), "x") + "" + Objects.hash(user.email());': "",
        "var out = Base64.getEncoder().encodeToString(user.email().getBytes());": "email",
        'StringJoiner j = new StringJoiner(","); j.add("a").add(user.email()); var out = j.toString();': "email",
        "Deque<String> d = new ArrayDeque<>(); d.push(user.email()); var out = d.pop();": "email",
        'var out = users.isEmpty() ? "" : users.size() + "";': "",
    },
    "kotlin": {
        'val out = "Hi ${user.email}"': "email",
        "val out = users.joinToString { it.plan }": "",
        "val out = users.joinToString { it.email }": "email",
        "val out = users.filter { it.email.isNotEmpty() }.map { it.plan }": "",
        "val out = users.sortedBy { it.email }.distinctBy { it.phone }.map { it.plan }": "",
        'val out = users.firstOrNull { it.email == "x" }?.phone': "phone_number",
        'val out = users.any { it.email == "x" }.toString()': "",
        'val out = buildString { append("x"); append(user.email) }': "email",
        'val b = StringBuilder(); b.append("a").append(user.email); val out = b.toString()': "email",
        "val out = user.let { it.email }": "email",
        "val out = user.run { email }": "email",
        "val out = user.also { println(it.plan) }.takeIf { it.plan != null }?.email": "email",
        'val m = mapOf("a" to user.email); val out = m["a"]': "email",
        "val l = mutableListOf<String>(); users.forEach { l.add(it.email) }; val out = l.joinToString()": "email",
        "val (id, email) = user; val out = id": "",
        "val out = users.take(3).drop(1).reversed().onEach { println(it.plan) }.map { it.phone }": "phone_number",
        "val out = runCatching { user.email }.getOrNull()": "email",
        'val out = if (user.plan == "x") user.email else "none"': "email",
    },
    "go": {
        'out := fmt.Sprintf("%s", user.Email)': "email",
        'var b strings.Builder; fmt.Fprintf(&b, "%s", user.Email); out := b.String()': "email",
        "var b bytes.Buffer; io.WriteString(&b, user.Email); out := b.String()": "email",
        "b := &bytes.Buffer{}; json.NewEncoder(b).Encode(user); out := b.String()": _BOTH,
        'var b bytes.Buffer; t := template.New("x"); t.Execute(&b, user); out := b.String()': _BOTH,
        "data, _ := json.Marshal(user); out := string(data)": _BOTH,
        'out := fmt.Sprint(strings.Contains(user.Email, "x"), strings.EqualFold(user.Email, "x"))': "",
        "var l []string; for _, u := range users { l = append(l, u.Plan) }; out := strings.Join(l, `,`)": "",
        "slices.SortFunc(users, func(a, b User) int { return 0 }); out := users[0].Phone": "phone_number",
        "sort.Slice(users, func(i, j int) bool { return users[i].Email < users[j].Email }); out := users[0].Plan": "",
        "r := strings.NewReader(user.Email); data, _ := io.ReadAll(r); out := string(data)": "email",
        "c := make(chan string, 1); c <- user.Email; out := <-c": "email",
        'before, _, _ := strings.Cut(user.Email, "@"); out := before': "email",
    },
}
_FRAMES = {"javascript": (".ts", _JAVASCRIPT), "java": (".java", _JAVA), "kotlin": (".kt", _KOTLIN), "go": (".go", _GO)}


@pytest.mark.parametrize("language", CASES)
def test_the_standard_library_carries_what_it_carries(language: str, tmp_path: Path) -> None:
    """Only the fields that something was made of go on; a length, an answer and an order are nobody's data."""
    suffix, frame = _FRAMES[language]
    for number, code in enumerate(CASES[language]):
        (tmp_path / f"S{number}{suffix}").write_text(frame.format(name=f"S{number}", code=code), "utf-8")
    found: dict[int, set[str]] = {number: set() for number in range(len(CASES[language]))}
    for flow in scan(Request(paths=(tmp_path,), jobs=1)).flows:
        kinds = {each.rpartition(".")[2] for each in flow.categories}
        found[int(Path(flow.sink.path).stem[1:])] |= kinds
    wanted = {code: set(kinds.split()) for code, kinds in CASES[language].items()}
    assert {code: found[number] for number, code in enumerate(CASES[language])} == wanted
