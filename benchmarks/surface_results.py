"""The surface table from raw replications, and what it was made with."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import causalgreen as cg
from benchmarks.economies import TERMS
from benchmarks.made_with import made_with, of_run, version_of
from benchmarks.surface_economies import CASES
from benchmarks.surface_methods import METHODS, REFERENCE

__all__ = ["current", "fingerprints", "notes", "summarise"]

# Only what numbers depend on: a change of tables, plots or words makes nothing stale.
OURS = (
    "residuals", "moments", "panel/transforms.py", "panel/absorb.py", "surface/adjust.py",
    "surface/bags.py", "surface/bins.py", "surface/coordinates.py", "surface/forest.py",
    "surface/grf.py", "surface/information.py", "surface/linear.py", "surface/problem.py",
    "surface/scores.py",
)  # fmt: skip


class _Bare(ast.NodeTransformer):
    """Takes docstrings away: numbers do not depend on them."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                s for s in body
                if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            ]  # fmt: skip
        return node


@cache
def _code(path: Path) -> bytes:
    return ast.dump(_Bare().visit(ast.parse(path.read_text(encoding="utf-8")))).encode()


@cache
def _digest(ours: bool, packages: tuple[str, ...]) -> str:
    here, package = Path(__file__).parent, Path(cg.__file__).parent
    names = ("surface_methods.py",) if ours else ("surface_peers.py", "peers.py")
    files = [here / "economies.py", here / "surface_economies.py", *(here / n for n in names)]
    for name in ("data/simulate.py", "data/truth.py", *(OURS if ours else ())):
        path = package / name
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    out = hashlib.sha256()
    for file in files:
        out.update(_code(file))
    for name in packages:
        out.update(f"{name}={version_of(name)};".encode())
    return out.hexdigest()[:12]


def fingerprints() -> dict[str, str]:
    """For each method: changes with the code and versions that its numbers depend on."""
    return {key: _digest(way.ours, way.packages) for key, way in METHODS.items()}


def current(raw: pd.DataFrame, prints: dict[str, str]) -> pd.DataFrame:
    """Rows made by the code as it is now."""
    if raw.empty:
        return raw
    same = raw[raw["fingerprint"] == raw["key"].map(prints)]
    keys = ["case", "replication", "kind", "key", "term", "group"]
    return same.drop_duplicates([k for k in keys if k in same], keep="last")


def summarise(raw: pd.DataFrame) -> pd.DataFrame:
    """Error, coverage, length and time of every method and term.

    Parameters
    ----------
    raw : pandas.DataFrame
        One row per replication, method and term.

    Returns
    -------
    pandas.DataFrame
        ``rmse`` over firms and replications; Monte-Carlo errors over replications; ``times`` is
        process time in units of that of ``cg.forest()``, nuisances of both included, and
        ``rmse_ratio`` and ``length_ratio`` compare with it on the same panels.
    """
    same = ["case", "replication", "term"]
    ours = raw.loc[raw["key"] == REFERENCE, [*same, "mse", "length"]]
    raw = raw.merge(ours, on=same, how="left", suffixes=("", "_reference"))
    rows = []
    for (case, key, term), part in raw.groupby(["case", "key", "term"], sort=False):
        rows.append({"case": case, "firms": CASES[str(case)].firms, "key": key,
                     "method": METHODS[str(key)].label, "term": term, **_cell(part)})  # fmt: skip
    table = pd.DataFrame(rows)
    ranks = {"case": list(CASES), "term": list(TERMS), "key": list(METHODS)}
    return table.sort_values(
        list(ranks), key=lambda column: column.map(ranks[str(column.name)].index)
    ).reset_index(drop=True)


def _cell(part: pd.DataFrame) -> dict[str, object]:
    good, n = part[part["error"] == ""], len(part)

    def error_of(column: str) -> float:
        return float(good[column].std(ddof=1) / np.sqrt(len(good))) if len(good) > 1 else np.nan

    def whole(columns: pd.DataFrame) -> dict[str, float]:
        means = columns.mean()
        return {
            "rmse": np.sqrt(means["mse"]),
            "rmse_ratio": np.sqrt(means["mse"] / means["mse_reference"]),
            "length_ratio": means["length"] / means["length_reference"],
        }

    parts = good[["mse", "mse_reference", "length", "length_reference"]].reset_index(drop=True)
    found, errors = whole(parts), _jackknife(parts, whole)
    return {
        "replications": n,
        "failed": n - len(good),
        "rmse": found["rmse"],
        "rmse_mcse": errors["rmse"],
        "rmse_ratio": found["rmse_ratio"],
        "rmse_ratio_mcse": errors["rmse_ratio"],
        "mean_error": good["mean_error"].mean(),
        "mean_error_mcse": error_of("mean_error"),
        "coverage": good["coverage"].mean(),
        "coverage_mcse": error_of("coverage"),
        "coverage_inside": good["coverage_inside"].mean(),
        "coverage_inside_mcse": error_of("coverage_inside"),
        "length": good["length"].mean(),
        "length_ratio": found["length_ratio"],
        "length_ratio_mcse": errors["length_ratio"],
        "times": good["seconds"].mean() / good["reference"].mean(),
        "seconds": good["seconds"].mean(),
        "missing": good["missing"].sum(),
        "reason": part.loc[part["error"] != "", "error"].iloc[0] if len(good) < n else "",
    }


def _jackknife(
    parts: pd.DataFrame, figures: Callable[[pd.DataFrame], dict[str, float]]
) -> dict[str, float]:
    """Standard errors of figures over panels, leaving out one panel after the other."""
    n = len(parts)
    if n < 2:
        return dict.fromkeys(figures(parts), float("nan"))
    without = pd.DataFrame([figures(parts.drop(index=k)) for k in parts.index])
    spread = np.sqrt((n - 1) ** 2 / n * without.var(ddof=1))
    return {str(name): float(value) for name, value in spread.items()}


def notes(
    raw: pd.DataFrame, base_seed: int, wall_seconds: float, prints: dict[str, str]
) -> pd.DataFrame:
    """What the table was made with: versions, seeds, machine, time; two columns."""
    once = raw[raw["kind"] == "firm"].drop_duplicates(["case", "replication", "key"])
    return made_with([
        *of_run(raw, base_seed, wall_seconds),
        ("process_seconds", round(float(once["seconds"].sum()))),
        *((f"fingerprint {key}", prints[str(key)]) for key in once["key"].unique()),
    ])  # fmt: skip
