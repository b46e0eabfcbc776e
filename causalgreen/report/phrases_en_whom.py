"""English: for whom, what was tried to break it, tables of journals, how to cite."""

from __future__ import annotations

__all__ = ["TEXT"]

TEXT = {
    "whom title": "For whom",
    "whom": "Effects of {firms} firms, each predicted without its own cluster and corrected by its "
    "own data ({method}). Averages over kinds of firms carry standard errors by cluster; they "
    "compare firms that differ in the trait and in all that goes with it.",
    "failed": "This part is left out: {why}",
    "failed whom": "Nothing can be said about kinds of firms here: {why}",
    "unexpected": "an unexpected error, {kind} ({why})",
    "surface title": "All firms, in order of their effect",
    "surface": "One panel for each path; the band is each firm's own interval. A path whose band "
    "covers one horizontal line everywhere may be the same for all firms.",
    "surface alt": "Effects of all firms in order of size, with intervals, for {paths}",
    "groups title": "By {trait}",
    "groups": "Average effects of groups of firms, path by path. {tests}",
    "groups differ": "Groups differ, after adjustment for all tests of this table, along: {paths}.",
    "groups alike": "No path is shown to differ between the groups.",
    "groups note": "Standard errors clustered by {clusters} in parentheses. Last column: "
    "p-value of "
    "equal effects in all groups, Romano and Wolf over paths and tests of the table.",
    "groups alt": "Average effect with joint intervals in groups of {trait}, for {paths}",
    "groups p": "p, equal",
    "curve title": "Along {trait}",
    "curve": "Average effect of firms with each value of the trait, with a band that covers the "
    "whole curve.",
    "curve alt": "Effect along {trait} with simultaneous bands, for {paths}",
    "curve note": "Left out: {why}",
    "curve question": "How does each effect change with {trait}?",
    "no variation": "p, no variation",
    "no trend": "p, no linear trend",
    "claims title": "The claims of the field",
    "claims": "Each claim is asked of every path. Verdicts hold at 5 % over all questions and "
    "paths together (Romano and Wolf); cannot tell is not evidence of no difference.",
    "claims alt": "Differences with intervals, by claim and path",
    "calibration title": "Are the predicted differences there?",
    "calibration": "Surfaces learnt from some clusters predict others; a slope above zero says "
    "that "
    "firms predicted to gain more do gain more, a slope of one that the differences are as large "
    "as predicted. P-values by Holm over the paths.",
    "calibration alt": "Predicted against realised effects on held-out clusters, for {paths}",
    "shap title": "What moves the prediction",
    "shap": "Mean absolute SHAP value of each trait, in units of the effect, for each path; the "
    "figure is that of {path}. SHAP values say what the surface uses to predict, not what causes "
    "effects to differ.",
    "shap alt": "Mean absolute SHAP value of each trait for {path}",
    "shap note": "{path}: the model that was taken apart reproduces the surface with R² {r2}.",
    "swarm title": "What moves the prediction of single firms",
    "swarm": "One dot for each firm and trait.",
    "swarm alt": "SHAP value of each trait for each firm, for {path}",
    "policy title": "Whom to treat",
    "policy": "Value per firm of following a rule, on clusters that it has not seen, at cost "
    "{cost} per unit of treatment; the gain is the effect on the firm itself ({path}). {verdict}",
    "policy yes": "Choosing by the tree is worth {amount} more per firm than the best uniform "
    "policy ({span}; one-sided p {p}).",
    "policy no": "The tree is not shown to beat the best uniform policy: difference {amount} per "
    "firm ({span}; one-sided p {p}).",
    "policy alt": "Tree of rules and the value per firm of each policy",
    "rules title": "The rule",
    "rules": "Learnt from all firms; the effects of its leaves come from the same firms and "
    "flatter. The traits in the rule need not be what causes effects to differ.",
    "treat": "treat",
    "do not treat": "do not treat",
    "treat share": "treat {share} %",
    # what was tried
    "broken title": "What was tried to break it",
    "broken": "{n} attempts: {counts}. A check that could not be run is not a pass.",
    "broken fails": "What failed: {names}. The estimates should not be read without this.",
    "broken english": "",
    "count": "{n} {verdict}",
    "more rows": "The first {shown} of {n} rows.",
    "finding alt": "{question} {reason}",
    # tables of journals
    "journal note": "{errors} in parentheses.",
    "note CR1": "Standard errors clustered by {clusters}",
    "note CV3": "Cluster-jackknife standard errors (CV3) by {clusters}",
    "note t": "t-statistics ({errors})",
    "note interval": "{level} % intervals ({errors})",
    "stars note": "{stars}.",
    "star": "{mark} p < {level}",
    "stats rows": "Observations",
    "stats firms": "Firms",
    "stats clusters": "Clusters ({clusters})",
    "stats mean": "Mean of outcome",
    "stats effect": "{what} fixed effects",
    "Yes": "Yes",
    "No": "No",
    # how to cite
    "cite title": "How to cite",
    "cite": "In the text: “{sentence}”",
    "cite sentence": "We estimate the paths from {treatment} to {outcome} with causalgreen "
    "{version} ({method}; seed {seed}), with {errors}.",
    "cite software": "The software: {authors} ({year}). *causalgreen*, version {version}.",
    "cite methods": "The methods behind the numbers of this page:",
    "authors": "The causalgreen team",
    "about paths": "cross-fitted residuals: {source}",
    "about stack": "stacked learners: {source}",
    "about surface": "effects by firm: {source}",
    "about groups": "averages of debiased effects: {source}",
    "about tests": "many tests at once: {source}",
    "about policy": "policy trees: {source}",
    "about shap": "SHAP values: {source}",
    "about calibration": "calibration: {source}",
    "about sensitivity": "sensitivity to omitted confounders: {source}",
    "about refuters": "identification and refuters: {source}",
    # the manifest
    "manifest title": "The manifest",
    "manifest": "What the numbers depend on; a study run from the same manifest gives the same "
    "numbers.",
}
