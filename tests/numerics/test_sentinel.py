"""The sentinel: jaxlib computes what it is told, in programs known to have been miscompiled and in nacjax's own."""

import equinox as eqx
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
from nacjax.solvers.plateau import plateau_occupation


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


@pytest.fixture(scope="module", params=["float64", "float32"])
def small(request, metal):
    """Precision, the equations of a small ladder with pump and field, and their state at t = 0."""

    def build():
        at = nj.Metal(metal.dos, 0.5, 0.003, 0.53, inelastic_rate=1e-3)
        pump, field = nj.ExponentialPulse(5.0, 0.3), nj.ConstantField(0.1)
        system = Kinetics.build(at, pump, field, nj.Mesh(cells=6), rungs=2)
        return system, system.initial_state()

    with jax.enable_x64(request.param == "float64"):
        return request.param, *eqx.filter_jit(build)()


def change(system, y):
    """A right-hand side."""
    return system(0.1, y)


def solved(system, y):
    """A structured solve."""
    return factorised(jacobian(system, 0.1, y).shifted(0.1))(y)


def plateau(system, _):
    """The occupation of a plateau."""
    return plateau_occupation(system.metal, 20.0, system.ladder)


@pytest.mark.parametrize("program", [change, solved, plateau])
def test_own_programs_compiled_and_not(small, program):
    kind, system, y = small
    tolerance = {"float64": 1e-10, "float32": 1e-3}[kind]
    with jax.enable_x64(kind == "float64"):
        with jax.disable_jit():
            right = np.asarray(program(system, y))
        found = np.asarray(eqx.filter_jit(program)(system, y))
    assert found.dtype == right.dtype == kind
    assert np.allclose(found, right, rtol=tolerance, atol=tolerance * abs(right).max()), said()


@pytest.mark.parametrize("version", ["0.9.1", "0.9.2", "0.10.0", "0.10.2", "0.10.2.dev1"])
def test_a_known_fault_is_told_with_its_cure(version):
    assert f"jaxlib {version} computes wrong numbers" in fault_of(version) and MENDED in fault_of(version)


@pytest.mark.parametrize("version", ["0.8.0", "0.8.3", "0.9.0", "0.11.0", "0.12.0.1", "0.10", "1.0.0"])
def test_other_versions_are_not_blamed(version):
    assert fault_of(version) is None


def test_the_installed_version_is_none_of_them():
    assert fault_of(jaxlib.__version__) is None, fault_of(jaxlib.__version__)
