"""The only way to a language model: one client, one gateway."""

import os

from openai import OpenAI

client = OpenAI(base_url=os.environ["GATEWAY_URL"], api_key=os.environ["GATEWAY_KEY"])

MODEL = "intake-assistant"


def complete(prompt: str) -> str:
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "You help the front desk of a clinic."},
            {"role": "user", "content": prompt},
        ],
    )
    return answer.choices[0].message.content or ""
