"""Traits as numbers: one code, learnt from a panel's firms, for these and for any other firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TraitCode"]


@dataclass(frozen=True, slots=True)
class TraitCode:
    """How baseline traits become numbers, and back.

    Numbers stay as they are; a gap takes the median, with an indicator where the panel has gaps.
    A category becomes an indicator for each of its levels; a gap, or a level that the panel does
    not have, has none of them.

    Attributes
    ----------
    traits : tuple of str, length k
        Traits as the user named them.
    columns : tuple of str, length c
        Names of the encoded columns.
    source : tuple of int, length c
        Trait of each encoded column, as a position in ``traits``.
    levels : tuple of (tuple or None), length k
        Levels of a category; None for a number.
    median, low, high : numpy.ndarray, shape (k,)
        Of the numbers in the panel; NaN for categories.
    gaps : tuple of bool, length k
        Whether the panel has missing values.
    """

    traits: tuple[str, ...]
    columns: tuple[str, ...]
    source: tuple[int, ...]
    levels: tuple[tuple[Any, ...] | None, ...]
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    gaps: tuple[bool, ...]

    @classmethod
    def learn(cls, frame: pd.DataFrame) -> TraitCode:
        """Code of the traits of a panel.

        Parameters
        ----------
        frame : pandas.DataFrame, shape (n_firms, k)
            Baseline traits.

        Returns
        -------
        TraitCode

        Examples
        --------
        >>> import pandas as pd
        >>> code = TraitCode.learn(pd.DataFrame({"size": [1.0, 3.0], "region": ["east", "west"]}))
        >>> code.columns
        ('size', 'region = east', 'region = west')
        """
        import pandas as pd

        columns: list[str] = []
        source: list[int] = []
        levels: list[tuple[Any, ...] | None] = []
        numbers = np.full((3, frame.shape[1]), np.nan)
        for k, name in enumerate(frame.columns):
            series = frame[name]
            if pd.api.types.is_numeric_dtype(series):
                values = series.to_numpy(dtype=np.float64, na_value=np.nan)
                seen = values[np.isfinite(values)]
                if len(seen):
                    numbers[:, k] = np.median(seen), seen.min(), seen.max()
                levels.append(None)
                new = [str(name)] + [f"{name} missing"] * (len(seen) < len(values))
            else:
                found = tuple(sorted(series.dropna().unique().tolist(), key=str))
                levels.append(found)
                new = [f"{name} = {level}" for level in found]
            columns += new
            source += [k] * len(new)
        gaps = tuple(bool(frame[name].isna().any()) for name in frame.columns)
        for array in numbers:
            array.setflags(write=False)
        return cls(
            tuple(map(str, frame.columns)), tuple(columns), tuple(source), tuple(levels),
            numbers[0], numbers[1], numbers[2], gaps,
        )  # fmt: skip

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Traits as numbers.

        Parameters
        ----------
        frame : pandas.DataFrame, shape (n, at least k)
            Traits of firms.

        Returns
        -------
        numpy.ndarray, shape (n, c)
            Without gaps.

        Raises
        ------
        DataError
            If a trait is not in the table, or a number is none.
        """
        self._check(frame)
        columns = []
        for k, name in enumerate(self.traits):
            levels = self.levels[k]
            if levels is None:
                values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
                gap = ~np.isfinite(values)
                columns.append(np.where(gap, self.median[k], values))
                if self.gaps[k]:
                    columns.append(gap.astype(np.float64))
            else:
                values = frame[name].to_numpy(dtype=object)
                columns += [(values == level).astype(np.float64) for level in levels]
        out = np.column_stack(columns) if columns else np.empty((len(frame), 0))
        return np.ascontiguousarray(out, dtype=np.float64)

    def flags(self, frame: pd.DataFrame) -> list[str]:
        """What puts each firm outside the support of the panel; empty text: nothing.

        Parameters
        ----------
        frame : pandas.DataFrame, shape (n, at least k)
            Traits of firms.

        Returns
        -------
        list of str, length n
        """
        out: list[list[str]] = [[] for _ in range(len(frame))]
        for k, name in enumerate(self.traits):
            gap = frame[name].isna().to_numpy()
            levels = self.levels[k]
            if levels is None:
                values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
                for i in np.flatnonzero((values < self.low[k]) | (values > self.high[k])):
                    span = f"{self.low[k]:.4g} to {self.high[k]:.4g}"
                    out[i].append(f"{name} {values[i]:.4g} outside {span}")
            else:
                labels = frame[name].to_numpy(dtype=object)
                for i in np.flatnonzero(~gap & ~frame[name].isin(list(levels)).to_numpy()):
                    out[i].append(f"{name} = {labels[i]} not in the panel")
            if not self.gaps[k]:
                for i in np.flatnonzero(gap):
                    out[i].append(f"{name} missing")
        return ["; ".join(words) for words in out]

    def _check(self, frame: pd.DataFrame) -> None:
        import pandas as pd

        faults = []
        if absent := [name for name in self.traits if name not in frame.columns]:
            faults.append(
                Fault(
                    "missing_traits",
                    f"the table of firms has no column {', '.join(map(repr, absent))}; it has "
                    f"{', '.join(map(str, frame.columns)) or 'none'}",
                    "give every trait of the panel: " + ", ".join(self.traits),
                )
            )
        for name, levels in zip(self.traits, self.levels, strict=True):
            if levels is not None or name in absent:
                continue
            if not pd.api.types.is_numeric_dtype(frame[name]):
                odd = frame.index[pd.to_numeric(frame[name], errors="coerce").isna()][:3].tolist()
                faults.append(
                    Fault(
                        "not_a_number",
                        f"trait {name!r} is a number in the panel, and text in the table of firms "
                        f"(first at {odd})",
                        f"convert it, such as with pd.to_numeric(firms[{name!r}])",
                    )
                )
        if faults:
            raise DataError(faults)
