"""Which column plays which part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Roles"]


def names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """Turn a name, a list of names or None into a tuple of names."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(value)


@dataclass(frozen=True, slots=True)
class Roles:
    """Names of the columns of a firm panel, by the part they play.

    Attributes
    ----------
    unit, time, outcome : str
        Firm, period, outcome.
    treatments : tuple of str
        Own treatments ``D`` (for several types of AI, several columns).
    exposures : tuple of str
        Peers' treatment ``E`` (for several channels, several columns).
    groups : tuple of (str, tuple of str)
        Mediator groups in the order given: ``(("restructuring", ("clean_share",)), ...)``.
    traits : tuple of str
        Baseline traits by which effects may vary.
    controls : tuple of str
        Confounders, measured before the treatment.
    clusters : tuple of str
        Levels at which errors are correlated; the first one also rules the folds.
    weight : str or None
        Sampling weight.
    """

    unit: str
    time: str
    outcome: str
    treatments: tuple[str, ...]
    exposures: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    traits: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    weight: str | None = None

    @classmethod
    def of(
        cls,
        *,
        unit: str,
        time: str,
        outcome: str,
        treatment: str | Sequence[str],
        exposure: str | Sequence[str] | None = None,
        mediators: Mapping[str, str | Sequence[str]] | None = None,
        traits: str | Sequence[str] | None = None,
        controls: str | Sequence[str] | None = None,
        cluster: str | Sequence[str] | None = None,
        weight: str | None = None,
    ) -> Roles:
        """Roles from loose arguments: a name or a list of names each.

        Parameters
        ----------
        unit, time, outcome, treatment, exposure, mediators, traits, controls, cluster, weight
            As in `Panel.from_frame`.

        Returns
        -------
        Roles
        """
        groups = tuple((str(k), names(v)) for k, v in (mediators or {}).items())
        return cls(
            unit=unit,
            time=time,
            outcome=outcome,
            treatments=names(treatment),
            exposures=names(exposure),
            groups=tuple((k, v) for k, v in groups if v),
            traits=names(traits),
            controls=names(controls),
            clusters=names(cluster) or (unit,),
            weight=weight,
        )

    @property
    def mediators(self) -> tuple[str, ...]:
        """All mediator columns, group after group."""
        return tuple(column for _, columns in self.groups for column in columns)

    @property
    def targets(self) -> tuple[str, ...]:
        """The variables that are residualised: D, E, M, Y, in this order."""
        return (*self.treatments, *self.exposures, *self.mediators, self.outcome)
