"""The peers of the benchmarks solve the equations of nacjax."""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.equations import Kinetics

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MESH = nj.Mesh(16, on_edges=True)

pytest.importorskip("numba", reason="needs the extra bench")


@pytest.fixture(scope="module")
def peer():
    """(name of a case) -> its peer with a sparse Jacobian, at one point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import cases
        import peers

    def make(name):
        case = cases.CASES[name](1).on(MESH)
        return case, peers.Peer(case, 1.0, 1e-3, 1e-3)

    return make


def state(size, free):
    """A random one, on the whole inverted, where a self-tuned field is on."""
    rng = np.random.default_rng(7)
    f = 0.1 + 0.6 * np.linspace(0, 1, size) + 0.2 * rng.random(size)
    return np.append(f, 3.0 * np.ones(int(free)))


@pytest.mark.parametrize("name", ["four", "stiff", "pulse", "self_tuned"])
def test_rates_and_jacobian_of_a_peer_are_those_of_nacjax(peer, name):
    case, other = peer(name)
    kinetics = Kinetics.build(*case.build(case.points[0]), MESH, case.rungs)
    size = other.load(0).size - other.free
    y = state(size, other.free)
    rates = np.empty_like(y)
    other.rate()(0.2, y, rates)
    exact = np.asarray(kinetics(0.2, jnp.asarray(y)))
    np.testing.assert_allclose(rates, exact, rtol=0, atol=1e-12 * np.abs(exact).max())
    matrix = np.empty((y.size, y.size))
    other.full()(y, matrix)
    slopes = np.asarray(jax.jacfwd(lambda y: kinetics(0.2, y))(jnp.asarray(y)))
    np.testing.assert_allclose(matrix, slopes, rtol=0, atol=1e-12 * np.abs(slopes).max())
    squared = float(kinetics.field_squared(0.2, kinetics.unpack(jnp.asarray(y))))
    assert (squared > 0) == case.field.acts


@pytest.mark.parametrize("name", ["pulse", "self_tuned"])
def test_a_peer_ends_where_nacjax_does(peer, name):
    pytest.importorskip("sksundae", reason="needs the extra bench")
    import peers

    case, _ = peer(name)
    case = replace(case, t_end=1.0)
    for kind in peers.suited(case):
        if kind.startswith("CVODE"):
            (sigma,) = peers.PEERS[kind](case, case.t_end, 1e-10, 1e-12)()
            exact = case.sweep(mesh=MESH, rtol=1e-9)
            np.testing.assert_allclose(sigma, exact, rtol=0, atol=1e-8)
