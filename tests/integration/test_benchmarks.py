"""The peers of the benchmarks solve the equations of nacjax."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

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
def peers():
    """The modules of the benchmarks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import cases
        import peer
        import peers
    return SimpleNamespace(case=lambda name: cases.CASES[name](1).on(MESH), one=peer.Peer, all=peers)


def state(size, free):
    """A random one, on the whole inverted, where a self-tuned field is on."""
    rng = np.random.default_rng(7)
    f = 0.1 + 0.6 * np.linspace(0, 1, size) + 0.2 * rng.random(size)
    return np.append(f, 3.0 * np.ones(int(free)))


@pytest.mark.parametrize("name", ["four", "stiff", "pulse", "self_tuned"])
def test_rates_and_jacobian_of_a_peer_are_those_of_nacjax(peers, name):
    case = peers.case(name)
    other = peers.one(case, 1.0, 1e-3, 1e-3)
    y = state(other.load(0).size - other.free, other.free)
    kinetics = Kinetics.build(*case.build(case.points[0]), MESH, case.rungs)
    exact = np.asarray(kinetics(0.2, jnp.asarray(y)))
    slopes = np.asarray(jax.jacfwd(lambda y: kinetics(0.2, y))(jnp.asarray(y)))
    rates, matrix = np.empty_like(exact), np.empty_like(slopes)
    other.rate()(0.2, y, rates)
    other.full()(y, matrix)
    np.testing.assert_allclose(rates, exact, rtol=0, atol=1e-12 * np.abs(exact).max())
    np.testing.assert_allclose(matrix, slopes, rtol=0, atol=1e-12 * np.abs(slopes).max())
    squared = float(kinetics.field_squared(0.2, kinetics.unpack(jnp.asarray(y))))
    assert (squared > 0) == case.field.acts


@pytest.mark.parametrize("name", ["pulse", "self_tuned"])
def test_peers_end_where_nacjax_does(peers, name):
    pytest.importorskip("sksundae", reason="needs the extra bench")
    case = replace(peers.case(name), t_end=1.0)
    exact = case.sweep(mesh=MESH, rtol=1e-9)
    for kind in peers.all.suited(case):
        if "BDF" not in kind:  # slow
            sigma = peers.all.PEERS[kind](case, case.t_end, 1e-10, 1e-12)()
            np.testing.assert_allclose(sigma, exact, rtol=0, atol=1e-8)
