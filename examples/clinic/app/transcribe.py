"""Turns the recordings of the night line into text; a trial by the Bergstrasse site."""

from pathlib import Path

from groq import Groq

# An invented key: it has the form of a real one and opens nothing.
GROQ_API_KEY = "gsk_q7VtL2mXw9RzK4bNc8YpD3hJs6FgT1vE5uAoQiMxWyZr"

groq = Groq(api_key=GROQ_API_KEY)


def transcribe(recording: Path) -> str:
    with recording.open("rb") as audio:
        return groq.audio.transcriptions.create(file=audio, model="whisper-large-v3").text
