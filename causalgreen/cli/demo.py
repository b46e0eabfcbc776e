"""``causalgreen demo``: an economy whose effects are known, estimated and reported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalgreen.cli.build import panel_of, study_of, write_results
from causalgreen.cli.config import read_config
from causalgreen.cli.output import check_target, fresh_folder, write_mark
from causalgreen.cli.terminal import say, text_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["demo"]

STUDY = """\
# A study file: `causalgreen run study.toml` (paths are relative to this file)
[data]
path = "panel.csv"

[roles]
unit = "firm"
time = "year"
outcome = "green_patents"
treatment = "ai"
exposure = "peer_ai"
traits = ["size", "urban", "clean_industry"]
controls = ["age", "leverage", "roa_lag"]
cluster = "city"

[roles.mediators]
restructuring = ["clean_share"]
human_capital = ["skilled_share"]

[study]
fixed_effects = "within"   # or "first_difference", "mundlak", "none"
learner = "default"        # or "linear", "lasso", "lightgbm", "random_forest"
# folds = 5                # default: 5, and 3 of very large panels
repeats = 1
seed = {seed}
coefficients = "auto"      # or "varying" (with the traits), "constant"
covariance = "auto"        # or "CR1" (cluster sandwich), "CV3" (cluster jackknife)

[report]
whom = true                # for which firms: a forest of effects (minutes on a large panel)
falsify = true             # try to break the numbers
# lang = "zh"

[output]
folder = "results"
"""


def demo(out: Path, firms: int, years: int, seed: int, force: bool) -> None:
    """Simulate, estimate, compare with the truth, and write everything down.

    The folder also holds the simulated table and its study file, so that
    ``causalgreen run`` and ``causalgreen check`` can be tried on them.
    """
    from causalgreen.data.simulate import simulate_panel

    check_target(out, force)
    frame, truth = simulate_panel(n_firms=firms, n_years=years, seed=seed)
    print(f"An economy of {firms:,} firms over {years} years, simulated: the truth is known.\n")
    with fresh_folder(out) as folder:
        frame.to_csv(folder / "panel.csv", index=False)
        (folder / "study.toml").write_text(STUDY.format(seed=seed), encoding="utf-8")
        config = read_config(folder / "study.toml")
        study = study_of(panel_of(config.table, config.roles), config)
        say("estimating")
        paths = study.paths(**config.estimation)
        print("What one more unit of AI does to green patents:\n")
        print(text_table(beside_truth(paths, truth)))
        print("\nWhat the causal graph says of each path (the report says why):\n")
        verdicts = study.identify().verdicts
        print(text_table(verdict_table(verdicts)))
        say("writing tables, figures and the report")
        write_results(study, paths, folder, config.report)
        write_mark(folder, {"command": "demo", "firms": firms, "years": years, "seed": seed})
    print(f"\nthe report: {out / 'report.html'}")
    print(f"your own:   copy {out / 'study.toml'}, then causalgreen run study.toml")


def verdict_table(verdicts: Any) -> pd.DataFrame:
    """One line a path: verdict, and how many assumptions it takes."""
    import pandas as pd

    from causalgreen.report.wording import path_label

    return pd.DataFrame(
        {
            "path": [path_label(verdict.term) for verdict in verdicts],
            "verdict": [verdict.verdict for verdict in verdicts],
            "assumptions": [len(verdict.assumptions) for verdict in verdicts],
        }
    )


def beside_truth(paths: Any, truth: Any) -> pd.DataFrame:
    """Estimates with the known average effect of the same firms beside them."""
    import pandas as pd

    from causalgreen.report.wording import interval, path_label

    tidy = paths.tidy()
    rows = tidy.to_dict("records")
    known = [float(truth.average.get(row["term"], float("nan"))) for row in rows]
    hit = [
        "yes" if row["conf_low"] <= value <= row["conf_high"] else "no"
        for row, value in zip(rows, known, strict=True)
    ]
    return pd.DataFrame(
        {
            "path": [path_label(str(row["term"])) for row in rows],
            "truth": known,
            "estimate": tidy["estimate"].to_numpy(),
            "std_error": tidy["std_error"].to_numpy(),
            "95 % interval": [
                interval(row["conf_low"], row["conf_high"], row["std_error"]) for row in rows
            ],
            "covers the truth": hit,
        }
    )
