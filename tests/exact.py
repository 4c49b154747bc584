"""Closed solutions to test against, and what tests of several files share."""

import equinox as eqx
import jax
import jax.numpy as jnp

import nacjax as nj
from nacjax.kinetics.ladder import build_ladder, fermi
from nacjax.kinetics.measures import conductivity


def change(metal: nj.Metal, **numbers) -> nj.Metal:
    """The metal with some numbers changed, tracers allowed."""
    for name, value in numbers.items():
        metal = eqx.tree_at(lambda m, name=name: getattr(m, name), metal, value)
    return metal


def two_rung_sigma(metal, zeta, times, mesh):
    """σ(t)/σ_0 at Γ_in = E = 0 for ω_p ≥ W/2: the scalar Riccati equation of each pair, in closed form.

    With c = D_l f_l + D_u f_u conserved, df_l/dt = r D_l (f_l − p)(f_l − q), r = Γ_eph/D_0, p < q.
    """
    ladder = build_ladder(metal, mesh, 2)
    f_low, f_up = fermi(ladder.energy, ladder.chemical_potential, metal.temperature)
    d_low, d_up = ladder.density
    number = metal.bose + zeta
    conserved = d_low * f_low + d_up * f_up
    linear = (number + 1) * d_low + number * d_up + conserved
    root = jnp.sqrt(linear**2 - 4 * d_low * (number + 1) * conserved)
    small = 2 * (number + 1) * conserved / (linear + root)
    large = (linear + root) / (2 * d_low)
    rate = metal.coupling_rate / metal.mean_density

    def sigma(t):
        ratio = (f_low - small) / (f_low - large) * jnp.exp(-rate * root * t)
        low = (small - ratio * large) / (1 - ratio)
        up = jnp.where(d_up > 0, (conserved - d_low * low) / jnp.where(d_up > 0, d_up, 1.0), f_up)
        return conductivity(jnp.stack([low, up]), ladder)

    return jnp.stack([sigma(t) for t in times])


def variables(jaxpr):
    """Every variable of a jaxpr and of the jaxprs inside it."""
    for equation in jaxpr.eqns:
        yield from equation.outvars
        for value in jax.tree.leaves(
            equation.params, is_leaf=lambda x: hasattr(x, "jaxpr") or hasattr(x, "eqns")
        ):
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from variables(inner)
