# %% [markdown]
# # Spillovers in supply chains and cities
#
# **Question.** Does the AI of other firms make a firm greener: of firms in its city, of its
# suppliers? And how would one notice that an estimated spillover is only a common shock, or the
# work of the wrong peers?
#
# An effect of peers needs three decisions, and each can be wrong: *who* is a peer, *what* of them
# counts, and *which errors* go together. The first becomes a column, the *exposure*. Here the
# economy is simulated, so that we know what suppliers and neighbours do.

# %%
import os
import warnings
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import causalgreen as cg

FAST = "CAUSALGREEN_FAST" in os.environ  # fewer firms and draws; for tests
warnings.simplefilter("ignore", cg.CausalGreenWarning)  # missing controls, firms without suppliers
pd.set_option("display.max_columns", 12, "display.width", 110)

sim = cg.simulate_panel(
    n_firms=400 if FAST else 2000,
    n_years=6 if FAST else 10,
    seed=8,
    economy=cg.Economy(heterogeneity=0),
    realism=cg.Realism(counts=False, types=False, zones=None, supply_chain=0.15),
)
table, edges = sim.df, sim.edges
print(edges.head())

# %% [markdown]
# ## From an edge list to exposures
#
# Supply chains come as a list of links: who supplies whom, in which year, with what share.
# `exposure` turns them into one number for each firm and year: the mean AI of its suppliers,
# weighted by their shares. Peers of the same city and of the same industry are means over the
# *other* firms; a firm is never its own peer. Listed firms report few links; a firm without known
# suppliers gets 0.

# %%
chain = cg.exposure(table, by=edges, of="ai", side="supplier", alone="zero", names=["ai_suppliers"])
print(chain)

# %%
places = cg.exposure(
    table, by=["city", "industry"], of="ai", alone="zero", names=["ai_city", "ai_industry"]
)
frame = table.assign(ai_suppliers=chain.values)
frame[["ai_city", "ai_industry"]] = places.values
frame["ai_neighbours"] = frame[["ai_city", "ai_industry"]].mean(axis=1)
print(frame[["firm", "year", "ai", "ai_suppliers", "ai_neighbours"]].describe().round(2))

# %% [markdown]
# ## Two channels at once
#
# Suppliers' AI and neighbours' AI (the mean of city and industry) enter together, so that one is
# not taken for the other. Errors are clustered by city.

# %%
CONTROLS = ["age", "leverage", "roa", "turnover", "cashflow", "growth"]
CHANNELS = ["ai_suppliers", "ai_neighbours"]


def study_of(data, cluster="city", exposure=CHANNELS, more=(), **settings):
    panel = cg.Panel.from_frame(
        data,
        unit="firm",
        time="year",
        outcome="green_patents",
        treatment="ai",
        exposure=exposure,
        controls=[*CONTROLS, *more],
        cluster=cluster,
    )
    graph = cg.green_innovation_graph(panel)
    return cg.Study(panel, graph, learner=cg.linear(), progress=False, **settings)


study = study_of(frame)
detail = study.paths().tidy(detail=True).set_index("term")
terms = ["own_total", *(f"spillover[{name}]" for name in CHANNELS)]
found = detail.loc[terms, ["estimate", "std_error", "conf_low", "conf_high"]]
average = sim.truth.population
found["truth"] = [average["own_total"], sim.truth.supply_chain, average["spillover"]]
print(found.round(3))

# %% [markdown]
# ## The wrong peers
#
# If *any* firms would do as suppliers, the effect is not one of suppliers. First the check that
# every study has: whole histories of exposure change firms, many times, and the estimate has to
# stand out.

# %%
single = study_of(frame, exposure=["ai_suppliers"])
(network,) = single.falsify("placebo network", simulations=99 if FAST else 499, progress=False)
print(fill(f"{network.verdict}: {network.reason}", 92))

# %% [markdown]
# Then by hand, to see what it means: every customer keeps its number of links, its years and its
# shares, but the suppliers behind them are other firms. Once as it stands, and once with a control
# that says whether the firm has a known supplier in that year.

# %%
rng = np.random.default_rng(1)
suppliers = edges["supplier"].unique()
linked = (chain.values > 0).astype(float)


def effects_of(exposed):
    """Spillover from these suppliers, without and with the control "has a supplier"."""
    data = table.assign(ai_suppliers=exposed, linked=linked)
    return [
        study_of(data, exposure=["ai_suppliers"], more=more).paths()["spillover"]
        for more in ([], ["linked"])
    ]


def with_wrong_suppliers():
    swap = pd.Series(rng.permutation(suppliers), index=suppliers)
    wrong = edges.assign(supplier=edges["supplier"].map(swap))
    wrong = wrong[wrong["supplier"] != wrong["customer"]]
    return cg.exposure(table, by=wrong, of="ai", side="supplier", alone="zero").values


placebos = np.array([effects_of(with_wrong_suppliers()) for _ in range(3 if FAST else 20)])
right = np.array(effects_of(chain.values))

fig, ax = plt.subplots(figsize=(7.5, 2.2), layout="constrained")
for place in (0, 1):
    ax.plot(placebos[:, place], np.full(len(placebos), place), "o", color="#999999", alpha=0.6)
    ax.plot(right[place], place, "D", color="#D55E00")
ax.plot([], [], "o", color="#999999", label="wrong suppliers")
ax.plot([], [], "D", color="#D55E00", label="the suppliers named")
ax.axvline(sim.truth.supply_chain, color="#222222", linestyle="--", linewidth=1, label="truth")
ax.axvline(0, color="#888888", linewidth=0.8)
ax.set_yticks([0, 1], ["as it stands", "given whether\nthere is a supplier"])
ax.set(xlabel="effect of suppliers' AI on log green patents", ylim=(1.4, -1.0))
ax.set_title(
    "Wrong suppliers have an effect, too, until links are counted", loc="left", fontsize=10
)
ax.legend(frameon=False, fontsize=9, ncols=3, loc="upper left")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# Wrong suppliers do not give zero. Exposure to anybody's AI is positive in the years in which a
# firm has a link, and zero in the others; so it stands in for the right exposure. That is why the
# check compares with placebos and not with zero. Given whether there is a supplier, wrong ones do
# nothing, and the right ones what they do in truth.

# %% [markdown]
# ## Which errors go together
#
# Neighbours' AI hardly differs between firms of one city and year, and neither do the city's good
# and bad years. Here good years are added to patents, independent of anybody's AI: they confound
# nothing. They are drawn again and again, so that the true spread of the estimate is known. Which
# standard error tells it?

# %%
cells = table.groupby(["city", "year"]).ngroup().to_numpy()
neighbours = cg.exposure(table, by="city", of="ai", alone="zero", names=["ai_neighbours"])
in_city = table.assign(ai_neighbours=neighbours.values)


def good_years():
    """Estimated spillover in a new draw of good years, and its error by firm and by city."""
    shock = 0.5 * rng.standard_normal(cells.max() + 1)[cells]
    drawn = in_city.assign(green_patents=table["green_patents"] + shock)
    by = [study_of(drawn, cluster=c, exposure=["ai_neighbours"]).paths() for c in ("firm", "city")]
    at = by[0].terms.index("spillover")
    return by[0]["spillover"], by[0].std_error[at], by[1].std_error[at]


draws = np.array([good_years() for _ in range(3 if FAST else 30)])
spread = pd.Series({
    "true spread of the estimate": draws[:, 0].std(ddof=1),
    "standard error, clustered by firm": draws[:, 1].mean(),
    "standard error, clustered by city": draws[:, 2].mean(),
})  # fmt: skip
print(spread.round(3))

# %%
fig, ax = plt.subplots(figsize=(7.5, 1.9), layout="constrained")
ax.barh(spread.index, spread, color=["#222222", "#999999", "#0072B2"], height=0.6)
ax.invert_yaxis()
ax.set_title("Firms of a city do not tell the same news independently", loc="left", fontsize=10)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## A common shock looks like a spillover
#
# Now a city gets a technology park: its firms use more AI *and*, for other reasons, file more
# patents in the same year. Nobody learns more from anybody than before: neighbours of the same
# city do half of what those of city and industry do together. The graph has a node for the park,
# `city_shock`, and the verdict says that the spillover needs the assumption that there is none.
# Here is one.

# %%
park = rng.standard_normal(cells.max() + 1)[cells]
known = pd.Series({"own_total": average["own_total"], "spillover": average["spillover"] / 2})
gain = known.sum() + 0.3  # through own and neighbours' AI, as for everybody; and by the park itself
parks = table.assign(ai=table["ai"] + park, green_patents=table["green_patents"] + gain * park)
parks["ai_neighbours"] = cg.exposure(parks, by="city", of="ai", alone="zero").values
absorbed = cg.FixedEffects("within", absorb=("city^year",))
studies = {
    "no parks": study_of(in_city, exposure=["ai_neighbours"]),
    "parks": study_of(parks, exposure=["ai_neighbours"]),
    "parks, city^year absorbed": study_of(parks, exposure=[], fixed_effects=absorbed),
}
shown = {}
for name, one in studies.items():
    effects = one.paths().tidy().set_index("term")[["estimate", "conf_low", "conf_high"]]
    shown[name] = effects.loc[effects.index.intersection(["own_total", "spillover"])]
shocks = pd.concat(shown)
shocks["truth"] = known.reindex(shocks.index.get_level_values("term")).to_numpy()
print(shocks.round(3))

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.1), sharey=True, layout="constrained")
for ax, term in zip(axes, ("own_total", "spillover"), strict=True):
    for place, name in enumerate(studies):
        if (name, term) in shocks.index:
            row = shocks.loc[(name, term)]
            ax.plot([row["conf_low"], row["conf_high"]], [place] * 2, color="#0072B2")
            ax.plot(row["estimate"], place, "o", color="#0072B2")
    ax.axvline(known[term], color="#D55E00", linestyle="--", linewidth=1, label="truth")
    ax.axvline(0, color="#888888", linewidth=0.8)
    ax.set_title(term.replace("_", " "), loc="left", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_yticks(range(3), list(studies))
axes[0].set_ylim(2.5, -0.5)
axes[1].legend(frameon=False, fontsize=9, loc="lower right")
plt.show()

# %% [markdown]
# With parks the spillover is much too large, and its interval narrow. Absorbing the years of each
# city removes the parks and leaves the own effect as it was; but with them goes the spillover
# within cities, since all neighbours share it. That is the choice: either common shocks are argued
# away, or peers must be of a kind that differs *within* a city and year, such as suppliers.
#
# ## What to take along
#
# - Draw peers from data (links, cities, distances), not from convenience, and name them in the
#   paper.
# - Shuffle the network. An effect that survives wrong peers is not an effect of peers.
# - Cluster at the level at which peers are shared, or higher.
# - City-year shocks and spillovers within cities cannot be told apart by any estimator; suppliers
#   elsewhere can help.
