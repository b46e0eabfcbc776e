# %% [markdown]
# # Why the usual practice misleads
#
# **Question.** Four habits of empirical work with firm panels: firm dummies in a random forest,
# three-step mediation, ln(1 + patents), and splitting the sample. What do they answer in a world
# whose truth is known?
#
# Each part makes a small economy, does what is usually done, and says by how much it misses. The
# economies are built to isolate one fault; they show that it can be large, not that it is as large
# in every paper. Each part ends with what to do instead, and with what that cannot do either.

# %%
import os
import warnings
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict

import causalgreen as cg

FAST = "CAUSALGREEN_FAST" in os.environ  # fewer repetitions; for tests
pd.set_option("display.max_columns", 12, "display.width", 110)
WRONG, RIGHT, INK = "#D55E00", "#0072B2", "#222222"


def demeaned(values, firm):
    """Take from every column the mean of its firm; firms are numbered 0, 1, ..."""
    sums = np.zeros((firm.max() + 1, values.shape[1]))
    np.add.at(sums, firm, values)
    return values - (sums / np.bincount(firm)[:, None])[firm]


def clustered(x, y, firm):
    """Least squares without a constant: coefficients, and standard errors clustered by firm."""
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ (x.T @ y)
    scores = np.zeros((firm.max() + 1, x.shape[1]))
    np.add.at(scores, firm, x * (y - x @ beta)[:, None])
    return beta, np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))


# %% [markdown]
# ## 1. Firm dummies in a forest
#
# *The habit.* Double machine learning with a random forest, and the firm dummies among its
# controls, "to account for fixed effects".
#
# *The fault.* A tree splits on one dummy at a time. To absorb a hundred firms it would have to
# make a hundred splits, and it stops long before. What is left of the firm effect stays in AI and
# in patents, and is read as an effect of AI. Folds that keep firms together, as they should, make
# it plain: a dummy of a firm that was never seen says nothing.
#
# In this economy good firms use more AI and file more patents. One unit of AI adds **0.5**.


# %%
def good_firms(seed, n_firms=100, n_years=8):
    """A panel in which good firms use more AI; one unit of AI adds 0.5."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(n_firms), n_years)
    good = rng.standard_normal(n_firms)[firm]
    size = 0.5 * good + rng.standard_normal(len(firm))
    ai = good + np.sin(size) + rng.standard_normal(len(firm))
    patents = 0.5 * ai + good + 0.5 * size**2 + rng.standard_normal(len(firm))
    year = np.tile(np.arange(n_years) + 2015, n_firms)
    return pd.DataFrame({"firm": firm, "year": year, "ai": ai, "patents": patents, "size": size})


def dummies_in_forest(table, folds):
    """Double machine learning as it is often done: the dummies are controls like any other."""
    dummies = pd.get_dummies(table[["firm", "year"]].astype(str), dtype=float)
    controls = np.column_stack([table["size"], dummies])
    forest = RandomForestRegressor(50, min_samples_leaf=5, random_state=0)
    left = [
        table[name] - cross_val_predict(forest, controls, table[name], cv=folds)
        for name in ("ai", "patents")
    ]
    return float(left[0] @ left[1] / (left[0] @ left[0]))


def within_forest(table):
    """The same forest, after firm and year effects are removed."""
    panel = cg.Panel.from_frame(
        table, unit="firm", time="year", outcome="patents", treatment="ai", controls=["size"]
    )
    study = cg.Study(
        panel, cg.green_innovation_graph(panel), learner=cg.random_forest(50), progress=False
    )
    return study.paths()["own_total"]


found = []
for seed in range(2 if FAST else 16):
    table = good_firms(seed)
    random_folds = list(KFold(5, shuffle=True, random_state=seed).split(table))
    firm_folds = list(GroupKFold(5).split(table, groups=table["firm"]))
    found += [
        ("forest with dummies, random folds", dummies_in_forest(table, random_folds)),
        ("forest with dummies, folds by firm", dummies_in_forest(table, firm_folds)),
        ("effects removed first, then the same forest", within_forest(table)),
    ]
forests = pd.DataFrame(found, columns=["how", "estimate"])
by_how = forests.groupby("how", sort=False)["estimate"]
print(by_how.agg(["mean", "std", "count"]).assign(truth=0.5).round(3))

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.6), layout="constrained")
for place, (_, values) in enumerate(by_how):
    colour = RIGHT if place == 2 else WRONG
    ax.plot(values, np.full(len(values), place), "o", color=colour, alpha=0.6)
ax.axvline(0.5, color=INK, linestyle="--", linewidth=1)
names = [name.replace(", ", ",\n") for name in by_how.groups]
ax.set_yticks(range(3), names, fontsize=9)
ax.set(ylim=(2.5, -0.5), xlabel="estimated effect of one unit of AI; dashed: the truth")
ax.set_title("Firm dummies do not remove firm effects from a forest", loc="left", fontsize=10)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
missed = by_how.mean() - 0.5
print(
    f"With dummies the forest is off by {missed.iloc[0]:+.2f} (random folds) and "
    f"{missed.iloc[1]:+.2f} (folds by firm);\nwith the effects removed first, by "
    f"{missed.iloc[2]:+.2f}."
)

# %% [markdown]
# *Instead.* Remove the effects first (`fixed_effects="within"` or `"first_difference"`), keep
# firms whole in the folds; causalgreen does both, and refuses firm identifiers as controls (Clarke
# and Polselli, Econometrics Journal 2026, is the source of the estimators).
#
# *What this cannot do.* Neither removes what changes over time. "DML does not need parallel
# trends" is wrong: it needs no unseen cause that varies over time, which is no weaker.

# %% [markdown]
# ## 2. Three-step mediation
#
# *The habit.* AI moves patents; AI moves human capital; with both in the regression, human capital
# is significant and the coefficient of AI falls. Hence a share of the effect "goes through human
# capital".
#
# *The fault.* The third step needs that nothing unseen moves human capital *and* patents. A
# randomised AI would not help: human capital was not randomised. In this economy human capital
# does **nothing** for patents. But a new manager, whom nobody sees, hires graduates and files
# patents.


# %%
def new_managers(strength, seed, n_firms=300, n_years=6):
    """AI as good as random; human capital without any effect; managers who move both."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(n_firms), n_years)
    manager = strength * rng.standard_normal(len(firm))
    ai = rng.standard_normal(len(firm)) + rng.standard_normal(n_firms)[firm]
    skill = 0.5 * ai + manager + rng.standard_normal(len(firm))
    patents = 0.5 * ai + manager + rng.standard_normal(len(firm))
    year = np.tile(np.arange(n_years) + 2015, n_firms)
    columns = {"firm": firm, "year": year, "ai": ai, "skilled_share": skill, "patents": patents}
    return pd.DataFrame(columns)


def three_steps(table):
    """Share "mediated", and whether all steps are significant at 5 %."""
    firm = table["firm"].to_numpy()
    ai, skill, patents = demeaned(table[["ai", "skilled_share", "patents"]].to_numpy(), firm).T
    total, first = (clustered(ai[:, None], y, firm) for y in (patents, skill))
    both = clustered(np.column_stack([ai, skill]), patents, firm)
    steps = [total[0][0] / total[1][0], first[0][0] / first[1][0], both[0][1] / both[1][1]]
    return first[0][0] * both[0][1] / total[0][0], bool(np.all(np.abs(steps) > 1.96))


strengths = (0.0, 0.25, 0.5, 1.0)
found = [
    (strength, *three_steps(new_managers(strength, seed)))
    for strength in strengths
    for seed in range(20 if FAST else 200)
]
steps = pd.DataFrame(found, columns=["manager", "share", "claimed"])
mediation = steps.groupby("manager").agg(
    share_mediated=("share", "mean"), mediation_claimed=("claimed", "mean")
)
print(mediation.assign(truth=0.0).round(3))

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.0), layout="constrained")
ax.plot(mediation.index, mediation["share_mediated"], "o-", color=WRONG, label="share “mediated”")
ax.plot(
    mediation.index, mediation["mediation_claimed"], "s--", color=WRONG, markerfacecolor="white",
    label="samples in which all three steps are significant",
)  # fmt: skip
ax.axhline(0, color=INK, linewidth=1, label="true share")
ax.set(xlabel="how strongly unseen managers move human capital and patents", ylim=(-0.05, 1.05))
ax.set_title(
    "A mediator that does nothing, and what three steps make of it", loc="left", fontsize=10
)
ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0.45, 0.93))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# *Instead.* No estimator can see the manager. But one can be made to say what it rests on. Draw
# the manager into the graph, and the paths that depend on him are withheld; the total remains.

# %%
table = new_managers(0.5, seed=0)
panel = cg.Panel.from_frame(
    table, unit="firm", time="year", outcome="patents", treatment="ai",
    mediators={"human_capital": ["skilled_share"]},
)  # fmt: skip
graph = cg.green_innovation_graph(panel)
with_manager = graph.add_node("manager", latent=True, causes=("skilled_share", "patents"))
study = cg.Study(panel, with_manager, learner=cg.linear(), progress=False)
verdicts = study.identify().tidy()
withheld = verdicts.loc[verdicts["verdict"] == "not identified", "term"].tolist()
print(verdicts[["term", "verdict", "open_path"]])

# %% [markdown]
# If one is willing to assume him away, the sensitivity curve says how strong he would have to be
# to be the whole story. And the effect of AI *on* human capital needs no such assumption.

# %%
willing = cg.Study(panel, graph, learner=cg.linear(), progress=False)
checks = ["mediator-outcome confounding", "mediator alone"]
tried = willing.falsify(checks, simulations=20, progress=False)
for finding in tried:
    print(fill(f"{finding.name}: {finding.reason}", 92), end="\n\n")

# %% [markdown]
# *What this cannot do.* Whether a correlation of that size is plausible only knowledge of the
# field can say. Here it is: the manager brings about one of 0.2.

# %% [markdown]
# ## 3. ln(1 + patents)
#
# *The habit.* Most firms have no patents, so the logarithm of one plus the count is taken, and the
# coefficient read as a percentage.
#
# *The fault.* It is not one. Where the treatment moves firms to or from zero, the coefficient on
# ln(1 + c·patents) depends on the unit c in which patents are counted, and can be made any number
# (Chen and Roth, QJE 2024). In this economy AI makes large firms file more, and keeps small firms
# from filing at all. In total it **raises** the number of patents.

# %%
rng = np.random.default_rng(7)
n_firms, n_years = (300, 6) if FAST else (2000, 6)
firm = np.repeat(np.arange(n_firms), n_years)
large = (rng.random(n_firms) < 0.25)[firm]
ai = rng.integers(0, 2, len(firm)).astype(float)  # as good as random
mean = np.where(large, 12.0 * (1 + 0.3 * ai), 0.9 * (1 - 0.6 * ai))
counts = pd.DataFrame({
    "firm": firm, "year": np.tile(np.arange(n_years) + 2015, n_firms), "ai": ai,
    "patents": rng.poisson(mean).astype(float),
})  # fmt: skip
effect = np.where(large, 12.0 * 0.3, -0.9 * 0.6).mean()
truth = 100 * effect / counts["patents"].mean()
print(f"true effect: {effect:+.2f} patents a firm and year, {truth:+.1f} % of the mean")


# %%
def study_of(outcome):
    panel = cg.Panel.from_frame(counts, unit="firm", time="year", outcome=outcome, treatment="ai")
    return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), progress=False)


counts["ln_patents"] = np.log1p(counts["patents"])
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    habit = study_of("ln_patents")
for warning in said:
    print(fill(f"{warning.category.__name__}: {warning.message}", 92))

# %% [markdown]
# The warning is right. The check of that name counts in other units:

# %%
(scaled,) = habit.falsify("ln(1 + count)", simulations=20, progress=False)
print(scaled.table.round(3))

# %%
units = scaled.table.dropna(subset="factor")
fig, ax = plt.subplots(figsize=(7.5, 3.0), layout="constrained")
ax.errorbar(
    units["factor"], 100 * units["estimate"], fmt="o-", color=WRONG, capsize=3,
    yerr=100 * (units["conf_high"] - units["estimate"]), label="ln(1 + c·patents), times 100",
)  # fmt: skip
ax.axhline(truth, color=RIGHT, linestyle="--", label="truth: change in patents, % of the mean")
ax.axhline(0, color=INK, linewidth=1)
ax.set(xscale="log", xlabel="unit c in which patents are counted", ylabel="“percent”")
ax.set_title("The same data, the same regression, another unit", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# *Instead.* Estimate the effect on the count and report it in percent of the mean: this does not
# depend on the unit.

# %%
study = study_of("patents")
print(study.paths().percent_of_mean().select("own_total").tidy().assign(truth=truth).round(2))

# %% [markdown]
# *What this cannot do.* A mean is dominated by firms with many patents. If small firms matter to
# you, ask about them: as groups, or as the probability of any patent.

# %% [markdown]
# ## 4. Split samples
#
# *The habit.* Split at the median of size, ownership, region, industry, age ... Where the
# coefficient is significant in one half and not in the other, the effect is "stronger for" the
# one.
#
# *The fault.* Two halves of the same population often fall on different sides of 1.96. With eight
# traits something is nearly always found. In this economy the effect is **the same for all
# firms**, and of the size at which a half is significant one time in two.


# %%
def equal_firms(seed, n_firms=200, n_years=6):
    """An effect of 0.11 for every firm, and eight traits that have nothing to do with it."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(n_firms), n_years)
    ai = rng.standard_normal(len(firm)) + rng.standard_normal(n_firms)[firm]
    patents = 0.11 * ai + rng.standard_normal(n_firms)[firm] + 1.2 * rng.standard_normal(len(firm))
    traits = rng.standard_normal((n_firms, 8))[firm]
    table = pd.DataFrame(traits, columns=[f"trait_{k}" for k in range(1, 9)])
    year = np.tile(np.arange(n_years) + 2015, n_firms)
    return table.assign(firm=firm, year=year, ai=ai, patents=patents)


def splits(table):
    """For each trait: significant in one half only; and t of the difference between halves."""
    firm = table["firm"].to_numpy()
    ai, patents = demeaned(table[["ai", "patents"]].to_numpy(), firm).T
    only, t = [], []
    for name in [c for c in table if c.startswith("trait")]:
        high = (table[name] > table[name].median()).to_numpy()
        (b1, s1), (b0, s0) = (
            clustered(ai[half, None], patents[half], np.unique(firm[half], return_inverse=True)[1])
            for half in (high, ~high)
        )
        only.append(bool((abs(b1[0] / s1[0]) > 1.96) != (abs(b0[0] / s0[0]) > 1.96)))
        t.append((b1[0] - b0[0]) / np.hypot(s1[0], s0[0]))
    return np.array(only), np.abs(t)


tried = [splits(equal_firms(seed)) for seed in range(30 if FAST else 400)]
only, t = (np.array(part) for part in zip(*tried, strict=True))
limits = {1: 1.960, 2: 2.241, 4: 2.498, 8: 2.734}  # two-sided 5 %, divided by the number of traits
claims = pd.DataFrame({
    "traits tried": list(limits),
    "“stronger for”: one half only": [only[:, :k].any(axis=1).mean() for k in limits],
    "difference, each at 5 %": [(t[:, :k] > 1.96).any(axis=1).mean() for k in limits],
    "difference, adjusted": [(t[:, :k] > z).any(axis=1).mean() for k, z in limits.items()],
}).set_index("traits tried")  # fmt: skip
print(claims.round(3))

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.0), layout="constrained")
styles = (("o-", WRONG), ("s--", WRONG), ("o-", RIGHT))
for name, (style, colour) in zip(claims, styles, strict=True):
    ax.plot(claims.index, claims[name], style, color=colour, label=name, markerfacecolor="white")
ax.axhline(0.05, color=INK, linewidth=1, linestyle=":")
ax.set(xticks=list(limits), xlabel="traits tried", ylabel="samples with a finding", ylim=(0, 1.02))
ax.set_title("All firms are alike, and yet: findings of heterogeneity", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9, loc="center right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# *Instead.* Test the difference, not the halves; and adjust for all the questions that were asked.
# In causalgreen the groups of one trait are tested jointly, and `family` adjusts over traits.

# %%
table = equal_firms(seed=3)
traits = [name for name in table if name.startswith("trait")]
panel = cg.Panel.from_frame(
    table, unit="firm", time="year", outcome="patents", treatment="ai", traits=traits
)
study = cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), progress=False)
hetero = study.explain(study.surface(cg.linear_surface()))
halves = [hetero.groups(name, n=2, terms="own_total") for name in traits]
family = hetero.family(*halves).tidy()
print(family.round(3))

# %%
single = splits(table)[0]
print(
    f"In this sample {single.sum()} of 8 splits are significant in one half only;\nadjusted, the "
    f"smallest p-value of a difference is {family['p_romano_wolf'].min():.2f}."
)

# %% [markdown]
# *What this cannot do.* A difference that is not found may still exist: look at how wide the
# interval of the difference is before writing "no heterogeneity".

# %% [markdown]
# ## In one table

# %%
last = claims.index[-1]
summary = pd.DataFrame(
    [
        ("firm dummies in a forest", "effect 0.5", f"effect {by_how.mean().iloc[1]:.2f}"),
        (
            "three-step mediation", "nothing mediated",
            f"{100 * mediation['share_mediated'].iloc[-1]:.0f} % mediated",
        ),
        (
            "ln(1 + c·patents)", f"{truth:+.0f} %",
            f"{100 * units['estimate'].min():+.1f} to {100 * units['estimate'].max():+.1f} “%”",
        ),
        (
            "split samples, 8 traits", "all firms alike",
            f"a finding in {100 * claims.iloc[-1, 0]:.0f} % of samples",
        ),
    ],
    columns=["habit", "truth", "answer"],
)  # fmt: skip
print(summary)

# %% [markdown]
# ## What to take along
#
# - Take firm effects out before any learner sees the data; a learner given dummies leaves most of
#   them in.
# - A mediated path needs an assumption that no randomisation of AI delivers. Write it down, and how
#   strong a hidden cause would overturn it; the total does not need it.
# - Report effects on counts in percent of their mean. A coefficient on ln(1 + y) is not one.
# - Test differences, not stars, and count how many were tested.
