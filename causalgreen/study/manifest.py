"""The frozen manifest of a study: all that its numbers depend on, and the numbers."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.errors import DesignError, EstimationWarning
from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.panel.roles import Roles
from causalgreen.panel.transforms import FixedEffects
from causalgreen.study.fingerprint import DataRecord
from causalgreen.study.learner_record import LearnerRecord
from causalgreen.study.records import Estimand, Estimate, Estimation

if TYPE_CHECKING:
    import pandas as pd

    from causalgreen.effects.effects import Effects
    from causalgreen.study.agreement import Agreement
    from causalgreen.study.differences import Differences

__all__ = ["Manifest", "beside"]

SUFFIX = ".manifest.json"


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """What the numbers of a study depend on, and the numbers.

    Made by ``study.manifest()``; written beside every report.

    Attributes
    ----------
    data : DataRecord
        Digests of the columns that play a part, rows, firms, periods.
    roles : Roles
    graph : CausalGraph
    fixed_effects : FixedEffects
    learners : tuple of LearnerRecord
        Members of the stack, with all settings.
    folds, repeats, seed : int
    estimation : Estimation or None
        None: the estimates are not those of ``study.paths`` (a contrast, percentages), or the graph
        identifies no path.
    estimand, population, unit : str
        What is estimated, over whom it is averaged, in which unit.
    estimands : tuple of Estimand
    estimates : tuple of Estimate
    versions : tuple of (str, str)
        Python, packages, and the kind of machine.

    Examples
    --------
    >>> import causalgreen as cg
    >>> df, _ = cg.simulate_panel(n_firms=120, n_years=4, seed=0)
    >>> panel = cg.Panel.from_frame(
    ...     df, unit="firm", time="year", outcome="green_patents", treatment="ai",
    ...     controls=["leverage"])
    >>> study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear())
    >>> manifest = study.manifest()
    >>> Manifest.from_json(manifest.to_json()) == manifest
    True
    >>> again = cg.Study.from_manifest(manifest, df.sample(frac=1, random_state=0))
    >>> manifest.compare(again.paths()).identical
    True
    """

    data: DataRecord
    roles: Roles
    graph: CausalGraph
    fixed_effects: FixedEffects
    learners: tuple[LearnerRecord, ...]
    folds: int
    repeats: int
    seed: int
    estimation: Estimation | None
    estimand: str
    population: str
    unit: str
    estimands: tuple[Estimand, ...]
    estimates: tuple[Estimate, ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def graph_digest(self) -> str:
        """SHA-256 of the graph's text: nodes, what is latent, arrows, in a fixed order."""
        graph = self.graph
        lines = [f"node {n}" for n in sorted(graph.nodes)]
        lines += [f"latent {n}" for n in sorted(graph.latent)]
        lines += [f"shock {n}" for n in sorted(graph.shocks)]
        lines += [f"{a} -> {b}" for a, b in sorted(graph.edges)]
        return _sha("\n".join(lines))

    @property
    def seal(self) -> str:
        """SHA-256 of the whole manifest; the first digits will do to cite it."""
        from causalgreen.study.manifest_json import content

        return _sha(json.dumps(content(self), sort_keys=True, ensure_ascii=True))

    def estimation_arguments(self) -> dict[str, Any]:
        """Arguments of ``Study.paths`` that give the same estimates.

        Raises
        ------
        DesignError
            If the estimates did not come from ``study.paths`` as they are.
        """
        e = self.estimation
        if e is None:
            raise DesignError(
                "the manifest's estimates are not those of study.paths() as they are (a contrast, "
                "percentages, or none): they cannot be computed from the manifest alone"
            )
        return {
            "coefficients": e.coefficients, "covariance": e.covariance,
            "population": e.population, "allow_unidentified": e.allow_unidentified,
        }  # fmt: skip

    def diff(self, other: Manifest) -> Differences:
        """What differs in another manifest, in sentences, and whether it can change numbers.

        Parameters
        ----------
        other : Manifest
            To compare with.

        Returns
        -------
        Differences
        """
        from causalgreen.study.differences import differences

        return differences(self, other)

    def compare(self, effects: Effects) -> Agreement:
        """Whether estimates are those of the manifest, to the last digit.

        Parameters
        ----------
        effects : Effects
            Estimated now.

        Returns
        -------
        Agreement
        """
        from causalgreen.study.agreement import agreement

        return agreement(self, effects)

    def to_json(self) -> str:
        """The manifest as JSON, numbers in full precision, sealed."""
        from causalgreen.study.manifest_json import content

        document = {"causalgreen manifest": 1, "seal": self.seal, **content(self)}
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text_or_path: str | Path) -> Manifest:
        """Read a manifest, from a text or from the path of a file.

        Parameters
        ----------
        text_or_path : str or pathlib.Path
            What ``to_json`` gave, or the file that ``write`` made.

        Returns
        -------
        Manifest

        Raises
        ------
        DesignError
            If it is no manifest, or was changed after it was written.
        """
        from causalgreen.study.manifest_json import read

        return read(cls, text_or_path)

    def write(self, path: str | Path) -> Path:
        """Write the manifest as JSON; the file appears whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            File; ``.json`` is a good suffix.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        DesignError
            If no file can be made there.

        Warns
        -----
        EstimationWarning
            If ``causalgreen run`` cannot compute the estimates again: they are not those of
            ``study.paths`` as they are.
        """
        from causalgreen.report.write import check_place, open_to_readers

        path = Path(path)
        check_place(path, "the manifest")
        if self.estimation is None:
            what = f"the estimates in {path.name} are" if self.estimates else f"{path.name} holds"
            kind = f" ({self.unit})" if self.estimates and self.unit else ""
            none = "not those of study.paths() as they are" if self.estimates else "no estimates"
            warnings.warn(
                f"{what} {none}{kind}: `causalgreen run` cannot compute them from the manifest and "
                "will refuse it. For one that can be run, write study.manifest(study.paths())",
                EstimationWarning, stacklevel=2,
            )  # fmt: skip
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(self.to_json())
            open_to_readers(Path(name), folder=False)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return path

    def parts(self) -> dict[str, dict[str, str]]:
        """The facts of `tidy`, part by part, for a report."""
        from causalgreen.study.manifest_text import facts

        out: dict[str, dict[str, str]] = {}
        for part, name, value in facts(self):
            out.setdefault(part, {})[name] = value
        return out

    def tidy(self) -> pd.DataFrame:
        """One row for each fact: part, name, value."""
        import pandas as pd

        from causalgreen.study.manifest_text import facts

        return pd.DataFrame(facts(self), columns=["part", "name", "value"])

    def __str__(self) -> str:
        from causalgreen.study.manifest_text import told

        return told(self)

    def __repr__(self) -> str:
        return f"Manifest({self.seal[:12]}; {self.roles.outcome}; {self.data.rows:,} rows)"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def beside(path: str | Path) -> Path:
    """Where the manifest of a report lies.

    Examples
    --------
    >>> beside("report.html").name
    'report.manifest.json'
    """
    path = Path(path)
    return path.with_name(path.stem + SUFFIX)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
