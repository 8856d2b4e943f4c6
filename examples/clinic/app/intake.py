"""What happens at check-in: urgency, referral letter, reminder."""

from dataclasses import dataclass

from fastapi import FastAPI

from app.llm import complete
from app.redact import redact

api = FastAPI()


@dataclass
class Patient:
    full_name: str
    date_of_birth: str
    phone_number: str
    symptoms: str


@api.post("/urgency")
def urgency(patient: Patient) -> dict[str, str]:
    return {"urgency": complete(f"Urgency from 1 to 5, one digit only: {patient.symptoms}")}


@api.post("/referral")
def referral(patient: Patient) -> dict[str, str]:
    letter = redact(f"{patient.full_name}, born {patient.date_of_birth}")
    return {"letter": complete(f"Draft the opening of a referral letter for {letter}")}


@api.post("/reminder")
def reminder(patient: Patient, weekday: str) -> dict[str, str]:
    return {"text": complete(f"A friendly reminder for {weekday}, in two sentences.")}
