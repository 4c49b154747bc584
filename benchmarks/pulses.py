"""A batch of 256 pulses in one vmap: what the field costs, by its law, in units of the batch without a field.

Default runs of the pulses of Fig. 3 with ζ_0 from 5 to 20; σ and E are saved at 32 times. The error is that of σ at
these times against a finer mesh of another shape at a tolerance of 1e-6.
"""

import numpy as np
from common import Row, arguments, compiled, judge, take_turns, write


def row(law, field, strengths, times, **how):
    """A timed batch of runs of one field law, by default or otherwise."""
    import jax

    import nacjax as nj

    metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0)

    def solve(zeta0):
        pulse = nj.ExponentialPulse(zeta0, 0.3)
        run = nj.evolve(metal, pulse, times, field=field, budget=False, **how)
        return run.sigma, run.field, run.stats["num_steps"]

    call, seconds = compiled(jax.vmap(solve), strengths)
    return Row(law, call, len(strengths), {"batch": len(strengths)}, compile_s=seconds)


def compare(options):
    """Measure and write pulses.json."""
    import jax.numpy as jnp

    import nacjax as nj

    strengths = jnp.linspace(5.0, 20.0, 8 if options.quick else 256)
    times = np.linspace(0.0, 20.0, 33)[1:]
    laws = {
        "no field": nj.NoField(),
        "constant field": nj.ConstantField(3.0),
        "self-tuned field": nj.SelfTunedField(),
        "Maxwell law, τ_M = 0.1": nj.MaxwellField(0.1),
        "Maxwell law, τ_M = 0.01": nj.MaxwellField(0.01),
    }
    other = judge(320)
    rows = []
    for law, field in laws.items():
        ours = row(law, field, strengths, times)
        sigma, _, steps = ours.time()
        some = slice(None, None, max(1, len(strengths) // 8))
        exact = row(law, field, strengths[some], times, mesh=other, rtol=1e-6).call()[0]
        ours.error = float(np.max(np.abs(sigma[some] - exact)))
        ours.more = {"steps_mean": float(np.mean(steps)), "steps_most": int(np.max(steps))}
        rows.append(ours)
    take_turns(rows, options.runs)
    records = [r.record() for r in rows]
    for record in records:
        record["times_no_field"] = record["core_ms_per_point"] / records[0]["core_ms_per_point"]
        print(
            f"{record['name']:26s} {record['core_ms_per_point']:7.3f} core ms a pulse, "
            f"× {record['times_no_field']:.2f}, {record['steps_mean']:.0f} steps (at most {record['steps_most']}), "
            f"error of σ {record['sigma_error']:.1e}",
            flush=True,
        )
    write(options, "pulses", {"laws": records})


if __name__ == "__main__":
    compare(arguments(__doc__))
