"""One name for each kind of personal data that redactors know, whatever their makers call it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

# The name used here, and what LiteLLM, Presidio, NeMo Guardrails and Amazon Bedrock call the same.
_CALLED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "email": ("EMAIL", "EMAIL_ADDRESS", "E_MAIL", "EMAILS"),
        "phone": ("PHONE", "PHONE_NUMBER", "TELEPHONE", "TELEPHONE_NUMBER", "PHONES"),
        "ssn": ("SSN", "US_SSN", "US_SOCIAL_SECURITY_NUMBER", "SOCIAL_SECURITY_NUMBER"),
        "card": ("CARD", "CREDIT_CARD", "CREDIT_CARD_NUMBER", "CREDIT_DEBIT_CARD_NUMBER", "CREDIT_DEBIT_NUMBER"),
        "iban": ("IBAN", "IBAN_CODE", "INTERNATIONAL_BANK_ACCOUNT_NUMBER"),
        "ipv4": ("IPV4", "IP", "IP_ADDRESS"),
        "date_of_birth": ("DATE_OF_BIRTH", "DOB", "BIRTHDATE", "BIRTH_DATE", "DATE_TIME", "DATE"),
        "name": ("NAME", "PERSON", "PER", "PERSON_NAME", "FULL_NAME", "NAMES"),
        "address": ("ADDRESS", "LOCATION", "STREET_ADDRESS", "POSTAL_ADDRESS"),
    }
)
_KNOWN = {other: name for name, others in _CALLED.items() for other in others}


def entity(name: str) -> str:
    """The common name; of what has none, its own in small letters."""
    plain = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    return _KNOWN.get(plain, plain.lower())
