"""What ``import causalgreen`` costs, beside numpy, pandas and the packages that it keeps away.

    python -m benchmarks.imports

Each import in processes of its own, processor time, the least of several.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from benchmarks.made_with import made_with

__all__ = ["HEAVY", "main", "measure"]

TABLE = Path(__file__).parent / "results" / "imports.csv"
HEAVY = ("econml", "dowhy", "shap", "lightgbm", "sklearn", "matplotlib")
IMPORTED = ("causalgreen", "numpy", "pandas", "shap", "dowhy", "econml.dml")
CODE = """
import sys, time
begin = time.process_time()
import {name}
print(time.process_time() - begin, *sorted({heavy} & set(sys.modules)))
"""


def measure(name: str, runs: int) -> dict[str, object]:
    """Seconds of processor time of one import, and the heavy packages that it loads.

    Parameters
    ----------
    name : str
        Module.
    runs : int
        Processes.

    Returns
    -------
    dict
        what, seconds (the least), runs, loads (names, separated by blanks).
    """
    code = CODE.format(name=name, heavy=set(HEAVY))
    found = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        found.append(done.stdout.split())
    return {
        "what": name, "seconds": min(float(words[0]) for words in found), "runs": runs,
        "loads": " ".join(found[0][1:]),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=TABLE)
    args = parser.parse_args(argv)
    rows = [measure(name, args.runs) for name in tqdm(IMPORTED, unit="package")]
    table = pd.DataFrame(rows)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False, float_format="%.4g")
    notes = args.out.with_name(args.out.stem + "_metadata.csv")
    made_with([("runs", args.runs)]).to_csv(notes, index=False)
    print(table.to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
