"""`nacjax figures`: the paper's figures, and some beyond it, computed from nothing."""

import dataclasses
import time
from pathlib import Path
from typing import Any, Literal

from ..numerics.ticker import Ticker, clear, note
from .interrupt import keeps
from .settings import set_up, whole


@dataclasses.dataclass
class Figures:
    """Figs. 1, 2 and 3 of PRB 101, 041105 and figures beyond them: PNG, PDF and NetCDF, and a table of claims.

    Everything is computed on the spot. Each panel gets a PNG, a PDF and the NetCDF file behind it;
    claims.md compares what the paper says with what came out. `nacjax figures --list` names the panels.
    """

    only: tuple[str, ...] = ()
    """Panels to compute, such as fig2a, or fig2 for all of Fig. 2; everything by default."""
    out: Path = Path("figures")
    """Folder for the files; made if it is not there."""
    quick: bool = False
    """Coarser: 64 cells and 61 points on a curve instead of 160 and 181."""
    list: bool = False
    """Only name the panels."""
    force: bool = False
    """Overwrite existing files."""
    device: Literal["cpu", "gpu", "tpu"] | None = None
    """Where to compute; by default the best there is."""
    cache: bool = True
    """Keep compiled programs in the user's cache folder for the next start; --no-cache compiles afresh."""

    def run(self) -> None:
        """Compute, draw, write the table."""
        set_up(True, self.device, self.cache)
        from ..figures import DESCRIPTIONS, claims, compute, select, summary

        if self.list:
            for name, text in DESCRIPTIONS.items():
                print(f"{name:16} {text}")
            return
        wanted = select(self.only)
        self.prepare(wanted)
        keeps(lambda: self.kept(wanted))
        start = time.perf_counter()

        def say(text: str) -> None:
            clear()
            print(f"{time.perf_counter() - start:6.1f} s  {text}", flush=True)

        panels: dict[str, Any] = {}
        with Ticker("nacjax figures", lines=True):
            for name, panel in compute(wanted, self.quick, say):
                panels[name] = panel
                say(f"{name}: wrote {', '.join(str(path) for path in save(name, panel, self.out))}")
                note("", len(panels), len(wanted))
        table = summary(claims(panels))
        (self.out / "claims.md").write_text(table, encoding="utf-8")
        print(f"\n{table}\nwrote {self.out / 'claims.md'} after {time.perf_counter() - start:.0f} s")

    def kept(self, wanted: Any) -> str:
        """What is written, and how to get the rest."""
        rest = [name for name in wanted if not (self.out / f"{name}.nc").exists()]
        begun = f"{len(wanted) - len(rest)} of {len(wanted)} figures are kept in {self.out}"
        return (
            f"{begun}; go on with --only {' '.join(rest)}" if rest else f"{begun}; the table of claims is not"
        )

    def prepare(self, wanted: Any) -> None:
        """Make the folder; raises `FileExistsError` where a figure is there already, unless `force`."""
        if self.out.exists() and not self.out.is_dir():
            raise FileExistsError(f"{self.out} is a file; give another --out")
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"out = {str(self.out)!r} is not allowed: {error.strerror}; give a folder that can be made"
            ) from None
        there = [self.out / f"{name}.nc" for name in wanted if (self.out / f"{name}.nc").exists()]
        if there and not self.force:
            raise FileExistsError(f"{there[0]} exists; give another --out, or --force to overwrite it")


def save(name: str, panel: Any, folder: Path) -> "list[Path]":
    """Write the NetCDF file, PNG and PDF of a panel (and the GIF of a film); returns their paths."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from ..figures import draw
    from ..figures.film import animate

    paths = [folder / f"{name}{suffix}" for suffix in (".nc", ".png", ".pdf")]
    with whole(paths[0]) as unfinished:
        panel.to_netcdf(unfinished, engine="h5netcdf")
    figure = draw(name, panel).get_figure(root=True)
    assert figure is not None
    for path in paths[1:]:
        with whole(path) as unfinished:
            figure.savefig(unfinished, dpi=300)
    plt.close("all")
    if name == "film":
        paths.append(folder / "film.gif")
        with whole(paths[-1]) as unfinished:
            animate(panel, unfinished)
    return paths
