# %% [markdown]
# # Four paths from AI to green innovation
#
# **Question.** Suppose AI raises green innovation. How much of it is direct, how much comes
# through industrial restructuring, how much through human capital, and how much spills over from
# peers? And does it raise cleaner production, or filters at the end of the pipe?
#
# The first part takes a simulated economy in which human capital *also* drives restructuring:
# firms with engineers change what they make. Whether you know that, and draw it, changes what you
# report.

# %%
import os
import warnings
from textwrap import fill

import matplotlib.pyplot as plt
import pandas as pd

import causalgreen as cg

FAST = "CAUSALGREEN_FAST" in os.environ  # fewer firms and a linear learner; for tests
pd.set_option("display.max_columns", 12, "display.width", 110)
firms, years, learner = (300, 5, cg.linear()) if FAST else (1000, 8, None)

df, truth = cg.simulate_panel(n_firms=firms, n_years=years, seed=3, economy=cg.Economy(chain=0.3))
panel = cg.Panel.from_frame(
    df,
    unit="firm",
    time="year",
    outcome="green_patents",
    treatment="ai",
    mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
    exposure="peer_ai",
    traits=["size", "urban", "clean_industry"],
    controls=["age", "leverage", "roa_lag"],
    cluster="city",
)
print(panel)

# %% [markdown]
# ## The graph is the claim
#
# Four coloured routes lead to green patents. Everything grey is what has to be held fixed for them
# to mean something. Here the arrow from skilled staff to clean production is added to the usual
# graph.

# %%
usual = cg.green_innovation_graph(panel)
graph = usual.add_edge("skilled_share", "clean_share")
graph.plot()
plt.show()

# %% [markdown]
# ## What the graph identifies
#
# The direct and the mediated paths ask for more than the totals: besides no unseen cause of AI and
# patents, no unseen cause of a *mediator* and patents (sequential ignorability). Randomising AI
# would not give that. Totals do not need it.

# %%
study = cg.Study(panel, graph, learner=learner, progress=False)
verdicts = study.identify().tidy().set_index("term")
print(verdicts[["verdict", "open_path"]])

# %% [markdown]
# ## The paths
#
# Because skills come before restructuring, there is a path of its own through both: AI, then
# skilled staff, then cleaner production, then patents.

# %%
paths = study.paths()
print(paths)

# %%
paths.plot()
plt.show()

# %% [markdown]
# As percentages of the mean, with the truth of the simulation beside. A 95 % interval misses one
# time in twenty, and a path and the totals that contain it miss together: judge by how far.

# %%
percent = paths.percent_of_mean().tidy().set_index("term")
percent["truth"] = 100 * truth.population / df["green_patents"].mean()
print(percent[["estimate", "conf_low", "conf_high", "truth"]].round(1))

# %% [markdown]
# ## Sums and shares
#
# Paths can be added, subtracted and compared, with the right standard errors, because they come
# with their joint distribution. "Which is larger, restructuring or human capital?" is a contrast,
# not a look at two stars.

# %%
chain = next(term for term in paths.terms if "->" in term)
questions = paths.contrast({
    "all indirect": {"restructuring": 1, "human_capital": 1, chain: 1},
    "direct minus all indirect": {"direct": 1, "restructuring": -1, "human_capital": -1, chain: -1},
    "restructuring minus human capital": {"restructuring": 1, "human_capital": -1},
})  # fmt: skip
print(questions.tidy().round(4))

# %% [markdown]
# ## If you had drawn another graph
#
# Data do not tell which mediator comes first; the graph does. The same residuals, solved under
# three graphs: the total does not move, what is attributed to each mediator does.

# %%
reversed_order = usual.add_edge("clean_share", "skilled_share")
drawn = {
    "skills first (true)": graph,
    "no order": usual,
    "restructuring first": reversed_order,
}
found = {}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", cg.CausalGreenWarning)
    for name, one in drawn.items():
        found[name] = cg.Study(panel, one, learner=learner, progress=False).paths()
orders = pd.DataFrame(
    {name: dict(zip(p.terms, p.estimate, strict=True)) for name, p in found.items()}
)
print(orders.loc[list(dict.fromkeys([*paths.terms, *orders.index]))].round(3))

# %%
shares = ["restructuring", "human_capital", "through both"]
both = [t for t in orders.index if "->" in t]
picture = orders.fillna(0.0)
picture.loc["through both"] = picture.loc[both].sum()
fig, ax = plt.subplots(figsize=(7.5, 2.6), layout="constrained")
left = pd.Series(0.0, index=picture.columns)
for term, colour in zip(shares, ("#009E73", "#CC79A7", "#999999"), strict=True):
    ax.barh(
        picture.columns, picture.loc[term], left=left, color=colour, label=term.replace("_", " ")
    )
    left = left + picture.loc[term]
ax.invert_yaxis()
ax.set(xlabel="green patents for one more unit of AI", xlim=(0, 1.45 * left.max()))
ax.set_title("One data set, three graphs: what is called mediated", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9, loc="center right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# `study.falsify("order of mediators")` asks this in every study, and says which path depends on
# it. In the report, it belongs into the text.

# %%
(order,) = study.falsify("order of mediators", progress=False)
print(fill(f"{order.verdict}: {order.reason}", 92))

# %% [markdown]
# ## Cleaner production, or the end of the pipe?
#
# Here patents are counts, as in the files of listed firms, by class: cleaner production (upstream)
# and end of pipe (filters, treatment of waste). Effects on counts of different size are compared
# in percent of their own mean. Whether they differ is a question of its own: two intervals do not
# answer it. So a third outcome is the difference of the two, each in percent of its mean.

# %%
sim = cg.simulate_panel(
    n_firms=300 if FAST else 2000,
    n_years=6 if FAST else 10,
    seed=2,
    realism=cg.Realism(zones=None, links=False, types=False),
)
classes = {"upstream": "green_clean_production", "end of pipe": "green_end_of_pipe"}
counts = sim.df[list(classes.values())]
relative = 100 * counts / counts.mean()
data = sim.df.assign(**relative, difference=relative.iloc[:, 0] - relative.iloc[:, 1])


def total_on(outcome):
    """Own total effect on one outcome."""
    table = cg.Panel.from_frame(
        data,
        unit="firm",
        time="year",
        outcome=outcome,
        treatment="ai",
        exposure="peer_ai",
        traits=["trait_size", "urban", "clean_industry"],
        controls=["age", "leverage", "roa", "turnover", "cashflow", "growth"],
        cluster="city",
    )
    effects = cg.Study(
        table, cg.green_innovation_graph(table), learner=cg.linear(), progress=False
    ).paths()
    return effects.tidy().set_index("term").loc["own_total", ["estimate", "conf_low", "conf_high"]]


with warnings.catch_warnings():
    warnings.simplefilter("ignore", cg.CausalGreenWarning)  # counts, few rows of some firms
    kinds = pd.DataFrame({
        name: total_on(outcome)
        for name, outcome in (classes | {"difference": "difference"}).items()
    }).T.astype(float)  # fmt: skip
kinds["truth"] = [*(
    100 * sim.truth.counts.loc[name, "own_total"] / counts[name].mean() for name in counts
), float("nan")]  # fmt: skip
kinds.loc["difference", "truth"] = kinds["truth"].iloc[0] - kinds["truth"].iloc[1]
print(kinds.round(1))

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.2), layout="constrained")
reach = [kinds["estimate"] - kinds["conf_low"], kinds["conf_high"] - kinds["estimate"]]
ax.errorbar(kinds["estimate"], kinds.index, xerr=reach, fmt="o", color="#0072B2", label="95 %")
ax.plot(kinds["truth"], kinds.index, "|", color="#D55E00", markersize=16, label="truth")
ax.axvline(0, color="#888888", linewidth=0.8)
ax.invert_yaxis()
ax.set(xlabel="percent of the mean, for one more unit of AI")
ax.set_title("Which kind of green patents?", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# In this economy AI shifts patents upstream. Whether the data show it is in the row of the
# difference, and nowhere else:

# %%
apart = kinds.loc["difference"]
shown = "tell" if apart["conf_low"] > 0 or apart["conf_high"] < 0 else "do not tell"
print(
    f"These {sim.df['firm'].nunique():,} firms {shown} the two apart: {apart['estimate']:.0f} "
    f"points ({apart['conf_low']:.0f} to {apart['conf_high']:.0f})."
)

# %% [markdown]
# And a caution: a count that grows in proportion is not linear in levels.
# Averages over all firms are what is estimated, and firms with many patents weigh most.
#
# ## What to take along
#
# - The total is on firmer ground than its parts, and the parts depend on a graph that you drew.
#   Say which.
# - Report paths with intervals and in percent of the mean. A "share mediated" without an interval
#   hides that both its ends are estimated.
# - Spillovers are a path like the others, and need peers that are the right ones: see
#   `spillovers`.
