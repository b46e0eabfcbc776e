"""What pictures of the explainer have in common."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from causalgreen.errors import EstimationWarning
from causalgreen.fonts import families

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from causalgreen.effects.context import Context

__all__ = [
    "BELOW", "GREY", "INK", "PALETTE", "SKY", "UP", "clean", "finish", "label", "legible", "sample",
]  # fmt: skip

# Okabe-Ito, told apart by people with colour-blindness.
INK, GREY, UP, BELOW, SKY = "#222222", "#8A8A8A", "#009E73", "#D55E00", "#56B4E9"
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#222222")

# Between numbers at an axis, at most.
STEPS = 5

P = ParamSpec("P")
Drawn = TypeVar("Drawn", "Axes", "Figure")


def legible(draw: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Let a picture write Chinese names: with a font that has them, or one warning of ours."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        out = draw(*args, **kwargs)
        _write_wide(getattr(out, "figure", None) or out)
        return out

    return drawn


def _write_wide(figure: Axes | Figure) -> None:
    whole: Any = getattr(figure, "figure", None) or figure
    texts = [t for t in _texts(whole) if _wide(t.get_text())]
    if not texts:
        return
    wide = "".join(sorted({c for t in texts for c in _wide(t.get_text())}))
    fonts = families([wide])
    for text in texts:
        text.set_fontfamily(fonts)
    if lacking := _lacking(fonts, wide):
        warnings.warn(
            f"no font that is installed has the characters {lacking[:10]}: the picture shows "
            "boxes. Install Noto Sans CJK, or set matplotlib's rcParams['font.family']",
            EstimationWarning, stacklevel=4,
        )  # fmt: skip
        # Said once, with what to do: not again for every character at every drawing.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")


def _texts(figure: Figure) -> Iterator[Text]:
    """All that is written, but for numbers at ticks: to ask for those makes every tick at once."""
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter, NullFormatter, ScalarFormatter

    waiting = list(figure.get_children())
    while waiting:
        artist = waiting.pop()
        if isinstance(artist, Axes):
            waiting += artist.get_children()
        elif isinstance(artist, Text):
            yield artist
        elif isinstance(artist, Legend):
            yield from (*artist.get_texts(), artist.get_title())
        elif isinstance(artist, Axis):
            yield artist.label
            numbers = (LogFormatter, NullFormatter, ScalarFormatter)
            if not isinstance(artist.get_major_formatter(), numbers):
                yield from artist.get_ticklabels()
                for tick in artist.get_major_ticks():
                    yield from (tick.label1, tick.label2)


def _wide(text: str) -> str:
    return "".join(c for c in text if unicodedata.east_asian_width(c) in "WF")


def _lacking(fonts: list[str], characters: str) -> str:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    files = [get_font(findfont(FontProperties(family=[name]))) for name in fonts]
    return "".join(c for c in characters if not any(f.get_char_index(ord(c)) for f in files))


def label(term: str) -> str:
    """A term as people read it."""
    return term.replace("_", " ").replace(" -> ", " → ")


def sample(context: Context) -> str:
    """Firms and clusters, for a title."""
    clusters = " x ".join(f"{n:,}" for n in context.n_clusters)
    return f"{context.n_firms:,} firms, {clusters} clusters ({' and '.join(context.cluster_names)})"


def clean(ax: Axes) -> None:
    """No frame on top and right, few and small numbers."""
    from matplotlib.ticker import AutoLocator

    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    for axis in (ax.xaxis, ax.yaxis):
        if type(locator := axis.get_major_locator()) is AutoLocator:
            locator.set_params(nbins=STEPS)


def finish(ax: Axes, question: str, under: str) -> Axes:
    """Title: the question in the first line, who was asked in the second."""
    ax.set_title(f"{question}\n{under}", loc="left", fontsize=10, color=INK)
    clean(ax)
    return ax
