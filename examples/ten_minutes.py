# %% [markdown]
# # Ten minutes to causalgreen
#
# **Question.** A firm uses more AI. Does it file more green patents, and if so, why: directly,
# because its production is restructured, because its people are better trained, or because its
# neighbours use AI, too?
#
# The data here are simulated, so that the right answers are known and can be put beside the
# estimates. Your own table goes the same way: one row for each firm and year.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd

import causalgreen as cg

FAST = "CAUSALGREEN_FAST" in os.environ  # fewer firms and trees; for tests
firms, years, trees = (240, 5, 60) if FAST else (1000, 8, 400)

df, truth = cg.simulate_panel(n_firms=firms, n_years=years, seed=1)
print(df.head())

# %% [markdown]
# ## 1. Say what each column is
#
# `Panel.from_frame` checks the table against these roles and raises all faults at once: doubled
# rows, firms that change their industry code, columns that do not vary. *Controls* move both AI
# and patents; *traits* are what the effect may differ by; the *cluster* is the level at which
# errors go together, here the city.

# %%
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
print(panel.describe())

# %% [markdown]
# ## 2. Draw what you believe
#
# The graph is the model in a form that can be argued about. This is the usual one of the field;
# add, drop or turn arrows with `add_edge`, `drop_edge` and `reverse_edge`.

# %%
graph = cg.green_innovation_graph(panel)
graph.plot()
plt.show()

# %% [markdown]
# ## 3. Ask what the graph allows
#
# Before anything is estimated, each path gets a verdict. "Needs an assumption" is the honest
# normal case for observational data: the assumption is named, and so is the path that would stay
# open without it. `print(study.identify())` spells all of them out.

# %%
study = cg.Study(panel, graph, fixed_effects="within", seed=0, progress=False)
print(study.identify().tidy()[["term", "verdict", "open_path"]])

# %% [markdown]
# ## 4. The four paths
#
# AI, peers' AI, mediators and patents are each predicted from the controls by machine learning, on
# firms of other cities (*cross-fitting*); what is left feeds one system of equations. Firm effects
# are removed by demeaning, never by dummies. The bars add up to the total.

# %%
paths = study.paths()
print(paths)

# %%
paths.plot()
plt.show()

# %% [markdown]
# In units a reader can weigh, percent of the mean number of patents:

# %%
print(paths.percent_of_mean().tidy().round(4))

# %% [markdown]
# Here, and only here, the truth is known. A 95 % interval is wrong one time in twenty, and these
# are six, so look for closeness rather than for a perfect score.

# %%
table = paths.tidy().set_index("term")
table["truth"] = truth.population
table["inside"] = table["truth"].between(table["conf_low"], table["conf_high"])
print(table[["estimate", "conf_low", "conf_high", "truth", "inside"]].round(3))

# %% [markdown]
# ## 5. For whom?
#
# A *surface* holds the effects of every path for every firm, each predicted from other cities. One
# surface answers all questions about kinds of firms. Here: does the effect rise with the size of
# the firm?

# %%
surface = study.surface(cg.forest(trees))
hetero = study.explain(surface)
by_size = hetero.groups("size", n=5, terms=["direct", "own_total"])
by_size.plot()
plt.show()

# %% [markdown]
# Larger firms are also more often urban. The contrast compares firms that are alike in their other
# traits (*balanced*), and shows how much of the raw difference was due to these.

# %%
gap = hetero.contrast("size", terms="own_total").tidy()
print(gap[["contrast", "estimate", "std_error", "conf_low", "conf_high"]].round(3))

# %% [markdown]
# ## 6. Try to break it
#
# `study.falsify()` runs all checks; here are four. A check that cannot be run says why. It never
# passes by default.

# %%
checks = ["placebo treatment", "overlap", "influence", "omitted confounder"]
tried = study.falsify(checks, simulations=40 if FAST else 400, progress=False)
print(tried)

# %% [markdown]
# ## 7. Say it
#
# The summary is written to survive a referee: what was found, how sure, what would overturn it,
# and what the data do not say.

# %%
print(study.summary(paths, surface, tried))

# %% [markdown]
# The report is one page, with the graph, tables, figures, checks and a manifest that gives the
# same numbers again. The suffix decides: `.html`, `.docx`, `.md` or `.tex`.

# %%
written = study.report("report.html", paths, surface, tried, whom=not FAST)
print(pd.Series({written.name: f"{written.stat().st_size / 1e6:.1f} MB"}, name="written"))

# %% [markdown]
# ## What to take along
#
# - Roles, graph, study: three objects, and every later question is a method.
# - The residuals are the only slow step, and they are computed once.
# - What you read above is causal *if* nothing unseen that changes over time moves AI and patents
#   together, and nothing unseen moves a mediator and patents together. The checks can make that
#   more or less plausible. They cannot prove it.
#
# Next: `four_paths` (mediation and spillovers with care), `for_whom` (which firms),
# `from_files` (from downloads of CSMAR to a panel).
