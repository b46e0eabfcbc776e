"""Pictures of pilot zones: a map, a roll-out chart, and firms by status over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from causalgreen.data.city_names import cities
from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causalgreen.data.zones import PilotZones
    from causalgreen.data.zones_attach import ZoneAttachment

__all__ = ["plot_attachment", "plot_zones"]

# Okabe-Ito, told apart by people with colour-blindness; marks differ, too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKS = ("o", "s", "^", "D", "v", "P")
Box = tuple[float, float, float, float]
_INK, _GREY = "#222222", "#b5b5b5"


def plot_zones(zones: PilotZones, kind: str = "map") -> Figure:
    """Draw a map of the zones or their roll-out."""
    kinds = {"map": _map, "roll-out": _rollout}
    if kind not in kinds:
        what = f"plot(kind={kind!r})"
        raise DataError([Fault("unknown_plot", what, 'choose "map" or "roll-out"')])
    return kinds[kind](zones)


def _style(zones: PilotZones) -> dict[int, tuple[str, str]]:
    cohorts = sorted(zones.counts)
    return {
        year: (_COLOURS[i % len(_COLOURS)], _MARKS[i % len(_MARKS)])
        for i, year in enumerate(cohorts)
    }


def _title(zones: PilotZones, what: str) -> str:
    return f"{what} of the {zones.programme} programme (n = {len(zones)})\ncohort: {zones.coding}"


def _map(zones: PilotZones) -> Figure:
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(9.5, 7.4), layout="constrained")
    known = list(cities().values())
    axis.scatter(
        [place.lon for place in known], [place.lat for place in known],
        s=6, color=_GREY, linewidths=0, label=f"other cities ({len(known) - len(zones)})",
    )  # fmt: skip
    table = zones.frame
    for cohort, (colour, mark) in _style(zones).items():
        these = table[table["cohort"] == cohort]
        axis.scatter(
            these["longitude"], these["latitude"], s=46, marker=mark, color=colour,
            edgecolors="white", linewidths=0.6, zorder=3, label=f"from {cohort} ({len(these)})",
        )  # fmt: skip
    axis.set_aspect(1 / np.cos(np.deg2rad(35)))  # a degree of longitude is shorter
    axis.set(xlim=(72, 137), ylim=(15.5, 54.5), xlabel="longitude (°E)", ylabel="latitude (°N)")
    axis.set_title(_title(zones, "AI pilot zones"), loc="left", fontsize=11, color=_INK)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="upper left", frameon=False, fontsize=9, title="treated", alignment="left")
    _label(axis, table[["longitude", "latitude"]].to_numpy(), table["name_en"].tolist())
    return figure


def _label(axis: Axes, places: np.ndarray, names: list[str]) -> None:
    """Put each name where it covers neither a zone nor another name; a thin line leads to it."""
    from matplotlib.patheffects import withStroke

    figure = axis.figure
    figure.canvas.draw()
    points = axis.transData.transform(places)
    scale = figure.dpi / 72
    boxes: list[Box] = [
        (x - 5 * scale, y - 5 * scale, x + 5 * scale, y + 5 * scale) for x, y in points
    ]
    # The crowded ones first: they have the fewest places to go.
    crowd = [
        np.sort(np.hypot(*(points - point).T))[: min(4, len(points))].sum() for point in points
    ]
    for i in np.argsort(crowd, kind="stable"):
        width, height = _size(names[i], scale)
        x, y, box = _place(points[i], (width, height), boxes, points, scale)
        boxes.append(box)
        axis.annotate(
            names[i],
            (places[i, 0], places[i, 1]),
            xytext=((x - points[i][0]) / scale, (y - points[i][1]) / scale),
            textcoords="offset points",
            ha="left", va="bottom", fontsize=8.5, color=_INK, zorder=4,
            path_effects=[withStroke(linewidth=2, foreground="white")],
            arrowprops={"arrowstyle": "-", "color": "#777777", "lw": 0.6},
        )  # fmt: skip


def _size(name: str, scale: float) -> tuple[float, float]:
    """Room of a name in pixels, a little generous."""
    return (5.3 * len(name) + 2) * scale, 11.5 * scale


def _place(
    point: np.ndarray,
    size: tuple[float, float],
    taken: list[Box],
    points: np.ndarray,
    scale: float,
) -> tuple[float, float, Box]:
    """Look for the nearest free box around a point, outwards from the middle first."""
    width, height = size
    away = np.arctan2(*(point - points.mean(axis=0))[::-1])
    turns = sorted(np.linspace(-np.pi, np.pi, 24, endpoint=False), key=abs)
    for radius in np.arange(9, 140, 5) * scale:
        for turn in turns:
            cx = point[0] + radius * np.cos(away + turn) * 1.15
            cy = point[1] + radius * np.sin(away + turn)
            cx += width / 2 * np.sign(np.round(np.cos(away + turn), 6))
            box = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
            near = [_distance(box, other) for other in points]
            # A name that lies nearer to another zone would be read as that zone's.
            own = _distance(box, point) <= min(near) + 1e-9
            if own and not any(_overlap(box, other) for other in taken):
                return box[0], box[1], box
    return point[0], point[1], (point[0], point[1], point[0] + width, point[1] + height)


def _distance(box: Box, point: np.ndarray) -> float:
    dx = max(box[0] - point[0], 0.0, point[0] - box[2])
    dy = max(box[1] - point[1], 0.0, point[1] - box[3])
    return float(np.hypot(dx, dy))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _rollout(zones: PilotZones) -> Figure:
    import matplotlib.pyplot as plt
    import pandas as pd

    table = zones.frame.sort_values(["cohort", "public_date"], kind="stable")
    table = table.reset_index(drop=True)
    figure, axis = plt.subplots(figsize=(9, 1.7 + 0.27 * len(table)), layout="constrained")
    when = table["public_date"].dt.year + (table["public_date"].dt.day_of_year - 1) / 365.25
    sent = table["letter_date"].dt.year + (table["letter_date"].dt.day_of_year - 1) / 365.25
    end = max(int(table["cohort"].max()), int(pd.Series(when).max())) + 1.0
    at = np.arange(len(table))[::-1]
    for cohort, (colour, _) in _style(zones).items():
        rows = (table["cohort"] == cohort).to_numpy()
        axis.barh(at[rows], end - cohort, 0.62, left=cohort, color=colour, alpha=0.35)
        total = int((table["cohort"] <= cohort).sum())
        axis.text(
            end + 0.06, float(at[rows].mean()), f"from {cohort}: {rows.sum()}\n{total} in all",
            va="center", ha="left", fontsize=9, color=colour,
        )  # fmt: skip
    axis.scatter(when, at, s=26, color=_INK, zorder=3, label="made public")
    axis.scatter(sent, at, s=34, facecolors="none", edgecolors=_INK, zorder=3, label="letter")
    axis.set_yticks(at, table["name_en"].tolist())
    axis.set_xlim(min(float(when.min()), float(table["cohort"].min())) - 0.1, end + 0.75)
    axis.set_xticks(np.arange(int(table["cohort"].min()), int(end) + 1))
    axis.set_ylim(-0.8, len(table) - 0.2)
    axis.set_title(_title(zones, "Roll-out"), loc="left", fontsize=11, color=_INK)
    axis.set_xlabel("beginning of year; bars: years that count as treated")
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", frameon=False, fontsize=9, ncols=2)
    return figure


def plot_attachment(attached: ZoneAttachment) -> Figure:
    """Draw firms by year: treated, in a zone to come, never, and neither."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    firm, year, prefix = attached._roles
    frame = attached.frame
    status, on = frame[f"{prefix}_status"], frame[prefix]
    groups = (
        ("in a zone, treated", (status == "zone") & (on == 1), _COLOURS[1]),
        ("in a zone to come", (status == "zone") & (on == 0), _COLOURS[4]),
        ("never", status == "never", _COLOURS[5]),
        ("other programme only", status == "other programme only", _COLOURS[3]),
        ("unclear or no city", status.isin(["unclear", "no city"]), _GREY),
    )
    years = np.sort(frame[year].unique())
    figure, axis = plt.subplots(figsize=(8.5, 4.4), layout="constrained")
    below = np.zeros(len(years))
    for name, rows, colour in groups:
        if rows.any():
            n = frame[rows].groupby(year)[firm].nunique().reindex(years, fill_value=0).to_numpy()
            axis.bar(years, n, 0.8, bottom=below, color=colour, label=name)
            below = below + n
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    title = (
        f"Firms by year and {attached.zones.programme} pilot zone "
        f"(n = {len(attached.firms):,} firms)"
    )
    axis.set_title(f"{title}\ncohort: {attached.zones.coding}", loc="left", fontsize=11, color=_INK)
    axis.set_ylabel("firms")
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    return figure
