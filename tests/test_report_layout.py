"""Layouts that measure once, and letters that are shaped once, look like matplotlib's own."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from causalgreen.report.layout import lay_out, without_empty_labels
from causalgreen.report.letters import LetterCanvas
from causalgreen.report.picture import svg_of


def _panels():
    figure, axes = plt.subplots(2, 2, figsize=(7, 5), layout="constrained", sharey="row")
    x = np.linspace(0, 1, 20)
    for i, ax in enumerate(axes.flat):
        ax.plot(x, 10.0 ** (2 * i) * x)
        ax.set_title(f"panel {i}\nsecond line")
    axes[0, 0].set_ylabel("outcome")
    axes[1, 0].set_xlabel("time")
    axes[1, 1].text(0.95, 0.5, "beyond the right edge", transform=axes[1, 1].transAxes)
    figure.colorbar(axes[0, 1].scatter(x, x, c=x), ax=axes[0, 1])
    figure.suptitle("All")
    return figure


def _places(place):
    figure = _panels()
    LetterCanvas(figure)
    place(figure, figure.get_layout_engine())
    plt.close(figure)
    return figure, np.array([ax.get_position().bounds for ax in figure.axes])


def test_axes_stand_where_matplotlib_puts_them():
    _, theirs = _places(lambda figure, engine: engine.execute(figure))
    figure, ours = _places(lay_out)
    # Shares of the figure: a pixel and a half of 700.
    assert ours == pytest.approx(theirs, abs=0.002)
    for ax in figure.axes:
        assert "get_tightbbox" not in vars(ax)
        assert all(spine.get_in_layout() for spine in ax.spines.values())


def test_labels_that_are_written_later_find_their_place():
    figure = _panels()
    axis = figure.axes[3].xaxis
    with without_empty_labels(figure):
        pass
    before = svg_of(figure)
    axis.set_label_text("written later")
    figure.canvas.draw()
    ticks = axis.get_ticklabels()[0].get_window_extent()
    assert axis.label.get_window_extent().y1 < ticks.y0
    assert svg_of(figure) != before
    plt.close(figure)


def test_words_follow_the_font_that_people_set():
    sizes = []
    for family in ("DejaVu Sans", "DejaVu Sans Mono", "DejaVu Sans"):
        with plt.rc_context({"font.sans-serif": [family], "font.family": ["sans-serif"]}):
            figure, ax = plt.subplots()
            title = ax.set_title("iiiiiiii")
            sizes.append(title.get_window_extent(LetterCanvas(figure).get_renderer()).width)
            plt.close(figure)
    assert sizes[0] == sizes[2] < sizes[1]
