"""The part of the coverage page on staged adoption, beside diff-diff."""

from __future__ import annotations

import pandas as pd

from benchmarks.made_with import told

__all__ = ["section"]

WORDS = {"own_total": "all firms", "treated": "the treated"}
HEAD = ("effect", "on average over", "method", "truth", "bias (s.e.)", "sd", "mean s.e.",
        "coverage, % (s.e.)", "length", "failed")  # fmt: skip


def section(table: pd.DataFrame, notes: dict[str, str]) -> str:
    """Introduction, table and versions.

    Parameters
    ----------
    table : pandas.DataFrame
        As `benchmarks.staged` makes it.
    notes : dict
        What it was made with.

    Returns
    -------
    str
    """
    one = table.iloc[0]
    text = (
        f"The realistic economy of `cg.simulate_panel`, balanced and complete, drawn "
        f"{table['replications'].max()} times: {one['firms']:,} firms over {one['years']} years. "
        "Firms join a pilot (`smart_manufacturing`) and never leave it, larger and better-earning "
        "ones sooner; the outcome is the log of green patents, with noise. diff-diff's "
        "estimators are used as its documentation shows for staged adoption, with errors by city: "
        "they estimate the average effect on the treated, without and with the controls. Other "
        "kinds of AI grow meanwhile and act on the outcome, in some firms more than in others, so "
        "that trends need not be parallel. causalgreen gets the pilot as a 0/1 treatment with the "
        "same controls, and is held against the average over "
        "all firms, as are two-way fixed effects. Only causalgreen splits the effect into paths."
    )
    lines = ["| " + " | ".join(HEAD) + " |", "|---|---|---|" + "---:|" * (len(HEAD) - 3)]
    for row in table.to_dict("records"):
        if not pd.isna(row["coverage"]):
            lines.append("| " + " | ".join(_cells(row)) + " |")
    failed = [f"{r['method']}: {r['failed']} of {r['replications']} draws failed. {r['reason']}"
              for r in table[table["failed"] > 0].to_dict("records")]  # fmt: skip
    return "\n\n".join(
        [
            "## Staged adoption, beside diff-diff",
            text,
            "\n".join(lines),
            *failed,
            told(notes, "staged --resume"),
        ]
    )


def _cells(row: dict[str, object]) -> list[str]:
    number = {k: float(v) for k, v in row.items() if isinstance(v, int | float)}
    term, method = str(row["term"]), str(row["method"])
    return [
        "total" if term in WORDS else term.replace("_", " "),
        WORDS.get(term, "all firms"),
        f"**{method}**" if method.startswith("causalgreen") else method,
        f"{number['truth']:.3f}",
        f"{number['bias']:+.3f} ({number['bias_mcse']:.3f})",
        f"{number['sd']:.3f}",
        f"{number['mean_se']:.3f}",
        f"{100 * number['coverage']:.1f} ({100 * number['coverage_mcse']:.1f})",
        f"{number['mean_length']:.3f}",
        f"{number['failed']:.0f}",
    ]
