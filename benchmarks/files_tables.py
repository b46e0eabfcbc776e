"""The part of the page on files that says how large they may be."""

from __future__ import annotations

import pandas as pd

__all__ = ["block"]

HEAD = ("step", "CPU seconds", "peak memory, MB", "CPU beside pandas", "memory beside pandas")


def block(table: pd.DataFrame) -> str:
    """Steps of reading a large csv, beside ``pandas.read_csv``; from ``files.csv``."""
    steps = table.set_index("step")
    one = table.iloc[0]
    text = (
        f"A csv of {steps['rows'].max():,.0f} firm–years ({one['csv_mb']:.0f} MB, GBK, ten "
        "columns), each step in a process of its own, on one core:"
    )
    lines = ["| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 1)]
    lines += [
        f"| {r.words} | {r.cpu_seconds:.1f} | {r.peak_mb:,.0f} | {r.cpu_over_pandas:.1f} | "
        f"{r.memory_over_pandas:.1f} |"
        for r in steps.loc["pandas":].itertuples()  # type: ignore[misc]
    ]
    made = (
        "Memory beside pandas is less what the imports take. Made by `python -m benchmarks.files` "
        f"with pandas {one['pandas']} on Python {one['python']}; the figures are in "
        "`benchmarks/results/files.csv`."
    )
    return "\n\n".join([text, "\n".join(lines), made])
