"""petguard: an AI-governance and PET policy scanner that checks the numbers behind claimed protections."""

__version__ = "0.1.0"
