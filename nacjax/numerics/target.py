"""What kind of device a program is traced for: loops suit the compiler of a CPU, one long expression that of a GPU."""

import jax

compiling_for = jax.make_user_context()
"""`with compiling_for("cuda"):` traces for a GPU also where there is none; else it is JAX's default backend."""


def for_gpu() -> bool:
    """Whether what is traced now will run on an accelerator."""
    return (compiling_for.value or jax.default_backend()) != "cpu"


def apart(x):
    """The end of a kernel on an accelerator: what uses x does not compute it anew."""
    return jax.lax.optimization_barrier(x) if for_gpu() else x
