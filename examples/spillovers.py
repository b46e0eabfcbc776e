# %% [markdown]
# # Spillovers in supply chains and cities
#
# **Question.** Does the AI of other firms make a firm greener: of firms in its city, of its
# suppliers? And how would one notice that an estimated spillover is only a common shock, or the work
# of the wrong peers?
#
# An effect of peers needs three decisions, and each can be wrong: *who* is a peer, *what* of them
# counts, and *which errors* go together. The first becomes a column, the *exposure*. Here the economy is
# simulated, so that we know what suppliers and neighbours do.

# %%
import os
import warnings

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
# Supply chains come as a list of links: who supplies whom, in which year, with what share. `exposure`
# turns them into one number for each firm and year: the mean AI of its suppliers, weighted by their
# shares. Peers of the same city and of the same industry are means over the *other* firms; a firm is
# never its own peer. Listed firms report few links; a firm without known suppliers gets 0.

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
# Suppliers' AI and neighbours' AI (the mean of city and industry) enter together, so that one is not
# taken for the other. Errors are clustered by city.

# %%
CONTROLS = ["age", "leverage", "roa", "turnover", "cashflow", "growth"]
CHANNELS = ["ai_suppliers", "ai_neighbours"]


def study_of(data, cluster="city", exposure=CHANNELS, **settings):
    panel = cg.Panel.from_frame(
        data,
        unit="firm",
        time="year",
        outcome="green_patents",
        treatment="ai",
        exposure=exposure,
        controls=CONTROLS,
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
# If *any* firms would do as suppliers, the effect is not one of suppliers. First the check that every
# study has: whole histories of exposure change firms, many times, and the estimate has to stand out.

# %%
single = study_of(frame, exposure=["ai_suppliers"])
(network,) = single.falsify("placebo network", simulations=99 if FAST else 499, progress=False)
print(f"{network.verdict}: {network.reason}")

# %% [markdown]
# Then by hand, to see what it means: every customer keeps its number of links, its years and its
# shares, but the suppliers behind them are other firms.

# %%
rng = np.random.default_rng(1)
suppliers = edges["supplier"].unique()


def with_wrong_suppliers():
    swap = pd.Series(rng.permutation(suppliers), index=suppliers)
    wrong = edges.assign(supplier=edges["supplier"].map(swap))
    wrong = wrong[wrong["supplier"] != wrong["customer"]]
    exposed = cg.exposure(table, by=wrong, of="ai", side="supplier", alone="zero")
    placebo = study_of(table.assign(ai_suppliers=exposed.values), exposure=["ai_suppliers"])
    return placebo.paths()["spillover"]


placebos = np.array([with_wrong_suppliers() for _ in range(3 if FAST else 40)])
right = single.paths()["spillover"]

fig, ax = plt.subplots(figsize=(7.5, 1.9), layout="constrained")
ax.plot(placebos, np.zeros(len(placebos)), "o", color="#999999", alpha=0.6, label="wrong suppliers")
ax.plot(right, 0, "D", color="#D55E00", label="the suppliers named")
ax.axvline(sim.truth.supply_chain, color="#222222", linestyle="--", linewidth=1, label="truth")
ax.axvline(0, color="#888888", linewidth=0.8)
ax.set(yticks=[], xlabel="effect of suppliers' AI on log green patents", ylim=(-0.5, 1.1))
ax.set_title("Shuffled networks do nothing, as they should", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9, ncols=3, loc="upper left")
ax.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ## Which errors go together
#
# Neighbours' AI hardly varies between firms of one city and year. Standard errors that treat rows as
# independent pieces, or firms, count the same news many times. The estimate is the same; what it is
# worth is not.

# %%
levels = {"firm": "firm", "city": "city", "city and industry": ["city", "industry"]}
rows = {}
for name, cluster in levels.items():
    effects = study_of(frame, cluster=cluster).paths(covariance="CR1").tidy(detail=True)
    rows[name] = effects.set_index("term").loc[terms, "std_error"]
errors = pd.DataFrame(rows)
print(errors.round(4))

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.8), layout="constrained")
relative = errors.div(errors["firm"], axis=0)
labels = ["own AI", "suppliers' AI", "neighbours' AI"]
for place, (name, colour) in enumerate(
    zip(relative, ("#999999", "#56B4E9", "#0072B2"), strict=True)
):
    at = np.arange(3) + 0.25 * (place - 1)
    ax.barh(at, relative[name], height=0.22, color=colour, label=f"clustered by {name}")
ax.set_yticks(range(3), labels)
ax.invert_yaxis()
ax.axvline(1, color="#222222", linewidth=0.8)
ax.set(
    xlabel="standard error, relative to clustering by firm", xlim=(0, 1.6 * relative.max().max())
)
ax.set_title("The level of clustering matters where peers are shared", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9, loc="center right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## A common shock looks like a spillover
#
# A city gets a new technology park: its firms use more AI and file more patents in the same year.
# Nobody learns from anybody. The graph has a node for it, `city_shock`, and the verdict says that the
# spillover needs the assumption that there is none. Here is what happens when there is one.

# %%
cells = table.groupby(["city", "year"]).ngroup().to_numpy()
park = rng.standard_normal(cells.max() + 1)[cells]
shocked = table.assign(ai=table["ai"] + park, green_patents=table["green_patents"] + 0.3 * park)
neighbours = cg.exposure(shocked, by="city", of="ai", alone="zero", names=["ai_neighbours"])
shocked["ai_neighbours"] = neighbours.values
before = study_of(shocked, exposure=["ai_neighbours"])
after = study_of(
    shocked,
    exposure=[],
    fixed_effects=cg.FixedEffects("within", absorb=("city^year",)),
)
parks = pd.concat(
    {
        "as if there were no parks": before.paths().tidy().set_index("term"),
        "city^year absorbed": after.paths().tidy().set_index("term"),
    }
)
print(parks[["estimate", "conf_low", "conf_high"]].round(3))

# %% [markdown]
# The spillover comes out several times too large, with a narrow interval. Absorbing the years of each
# city removes the parks, and the own effect is right again; but with them goes the spillover within
# cities, since all neighbours share it. That is the choice: either common shocks are argued away, or
# peers must be of a kind that differs *within* a city and year, such as suppliers.
#
# ## What to take along
#
# - Draw peers from data (links, cities, distances), not from convenience, and name them in the paper.
# - Shuffle the network. An effect that survives wrong peers is not an effect of peers.
# - Cluster at the level at which peers are shared, or higher.
# - City-year shocks and spillovers within cities cannot be told apart by any estimator; suppliers
#   elsewhere can help.
