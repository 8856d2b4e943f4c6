"""Writes letters to patients."""

from openai import OpenAI

client = OpenAI()


def greeting(patient):
    return client.responses.create(model="gpt-4o", input=f"Greet {patient.full_name}")


def explanation(patient):
    return client.responses.create(model="gpt-4o", input=f"Explain gently: {patient.diagnosis}")


def reminder(connection):
    row = connection.execute("SELECT email FROM dim_patients").fetchone()
    return client.responses.create(model="gpt-4o", input=f"Remind {row['email']}")
