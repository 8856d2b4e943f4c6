"""What counts as personal data where it is read, and which of several names on a way is the source."""

import pytest

from tests.flows.small import HEAD, followed

_READ = {
    "an attribute": ("def f(user):\n    ask(user.email)", {"user.email"}),
    "a key": ("def f(user):\n    ask(user['email'])", {"user.email"}),
    "a get": ("def f(user):\n    ask(user.get('email'))", {"user.email"}),
    "an attribute of an attribute": ("def f(order):\n    ask(order.patient.diagnosis)", {"order.patient.diagnosis"}),
    "an attribute of a call": ("def f():\n    ask(current_user().email)", {"current_user().email"}),
    "a getter": ("def f(user):\n    ask(user.get_email())", {"user.email"}),
    "a function that fetches": ("def f(uid):\n    ask(fetch_diagnosis(uid))", {"diagnosis"}),
    "a parameter": ("def f(email):\n    ask(email)", {"email"}),
    "a parameter of one type": ("def f(email: str):\n    ask(email)", {"email"}),
    "a parameter of an optional type": ("def f(email: 'str | None' = None):\n    ask(email)", {"email"}),
    "a parameter that is passed on": ("def g(text):\n    ask(text)\ndef f(email):\n    g(email)", {"email"}),
    "a parameter whose callers bring it": (
        "def g(email):\n    ask(email)\ndef f(user):\n    g(user.email)",
        {"user.email"},
    ),
    "a variable of an unknown value": ("def f(db):\n    email = db.fetch()\n    ask(email)", {"email"}),
    "a variable of a known one": ("def f(user):\n    email = user.email\n    ask(email)", {"user.email"}),
    "a column": ("def f(df):\n    ask(df['date_of_birth'])", {"df.date_of_birth"}),
    "columns": ("def f(df):\n    ask(df[['email', 'date_of_birth']])", {"df.email", "df.date_of_birth"}),
    "a query": (
        "def f(cur):\n    cur.execute('SELECT email FROM users')\n    ask(cur.fetchall())",
        {"users.email"},
    ),
    "a query's row": (
        "def f(cur):\n    for row in cur.execute('SELECT id, email FROM users'):\n        ask(row[1])",
        {"users.email"},
    ),
    "a query's renamed column": (
        "def f(cur):\n    for row in cur.execute('SELECT email AS contact FROM users'):\n        ask(row['contact'])",
        {"users.email"},
    ),
    "a model of pydantic": (
        "class Patient(BaseModel):\n    diagnosis: str\ndef f(patient: Patient):\n    ask(patient.model_dump())",
        {"patient"},
    ),
    "a model of Django": (
        "class Patient(models.Model):\n    diagnosis = models.TextField()\n"
        "def f(pk):\n    p = Patient.objects.get(pk=pk)\n    ask(p.diagnosis)",
        {"Patient.objects.get.diagnosis"},
    ),
    "a model of SQLAlchemy": (
        "class Patient(Base):\n    diagnosis = Column(String)\n"
        "def f(session):\n    for p in session.query(Patient).all():\n        ask(p.diagnosis)",
        {"session.query().all.diagnosis"},
    ),
    "a mapped model": (
        "class Patient(Base):\n    diagnosis: Mapped[str]\ndef f(session):\n    ask(session.get(Patient, 1).diagnosis)",
        {"session.get.diagnosis"},
    ),
    "a form of Flask": (
        "from flask import request\ndef f():\n    ask(request.form['email'])",
        {"request.form.email"},
    ),
    "JSON of Flask": (
        "from flask import request\ndef f():\n    data = request.get_json()\n    ask(data['email'])",
        {"data.email"},
    ),
    "a form of Django": ("def f(request):\n    ask(request.POST.get('email'))", {"request.POST.email"}),
    "a form of FastAPI": ("def f(email: str = Form()):\n    ask(email)", {"email"}),
    "a body of FastAPI": (
        "class Visit(BaseModel):\n    diagnosis: str\ndef f(visit: Visit):\n    ask(visit.diagnosis)",
        {"visit.diagnosis"},
    ),
    "a DictReader": (
        "import csv\ndef f(h):\n    for row in csv.DictReader(h):\n        ask(row['email'])",
        {"row.email"},
    ),
    "a row of a table": ("def f(df):\n    for _, row in df.iterrows():\n        ask(row['email'])", {"row.email"}),
    "self": (
        "class Patient:\n    def __init__(self, diagnosis):\n        self.diagnosis = diagnosis\n"
        "    def go(self):\n        ask(self.diagnosis)",
        {"diagnosis"},
    ),
    "a walrus": ("def f(user):\n    if (e := user.email):\n        ask(e)", {"user.email"}),
}

_HARMLESS = {
    "a constant": "def f():\n    email = 'desk@clinic.example'\n    ask(email)",
    "a setting": "import os\ndef f():\n    ask(os.environ['ADMIN_EMAIL'])",
    "another setting": "def f(settings):\n    ask(settings.email)",
    "a constant's name": "def f():\n    ask(EMAIL)",
    "an object of a class": "def f():\n    email = EmailMessage()\n    ask(email)",
    "a function": "def email():\n    pass\ndef f():\n    ask(email)",
    "a module": "import email\ndef f():\n    ask(email)",
    "the name of a file": "def f(path):\n    ask(path.name)",
    "a truth": "def f(has_email: bool):\n    ask(has_email)",
    "a parameter that is a truth": "def f(email: bool):\n    ask(email)",
    "a parameter that is called": "def f(email: 'Callable'):\n    ask(email)",
    "a text that speaks of it": "def f():\n    ask('user.email')",
    "an attribute that is replaced": "def f(user):\n    user.email = ''\n    ask(user.email)",
}


@pytest.mark.parametrize("name", _READ)
def test_personal_data_is_named_where_it_is_read(name: str) -> None:
    """The source is the first place on the way that bears a personal name."""
    code, sources = _READ[name]
    assert followed(code).sources == sources


@pytest.mark.parametrize("name", _HARMLESS)
def test_what_only_bears_such_a_name_is_no_source(name: str) -> None:
    """Constants, settings, functions and truths are nobody's data."""
    assert followed(_HARMLESS[name]).sources == set()


def test_the_model_of_another_file_is_known() -> None:
    """The fields of a class count wherever it is imported."""
    files = {
        "models.py": "from pydantic import BaseModel\nclass Patient(BaseModel):\n    diagnosis: str\n",
        "app.py": f"{HEAD}from models import Patient\ndef f(p: Patient):\n    ask(p.diagnosis)\n",
    }
    assert followed(files).sources == {"p.diagnosis"}


def test_a_module_s_own_name_is_no_person_s() -> None:
    """`templates.email` is what a file of the tree calls so."""
    files = {
        "templates.py": "email = 'Dear {name}'\n",
        "app.py": f"{HEAD}import templates\ndef f():\n    ask(templates.email)\n",
    }
    assert followed(files).sources == set()
