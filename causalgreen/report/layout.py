"""A layout that measures axes again only where that could say something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

__all__ = ["lay_out", "without_empty_labels"]

AT_THE_AXES = ("outward", 0.0)


def lay_out(figure: Figure, engine: LayoutEngine) -> None:
    """Have an engine place the axes of a figure.

    Constrained layout measures everything twice, as axes that have got smaller may have other
    numbers at their ticks. Most have the same ones: they take up as much room as before.
    """
    with _spines_apart(figure), _remembered(figure):
        engine.execute(figure)


@contextmanager
def without_empty_labels(figure: Figure) -> Iterator[None]:
    """Without looking for the place of labels that say nothing: all ticks are asked for that."""
    empty: list[Any] = [
        axis
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        if not axis.get_label_text() and getattr(axis, "_autolabelpos", False)
    ]
    for axis in empty:
        axis._autolabelpos = False
    try:
        yield
    finally:
        for axis in empty:
            axis._autolabelpos = True


@contextmanager
def _spines_apart(figure: Figure) -> Iterator[None]:
    """Without measuring spines whose ticks lie before their labels: those reach further out."""
    inside = [
        spine
        for axes in figure.axes
        for axis, names in ((axes.xaxis, ("bottom", "top")), (axes.yaxis, ("left", "right")))
        for name, spine in axes.spines.items()
        if name in names
        and spine.get_in_layout()
        and spine.get_position() == AT_THE_AXES
        and _labelled(axis, name)
    ]
    for spine in inside:
        spine.set_in_layout(False)
    try:
        yield
    finally:
        for spine in inside:
            spine.set_in_layout(True)


def _labelled(axis: Any, side: str) -> bool:
    said = axis.get_tick_params(which="major")
    if not said.get(f"label{side}"):
        return not said.get(side, True)
    words = axis.get_major_formatter().format_ticks(axis.get_majorticklocs())
    return any(word.strip() for word in words)


@contextmanager
def _remembered(figure: Figure) -> Iterator[None]:
    """Axes answer from memory, for as long as it lasts, how much room they take."""
    measured = [axes for axes in figure.axes if "get_tightbbox" not in vars(axes)]
    for axes in measured:
        axes.get_tightbbox = _Measured(axes)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for axes in measured:
            del axes.get_tightbbox


class _Measured:
    """The box around an axes and what belongs to it."""

    def __init__(self, axes: Axes) -> None:
        self.axes, self.measure = axes, axes.get_tightbbox
        self.ticks: Any = None
        self.beyond = np.zeros((2, 2))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from matplotlib.transforms import Bbox

        axes = self.axes
        # What stands at a point of the data, or beside the axes, reaches out less from larger ones;
        # axes of a shape of their own, such as scales of colours, do not fill their place.
        loose = (axes.texts, axes.artists, axes.tables, axes.child_axes, axes.get_legend())
        shaped = axes.get_aspect() != "auto" or axes.get_box_aspect() is not None
        placed = axes.get_axes_locator() is not None
        if any(loose) or shaped or placed or not axes.get_visible():
            return self.measure(*args, **kwargs)
        ticks = [_ticks(axis) for axis in (axes.xaxis, axes.yaxis)]
        if ticks != self.ticks:
            box = self.measure(*args, **kwargs)
            if box is None:
                return None
            self.ticks = ticks
            self.beyond = box.get_points() - axes.bbox.get_points()
        return Bbox(axes.bbox.get_points() + self.beyond)


def _ticks(axis: Any) -> list[float]:
    low, high = sorted(axis.get_view_interval())
    return [at for at in np.ravel(axis.get_majorticklocs()) if low <= at <= high]
