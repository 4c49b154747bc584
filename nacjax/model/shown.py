"""What shows itself: a sentence or three in print, a small figure in notebooks, a figure by `.plot()`.

The figures stand in a room above this one; the package, which knows all rooms, says by `drawn_by` who draws.
"""

import base64
import html
import io
from collections.abc import Callable
from typing import Any

_DRAWS: list[Callable[[], Callable[..., Any]]] = []


def drawn_by(load: Callable[[], Callable[..., Any]]) -> None:
    """Let the function that `load` imports draw whatever is `Shown`."""
    _DRAWS[:] = [load]


def draw(thing: Any, ax: Any = None, **options: Any) -> Any:
    """The figure of a thing; see `nacjax.plot`."""
    return _DRAWS[0]()(thing, ax, **options)


class Shown:
    """A model or a result that has a figure of its own."""

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw it into `ax`, or a new figure, and return the axes; the same as `nacjax.plot(self, ax)`."""
        return draw(self, ax, **options)

    def _repr_html_(self) -> str:
        return page(str(self), self.plot)


class Said(Shown):
    """A result that says in a few lines what came out, wherever it is printed."""

    def __repr__(self) -> str:
        try:
            return str(self)
        except Exception:  # inside a transformation there are no numbers to speak of
            return super().__repr__()


def page(text: str, plot: Callable[[], Any]) -> str:
    """A text and, where `plot` can draw it, a small figure, as HTML."""
    words = f"<pre>{html.escape(text)}</pre>"
    try:
        axes = plot()
    except ValueError:  # nothing to draw, which the text says
        return words
    figure = axes if hasattr(axes, "savefig") else axes.get_figure(root=True)
    return (
        f'{words}<img alt="{html.escape(text.splitlines()[0])}" src="data:image/png;base64,{_png(figure)}"/>'
    )


def _png(figure: Any) -> str:
    import matplotlib.pyplot as plt

    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=100)
        plt.close(figure)
        return base64.b64encode(file.getvalue()).decode()
