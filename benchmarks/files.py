"""A csv of three million firm-years: read, checked, made a panel with exposures; time and memory.

    python -m benchmarks.files [--rows 3000000] [--folder FOLDER] [--out results/files.csv]

Each step is a process of its own, so that its peak is its own: the largest resident memory that
the kernel saw, less that of an interpreter with the same imports. Beside the package stands what
``pandas.read_csv`` needs for the same file. The table on disk is the only source of figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

__all__ = ["STEPS", "TABLE", "main", "measure", "write_csv"]

TABLE = Path(__file__).parent / "results" / "files.csv"
STEPS = ("imports", "pandas", "read", "panel", "exposures", "study table")
WORDS = {
    "imports": "import causalgreen and its parts",
    "pandas": "pandas.read_csv, for comparison",
    "read": "cg.data.read",
    "panel": "read, firm_panel with its checks",
    "exposures": "the same, and peers' AI by industry and by city",
    "study table": "the same, and Panel.from_frame",
}
_PREFIXES = (
    "000 001 002 003 300 301 302 600 601 603 605 688 689".split()  # noqa: SIM905
    + [f"{head}{i}" for head in ("43", "82", "83", "87", "88", "92") for i in range(10)]
)
_FIRST_YEAR, _YEARS = 1980, 42
_CHUNK = 5_000  # firms
SEED = 0


def codes() -> np.ndarray:
    """All 73,000 numbers that the exchanges could give, as numbers: the zeros are lost."""
    return np.concatenate([int(p) * 1000 + np.arange(1000) for p in _PREFIXES])


def write_csv(path: Path, rows: int, seed: int = SEED) -> None:
    """Write a GBK csv in pieces: Chinese names, codes without zeros, blanks, a share in percent."""
    firms, per = codes()[: -(-rows // _YEARS)], _YEARS
    rng = np.random.default_rng(seed)
    cities = np.array(
        ["北京市", "上海市", "深圳市", "杭州市", "苏州市", "宿州市", "成都市", "武汉市"]
    )
    industries = np.array(["C39", "C26", "C31", "I65", "D44", "K70", "C27", "C35"])
    years = np.arange(_FIRST_YEAR, _FIRST_YEAR + per)
    left = rows
    for start in range(0, len(firms), _CHUNK):
        part = firms[start : start + _CHUNK]
        n = len(part) * per
        total = rng.poisson(3, n)
        table = pd.DataFrame(
            {
                "股票代码": np.repeat(part, per),
                "年份": np.tile(years, len(part)),
                "所属城市": np.repeat(cities[part % 8], per),
                "行业代码": np.repeat(industries[part // 7 % 8], per),
                "lnAI": np.log1p(rng.poisson(2, n)).round(6),
                "绿色专利总数": rng.binomial(total, 0.3),
                "专利总数": total,
                "资产负债率": np.where(rng.random(n) < 0.02, np.nan, rng.random(n).round(4)),
                "总资产": np.exp(rng.normal(22, 1, n)).round(),
                "独立董事比例": rng.normal(37, 5, n).round(2),
            }
        ).iloc[:left]
        left -= len(table)
        table.to_csv(path, mode="a" if start else "w", header=not start, index=False,
                     encoding="gbk")  # fmt: skip


def step(name: str, path: Path) -> int:
    """Do one step in this process; returns the number of rows that came out."""
    import causalgreen as cg

    _ = cg.data.firm_panel, cg.exposure, cg.Panel
    if name == "imports":
        return 0
    if name == "pandas":
        return len(pd.read_csv(path, encoding="gbk"))
    read = cg.data.read(path, columns={"lnAI": "ai"})
    if name == "read":
        return len(read.frame)
    panel = cg.data.firm_panel(read)
    del read
    if name == "panel":
        return len(panel.frame)
    made = cg.exposure(panel.frame, by=["industry", "city"], of="ai")
    if name == "exposures":
        return len(made)
    frame = made.attach()
    del made, panel
    table = cg.Panel.from_frame(
        frame, unit="firm", time="year", outcome="green_patents", treatment="ai",
        exposure=["peer_ai_industry", "peer_ai_city"], controls=["leverage"], cluster="city",
    )  # fmt: skip
    return table.n_rows


def measure(name: str, path: Path) -> dict[str, Any]:
    """Run one step in a process of its own: rows, seconds, peak_mb."""
    command = [sys.executable, "-m", "benchmarks.files", "--step", name, "--csv", str(path)]
    root = Path(__file__).parent.parent
    settings = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=root, env=settings
    )
    if done.returncode:
        raise RuntimeError(f"step {name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _here(name: str, path: Path) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    start, cpu = time.perf_counter(), time.process_time()
    rows = step(name, path)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "step": name, "rows": rows, "seconds": seconds, "cpu_seconds": cpu, "peak_mb": _peak(),
    }  # fmt: skip


def _peak() -> float:
    """Largest resident memory of this process so far, in megabytes."""
    try:  # getrusage would count what the parent held, too: Linux carries it over
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        import resource

        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def table_of(path: Path, rows: int) -> pd.DataFrame:
    """All steps: figures, ratios to pandas, versions."""
    start = time.perf_counter()
    write_csv(path, rows)
    written = {"step": "write", "rows": rows, "seconds": time.perf_counter() - start}
    size = path.stat().st_size / 2**20
    out = pd.DataFrame([written, *(measure(name, path) for name in tqdm(STEPS, unit="step"))])
    base = out.set_index("step")
    idle = base["peak_mb"]["imports"]
    out["words"] = out["step"].map({"write": "write the csv, in pieces", **WORDS})
    out["csv_mb"] = size
    out["bytes_per_row"] = (out["peak_mb"] - idle) * 2**20 / rows
    out["cpu_over_pandas"] = out["cpu_seconds"] / base["cpu_seconds"]["pandas"]
    out["memory_over_pandas"] = (out["peak_mb"] - idle) / (base["peak_mb"]["pandas"] - idle)
    out.loc[out["step"].isin(["imports", "write"]), out.columns[-3:]] = np.nan
    return out.round(3).assign(**_made_with())


def _made_with() -> dict[str, Any]:
    from benchmarks.made_with import made_with

    notes = made_with([("seed", SEED)], ("causalgreen", "pandas", "numpy"))
    return dict(zip(notes["what"], notes["value"], strict=True))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.files", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--folder", type=Path, help="where the csv is written; default: temporary")
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--csv", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.step:
        print(json.dumps(_here(asked.step, asked.csv)))
        return 0
    if not 1 <= asked.rows <= len(codes()) * _YEARS:
        parser.error(f"--rows must lie between 1 and {len(codes()) * _YEARS:,}")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        table = table_of(Path(folder) / "panel.csv", asked.rows)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(asked.out, index=False)
    print(table.drop(columns="words").to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
