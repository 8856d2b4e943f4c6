"""How personal data moves through JavaScript and TypeScript: each case says what reaches the model."""

from collections.abc import Callable, Mapping

import pytest

from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, SinkKind
from petguard.parsers import Parser
from petguard.parsers.code import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]
Files = str | dict[str, str]

_HEAD = """import OpenAI from "openai";
const client = new OpenAI();
const SINK = (text) => client.chat.completions.create({ model: "gpt-4o", messages: [{ role: "user", content: text }] });
"""
_LLM = """import OpenAI from "openai";
const client = new OpenAI();
export async function ask(prompt: string) {
  return client.responses.create({ model: "gpt-4.1", input: prompt });
}
"""

# Within one function: what the body of `f(patient, user, rows, req)` sends, and the sources that must be seen.
_BODIES = {
    "an attribute": ("const x = patient.notes; SINK(x);", {"patient.notes"}),
    "an optional attribute": ("SINK(patient?.notes);", {"patient.notes"}),
    "a key": ("SINK(user['email']);", {"user.email"}),
    "an attribute that cannot be missing": ("SINK(patient!.notes as string);", {"patient.notes"}),
    "a template": ("SINK(`about ${patient.notes}: summarise`);", {"patient.notes"}),
    "a sum": ("SINK('about ' + patient.notes + '.');", {"patient.notes"}),
    "an addition": ("let p = 'a'; p += patient.notes; SINK(p);", {"patient.notes"}),
    "a join": ("SINK(['a', patient.notes].join('; '));", {"patient.notes"}),
    "concat": ("SINK('a'.concat(patient.notes));", {"patient.notes"}),
    "push": ("const parts = []; parts.push(patient.notes); SINK(parts);", {"patient.notes"}),
    "a spread list": ("SINK([...[patient.notes], 'x']);", {"patient.notes"}),
    "a spread object": ("SINK({ ...{ a: patient.notes } });", {"patient.notes"}),
    "a shorthand": ("const notes = patient.notes; SINK(JSON.stringify({ notes }));", {"patient.notes"}),
    "a computed key": ("const d = {}; d[user.id] = patient.notes; SINK(d);", {"patient.notes"}),
    "Object.assign": ("const d = {}; Object.assign(d, { a: patient.notes }); SINK(d);", {"patient.notes"}),
    "Object.values": ("SINK(Object.values({ a: patient.notes }));", {"patient.notes"}),
    "Object.entries": (
        "for (const [k, v] of Object.entries({ a: patient.notes })) SINK(v);",
        {"patient.notes"},
    ),
    "a choice": ("SINK(user.id ? patient.notes : '');", {"patient.notes"}),
    "a default": ("SINK(patient.notes ?? '');", {"patient.notes"}),
    "what stands after a condition": ("SINK(user.id && patient.notes);", {"patient.notes"}),
    "a sequence": ("SINK((user.id, patient.notes));", {"patient.notes"}),
    "a loop": ("for (const each of rows) SINK(each.email);", {"each.email"}),
    "a counting loop": ("for (let i = 0; i < 3; i++) { SINK(rows[i].email); }", {"rows[].email"}),
    "map": ("SINK(rows.map((each) => each.email).join());", {"each.email"}),
    "map with a function that takes apart": ("SINK(rows.map(({ email }) => email));", {"email"}),
    "forEach": ("rows.forEach((each) => SINK(each.email));", {"each.email"}),
    "reduce": ("SINK(rows.reduce((all, each) => all + each.email, ''));", {"each.email"}),
    "then": ("Promise.resolve(patient.notes).then((it) => SINK(it));", {"patient.notes"}),
    "await": ("const x = await Promise.all([patient.notes]); SINK(x[0]);", {"patient.notes"}),
    "a promise": ("const x = await new Promise((ok) => ok(patient.notes)); SINK(x);", {"patient.notes"}),
    "a promise that is kept later": (
        "const x = await new Promise((ok, no) => { rows.on('end', () => ok(patient.notes)); }); SINK(x);",
        {"patient.notes"},
    ),
    "a promise that is kept early": (
        "const x = await new Promise((ok, no) => { if (user.id) { return ok(patient.notes); } no('x'); }); SINK(x);",
        {"patient.notes"},
    ),
    "a promise that is not kept": ("const x = await new Promise((ok, no) => no(patient.notes)); SINK(x);", set()),
    "taking apart": ("const { notes, id } = patient; SINK(notes);", {"patient.notes"}),
    "taking apart under another name": ("const { notes: n = '' } = patient; SINK(n);", {"patient.notes"}),
    "taking apart a list": ("const [, b] = ['x', patient.notes]; SINK(b);", {"patient.notes"}),
    "an assignment that takes apart": ("let notes; ({ notes } = patient); SINK(notes);", {"patient.notes"}),
    "a part of a form": ("SINK(req.formData().get('email'));", {"req.formData().email"}),
    "a body": ("SINK(req.body.email);", {"req.body.email"}),
    "a body that is taken apart": ("const { email } = req.body; SINK(email);", {"req.body.email"}),
    "a switch": (
        "let p; switch (user.id) { case 1: { p = patient.notes; break; } default: p = ''; } SINK(p);",
        {"patient.notes"},
    ),
    "a try": ("let p = ''; try { p = patient.notes; } catch (e) { p = 'x'; } finally { SINK(p); }", {"patient.notes"}),
    "an inner function": ("function g() { SINK(patient.notes); } g();", {"patient.notes"}),
    "an inner function below": ("g(patient.notes); function g(t) { SINK(t); }", {"patient.notes"}),
    "an arrow": ("const g = (t) => SINK(t); g(patient.notes);", {"patient.notes"}),
    "call": ("const g = (t) => SINK(t); g.call(null, patient.notes);", {"patient.notes"}),
    "apply": ("const g = (t) => SINK(t); g.apply(null, [patient.notes]);", {"patient.notes"}),
    "bind": ("const g = SINK.bind(null); g(patient.notes);", {"patient.notes"}),
    "a value that is not sent": ("const x = patient.notes; SINK('hello');", set()),
    "a value that is replaced": ("let x = patient.notes; x = 'hello'; SINK(x);", set()),
    "a key that is deleted": ("const d = { email: user.email, a: 1 }; delete d.email; SINK(d);", set()),
    "the rest without a key": ("const { email, ...rest } = { email: user.email, a: 1 }; SINK(rest);", set()),
    "a length": ("SINK(patient.notes.length);", set()),
    "a comparison": ("SINK(patient.notes === 'x');", set()),
    "a negation": ("SINK(!patient.notes);", set()),
    "names of fields": ("SINK(Object.keys(patient.address));", set()),
    "an error": ("try { f(patient.notes); } catch (e) { SINK(e.message); }", set()),
    "what an error is caught with": ("send(patient.notes).catch((e) => SINK(e));", set()),
    "a mention": ("// patient.notes\nSINK('patient.notes');", set()),
    "a member of an enumeration": ("SINK(Field.Email);", set()),
    "another element": ("const [a] = ['x', patient.notes]; SINK(a);", set()),
}

# Across functions, files and classes: whole projects, and what must reach the service in the end.
_PROJECTS: dict[str, tuple[Files, set[str]]] = {
    "a wrapper in another file": (
        {
            "src/llm.ts": _LLM,
            "src/a.ts": 'import { ask } from "./llm";\nexport const f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a wrapper with its ending": (
        {
            "llm.ts": _LLM,
            "a.ts": 'import { ask } from "./llm.js";\nexport const f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a wrapper under an alias of paths": (
        {
            "src/lib/llm.ts": _LLM,
            "src/a.ts": 'import { ask } from "@/lib/llm";\nexport const f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a re-export under another name": (
        {
            "src/llm.ts": _LLM,
            "src/index.ts": 'export { ask as complete } from "./llm";\n',
            "src/a.ts": 'import { complete } from ".";\nexport const f = (patient) => complete(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a re-export of everything": (
        {
            "src/ai/llm.ts": _LLM,
            "src/ai/index.ts": 'export * from "./llm";\n',
            "src/a.ts": 'import { ask } from "./ai";\nexport const f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a re-export as a namespace": (
        {
            "src/llm.ts": _LLM,
            "src/index.ts": 'export * as ai from "./llm";\n',
            "src/a.ts": 'import { ai } from "./index";\nexport const f = (patient) => ai.ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a namespace import": (
        {
            "llm.ts": _LLM,
            "a.ts": 'import * as llm from "./llm";\nexport const f = (patient) => llm.ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a default export": (
        {
            "llm.ts": _LLM + "export default ask;\n",
            "a.ts": 'import q from "./llm";\nexport const f = (patient) => q(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a default export without a name": (
        {
            "llm.ts": _LLM + "export default async (text: string) => ask(text);\n",
            "a.ts": 'import q from "./llm";\nexport const f = (patient) => q(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "module.exports of names": (
        {
            "llm.js": 'const { OpenAI } = require("openai");\nconst c = new OpenAI();\n'
            "const ask = (p) => c.responses.create({ input: p });\nmodule.exports = { ask };\n",
            "a.js": 'const { ask } = require("./llm");\nexports.f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "module.exports of a function": (
        {
            "llm.js": 'const OpenAI = require("openai");\nconst c = new OpenAI();\n'
            "module.exports = (p) => c.responses.create({ input: p });\n",
            "a.js": 'const ask = require("./llm");\nexports.f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "an export by name": (
        {
            "llm.js": 'const OpenAI = require("openai");\nconst c = new OpenAI();\n'
            "exports.ask = async function (p) { return c.responses.create({ input: p }); };\n",
            "a.js": 'const llm = require("./llm");\nexports.f = (patient) => llm.ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a module that is loaded when it is needed": (
        {
            "llm.ts": _LLM,
            "a.ts": 'export async function f(patient) {\n  const { ask } = await import("./llm");\n'
            "  ask(patient.notes);\n}\n",
        },
        {"patient.notes"},
    ),
    "a package of the workspace": (
        {
            "packages/llm/package.json": '{"name": "@acme/llm"}',
            "packages/llm/src/index.ts": _LLM,
            "apps/web/a.ts": 'import { ask } from "@acme/llm";\nexport const f = (patient) => ask(patient.notes);\n',
        },
        {"patient.notes"},
    ),
    "a client of another file": (
        {
            "client.ts": 'import OpenAI from "openai";\nexport const client = new OpenAI();\n',
            "a.ts": 'import { client } from "./client";\nexport const f = (patient) =>\n'
            "  client.responses.create({ input: patient.notes });\n",
        },
        {"patient.notes"},
    ),
    "a factory of clients": (
        {
            "client.ts": 'import OpenAI from "openai";\nexport function makeClient() { return new OpenAI(); }\n',
            "a.ts": 'import { makeClient } from "./client";\nexport async function f(patient) {\n'
            "  const c = makeClient();\n  await c.responses.create({ input: patient.notes });\n}\n",
        },
        {"patient.notes"},
    ),
    "a client that is made once": (
        {
            "client.ts": 'import OpenAI from "openai";\nlet one: OpenAI | null = null;\n'
            "export function get(): OpenAI { if (!one) { one = new OpenAI(); } return one; }\n",
            "a.ts": 'import { get } from "./client";\nexport const f = (patient) =>\n'
            "  get().responses.create({ input: patient.notes });\n",
        },
        {"patient.notes"},
    ),
    "a method and a field": (
        'import OpenAI from "openai";\nexport class A {\n  private client = new OpenAI();\n'
        "  go(t: string) { return this.client.responses.create({ input: t }); }\n"
        "  f(patient) { return this.go(patient.notes); }\n}\n",
        {"patient.notes"},
    ),
    "a method that is an arrow": (
        'import OpenAI from "openai";\nexport class A {\n  client = new OpenAI();\n'
        "  go = async (t) => this.client.responses.create({ input: t });\n"
        "  f(patient) { return this.go(patient.notes); }\n}\n",
        {"patient.notes"},
    ),
    "a client that the constructor makes": (
        'import OpenAI from "openai";\nexport class A {\n  #client;\n  constructor() { this.#client = new OpenAI(); }\n'
        "  f(patient) { return this.#client.responses.create({ input: patient.notes }); }\n}\n",
        {"patient.notes"},
    ),
    "a service that is injected": (
        {
            "llm.service.ts": 'import OpenAI from "openai";\nexport class LlmService {\n  private c = new OpenAI();\n'
            "  ask(p: string) { return this.c.responses.create({ input: p }); }\n}\n",
            "a.ts": 'import { LlmService } from "./llm.service";\nexport class A {\n'
            "  constructor(private readonly llm: LlmService) {}\n"
            "  f(patient) { return this.llm.ask(patient.notes); }\n}\n",
        },
        {"patient.notes"},
    ),
    "an interface": (
        {
            "llm.ts": "export interface Llm { ask(p: string): Promise<string>; }\n",
            "open.ts": 'import OpenAI from "openai";\nimport { Llm } from "./llm";\n'
            "export class Open implements Llm {\n"
            "  private c = new OpenAI();\n  ask(p: string) { return this.c.responses.create({ input: p }); }\n}\n",
            "a.ts": 'import { Llm } from "./llm";\nexport class A {\n  constructor(private llm: Llm) {}\n'
            "  f(patient) { return this.llm.ask(patient.notes); }\n}\n",
        },
        {"patient.notes"},
    ),
    "a getter beside a setter": (
        _LLM + "class P {\n  constructor(private patient) {}\n  get text() { return this.patient.notes; }\n"
        "  set text(t) { this.patient = t; }\n}\n"
        "export const f = (patient) => ask(new P(patient).text);\n",
        {"self.patient.notes"},
    ),
    "a static method": (
        'import OpenAI from "openai";\nclass A {\n  static c = new OpenAI();\n'
        "  static go(t) { return A.c.responses.create({ input: t }); }\n}\n"
        "export const f = (patient) => A.go(patient.notes);\n",
        {"patient.notes"},
    ),
    "an inherited method": (
        'import OpenAI from "openai";\nclass Base {\n  c = new OpenAI();\n'
        "  go(t) { return this.c.responses.create({ input: t }); }\n}\n"
        "export class A extends Base { f(patient) { return super.go(patient.notes); } }\n",
        {"patient.notes"},
    ),
    "an object with methods": (
        'import OpenAI from "openai";\nexport const llm = {\n  client: new OpenAI(),\n'
        "  ask(p) { return this.client.responses.create({ input: p }); },\n"
        "  f(patient) { return this.ask(patient.notes); },\n};\n",
        {"patient.notes"},
    ),
    "parameters that are taken apart": (
        _LLM + "const send = ({ text, model = 'm' }) => ask(text);\n"
        "export const f = (patient) => send({ text: patient.notes });\n",
        {"patient.notes"},
    ),
    "another part of what is passed": (
        _LLM + "const send = ({ text, model }) => ask(model);\n"
        "export const f = (patient) => send({ text: patient.notes, model: 'x' });\n",
        set(),
    ),
    "a rest parameter": (
        _LLM
        + "const send = (...all) => ask(all.join(' '));\nexport const f = (patient) => send('a', patient.notes);\n",
        {"patient.notes"},
    ),
    "messages that are pushed": (
        'import OpenAI from "openai";\nconst c = new OpenAI();\nexport async function f(patient) {\n'
        '  const messages = [{ role: "system", content: "x" }];\n'
        '  messages.push({ role: "user", content: patient.notes });\n'
        '  await c.chat.completions.create({ model: "gpt-4o", messages });\n}\n',
        {"patient.notes"},
    ),
    "a handler": (
        _LLM
        + 'const app = express();\napp.post("/x", async (req, res) => { res.json(await ask(req.body.email)); });\n',
        {"req.body.email"},
    ),
    "an object of a declared type": (
        _LLM + "interface Patient { id: string; diagnosis: string; }\n"
        "export const f = (p: Patient) => ask(JSON.stringify(p));\n",
        {"p"},
    ),
    "an object of a type that is put together": (
        _LLM + "type Base = { email: string };\ntype Patient = Base & { id: string };\n"
        "export const f = (p: Patient) => ask(JSON.stringify(p));\n",
        {"p"},
    ),
    "an object that is said to be of a type": (
        _LLM + "interface Patient { id: string; diagnosis: string; }\n"
        "export async function f(r) {\n  const p = (await r.json()) as Patient;\n  await ask(JSON.stringify(p));\n}\n",
        {"p"},
    ),
    "a value that a schema has checked": (
        _LLM + 'import { z } from "zod";\nconst Patient = z.object({ email: z.string() });\n'
        "export const f = async (r) => ask(JSON.stringify(Patient.parse(await r.json())));\n",
        {"Patient.parse"},
    ),
    "what a schema says": (
        _LLM + 'import { z } from "zod";\nconst email = z.string().email();\n'
        "export const f = () => { ask(email); ask(z.email()); };\n",
        set(),
    ),
    "a document of Mongoose": (
        _LLM + 'import mongoose, { Schema } from "mongoose";\nconst schema = new Schema({ diagnosis: String });\n'
        'const Patient = mongoose.model("Patient", schema);\n'
        "export const f = async (id) => ask(JSON.stringify(await Patient.findById(id)));\n",
        {"Patient.findById"},
    ),
    "an entity of a repository": (
        _LLM + "class Patient { @Column() diagnosis: string; }\nexport class A {\n"
        "  constructor(@InjectRepository(Patient) private patients: Repository<Patient>) {}\n"
        "  async f(id) { return ask(JSON.stringify(await this.patients.findOne({ where: { id } }))); }\n}\n",
        {"Patient.findOne"},
    ),
    "a model of Prisma": (
        {
            "prisma/schema.prisma": "model Patient {\n  id Int @id\n  diagnosis String?\n}\n",
            "a.ts": _LLM + 'import { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient();\n'
            "export const f = async (id) =>\n"
            "  ask(JSON.stringify(await prisma.patient.findUnique({ where: { id } })));\n",
        },
        {"prisma.patient.findUnique"},
    ),
    "rows of another table that come with it": (
        {
            "prisma/schema.prisma": "model Visit {\n  id Int @id\n  patient Patient\n}\n"
            "model Patient {\n  id Int @id\n  diagnosis String?\n}\n",
            "a.ts": _LLM + "export const f = async () =>\n"
            "  ask(JSON.stringify(await prisma.visit.findMany({ include: { patient: true } })));\n",
        },
        {"prisma.visit.findMany.patient"},
    ),
    "rows of another table that nobody asked for": (
        {
            "prisma/schema.prisma": "model Visit {\n  id Int @id\n  patient Patient\n}\n"
            "model Patient {\n  id Int @id\n  diagnosis String?\n}\n",
            "a.ts": _LLM + "export const f = async () => ask(JSON.stringify(await prisma.visit.findMany()));\n",
        },
        set(),
    ),
    "columns that are named": (
        {
            "prisma/schema.prisma": "model Patient {\n  id Int @id\n  diagnosis String?\n}\n",
            "a.ts": _LLM + "export const f = async () =>\n"
            "  ask(JSON.stringify(await prisma.patient.findMany({ select: { id: true } })));\n",
        },
        set(),
    ),
    "a query that is written out": (
        {
            "a.ts": _LLM + "export const f = async (id) =>\n"  # noqa: S608 - text of a test
            "  ask(JSON.stringify(await prisma.$queryRaw<Row[]>`SELECT email FROM users WHERE id = ${id}`));\n"
        },
        {"users.email"},
    ),
    "a model of Prisma as a type": (
        {
            "prisma/schema.prisma": "model Patient {\n  id Int @id\n  diagnosis String?\n}\n",
            "a.ts": _LLM + 'import type { Patient } from "@prisma/client";\n'
            "export const f = (p: Patient) => ask(JSON.stringify(p));\n",
        },
        {"p"},
    ),
    "JSX": (
        {
            "a.tsx": _LLM + "export function Row({ user }) {\n"
            "  return <button className='x' onClick={() => ask(user.email)}>Ask</button>;\n}\n"
        },
        {"user.email"},
    ),
    "a property of a component": (
        {
            "a.tsx": _LLM + "function Row({ text }) { ask(text); return <b>{text}</b>; }\n"
            "export const Page = ({ user }) => <Row text={user.email} />;\n"
        },
        {"user.email"},
    ),
    "Vercel's AI": (
        'import { generateText } from "ai";\nimport { openai } from "@ai-sdk/openai";\n'
        'export const f = (patient) => generateText({ model: openai("gpt-4o"), prompt: patient.notes });\n',
        {"patient.notes"},
    ),
    "Anthropic": (
        'import Anthropic from "@anthropic-ai/sdk";\nconst a = new Anthropic();\nexport const f = (patient) =>\n'
        '  a.messages.create({ model: "claude", messages: [{ role: "user", content: patient.notes }] });\n',
        {"patient.notes"},
    ),
    "a request that is written by hand": (
        "export const f = (patient) =>\n"
        '  fetch("https://api.openai.com/v1/chat/completions", {\n'
        '    method: "POST",\n    body: JSON.stringify({ model: "gpt-4o", messages: [{ content: patient.notes }] }),\n'
        "  });\n",
        {"patient.notes"},
    ),
    "a request with axios": (
        'import axios from "axios";\nexport const f = (patient) =>\n'
        '  axios.post("https://api.anthropic.com/v1/messages", { model: "c", messages: [patient.notes] });\n',
        {"patient.notes"},
    ),
    "Vue": (
        {
            "a.vue": "<template><b>{{ x }}</b></template>\n<script setup lang='ts'>\n"
            + _LLM.replace("export ", "")
            + "const f = (patient) => ask(patient.notes);\n</script>\n"
        },
        {"patient.notes"},
    ),
    "methods of a Vue component": (
        {
            "a.vue": "<script>\n" + _LLM.replace(": string", "").replace("export ", "") + "export default {\n"
            "  methods: {\n    send(text) { return ask(text); },\n"
            "    f(patient) { return this.send(patient.notes); },\n  },\n};\n</script>\n"
        },
        {"patient.notes"},
    ),
    "Svelte": (
        {
            "a.svelte": "<script>\n"
            + _LLM.replace(": string", "")
            + "let f = (patient) => ask(patient.notes);\n</script>\n"
        },
        {"patient.notes"},
    ),
    "Astro": (
        {"a.astro": "---\n" + _LLM + "const f = (patient) => ask(patient.notes);\n---\n<b>x</b>\n"},
        {"patient.notes"},
    ),
    "a function of the same name": (
        {
            "llm.ts": _LLM,
            "b.ts": "export const ask = (p) => p;\n",
            "a.ts": 'import { ask } from "./b";\nexport const f = (patient) => ask(patient.notes);\n',
        },
        set(),
    ),
    "an answer that is not asked about": (
        _LLM + "export async function f(patient) {\n  const a = await ask('hello');\n  return a + patient.notes;\n}\n",
        set(),
    ),
    "the id of an object that is taken out of another": (
        _LLM
        + "type Account = { id: string; email: string };\n"
        + "export async function f({ account }: { account: Account }) {\n  return ask(account.id);\n}\n",
        set(),
    ),
    "the address of an object that is taken out of another": (
        _LLM
        + "type Account = { id: string; email: string };\n"
        + "export async function f({ account }: { account: Account }) {\n  return ask(account.email);\n}\n",
        {"account.email", "{account}.account.email"},
    ),
    "a field whose type is one of another type's fields": (
        _LLM
        + "type Account = { id: string; email: string };\ntype Asked = { id: Account['id'] };\n"
        + "export async function f({ asked }: { asked: Asked }) {\n  return ask(asked.id);\n}\n",
        set(),
    ),
}


def _case(body: str) -> str:
    return (
        f"{_HEAD}enum Field {{ Email = 'email' }}\nexport async function f(patient, user, rows, req) {{\n{body}\n}}\n"
    )


def _reaching(read: Read, files: Files) -> set[str]:
    """The names of the sources whose data reaches an AI service."""
    given = {"src/a.ts": files} if isinstance(files, str) else files
    facts, gaps = read(PARSER, given)
    assert gaps == []
    return {path.source.name for path in SystemGraph([facts]).flows() if path.target.sink is SinkKind.AI_SERVICE}


@pytest.mark.parametrize("name", _BODIES)
def test_data_moves_within_a_function(read: Read, name: str) -> None:
    """What a function reads reaches the model by the ways of the language, and by no other."""
    body, expected = _BODIES[name]
    assert _reaching(read, _case(body)) == expected


@pytest.mark.parametrize("name", _PROJECTS)
def test_data_moves_through_a_project(read: Read, name: str) -> None:
    """Functions, classes and files hand data on to the model."""
    files, expected = _PROJECTS[name]
    assert _reaching(read, files) == expected


def _protections(read: Read, text: str) -> list[list[str | None]]:
    """What protects each flow of a file into an AI service."""
    facts, _ = read(PARSER, {"a.ts": _LLM + text})
    paths = [path for path in SystemGraph([facts]).flows() if path.target.sink is SinkKind.AI_SERVICE]
    return [[each.technique for each in path.protections] for path in paths]


def test_a_redaction_is_a_protection(read: Read) -> None:
    """What a function takes out by a regular expression is protected on its way."""
    text = (
        'const redactEmails = (t: string) => t.replace(/[\\w.]+@[\\w.]+/g, "[email]");\n'
        "export const f = (user) => ask(redactEmails(`about ${user.email}`));\n"
    )
    assert _protections(read, text) == [["redaction"]]


def test_a_redaction_that_gives_back_its_input_is_none(read: Read) -> None:
    """A name protects nothing."""
    text = "const redactPii = (t: string) => t;\nexport const f = (user) => ask(redactPii(user.email));\n"
    assert _protections(read, text) == [[]]


def test_consent_is_noted(read: Read) -> None:
    """A flow that only takes place with consent says so."""
    text = "export const f = (user) => { if (user.hasConsent) { return ask(user.email); } return null; };\n"
    assert _protections(read, text) == [["consent"]]


def _services(read: Read, files: dict[str, str]) -> set[str]:
    facts, _ = read(PARSER, files)
    paths = SystemGraph([facts]).flows()
    return {path.target.id for path in paths if path.target.sink is SinkKind.AI_SERVICE}


def test_who_answers_is_whoever_the_client_was_made_for(read: Read) -> None:
    """A client with another address asks whoever is there, also from another file."""
    files = {
        "c.ts": 'import OpenAI from "openai";\n'
        'export const c = new OpenAI({ baseURL: "https://api.groq.com/openai/v1" });\n',
        "a.ts": 'import { c } from "./c";\nexport const f = (user) => c.responses.create({ input: user.email });\n',
    }
    assert _services(read, files) == {"ai_service:groq"}


def test_a_local_model_is_no_provider(read: Read) -> None:
    """What is asked at localhost stays on the machine."""
    files = {
        "a.ts": 'import OpenAI from "openai";\nconst c = new OpenAI({ baseURL: "http://localhost:11434/v1" });\n'
        "export const f = (user) => c.responses.create({ input: user.email });\n",
    }
    assert _services(read, files) == {"ai_service:ollama"}


def test_what_nobody_can_resolve_is_a_gap(read: Read) -> None:
    """A function that callers choose may send data anywhere."""
    _, gaps = read(PARSER, {"a.ts": _LLM + "export const f = (user, go) => go(user.email);\n"})
    assert [(gap.path, gap.line, gap.reason) for gap in gaps] == [("a.ts", 6, "unresolved")]


def test_places_in_a_page_are_those_of_the_file(read: Read) -> None:
    """What stands in a script is found at its line in the whole file."""
    script = 'import OpenAI from "openai";\nconst c = new OpenAI();\nc.responses.create({ input: user.email });\n'
    facts, _ = read(PARSER, {"a.svelte": f"<h1>x</h1>\n\n<script>\n{script}</script>\n"})
    (path,) = SystemGraph([facts]).flows()
    assert [(hop.location.line, hop.location.column) for hop in path.hops] == [(6, 29), (6, 1), (6, 1)]
