"""The version of nacjax, and the versions of jaxlib that compute wrong numbers.

jaxlib 0.9.1, 0.9.2 and 0.10.0–0.10.2 compile a matrix–vector product under `vmap`, followed by a sum, wrongly on CPUs
(jax issue 39103): rows past the first 128 KiB are wrong, in single precision with each of them, in double
precision with 0.10.2. `tests/numerics/test_sentinel.py` computes that program and nacjax's own.
"""

import re

__version__ = "0.1.0"
MENDED = "pip install -U 'jax>=0.8,!=0.9.1,!=0.9.2,!=0.10.*'"
"""What gives a jaxlib without the fault."""


def fault_of(jaxlib: str) -> str | None:
    """What is wrong with this version of jaxlib and how it is mended, in a sentence; None where nothing is known."""
    if not re.match(r"0\.(9\.[12]|10\.\d+)(\D|$)", jaxlib):
        return None
    return (
        f"jaxlib {jaxlib} computes wrong numbers on CPUs (jax issue 39103: sums of small matrix-vector products "
        f"under vmap); `{MENDED}` mends it"
    )
