"""Code of every language but Python: each grammar is brought into one small form, and one detector reads that form."""
