"""Programs of known numbers: the same as under a transformation, and kept between runs only where that is safe."""

import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nacjax.numerics.program import program

SESSION = """
import sys
from collections import Counter
import jax
traced = Counter()
jax.monitoring.register_event_duration_secs_listener(lambda event, _, **about: traced.update([about.get("fun_name")]))
import nacjax as nj
nj.keep_compiled(sys.argv[1])
factor = float(sys.argv[2])

def scaled(run):
    return factor * run.sigma

def sigma(zeta):
    return nj.evolve(nj.trial(), nj.Clamped(zeta), [1.0], cells=16).sigma[0]

axes = {"zeta": [1.0, 5.0]}
own = nj.sweep(nj.trial(), nj.Clamped(1.0), axes=axes, plateau=True, cells=16, observe=scaled, progress=False)
swept = nj.sweep(nj.trial(), nj.Clamped(1.0), axes=axes, plateau=True, cells=16, progress=False)
print(float(sigma(5.0)), float(jax.grad(sigma)(5.0)), float(swept["sigma"][1]), float(own["scaled"][1]))
nj.events(nj.evolve(nj.trial(), nj.Clamped(5.0), [0.5, 1.0], cells=16))
print(traced["_step"], traced["batch"], traced["_events"])
"""


def session(folder, factor: float) -> tuple[list[float], list[int]]:
    hidden = ("JAX_COMPILATION_CACHE_DIR", "EQX_ON_ERROR")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    said = subprocess.run(
        [sys.executable, "-c", SESSION, str(folder), str(factor)],
        env=kept,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [float(x) for x in said[0].split()], [int(x) for x in said[1].split()]


@pytest.mark.integration
def test_a_second_start_traces_nothing_but_what_the_user_wrote(tmp_path):
    values, traced = session(tmp_path / "kept", 1.0)
    assert traced[0] > 0 and traced[1] > 0 and traced[2] > 0
    again, traced = session(tmp_path / "kept", 2.0)
    assert again[:3] == values[:3]
    assert again[3] == 2 * values[3]  # a function of the user's may have changed, and is traced
    assert traced[0] == 0 and traced[2] == 0  # nor what takes the result of a kept program
    for path in next((tmp_path / "kept").iterdir()).glob("nacjax-*"):
        path.write_bytes(path.read_bytes()[:1000])
    torn, traced = session(tmp_path / "kept", 1.0)
    assert torn == values and traced[0] > 0
    assert session(tmp_path / "kept", 1.0)[0] == values


class Pair(eqx.Module):
    sum: jax.Array
    label: str = eqx.field(static=True)
    half: float


@program
def pair(x, y, factor, label):
    return Pair(factor * (x["a"] + y), label, 0.5)


def test_it_is_the_function_under_any_transformation():
    x, y = {"a": jnp.arange(3.0)}, np.ones(3)
    known = pair(x, y, 2, "two")
    assert isinstance(known, Pair) and known.label == "two" and known.half == 0.5
    assert known.sum.tolist() == [2.0, 4.0, 6.0]
    assert pair(x, y, 3, "three").sum.tolist() == [3.0, 6.0, 9.0]
    assert jax.jit(lambda x: pair(x, y, 2, "two").sum)(x).tolist() == known.sum.tolist()
    assert jax.vmap(lambda y: pair(x, y, 2, "two").sum)(y[None])[0].tolist() == known.sum.tolist()
    assert jax.grad(lambda y: pair(x, y, 2, "two").sum.sum())(y).tolist() == [2.0, 2.0, 2.0]
    with jax.disable_jit():
        assert pair(x, y, 2, "two").sum.tolist() == known.sum.tolist()
    assert jax.jit(lambda: pair(x, y, 2, "two").sum)().tolist() == known.sum.tolist()


def test_a_mistake_inside_says_what_it_is():
    with pytest.raises(TypeError, match="incompatible shapes"):
        pair({"a": jnp.ones(2)}, jnp.ones(3), 2, "two")
