"""What placebos say of each path: how they compare, how often they are found, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.explain.multiple import holm
from causalgreen.falsify.engine import Batch, Rows
from causalgreen.falsify.finding import FAIL, PASS, WARN, Verdict
from causalgreen.falsify.verdicts import (
    BORDER,
    LEVEL,
    POWER,
    extreme,
    listed,
    records,
    size_test,
    worst,
)

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case

__all__ = ["claimed", "judge", "placebo_table", "too_often"]

KEPT = 0.2
"""Share of the real history in its placebos from which on they are hard to beat."""


def claimed(case: Case, terms: tuple[str, ...]) -> np.ndarray:
    """P-values that the study reports for these terms."""
    table = case.effects.tidy().set_index("term")
    return table.loc[list(terms), "p_value"].to_numpy(dtype=np.float64)


def placebo_table(
    case: Case, terms: tuple[str, ...], observed: Batch, batch: Batch, way: str, rows: Rows,
    null: Batch | None = None, kept: float = 0.0,
) -> pd.DataFrame:  # fmt: skip
    """One row for each path: the estimate among its placebos, and how often these are rejected.

    Rejections are counted where the columns have no effect (``null``), if that is given; ``kept``
    is how much of the real history a placebo has in it: placebos have that in common, so that they
    are rejected together.
    """
    from scipy.stats import t as student

    place = [batch.row(term) for term in terms]
    t0, ts = observed.t[place, 0], batch.t[place]
    p = (1 + (np.abs(ts) >= np.abs(t0)[:, None]).sum(axis=1)) / (1 + ts.shape[1])
    free = np.abs((null or batch).t[place])
    rejected = (free > student.ppf(1 - LEVEL / 2, rows.df)).sum(axis=1)
    p_size, _ = size_test(rejected, ts.shape[1], kept)
    low, high = np.quantile(batch.estimate[place], [0.025, 0.975], axis=1)
    table = pd.DataFrame(
        {
            "path": terms, "exchange": way, "estimate": observed.estimate[place, 0], "t": t0,
            "reported_p": claimed(case, terms), "randomization_p": p, "holm_p": holm(p),
            "placebo_low": low, "placebo_high": high, "rejected": rejected / ts.shape[1],
            "size_p": holm(p_size), "kept": kept,
        }
    )  # fmt: skip
    table["verdict"] = [_verdict(row) for row in records(table)]
    return table


def too_often(row: dict[str, float]) -> bool:
    """Whether far too many placebos are found, beyond chance."""
    return row["size_p"] < 0.01 and row["rejected"] >= 2.5 * LEVEL


def _verdict(row: dict[str, float]) -> Verdict:
    """A claim must stand out from placebos, and placebos must not be found too often."""
    lost = row["reported_p"] < LEVEL and row["randomization_p"] >= LEVEL
    # A placebo that is partly the treatment itself is hard to beat for a true effect, too.
    if too_often(row) or (lost and row["randomization_p"] >= BORDER and row["kept"] < KEPT):
        return FAIL
    return WARN if lost or row["size_p"] < LEVEL else PASS


def judge(
    table: pd.DataFrame, simulations: int, few: str = "", untested: tuple[str, ...] = ()
) -> tuple[Verdict, str]:
    """Overall verdict, and why: it passes only where nothing is left out and it could have failed.

    Parameters
    ----------
    table : pandas.DataFrame
        See `placebo_table`.
    simulations : int
    few : str
        To be added to the reason.
    untested : tuple of str
        Exchanges that could not be run.
    """
    none = np.zeros(1, dtype=int)
    blind = size_test(none, simulations)[1] < POWER
    kept = max(float(table["kept"].min()), 0.0)
    power = size_test(none, simulations, kept)[1]
    verdict = worst([*table["verdict"], *([WARN] if untested or blind else [])])
    told = [*untested, _claims(table, simulations)]
    wide = table[table["size_p"] < LEVEL]
    if len(wide):
        row = extreme(wide, "rejected", largest=True)
        told.append(
            f"a test of 5 % rejects {100 * row['rejected']:.1f} % of the placebos of "
            f"{listed([row['path']])} ({row['exchange']}): intervals are too narrow for "
            "a treatment given at that level"
        )
    else:
        told.append(
            f"placebos are rejected at 5 % in {100 * table['rejected'].max():.1f} % of the "
            f"simulations at most (15 % would be noticed with probability {power:.2f}"
            + ("; ask for 200 simulations or more)" if blind
               else f"; placebos have {100 * kept:.0f} % of the real history in common)"
               if power < POWER else ")")
        )  # fmt: skip
    return verdict, "; ".join(told) + few + "."


def _claims(table: pd.DataFrame, simulations: int) -> str:
    """What has become of the paths that the study calls significant."""
    claims = table[table["reported_p"] < LEVEL]
    lost = claims[claims["randomization_p"] >= LEVEL]
    if len(lost):
        told = (
            f"placebos do as well as {listed(dict.fromkeys(lost['path']))}, which the study calls "
            f"significant (randomization p up to {lost['randomization_p'].max():.3f})"
        )
        kept = lost["kept"].max()
        if kept >= KEPT:
            told += f"; they have {100 * kept:.0f} % of the real history in them"
        return told
    names = list(dict.fromkeys(table["path"]))
    if not len(claims):
        which = f"{listed(names)} is not" if len(names) == 1 else f"none of {len(names)} paths is"
        return f"{which} significant; smallest Holm p {table['holm_p'].min():.2f}"
    paths = list(dict.fromkeys(claims["path"]))
    which = listed(paths) if len(paths) == 1 else f"each of the {len(paths)} significant paths"
    return (
        f"{which} stands out from {simulations:,} placebos (largest randomization p "
        f"{claims['randomization_p'].max():.3f})"
    )
