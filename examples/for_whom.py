# %% [markdown]
# # For whom?
#
# **Question.** Do larger firms gain more from AI? Urban ones, state-owned ones, those in clean
# industries? Whom should a programme with a limited budget reach? And does it matter which kind of
# AI?
#
# The habit is to split the sample, once for each question. Here one *surface*, the effect of every
# path for every firm, answers all of them, and the answers are adjusted for having been asked
# together. In this simulated economy effects rise with size, are larger for urban firms and in
# clean industries, and **do not depend on ownership**. But large firms are more often state-owned,
# so that a split by ownership would find something.

# %%
import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import binom

import causalgreen as cg

FAST = "CAUSALGREEN_FAST" in os.environ  # fewer firms and trees; for tests
pd.set_option("display.max_columns", 12, "display.width", 110)
firms, years, trees, learner = (400, 5, 60, cg.linear()) if FAST else (1000, 8, 400, None)

df, truth = cg.simulate_panel(n_firms=firms, n_years=years, seed=5, n_cities=100)
first = df.groupby("firm")["size"].first()
chance = 1 / (1 + np.exp(-1.5 * (first - first.mean()) / first.std()))
owned = np.random.default_rng(5).random(len(first)) < chance
df["soe"] = df["firm"].map(pd.Series(owned.astype(int), index=first.index))

panel = cg.Panel.from_frame(
    df,
    unit="firm",
    time="year",
    outcome="green_patents",
    treatment="ai",
    mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
    exposure="peer_ai",
    traits=["size", "urban", "clean_industry", "soe"],
    controls=["age", "leverage", "roa_lag"],
    cluster="city",
)
study = cg.Study(panel, cg.green_innovation_graph(panel), learner=learner, progress=False)
surface = study.surface(cg.forest(trees))
hetero = study.explain(surface)
print(surface)

# %% [markdown]
# ## Is there anything to explain?
#
# First the question that variable-importance plots skip. Surfaces are learnt on some cities and
# judged on others: if the differences they predict are real, firms predicted to gain more do gain
# more there.

# %%
print(hetero.calibration(terms=["direct", "restructuring", "own_total"]))

# %% [markdown]
# ## Groups
#
# Averages of debiased effects, for each fifth of size, with intervals that hold for all groups of
# a path at once.

# %%
by_size = hetero.groups("size", n=5, terms=["direct", "restructuring", "own_total"])
by_size.plot()
plt.show()

# %% [markdown]
# Beside the truth, for the total: the mean of the true effects of the firms in each fifth.

# %%
fifths = by_size.tidy().query("term == 'own_total'").set_index("group")
cut = pd.qcut(first, 5, labels=fifths.index)
fifths["truth"] = truth.per_firm["own_total"].groupby(cut, observed=True).mean()
print(fifths[["n_firms", "estimate", "conf_low", "conf_high", "truth"]].round(3))

# %% [markdown]
# ## Ownership: a split that misleads
#
# State-owned firms gain more, and significantly so: that is the *raw* row. Among firms alike in
# size, place and industry (*balanced*) the difference is what it is in truth: none. The third row
# is the difference of the two: what a split by ownership would have taken from size.

# %%
columns = ["contrast", "estimate", "std_error", "conf_low", "conf_high"]
ownership = hetero.contrast("soe", terms="own_total")
print(ownership.tidy()[columns].round(3))

# %%
ownership.plot()
plt.show()

# %% [markdown]
# The best linear projection says the same for all traits at once: each coefficient with the others
# held fixed.

# %%
projection = hetero.projection(terms="own_total")
print(projection)

# %% [markdown]
# ## How the effect runs along size
#
# A curve with a band that covers the whole of it.

# %%
curve = hetero.curve("size", term="own_total")
curve.plot()
plt.show()

# %% [markdown]
# ## Who are the most affected?
#
# The fifth with the largest and the fifth with the smallest predicted total effect, side by side.
# A profile describes: state ownership stands high in it, because state-owned firms are large.

# %%
hetero.profile("own_total").plot()
plt.show()

# %% [markdown]
# What moves the predictions, firm by firm (SHAP values). Given size, ownership moves nothing.
# These values describe the *surface*, not the world: where traits go closely together, they share
# what belongs to one of them.

# %%
shapley = hetero.shapley("own_total")
shapley.plot()
plt.show()

# %% [markdown]
# ## Whom to reach
#
# If a programme could reach some firms only, what is gained by taking those first that are
# predicted to gain most? The curve compares with taking firms at random; its area tests whether
# the ranking is worth anything.

# %%
targeting = hetero.targeting("own_total")
targeting.plot()
plt.show()

# %% [markdown]
# A rule that people can follow: a tree of depth two, when a unit of AI costs as much as 0.8
# patents are worth. Its value is measured on cities that did not shape it, beside "all" and
# "none".

# %%
policy = hetero.policy(cost=0.8, term="own_total")
policy.plot()
plt.show()

# %%
print(policy.tidy().round(3))

# %% [markdown]
# ## All questions together
#
# Ask ten questions and one of them will be significant. `family` adjusts the p-values for all that
# was asked here. State the list before looking, and report all of it.

# %%
results = [
    by_size,
    *(hetero.contrast(name, terms="own_total") for name in ("urban", "clean_industry")),
    ownership,
]
print(hetero.family(*results).tidy().round(4))

# %% [markdown]
# ## Which region?
#
# For this and what follows, another economy: listed firms with their provinces, from which
# `regions` makes east, central and west. In the east more firms are urban, and so effects are a
# little larger there; region itself does nothing. Most firms and cities lie in the east. What can
# such a panel say?

# %%
sim = cg.simulate_panel(
    n_firms=400 if FAST else 2000,
    n_years=6 if FAST else 10,
    seed=6,
    realism=cg.Realism(counts=False, zones=None, links=False),
)
listed = cg.data.regions(sim.df, scheme="three").attach()


def study_of(treatment, traits):
    with warnings.catch_warnings():
        # missing controls, controls of the same year: printed with the paths, and not the point
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        panel = cg.Panel.from_frame(
            listed,
            unit="firm",
            time="year",
            outcome="green_patents",
            treatment=treatment,
            mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
            exposure="peer_ai",
            traits=["trait_size", "urban", "clean_industry", *traits],
            controls=["age", "leverage", "roa", "turnover", "cashflow", "growth"],
            cluster="city",
        )
        graph = cg.green_innovation_graph(panel)
        study = cg.Study(panel, graph, learner=learner, progress=False)
        return study, study.paths()


study, _ = study_of("ai", ["region"])
places = study.explain(study.surface(cg.linear_surface()))
region = places.groups("region", terms="own_total").tidy().set_index("group")
home = listed.groupby("firm")["region"].first()
region["truth"] = sim.truth.per_firm["own_total"].groupby(home).mean()
print(region[["n_firms", "n_clusters", "estimate", "conf_low", "conf_high", "truth"]].round(3))

# %%
east = places.contrast("region", high="east", terms="own_total")
east.plot()
plt.show()

# %% [markdown]
# Look at the number of cities before looking at the stars. A dozen cities make wide intervals, and
# the true differences are a fraction of them: the honest sentence is "we cannot tell the regions
# apart", together with the interval of the difference, and not "no regional heterogeneity".

# %% [markdown]
# ## Which kind of AI?
#
# Robots, smart manufacturing and digital finance act beside the AI words of annual reports. Four
# treatments enter one system, so that each effect is given the other three. Robots should work
# mostly through restructuring, digital finance through human capital.
#
# Coefficients vary with the traits: effects differ between firms, and one coefficient for all of
# them is not their average. Mediated paths would come out too large.

# %%
kinds = ["ai", "robots", "smart_manufacturing", "digital_finance"]
study, _ = study_of(kinds, [])
paths = study.paths()
detail = paths.tidy(detail=True).set_index("term")
known = {"ai": sim.truth} | dict(sim.truth.types)
terms = ["direct", "restructuring", "human_capital"]
rows = [(kind, term) for kind in kinds for term in terms]
types = detail.loc[
    [f"{term}[{kind}]" for kind, term in rows], ["estimate", "conf_low", "conf_high"]
]
types["truth"] = [known[kind].population[term] for kind, term in rows]
print(types.round(3))

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
for ax, term in zip(axes, terms, strict=True):
    part = types.loc[[f"{term}[{kind}]" for kind in kinds]]
    low, high = part["estimate"] - part["conf_low"], part["conf_high"] - part["estimate"]
    ax.errorbar(
        part["estimate"], range(4), xerr=[low, high], fmt="o", color="#0072B2", label="95 %"
    )
    ax.plot(part["truth"], range(4), "|", color="#D55E00", markersize=16, label="truth")
    ax.axvline(0, color="#888888", linewidth=0.8)
    ax.set_title(term.replace("_", " "), loc="left", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_yticks(range(4), [kind.replace("_", " ") for kind in kinds])
axes[0].invert_yaxis()
axes[2].legend(frameon=False, fontsize=8)
fig.supxlabel("log green patents for one more unit of each", fontsize=9)
plt.show()

# %% [markdown]
# Through the mediators each kind acts as it should: robots by restructuring, digital finance by
# human capital. Twelve intervals are many chances to miss:

# %%
outside = types[(types["truth"] < types["conf_low"]) | (types["truth"] > types["conf_high"])]
print(f"{len(outside)} of {len(types)} intervals miss the truth:")
for name, row in outside.iterrows():
    print(f"  {name} by {row['estimate'] - row['truth']:+.3f}")
print(f"by chance: {binom.sf(len(outside) - 1, len(types), 0.05):.3f}")

# %% [markdown]
# A study has one draw, and cannot see which. The last number is how often as many or more would
# miss if all held 95 times in a hundred and were independent. Where it is small, chance may be the
# cause, or what is left of the confounders, as in rows whose controls have gaps: that weighs most
# where intervals are narrow. The handbook's page on coverage tells how often such intervals hold
# over many draws of this economy.
# `paths.tidy(simultaneous=True, detail=True)` has intervals that hold together.
#
# Units differ, too: one more unit of the logarithm of AI words, and a pilot for smart
# manufacturing, are not the same amount of anything. Compare *paths within a kind* rather than
# kinds with one another.
#
# ## What to take along
#
# - Ask first whether there is anything to explain, then who, then along which trait with the
#   others balanced. A split that finds something may have found the trait behind it.
# - Count the questions, and the clusters behind each answer.
#
# What these numbers do not say:
#
# - That making a firm larger would raise its effect. Size is a trait, not a treatment: firms that
#   are large differ in what nobody measured.
# - That there is no difference where an interval holds zero. Look at how wide it is.
# - What happens in one firm. These are averages over firms that look alike.
