"""English: what a report says."""

from __future__ import annotations

__all__ = ["HEADS", "PATHS", "TEXT", "VALUES"]

PATHS = {
    "direct": "Direct",
    "spillover": "Spillover from peers",
    "spillover_direct": "Spillover, direct",
    "spillover_mediated": "Spillover through own mediators",
    "own_total": "Own total",
    "overall": "Overall",
}

HEADS = {
    "std_error": "Std. error",
    "p": "p",
    "t": "t",
    "sd": "SD",
    "sd_between": "SD, between",
    "sd_within": "SD, within",
    "reported_p": "p, reported",
    "p_joint": "p, joint",
    "joint_p": "p, joint",
    "p_flips": "p, sign flips",
    "size_p": "p, size",
    "position_p": "p, position",
    "randomization_p": "p, randomization",
    "rv": "RV",
    "rv_a": "RV, limit",
    "p_value": "p",
    "conf_low": "Conf. low",
    "conf_high": "Conf. high",
    "n_rows": "Rows",
    "n_firms": "Firms",
    "n_clusters": "Clusters",
    "r2": "R²",
    "p_adjusted": "p, adjusted",
    "p_holm": "p, Holm",
    "holm_p": "p, Holm",
    "p_differs": "p, effects differ",
    "p_as_predicted": "p, as predicted",
}

VALUES: dict[str, str] = {}

TEXT = {
    "comma": ", ",
    "last and": " and ",
    "last or": " or ",
    "space": " ",
    "colon": ": ",
    "in brackets": " ({what})",
    "through": "Through {what}",
    "interval": "{low} to {high}",
    "contents": "Contents",
    "table": "Table",
    "Table n": "Table {n}. {what}",
    "Figure n": "Figure {n}. {what}",
    "std error row": "standard error",
    "title": "The effect of {treatment} on {outcome}",
    "footer": "Made by causalgreen {version}.",
    # what was found
    "lead none": "{n} effects on {outcome}, each with interval and verdict.",
    "in every firm": "One more unit of {treatment} in every firm",
    "in a firm": "One more unit of {treatment} in a firm",
    "by path": "By path: {parts}.",
    "part": "{amount} {path}",
    "short direct": "directly",
    "short spillover": "from peers",
    "split needs more": "Its split by path needs more, as the verdicts say.",
    "reads identified": "The graph identifies this effect; it is causal if the assumptions below "
    "hold.",
    "reads needs an assumption": "Reading it as causal needs an assumption that the data cannot "
    "check; the verdicts below say which.",
    "reads not identified": "The graph does **not** identify it: read it as an association.",
    "span": "{level} % interval {interval}",
    "size": "estimate {amount}, {span}",
    "says zero": "{subject} has no effect on {outcome} that can be told from zero ({size})",
    "says goes zero": "{subject} goes with no change in {outcome} that can be told from zero "
    "({size})",
    "says more": "{subject} is estimated to go with {amount} more {outcome} ({span})",
    "says less": "{subject} is estimated to go with {amount} less {outcome} ({span})",
    "says raises": "{subject} raises {outcome} by {amount} ({span})",
    "says lowers": "{subject} lowers {outcome} by {amount} ({span})",
    "stop": ".",
    # the question
    "question title": "The question",
    "question": "How does {treatment} change {outcome}, and along which path?",
    "ask direct": "**direct**: own {treatment} on {outcome}, mediators held fixed",
    "ask mediated": "**{group}**: the part that runs through {columns}",
    "ask spillover": "**spillover**: peers' adoption ({columns})",
    "sample size": "The table has {rows} rows: {firms} firms in {periods} periods. Errors may be "
    "correlated within {clusters} ({counts} clusters).",
    # the graph
    "graph title": "The graph, and what it identifies",
    "graph": "The effects are read from the table under this causal graph. Each path has a "
    "verdict: **identified** by what is adjusted for and absorbed, **needs an assumption** that "
    "the data cannot check, or **not identified**.",
    "graph caption": "The causal graph",
    "graph alt": "Causal graph with {nodes} variables and {edges} edges",
    "as for": "as for {path}",
    "open path": "Open path: {path}.",
    "assumed title": "What has to be assumed",
    "assumed": "The numbers are those of the column `Assumes` above.",
    # the paths
    "paths title": "The paths",
    "paths": "Change in the outcome for one more unit of treatment{adds}",
    "adds up": "; the parts add up to the total.",
    "estimand": "**Estimand**: {what}",
    "averaged over": "**Averaged over**: {what}",
    "constant note": "Constant: the same path where one coefficient stands for all firms; the "
    "estimate beside it lets the coefficients vary with the traits and averages over firms.",
    "one by one": "Intervals hold one by one, not all at once.",
    "paths caption": "How the paths add up to the effect",
    "paths alt": "Waterfall of the paths: {parts}",
    "steps title": "Step by step",
    "steps": "The steps that the paths are made of, and the paths by treatment, exposure and "
    "mediator where there are several. A mediated path is the product of its steps.",
    "steps varying": "Where coefficients vary, this holds firm by firm, not for the averages "
    "shown.",
    "journal title": "The paths as a journal prints them",
    "journal": "To be used as it is; Word, LaTeX and Markdown hold the same numbers.",
    "column varying": "Average over firms",
    "column constant": "One coefficient",
    # how it was done
    "fits title": "How well the controls predict each variable",
    "fits": "Out-of-fold R² on clusters that the learner has not seen. The effects rest on what is "
    "left over: an R² near one leaves little variation to learn from, and a learner that "
    "loses to the linear one should not be trusted.",
    "fits alt": "Out-of-fold R² of each variable, by learner",
    "panel title": "The panel",
    "left out": "Left out: {what}.",
    "none left out": "No row was left out.",
    "gaps": "{gaps} firms have gaps; {entering} enter after the first period and {leaving} leave "
    "before the last.",
    "zeros": "The outcome is zero in {share} of rows.",
    "missing": "The {part} {column} is missing in {rows} rows ({share}).",
    "within note": "Within: share of the variance that lies inside firms, over time. What firm "
    "effects leave to learn from is this part only.",
    "panel alt": "Firms by period, rows per firm, where the variation lies, and the outcome",
    "method title": "How it was computed",
    "method": "Every variable is regressed on the controls by cross-fitting; the residuals are "
    "summed into one small matrix of moments per firm, and all paths are solved from these "
    "together.",
    "errors CR1": "Standard errors come from influence functions, summed within clusters.",
    "errors CV3": "Standard errors come from solving all paths again without each cluster in turn.",
    "name CR1": "cluster sandwich (CR1), by {clusters}",
    "name CV3": "cluster jackknife (CV3), by {clusters}",
    "set fixed effects": "Fixed effects",
    "set periods": "Period effects",
    "set absorbed": "Also absorbed",
    "set learner": "Learner",
    "set folds": "Folds",
    "set errors": "Standard errors",
    "set seed": "Seed",
    "folds": "{folds}, no cluster split; {repeats} repetition(s)",
    "kind within": "firm effects removed by demeaning within firms",
    "kind first_difference": "firm effects removed by first differences",
    "kind mundlak": "firm means of the controls as features (Mundlak)",
    "kind none": "no firm effects removed",
    "yes": "yes",
    "no": "no",
    "none": "none",
    # what remains open
    "limits title": "What the data cannot answer",
    "limit confounders": "Confounders that change over time and are not among the controls: if "
    "something unseen moves both {treatment} and {outcome}, the estimates carry it.",
    "limit values": "Values of {treatment} that no firm in the table has taken: the estimates "
    "describe small changes around what was observed.",
    "limit feedback": "Feedback: firm effects are removed under the assumption that past {outcome} "
    "does not move later {moved}.",
    "limit lasting": "Lasting differences between firms: no firm effects were removed.",
    "limit carry": "Carry-over: effects are those within the same period; what last period's "
    "{moved} still does in this one is not counted.",
    "limit mediators": "Whether {groups} move {outcome} for reasons of their own: the mediated "
    "paths need that nothing unseen moves a mediator and the outcome together.",
    "limit channels": "Spillovers along other channels than {exposures}.",
    "limit peers": "Spillovers: no exposure to peers was given, so firms are taken not to "
    "interact.",
    "limit clusters": "Fine differences in precision: there are only {n} clusters, and intervals "
    "from few clusters are themselves uncertain.",
    "limit check": "Not checked, {name}: {reason}",
    "limit claim": "Claim not answerable here, {name}: {reason}",
}
