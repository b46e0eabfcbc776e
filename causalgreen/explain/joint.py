"""Joint tests that keep their size with many terms and few clusters."""

from __future__ import annotations

from collections.abc import Sequence

from causalgreen.effects.effects import Effects
from causalgreen.explain.family import joint_test as hotelling

__all__ = ["careful", "joint_test"]


def careful(effects: Effects) -> Effects:
    """The same with the cluster jackknife where it can be had, which is the safer covariance."""
    return effects if effects.jackknife is None else effects.with_covariance("CV3")


def joint_test(effects: Effects, terms: Sequence[str] | None = None) -> dict[str, float]:
    """Joint test that terms are zero: cluster jackknife, and Hotelling's allowance.

    The plain F test of q terms with G clusters takes the covariance as if it were known up to a
    scale, and rejects too often unless G is far larger than q: with 150 clusters and 27 terms in a
    quarter of samples instead of 5 %.

    Parameters
    ----------
    effects : Effects
        Terms.
    terms : sequence of str, optional
        Those tested; default: all.

    Returns
    -------
    dict
        ``statistic`` (F), ``df`` q, ``df_denominator`` G - q, ``p_value``; NaN where q exceeds a
        third of the clusters.

    References
    ----------
    Hotelling (1931), The generalization of Student's ratio, Annals of Mathematical Statistics 2(3),
    doi 10.1214/aoms/1177732979; MacKinnon, Nielsen and Webb (2023), doi 10.1002/jae.2969, on the
    jackknife.
    """
    wanted = len(effects.terms if terms is None else terms)
    if wanted > (effects.df + 1) / 3:
        nan = float("nan")
        return {"statistic": nan, "df": wanted, "df_denominator": effects.df, "p_value": nan}
    return hotelling(careful(effects), terms)
