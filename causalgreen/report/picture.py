"""Figures as pictures: laid out once, drawn once, at the size that a page shows."""

from __future__ import annotations

import re
import warnings
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.report.layout import lay_out, without_empty_labels
from causalgreen.report.page import figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox
    from PIL.Image import Image

__all__ = ["address_of", "png_of", "svg_of"]

WIDEST = 1800
"""Pixels: twice the width of a page, for screens with two pixels where others have one."""
MARGIN, AROUND = 0.1, 1.0
"""Inches of white that are left around a picture, and of room for what lies beside the figure."""
COLOURS, SAMPLE, LARGE = 256, 4, 200_000
COMPRESSION = 6
HEAVY = 2_000_000
"""Letters of an SVG beyond which points are lighter."""
_PATHS, _DIGITS = re.compile(r' d="[^"]+"'), re.compile(r"(\.\d\d)\d+")
_NOTES = re.compile(r"<!--.*?-->\n?|^ +", re.DOTALL | re.MULTILINE)


def address_of(drawing: Figure | Axes) -> str:
    """A picture as an address that holds it, for an attribute in single quotes.

    SVG; PNG where that would be heavy, such as clouds of very many points.
    """
    svg = svg_of(drawing)
    if len(svg) > HEAVY:
        return "data:image/png;base64," + b64encode(png_of(drawing)).decode("ascii")
    # A third shorter than in base64.
    safe = svg.replace("%", "%25").replace("#", "%23").replace("\n", " ").replace("'", "%27")
    return "data:image/svg+xml;charset=utf-8," + safe.replace("&", "&amp;")


def png_of(drawing: Figure | Axes, dpi: int = 200) -> bytes:
    """Draw a figure as PNG on white, without touching the figure that was handed in.

    The picture gets a palette of 256 colours of its own: charts look the same and take up less
    than half the room.

    Parameters
    ----------
    drawing : matplotlib.figure.Figure or matplotlib.axes.Axes
        What to draw; all that lies beside the figure, too, as far as an inch.
    dpi : int
        At most; less where the picture would be wider than a page can show.

    Returns
    -------
    bytes
    """
    figure = figure_of(drawing)
    fine = min(dpi, int(WIDEST / figure.get_size_inches()[0]))
    small = BytesIO()
    # no metadata: the same figure gives the same bytes under every matplotlib version
    _few_colours(_cropped(_drawn(figure, fine), round(MARGIN * fine))).save(
        small, "png", compress_level=COMPRESSION
    )
    return small.getvalue()


def svg_of(drawing: Figure | Axes) -> str:
    """Draw a figure as SVG on white: sharp at any size; letters are shapes, no font is needed.

    Parameters
    ----------
    drawing : matplotlib.figure.Figure or matplotlib.axes.Axes
        What to draw; all that lies beside the figure, too, as far as the figure is large. It is
        not touched.

    Returns
    -------
    str
        The element, without a prologue.
    """
    from matplotlib import rc_context

    from causalgreen.report.letters import LetterCanvas

    figure, text = figure_of(drawing), StringIO()
    settings: Any = {
        "svg.fonttype": "path", "svg.hashsalt": "causalgreen", "svg.image_inline": True,
    }  # fmt: skip
    with rc_context(settings), _laid_out(figure, 72, LetterCanvas) as kept_inside:
        figure.savefig(
            text, format="svg", dpi=72, facecolor="white",
            bbox_inches=_around(figure, kept_inside), pad_inches=0,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )  # fmt: skip
    drawn = text.getvalue()
    return _PATHS.sub(_two_decimals, _NOTES.sub("", drawn[drawn.index("<svg") :]))


def _around(figure: Figure, kept_inside: bool) -> Bbox:
    """The figure with a margin, in inches, and what lies beside it, as far as it is large itself.

    A layout keeps all inside but words; to look for the rest takes half as long as drawing it, and
    is done where there is no layout, and where people have added to the figure itself.
    """
    from matplotlib.transforms import Bbox

    added = (figure.subfigs, figure.artists, figure.lines, figure.patches, figure.images)
    wide, high = figure.get_size_inches()
    inside = Bbox.from_bounds(0, 0, wide, high)
    if kept_inside and not any(added):
        inches = figure.dpi_scale_trans.inverted()
        beside = [box.transformed(inches) for box in _words(figure)]
    else:
        beside = [figure.get_tightbbox()]
    seen = Bbox.union([inside, *beside]).padded(MARGIN)
    return Bbox.intersection(inside.padded(wide, high), seen) or inside


def _words(figure: Figure) -> list[Bbox]:
    """Where words stand, ticks apart, in pixels."""
    from matplotlib.text import Text

    words: list[Text] = list(figure.texts)
    labels: list[tuple[Text, int]] = []
    for axes in figure.axes:
        words += [part for part in axes.get_children() if isinstance(part, Text)]
        for along, axis in enumerate((axes.xaxis, axes.yaxis)):
            if getattr(axis, "_autolabelpos", False):
                labels.append((axis.label, along))
            else:  # where people have put it
                words.append(axis.label)
    found = [text.get_window_extent() for text in words if _seen(text)]
    for text, along in labels:
        if _seen(text):
            # How far it stands from the axis is known when that is drawn, and the layout left room.
            box = figure.bbox.frozen()
            box.get_points()[:, along] = text.get_window_extent().get_points()[:, along]
            found.append(box)
    return found


def _seen(text: Text) -> bool:
    clipped = text.get_clip_on() and text.get_clip_box()
    return bool(text.get_visible() and text.get_text().strip() and not clipped)


def _two_decimals(path: re.Match[str]) -> str:
    """A hundredth of a point is finer than any screen, and half as long to write."""
    return _DIGITS.sub(r"\1", path[0])


def _drawn(figure: Figure, dpi: int) -> np.ndarray:
    """Pixels of a figure and of an inch around it, shape (height, width, 4).

    ``savefig(bbox_inches="tight")`` draws everything twice, once to see how large it is.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.transforms import Bbox

    wide, high = figure.get_size_inches()
    width, height = (int(np.ceil((side + 2 * AROUND) * dpi)) for side in (wide, high))
    room = Bbox.from_bounds(-AROUND, -AROUND, (width + 0.5) / dpi, (height + 0.5) / dpi)
    buffer = BytesIO()
    with _laid_out(figure, dpi, FigureCanvasAgg):
        figure.savefig(buffer, format="rgba", dpi=dpi, bbox_inches=room, facecolor="white")
    return np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)


@contextmanager
def _laid_out(figure: Figure, dpi: int, canvas_of: type[FigureCanvasBase]) -> Iterator[bool]:
    """The figure with its layout made for this resolution, on a canvas of its own.

    Gives whether a layout could be made, and keeps everything but words inside.
    """
    from matplotlib import rc_context

    canvas, engine, before = figure.canvas, figure.get_layout_engine(), figure.dpi
    loose = [box for box in figure.legends if box.get_bbox_to_anchor() is figure.bbox]
    canvas_of(figure)
    try:
        figure.dpi = dpi
        made = engine is not None
        if engine is not None:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                with without_empty_labels(figure):
                    lay_out(figure, engine)
            # matplotlib warns where there is no room for what belongs to the axes
            made = not said
            # None, not "none": a placeholder would have the figure drawn once for nothing.
            with rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
                figure.set_layout_engine(None)
        # Room around the figure must not move what stands at its edges.
        for legend in loose:
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        with without_empty_labels(figure):
            yield made
    finally:
        for legend in loose:
            legend.set_bbox_to_anchor(None)
        figure.dpi = before
        figure.set_layout_engine(engine)
        figure.set_canvas(canvas)


def _cropped(pixels: np.ndarray, margin: int) -> np.ndarray:
    """What is not white, and a margin, shape (height, width, 3)."""
    ink = pixels.view(np.uint32)[..., 0] != np.iinfo(np.uint32).max
    parts = []
    for axis in (1, 0):
        found = np.flatnonzero(ink.any(axis=axis))
        low, high = (found[0], found[-1] + 1) if len(found) else (0, 1)
        parts.append(slice(max(0, low - margin), high + margin))
    return np.ascontiguousarray(pixels[parts[0], parts[1], :3])


def _few_colours(pixels: np.ndarray) -> Image:
    """The picture in a palette that a sixteenth of its pixels chose; white stays white."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    size = max(1, picture.width // SAMPLE), max(1, picture.height // SAMPLE)
    large = picture.width * picture.height > LARGE
    sample = picture.resize(size, Image.Resampling.NEAREST) if large else picture
    palette = sample.quantize(COLOURS - 1, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colours = (palette.getpalette() or [])[: 3 * (COLOURS - 1)]
    places = np.array(picture.quantize(palette=palette, dither=Image.Dither.NONE))
    # Nearest colours are found among coarse boxes: those of paper would come out as light grey.
    places[(pixels == 255).all(axis=2)] = len(colours) // 3
    out = Image.fromarray(places)
    out.putpalette([*colours, 255, 255, 255])
    return out
