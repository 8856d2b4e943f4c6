"""What the arguments of a library's call do not say, by the name that its table calls the reader by.

Each module offers its readers in a mapping `READERS`; a name that stands in a table and in no module stops the scan.
"""

from collections.abc import Mapping

from petguard.parsers._python_claims.readers import computation, encryption, federated, queries, sessions, training
from petguard.parsers._python_claims.reading import Reader

READERS: Mapping[str, Reader] = {
    **training.READERS,
    **queries.READERS,
    **sessions.READERS,
    **federated.READERS,
    **encryption.READERS,
    **computation.READERS,
}
