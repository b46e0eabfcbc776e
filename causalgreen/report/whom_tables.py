"""Tables and figures of kinds of firms, as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from causalgreen.report.journal import JournalTable
from causalgreen.report.journal_rows import number
from causalgreen.report.study_tables import THREE, inference, intervals

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from causalgreen.report.phrases import Phrases

__all__ = [
    "calibration_table",
    "claims_table",
    "curve_grid",
    "curves_table",
    "equal_groups",
    "groups_table",
    "policy_table",
    "rules_table",
    "shap_table",
]


def _p(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def equal_groups(found: Any) -> Any:
    """P-value of equal effects in all groups, by path; of two groups it is their difference."""
    return found.tests.drop_duplicates("term").set_index("term")["p_romano_wolf"]


def groups_table(found: Any, say: Phrases) -> JournalTable:
    """Groups as columns and paths as rows, standard errors below."""
    tidy = found.tidy(simultaneous=False)
    equal = equal_groups(found)
    rows: list[tuple[str, ...]] = []
    for term in found.terms:
        mine = tidy[tidy["term"] == term]
        tops = [number(b, 3) for b in mine["estimate"]]
        unders = [f"({number(se, 3)})" for se in mine["std_error"]]
        rows.append((say.path(term), *tops, _p(float(equal[term]))))
        rows.append(("", *unders, ""))
    sizes = [
        (say("stats firms"), *(f"{n:,}" for n in found.n_firms), ""),
        (say.head("n_clusters"), *(f"{n:,}" for n in found.n_clusters), ""),
    ]
    labels = [say.tell(str(label)) for label in found.labels]
    heads = ("", *labels, say("groups p"))
    return JournalTable("", heads, (*rows, *sizes), (len(rows),), "", say.lang)


def claims_table(found: Any, level: float, say: Phrases) -> pd.DataFrame:
    """Claims and paths that have an answer."""
    import pandas as pd

    tidy = found.tidy()
    told = tidy[tidy["estimate"].notna()].reset_index(drop=True)
    part = inference(told, level, say)
    return pd.DataFrame(
        {
            "question": told["question"],
            "path": [say.path(t) for t in told["term"]],
            "compared": [say.tell(c) for c in told["compared"]],
            "estimate": part["estimate"],
            "std_error": part["std_error"],
            "p_adjusted": told["p_adjusted"].to_numpy(),
            "verdict": told["verdict"],
        }
    )


def calibration_table(found: Any, level: float, say: Phrases) -> pd.DataFrame:
    """Slope of each path, with both tests and what they say."""
    import pandas as pd

    from causalgreen.explain.calibration_text import finding

    tidy = found.tidy(level)
    slopes = tidy[tidy["parameter"] == "slope"].reset_index(drop=True)
    tests = found.tests
    both = [tests[tests["test"] == name]["p_holm"].to_numpy() for name in tests["test"].unique()]
    return pd.DataFrame(
        {
            "path": [say.path(t) for t in slopes["term"]],
            "slope": slopes["estimate"],
            "std_error": slopes["std_error"],
            f"{100 * level:g} % interval": intervals(slopes, say, THREE),
            "p_differs": both[0],
            "p_as_predicted": both[1],
            "finding": [finding(found, t) for t in slopes["term"]],
        }
    )


def curves_table(curves: Sequence[Any], say: Phrases) -> pd.DataFrame:
    """Tests of variation along a trait, one row for each path."""
    import pandas as pd

    return pd.DataFrame(
        {
            "path": [say.path(c.term) for c in curves],
            say("no variation"): [_p(float(c.tests["p_value"].iloc[0])) for c in curves],
            say("no trend"): [_p(float(c.tests["p_value"].iloc[1])) for c in curves],
        }
    )


def curve_grid(curves: Sequence[Any], question: str, level: float) -> Figure:
    """One panel for each path."""
    import matplotlib.pyplot as plt

    from causalgreen.explain.style import INK, label, sample

    columns = min(3, len(curves))
    rows = -(-len(curves) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.4 * columns + 0.3, 2.6 * rows + 0.9), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for place, ax in enumerate(axes.flat):
        if place >= len(curves):
            ax.set_axis_off()
            continue
        curve = curves[place]
        curve.plot(ax=ax, level=level)
        ax.set_title(label(curve.term), loc="left", fontsize=9, color=INK)
        handles, names = ax.get_legend_handles_labels()
        ax.get_legend().remove()
        ax.set_xlabel(curve.trait, fontsize=8)
        ax.set_ylabel("")
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    context = curves[0].context
    figure.suptitle(
        f"{question}\n{sample(context)}; {context.unit}",
        x=0.01, ha="left", fontsize=10.5, color=INK,
    )  # fmt: skip
    return figure


def shap_table(found: Mapping[str, Any], say: Phrases) -> JournalTable:
    """Traits as rows and paths as columns: mean absolute SHAP value, standard error below."""
    tables = {term: one.tidy().set_index("group") for term, one in found.items()}
    traits = list(next(iter(tables.values())).index)
    rows: list[tuple[str, ...]] = []
    for trait in traits:
        cells = [table.loc[trait] for table in tables.values()]
        rows.append((say.word(trait), *(number(c["estimate"], 3) for c in cells)))
        rows.append(("", *(f"({number(c['std_error'], 3)})" for c in cells)))
    return JournalTable("", ("", *map(say.path, tables)), tuple(rows), (), "", say.lang)


def policy_table(found: Any, say: Phrases) -> pd.DataFrame:
    """Value of each policy on held-out clusters."""
    import pandas as pd

    tidy = found.tidy()
    part = inference(tidy, 0.95, say)
    shares = [f"{100 * share:.0f} %" for share in tidy["share"]]
    return pd.DataFrame({"policy": tidy["group"], "share treated": shares, **part})


def rules_table(found: Any, say: Phrases) -> pd.DataFrame:
    """Leaves of the tree."""
    import pandas as pd

    rules = found.rules

    def decided(share: float) -> str:
        if share in (0.0, 1.0):
            return say("treat" if share else "do not treat")
        return say("treat share", share=f"{100 * share:.0f}")

    return pd.DataFrame(
        {
            "rule": [say.tell(rule) for rule in rules["rule"]],
            "treat": [decided(share) for share in rules["treat"]],
            "n_firms": rules["n_firms"],
            "n_clusters": rules["n_clusters"],
            "estimate": rules["estimate"],
        }
    )
