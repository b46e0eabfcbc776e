"""Who is behind a set of effects: outcome, population, firms, clusters, how they were computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from causalgreen.moments.moments import Sample
    from causalgreen.moments.system import Layout
    from causalgreen.panel.roles import Roles

__all__ = ["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader must know beside the numbers.

    Attributes
    ----------
    outcome, treatment : str
        Names for labels.
    unit : str
        Unit of the effects.
    estimand, population : str
        What is estimated, over whom it is averaged; one sentence each.
    method, absorbed : str
        Transform and learners; absorbed effects.
    n_rows, n_firms, n_parameters : int
        Sizes; parameters for degrees of freedom.
    clusters : tuple of numpy.ndarray of int, each of shape (g,)
        Cluster of each cell.
    cluster_names : tuple of str
        Columns that define them.
    cell_weight, cell_outcome : numpy.ndarray, shape (g,)
        Sum of weights, and weighted sum of the outcome.
    notes : tuple of str
        What a reader should know: withheld paths, averages that differ, few clusters.
    variables : tuple of str
        Treatments, exposures, mediators and outcome.
    """

    outcome: str
    treatment: str
    unit: str
    estimand: str
    population: str
    method: str
    absorbed: str
    n_rows: int
    n_firms: int
    n_parameters: int
    clusters: tuple[np.ndarray, ...]
    cluster_names: tuple[str, ...]
    cell_weight: np.ndarray
    cell_outcome: np.ndarray
    notes: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, sample: Sample, layout: Layout, *, estimand: str, population: str, method: str,
        absorbed: str, n_parameters: int,
    ) -> Context:  # fmt: skip
        """Context of numbers that come from the moments of a sample."""
        treatment = " + ".join(layout.names[t] for t in layout.treatments)
        outcome = layout.names[layout.outcome]
        return cls(
            outcome=outcome, treatment=treatment,
            unit=f"units of {outcome} per unit of {treatment}",
            estimand=estimand, population=population, method=method, absorbed=absorbed,
            n_rows=sample.n_rows, n_firms=sample.n_firms, n_parameters=n_parameters,
            clusters=sample.clusters, cluster_names=sample.cluster_names,
            cell_weight=sample.weight, cell_outcome=sample.outcome, variables=layout.names,
        )  # fmt: skip

    def other_than(self, roles: Roles, sample: Sample | None) -> str:
        """In what the study behind the numbers differs from one with these roles and this sample.

        Parameters
        ----------
        roles : Roles
            Of the other study's panel.
        sample : Sample or None
            Who is behind its moments; None: not known, and not compared.

        Returns
        -------
        str
            Empty where nothing differs.
        """
        if self.outcome != roles.outcome:
            return f"the outcome is {self.outcome!r} there and {roles.outcome!r} here"
        if self.variables and self.variables != roles.targets:
            there, here = (", ".join(names[:-1]) for names in (self.variables, roles.targets))
            return f"treatments, exposures and mediators are {there} there and {here} here"
        if sample is None:
            return ""
        sizes = (self.n_rows, self.n_firms), (sample.n_rows, sample.n_firms)
        if sizes[0] != sizes[1]:
            there, here = (f"{rows:,} rows of {firms:,} firms" for rows, firms in sizes)
            return f"there are {there} there and {here} here"
        same = np.array_equal(self.cell_outcome, sample.outcome)
        return "" if same else f"values of {self.outcome} differ"

    @property
    def n_clusters(self) -> tuple[int, ...]:
        """Clusters in each dimension."""
        return tuple(int(codes.max()) + 1 for codes in self.clusters)

    @property
    def mean_outcome(self) -> float:
        """Weighted mean of the outcome over the rows used."""
        return float(self.cell_outcome.sum() / self.cell_weight.sum())

    @property
    def mean_influence(self) -> np.ndarray:
        """Influence of each cell on the mean outcome, shape (g,)."""
        return (self.cell_outcome - self.mean_outcome * self.cell_weight) / self.cell_weight.sum()

    def mean_without(self, codes: np.ndarray) -> np.ndarray:
        """Mean outcome without each cluster, shape (n_clusters,)."""
        weight, total = (np.bincount(codes, x) for x in (self.cell_weight, self.cell_outcome))
        return (total.sum() - total) / (weight.sum() - weight)

    def noting(self, *notes: str) -> Context:
        """The same with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def in_percent(self) -> Context:
        """The same, in percent of the mean outcome."""
        return replace(self, unit=f"% of the mean of {self.outcome} ({self.mean_outcome:.4g})")
