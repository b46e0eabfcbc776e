"""The simulated panel as the messy files that people have, and the clean table behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.data import files_csmar, files_patents
from causalgreen.data.realism import Realism, Simulation
from causalgreen.errors import DataError, Fault

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from causalgreen.data.simulate import Economy
    from causalgreen.data.truth import Truth

__all__ = ["SimulatedFiles", "simulate_files"]

# Name, place in the folder, format, what must be seen to.
_FILES = (
    ("basics", "上市公司基本信息年度表102938475", "xlsx", "three header rows"),
    ("assets", "资产负债表564738291", "xlsx, 2 parts",
     "three header rows; consolidated and parent; quarters and opening rows"),
    ("ratios", "财务指标192837465", "tab text, GBK", "half years; parent statements"),
    ("patents", "国内外专利申请获得情况表918273645", "xlsx",
     "three header rows; states, areas, flows and stocks stacked; blanks"),
    ("green", "上市公司绿色专利申请情况.xlsx", "xlsx",
     "Chinese labels; own and joint apart; firm-years without patents left out"),
    ("publications", "绿色专利明细.csv", "csv, GBK",
     "application and grant of one invention; several applicants; lost zeros; G06Q"),
    ("ai", "ai_replication.dta", "Stata", "lost zeros; ln(1 + words)"),
    ("staff", "员工结构", "csv, 3 parts", "lost zeros; Chinese labels"),
    ("governance", "治理与成长.csv", "csv, GBK", "lost zeros; a share in percent"),
    ("edges", "supply_chain.csv", "csv, UTF-8", "codes of six characters"),
)  # fmt: skip
KINDS = ("robots", "smart_manufacturing", "digital_finance")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SimulatedFiles:
    """Files written by `simulate_files`, and what they should come back as.

    Attributes
    ----------
    folder : Path
    paths : mapping of str to Path
        File or folder by short name: basics, assets, ratios, patents, green, publications, ai,
        staff, governance, edges.
    frame : pandas.DataFrame
        The clean table behind the files, sorted by firm and year; column names are those of the
        package.
    simulation : Simulation
        The simulated panel, its truth, its supply chains.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = simulate_files(Path(folder) / "raw", n_firms=20, n_years=5)
    ...     made.paths["green"].name
    '上市公司绿色专利申请情况.xlsx'
    """

    folder: Path
    paths: Mapping[str, Path]
    frame: pd.DataFrame
    simulation: Simulation

    @property
    def truth(self) -> Truth:
        """Effects in the economy behind the files."""
        return self.simulation.truth

    @property
    def edges(self) -> pd.DataFrame:
        """Supply chains: supplier, customer, year, share."""
        return self.simulation.edges

    def tidy(self) -> pd.DataFrame:
        """Return one row per table: table, path, format, files, bytes, traps."""
        rows = []
        for name, place, kind, traps in _FILES:
            path = self.paths[name]
            files = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]
            size = sum(f.stat().st_size for f in files if f.exists())
            rows.append((name, place, kind, len(files), size, traps))
        return pd.DataFrame(rows, columns=["table", "path", "format", "files", "bytes", "traps"])

    def plot(self) -> Figure:
        """Draw the simulated panel."""
        return self.simulation.plot()

    def __reduce__(self) -> tuple[object, ...]:
        make = (self.folder, dict(self.paths), self.frame, self.simulation)
        return _rebuild, make

    def __repr__(self) -> str:
        return f"SimulatedFiles({self.folder}; {len(self.paths)} tables, {len(self.frame):,} rows)"

    def __str__(self) -> str:
        head = f"{len(self.paths)} tables in {self.folder}, {len(self.frame):,} clean rows"
        lines = [f"  {r.table}: {r.path} ({r.format}): {r.traps}" for r in self.tidy().itertuples()]
        return "\n".join([head, *lines])

    def _repr_html_(self) -> str:
        table = self.tidy().to_html(index=False, border=0)
        return f"<div><b>{escape(str(self).splitlines()[0])}</b>{table}</div>"


def _rebuild(
    folder: Path, paths: dict[str, Path], frame: pd.DataFrame, simulation: Simulation
) -> SimulatedFiles:
    return SimulatedFiles(folder, MappingProxyType(paths), frame, simulation)


def simulate_files(
    folder: str | Path,
    n_firms: int = 120,
    n_years: int = 8,
    seed: int = 0,
    *,
    economy: Economy | None = None,
    realism: Realism | None = None,
) -> SimulatedFiles:
    """Simulate a panel and write it as the files that CSMAR, CNRDS, CNIPA and papers deliver.

    Parameters
    ----------
    folder : str or Path
        A new or an empty folder.
    n_firms, n_years, seed : int
        As in `causalgreen.simulate_panel`. Workbooks grow by some 40 rows for each firm
        and year: some hundreds of firms are enough.
    economy, realism : optional
        As in `causalgreen.simulate_panel`; patents must be counted.

    Returns
    -------
    SimulatedFiles

    Raises
    ------
    DataError
        The folder is not empty or cannot be made; openpyxl is not installed.
    ValueError
        ``realism`` without counts or kinds of AI.
    """
    from causalgreen.data.simulate import simulate_panel

    realism = realism or Realism()
    if not (realism.counts and realism.types):
        raise ValueError("files hold counts of patents and kinds of AI: both must be True")
    where = _empty(Path(folder))
    simulation = simulate_panel(n_firms, n_years, seed, economy=economy, realism=realism)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 4]).spawn(5)]
    clean = files_patents.split_joint(_clean(simulation.df), streams[0])
    paths = {name: where / place for name, place, _, _ in _FILES}
    files_csmar.basics(paths["basics"], clean)
    files_csmar.statements(paths["assets"], clean, streams[1])
    files_csmar.indicators(paths["ratios"], clean, streams[2])
    files_csmar.patents(paths["patents"], clean, streams[3])
    files_patents.cnrds(paths["green"], clean)
    files_patents.cnipa(paths["publications"], clean, streams[4])
    _stata(paths["ai"], clean)
    files_csmar.staff(paths["staff"], clean)
    _governance(paths["governance"], clean)
    simulation.edges.to_csv(paths["edges"], index=False, encoding="utf-8")
    return _rebuild(where, paths, clean, simulation)


def _empty(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        what = f"the folder {folder} cannot be made: {error}"
        raise DataError([Fault("no_folder", what, "name another")]) from error
    if held:
        what = f"the folder {folder} is not empty: it holds {', '.join(held[:4])}"
        fix = "name a new folder: nothing is overwritten"
        raise DataError([Fault("folder_not_empty", what, fix)])
    return folder


def _clean(df: pd.DataFrame) -> pd.DataFrame:
    """The table as it comes back from the files: words of the files, what they do not hold gone."""
    out = df.copy()
    out["status"] = out["status"].map({"normal": "正常上市", "ST": "ST"})
    # written with two decimals in percent, as the yearbooks do
    out["indep"] = out["indep"].round(2)
    return out


def _stata(path: Path, df: pd.DataFrame) -> None:
    """A replication file: version 118, Chinese labels, codes as numbers."""
    table = pd.DataFrame(
        {
            "stkcd": df["firm"].astype(int), "year": df["year"].astype("int16"),
            "AIwords": df["ai_words"].astype(float), "lnAI": df["ai"],
            "robot": df["robots"], "smart": df["smart_manufacturing"].astype("int8"),
            "DIF": df["digital_finance"],
        }
    )  # fmt: skip
    labels = {
        "stkcd": "股票代码", "year": "年份", "AIwords": "人工智能词频", "lnAI": "人工智能水平",
        "robot": "机器人渗透度", "smart": "智能制造试点", "DIF": "数字普惠金融指数",
    }  # fmt: skip
    table.to_stata(path, write_index=False, version=118, variable_labels=labels)


def _governance(path: Path, df: pd.DataFrame) -> None:
    table = pd.DataFrame(
        {
            "股票代码": df["firm"].astype(int), "年份": df["year"], "企业年龄": df["age"],
            "董事人数": df["board"], "独立董事比例": df["indep"], "营业收入增长率": df["growth"],
            "现金流比率": df["cashflow"], "存货占比": df["inventory"],
        }
    )  # fmt: skip
    table.to_csv(path, index=False, encoding="gbk")
