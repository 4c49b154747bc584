"""The sentinel: jaxlib computes what it is told, in programs known to have been miscompiled and in nacjax's own."""

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.jacobian import jacobian
from nacjax.numerics.bordered import factorised
from nacjax.numerics.versions import MENDED, fault_of


def said() -> str:
    return f"jaxlib {jaxlib.__version__} miscompiles this program: its numbers cannot be trusted; `{MENDED}` mends it"


@pytest.mark.parametrize("kind, rows", [(np.float64, 32770), (np.float32, 40001)])
def test_small_products_under_vmap(kind, rows):
    """jax issue 39103: rows past 128 KiB of a matrix–vector product that is summed, inner sizes 3 and 5."""
    random = np.random.default_rng(0)
    for inner, outer in ((3, 3), (3, 2), (5, 5)):
        x = random.standard_normal((rows, inner)).astype(kind)
        m = random.standard_normal((outer, inner)).astype(kind)
        found = np.asarray(jax.jit(lambda x, m=m: jax.vmap(lambda row: jnp.sum(m @ row))(x))(x))
        right = (x.astype(float) @ m.astype(float).T).sum(1)
        assert np.allclose(found, right, rtol=1e-3, atol=1e-3 * abs(right).max()), said()


def own_programs(metal):
    """A right-hand side, a structured solve and a plateau, as functions of the phonon energy."""

    def kinetics(energy):
        at = nj.Metal(metal.dos, 0.5, 0.003, energy, inelastic_rate=1e-3)
        return Kinetics.build(
            at, nj.ExponentialPulse(5.0, 0.3), nj.ConstantField(0.1), nj.Mesh(cells=8), rungs=2
        )

    def change(energy):
        system = kinetics(energy)
        return system(0.1, system.initial_state())

    def solved(energy):
        system = kinetics(energy)
        y = system.initial_state()
        return factorised(jacobian(system, 0.1, y).shifted(0.1))(system(0.1, y))

    def plateau(energy):
        return nj.plateau(nj.Metal(metal.dos, 0.5, 0.003, energy), 20.0, cells=8).occupation

    return {"change": change, "solved": solved, "plateau": plateau}


@pytest.mark.parametrize("kind, tolerance", [(jnp.float64, 1e-10), (jnp.float32, 2e-3)])
@pytest.mark.parametrize("name", ["change", "solved", "plateau"])
def test_own_programs_compiled_and_not(metal, name, kind, tolerance):
    with jax.enable_x64(kind == jnp.float64):
        program, energy = own_programs(metal)[name], jnp.asarray(0.53, kind)
        with jax.disable_jit():
            right = np.asarray(program(energy))
        found = np.asarray(jax.jit(program)(energy))
    assert np.allclose(found, right, rtol=tolerance, atol=tolerance * abs(right).max()), said()


@pytest.mark.parametrize("version", ["0.9.1", "0.9.2", "0.10.0", "0.10.2", "0.10.2.dev1"])
def test_a_known_fault_is_told_with_its_cure(version):
    assert f"jaxlib {version} computes wrong numbers" in fault_of(version) and MENDED in fault_of(version)


@pytest.mark.parametrize("version", ["0.8.0", "0.8.3", "0.9.0", "0.11.0", "0.12.0.1", "0.10", "1.0.0"])
def test_other_versions_are_not_blamed(version):
    assert fault_of(version) is None


def test_the_installed_version_is_none_of_them():
    assert fault_of(jaxlib.__version__) is None, fault_of(jaxlib.__version__)
