"""Attestation evidence: telling its formats apart, one module for each of them, and what is expected of them."""
