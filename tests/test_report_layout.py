"""Layouts that measure once, and letters that are shaped once, look like matplotlib's own."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager

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


def _solid():
    figure = plt.figure(layout="constrained")
    figure.add_subplot(projection="3d").plot([1, 2], [1, 2], [1, 2])
    return figure


def _blank_ticks():
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    ax.plot([1, 2])
    ax.set_xticks([0, 1], ["", ""])
    ax.tick_params(length=30)
    return figure


def _table():
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    ax.plot([1, 2])
    ax.table([["a", "b"]], loc="bottom")
    return figure


def _outward():
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    ax.plot([1, 2])
    ax.spines["bottom"].set_position(("outward", 40))
    ax.tick_params(labelbottom=False, bottom=False)
    return figure


@pytest.mark.parametrize("draw", [_solid, _blank_ticks, _table, _outward])
def test_rare_axes_stand_where_matplotlib_puts_them(draw):
    placed = []
    for place in (lambda figure, engine: engine.execute(figure), lay_out):
        figure = draw()
        LetterCanvas(figure)
        place(figure, figure.get_layout_engine())
        placed.append([ax.get_position().bounds for ax in figure.axes])
        assert svg_of(figure).startswith("<svg")
        plt.close(figure)
    assert placed[1] == pytest.approx(np.array(placed[0]), abs=0.003)


def test_a_label_that_people_have_moved_is_not_cut_off():
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    ax.plot([1, 2])
    ax.set_ylabel("outcome")
    plain = _width(svg_of(figure))
    ax.yaxis.set_label_coords(-0.5, 0.5)
    assert _width(svg_of(figure)) > plain + 10
    plt.close(figure)


def _width(svg):
    return float(svg.partition('viewBox="')[2].split()[2])


def test_words_follow_a_font_that_is_new(tmp_path, monkeypatch):
    fonts = font_manager.fontManager
    monkeypatch.setattr(fonts, "ttflist", list(fonts.ttflist))
    mono = next(f for f in fonts.ttflist if f.name == "DejaVu Sans Mono" and f.style == "normal")
    widths = []
    with plt.rc_context({"font.family": ["sans-serif"], "font.sans-serif": ["New", "DejaVu Sans"]}):
        for _ in range(2):
            figure, ax = plt.subplots()
            title = ax.set_title("iiiiiiii")
            widths.append(title.get_window_extent(LetterCanvas(figure).get_renderer()).width)
            plt.close(figure)
            fonts.ttflist.append(replace(mono, name="New"))
            fonts._findfont_cached.cache_clear()
    assert widths[0] < widths[1]
    fonts._findfont_cached.cache_clear()
