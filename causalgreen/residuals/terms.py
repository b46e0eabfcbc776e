"""Terms of a sieve: splines, squares and products of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["MAX_TERMS", "Terms", "make_terms", "most_terms"]

# Beyond so many terms the products are thinned out: they grow with the square of the controls.
MAX_TERMS = 600
CLIP = 4.0
# Rows that are looked at in one go, and those that quantiles are taken of.
ROWS, SAMPLE = 32_768, 200_000
# A feature with fewer different values than this for each knot is no curve.
DISTINCT = 2


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Makes terms of features.

    Attributes
    ----------
    columns : numpy.ndarray of int, shape (c,)
        Features that are used.
    fill : numpy.ndarray, shape (c,)
        What gaps are filled with.
    holes : numpy.ndarray of int
        Which of the columns have gaps, and get an indicator.
    varies : numpy.ndarray of int, shape (k,)
        Which of columns and indicators vary.
    centre, scale : numpy.ndarray, shape (k,)
        Standardisation of these.
    traits, smooth : numpy.ndarray of bool, shape (k,)
        Traits; controls with a spline.
    splines : sklearn.preprocessing.SplineTransformer or None
    pairs, products, curves : bool
        All products of two; else those of controls with traits; those of splines with traits.
    width : int
        Number of terms.
    """

    columns: np.ndarray
    fill: np.ndarray
    holes: np.ndarray
    varies: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    traits: np.ndarray
    smooth: np.ndarray
    splines: Any
    pairs: bool
    products: bool
    curves: bool
    width: int

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Terms of some rows of all features, shape (n, width)."""
        z = _filled(X[:, self.columns], self.fill, self.holes)[:, self.varies]
        # Clipped: an outlier of a ratio must not rule its square.
        z = np.clip((z - self.centre) / self.scale, -CLIP, CLIP)
        blocks, traits = [z, z**2], z[:, self.traits].T
        if self.splines is not None:
            blocks.append(self.splines.transform(z[:, self.smooth]))
        if self.pairs:
            i, j = np.triu_indices(z.shape[1], 1)
            blocks.append(z[:, i] * z[:, j])
        elif self.products:
            blocks += [z[:, ~self.traits] * t[:, None] for t in traits]
        if self.curves:
            blocks += [blocks[2] * t[:, None] for t in traits]
        return np.column_stack(blocks)


def make_terms(
    X: np.ndarray, columns: np.ndarray, traits: np.ndarray, knots: int, interactions: bool
) -> Terms:
    """Lay out terms for the features of all rows; as many products as there is room for.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, f)
        Features of all rows; NaN where one is missing.
    columns : numpy.ndarray of int, shape (c,)
        Features to use.
    traits : numpy.ndarray of bool, shape (c,)
        Which of these are traits.
    knots : int
        Knots of each spline, at quantiles.
    interactions : bool
        Whether there are products.

    Returns
    -------
    Terms
    """
    from sklearn.preprocessing import SplineTransformer

    fill, holes, mean, spread = _moments(X, columns)
    varies = np.flatnonzero(spread > 1e-12 * np.maximum(np.abs(mean), 1.0))
    centre, scale = mean[varies], spread[varies]
    traits = np.append(traits, np.zeros(len(holes), dtype=bool))[varies]
    # Every so many rows: where knots lie needs no more.
    some = _filled(X[:: max(1, len(X) // SAMPLE)][:, columns], fill, holes)[:, varies]
    some = np.clip((some - centre) / scale, -CLIP, CLIP)
    many = np.array([len(np.unique(x[:2000])) > DISTINCT * knots for x in some.T], dtype=bool)
    smooth = many & ~traits
    splines = None
    if smooth.any():
        splines = SplineTransformer(
            knots, knots="quantile", extrapolation="linear", include_bias=False
        ).fit(some[:, smooth])
    k, q = len(varies), int(traits.sum())
    n_splines = int(smooth.sum()) * (knots + 1)
    n_pairs = k * (k - 1) // 2
    room = MAX_TERMS - 2 * k - n_splines - n_pairs
    pairs, products = interactions and room >= 0, interactions and room < 0
    curves = bool(pairs and room >= q * n_splines and splines is not None)
    width = 2 * k + n_splines + pairs * n_pairs + products * q * (k - q) + curves * q * n_splines
    return Terms(
        columns, fill, holes, varies, centre, scale, traits, smooth, splines, pairs, products,
        curves, width,
    )  # fmt: skip


def most_terms(features: int, traits: int, knots: int, interactions: bool) -> int:
    """Terms made of so many features and traits among them, were all of them continuous."""
    smooth = features - traits
    splines, pairs = smooth * (knots + 1), features * (features - 1) // 2
    terms = 2 * features + splines
    room = MAX_TERMS - terms - pairs
    if not interactions:
        return terms
    if room < 0:
        return terms + traits * smooth
    return terms + pairs + (traits * splines if room >= traits * splines else 0)


def _filled(x: np.ndarray, fill: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Columns without gaps, then an indicator for each that had any."""
    if not len(holes):
        return x
    missing = np.isnan(x)
    return np.column_stack([np.where(missing, fill, x), missing[:, holes].astype(np.float64)])


def _moments(
    X: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What fills gaps, where these are, and mean and spread of columns and indicators."""
    n, total, known = len(X), np.zeros(len(columns)), np.zeros(len(columns))
    for low in range(0, n, ROWS):
        x = X[low : low + ROWS][:, columns]
        gaps = np.isnan(x)
        total += np.where(gaps, 0.0, x).sum(axis=0)
        known += len(x) - gaps.sum(axis=0)
    fill, holes = total / np.maximum(known, 1), np.flatnonzero(known < n)
    mean = np.append(fill, 1 - known[holes] / n)
    square = np.zeros(len(mean))
    for low in range(0, n, ROWS):
        x = _filled(X[low : low + ROWS][:, columns], fill, holes)
        square += ((x - mean) ** 2).sum(axis=0)
    return fill, holes, mean, np.sqrt(square / n)
