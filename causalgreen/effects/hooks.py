"""Hooks by which other packages read effects: columns beside those of pyfixest in maketables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from causalgreen.effects.context import Context
    from causalgreen.effects.covariance import Covariance

__all__ = ["TableHooks"]


class TableHooks:
    """The maketables plug-in, without importing maketables."""

    __slots__ = ()

    if TYPE_CHECKING:
        context: Context
        covariance: Covariance

        def tidy(self) -> pd.DataFrame: ...  # noqa: D102

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients for maketables."""
        table = self.tidy().rename(
            columns={
                "term": "Coefficient", "estimate": "b", "std_error": "se", "statistic": "t",
                "p_value": "p", "conf_low": "ci95l", "conf_high": "ci95u",
            }
        )  # fmt: skip
        return table.set_index("Coefficient")

    @property
    def __maketables_depvar__(self) -> str:
        """Name of the outcome for maketables."""
        return self.context.outcome

    @property
    def __maketables_fixef_string__(self) -> str:
        """Absorbed effects for maketables, which parts them at every bare plus sign."""
        return self.context.absorbed.replace(" + ", "+")

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        """Covariance for maketables."""
        names = "+".join(self.context.cluster_names)
        return {"se_type": f"{self.covariance} by {names}", "vcov_type": self.covariance}

    def __maketables_stat__(self, key: str) -> Any:
        """Statistics for maketables."""
        known = {
            "N": self.context.n_rows,
            "firms": self.context.n_firms,
            "clusters": min(self.context.n_clusters),
            "se_type": self.__maketables_vcov_info__["se_type"],
        }
        return known.get(key)
