"""Personal data: which identifier means which category, read from `rules/taxonomy/`.

Categories are dotted keys in the manner of fideslang (`user.contact.email`); a parent covers its children.
"""


def classify(*identifiers: str) -> tuple[str, ...]:
    """The categories that an identifier, read in the context of the others (object, table), stands for.

    The last identifier is the one classified: `classify("patient", "notes")`. Tokens are compared whole
    (`dateOfBirth`, `date_of_birth`), so `timezone` and `template` are nothing. Empty when it is not personal data.
    """
    raise NotImplementedError


def is_known(category: str) -> bool:
    """Whether the taxonomy has this key."""
    raise NotImplementedError


def covers(parent: str, child: str) -> bool:
    """Whether `child` is `parent` or lies below it."""
    return child == parent or child.startswith(parent + ".")
