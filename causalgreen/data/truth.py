"""What is true in a simulated economy: the structural coefficients, and the paths they imply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Coefficients", "Truth"]

CHAIN = "human_capital -> restructuring"


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Structural coefficients of each firm; every array has shape (n_firms,).

    Attributes
    ----------
    delta, gamma : numpy.ndarray
        Own and peers' AI on green patents, mediators held fixed.
    alpha_r, alpha_h, lambda_r, lambda_h : numpy.ndarray
        Own (alpha) and peers' (lambda) AI on restructuring (r) and human capital (h).
    beta_r, beta_h : numpy.ndarray
        Restructuring and human capital on green patents.
    chain : numpy.ndarray
        Human capital on restructuring.
    """

    delta: np.ndarray
    gamma: np.ndarray
    alpha_r: np.ndarray
    alpha_h: np.ndarray
    lambda_r: np.ndarray
    lambda_h: np.ndarray
    beta_r: np.ndarray
    beta_h: np.ndarray
    chain: np.ndarray

    @classmethod
    def of_traits(
        cls,
        size: np.ndarray,
        urban: np.ndarray,
        clean: np.ndarray,
        heterogeneity: float = 1.0,
        chain: float = 0.0,
        spillover: float = 1.0,
    ) -> Coefficients:
        """Coefficients as functions of the traits; ``size`` is standardised."""
        h, one = heterogeneity, np.ones_like(size)
        u, c = urban - 0.6, clean - 0.4
        return cls(
            delta=0.50 + h * (0.20 * size + 0.20 * u + 0.10 * c),
            gamma=spillover * (0.30 * one + h * 0.20 * u),
            alpha_r=0.40 + h * (0.15 * size + 0.20 * c),
            alpha_h=0.40 + h * (0.10 * size + 0.20 * u),
            lambda_r=0.20 * one,
            lambda_h=0.15 * one,
            beta_r=0.50 + h * 0.20 * c,
            beta_h=0.40 * one,
            chain=chain * one,
        )

    def paths(self) -> pd.DataFrame:
        """Effect of each path, one row per firm."""
        link = self.chain * self.beta_r
        out = {
            "direct": self.delta,
            "restructuring": self.alpha_r * self.beta_r,
            "human_capital": self.alpha_h * self.beta_h,
        }
        if np.any(self.chain != 0):
            out[CHAIN] = self.alpha_h * link
        out["spillover"] = (
            self.gamma + self.lambda_r * self.beta_r + self.lambda_h * (self.beta_h + link)
        )
        table = pd.DataFrame(out)
        table["own_total"] = table.drop(columns="spillover").sum(axis=1)
        table["overall"] = table["own_total"] + table["spillover"]
        return table


@dataclass(frozen=True, slots=True)
class Truth:
    """Known effects of a simulated panel, per unit of AI on green patents.

    Attributes
    ----------
    per_firm : pandas.DataFrame, shape (n_firms, n_paths)
        Effect of each path for each firm, indexed by firm code.
    average : pandas.Series, shape (n_paths,)
        Plain average over the firms of this panel.
    population : pandas.Series, shape (n_paths,)
        Average over the population that firms are drawn from (Monte-Carlo error below 0.001).
    types : tuple of (str, Truth)
        The same for each further kind of AI, where there are some; see `of_type`.
    counts : pandas.DataFrame or None
        Where patents are counted: average effect of each path of ``ai`` on the expected number of
        patents, one row per kind of patent. ``per_firm`` is on the log scale then.
    zones : pandas.DataFrame or None
        Where there are pilot zones: what they did, by years since the start: firm-years, and the
        average change of ``ai``, of the log mean and of the expected count, peers included.
    supply_chain : float
        Effect of the suppliers' AI.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, truth = cg.simulate_panel(n_firms=120, n_years=5, seed=0)
    >>> list(truth.average.index)
    ['direct', 'restructuring', 'human_capital', 'spillover', 'own_total', 'overall']
    >>> truth.per_firm.shape
    (120, 6)
    """

    per_firm: pd.DataFrame
    average: pd.Series
    population: pd.Series
    types: tuple[tuple[str, Truth], ...] = ()
    counts: pd.DataFrame | None = None
    zones: pd.DataFrame | None = None
    supply_chain: float = 0.0

    def of_type(self, kind: str) -> Truth:
        """Truth of one kind of AI, such as ``"robots"``.

        Parameters
        ----------
        kind : str
            Name of its column.

        Returns
        -------
        Truth

        Raises
        ------
        KeyError
            There is no such kind in this economy.
        """
        known = dict(self.types)
        if kind not in known:
            have = ", ".join(known) or "none: simulate with realism=Realism(types=True)"
            raise KeyError(f"no AI of kind {kind!r}; there are: {have}")
        return known[kind]

    @classmethod
    def of(cls, firms: np.ndarray, sample: Coefficients, population: Coefficients) -> Truth:
        """Truth from the coefficients of the firms in the panel and of the population.

        Parameters
        ----------
        firms : numpy.ndarray
            Codes of the firms in the panel.
        sample, population : Coefficients
            Of these firms, and of the population they are drawn from.

        Returns
        -------
        Truth
        """
        per_firm = sample.paths().set_index(pd.Index(firms, name="firm"))
        return cls(per_firm, per_firm.mean(), population.paths().mean())
