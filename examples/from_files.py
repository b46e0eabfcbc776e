# %% [markdown]
# # From the files of CSMAR to a report
#
# **Question.** Folders of workbooks and text files have been downloaded from CSMAR, CNRDS and
# CNIPA. How do they become one row for each firm and year, and what became of the rows that did
# not make it?
#
# The files have the faults that every user knows: three header rows, stock codes without their
# zeros, stacked patent tables, statements of the parent beside consolidated ones, GBK. Here such
# files are simulated, so that the right answer is known; replace the paths by those of your own
# downloads.

# %%
import os
import tempfile
import warnings
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

import causalgreen as cg

warnings.simplefilter("ignore", cg.CausalGreenWarning)  # they are in the audit and the notes
FAST = "CAUSALGREEN_FAST" in os.environ  # fewer firms; for tests
folder = Path(tempfile.mkdtemp())
firms = 60 if FAST else 150
files = cg.data.simulate_files(folder / "raw", n_firms=firms, n_years=8, seed=4)
print(sorted(path.name for path in files.paths.values()))

# %% [markdown]
# ## Reading
#
# `read` understands the layout, restores stock codes, maps column names (Chinese or English) to
# its own and finds units. It shows what it decided; `columns=` overrides it.

# %%
assets = cg.data.read(files.paths["assets"])
print(assets.tidy())

# %% [markdown]
# ## One panel, and what became of every row
#
# Tables are joined on firm and year. Stacked rows are chosen, never added up; zeros are filled
# only where the patent extract covers the year; filters are steps with counts.

# %%
names = ("basics", "assets", "ratios", "patents", "green", "staff", "governance")
tables = {name: cg.data.read(files.paths[name]) for name in names}
tables["ai"] = cg.data.read(files.paths["ai"], columns={"lnAI": "ai"})

parts = [f"green_{kind}_{by}" for kind in ("inventions", "utility") for by in ("own", "joint")]
panel = cg.data.firm_panel(tables).fill_counts(parts).add_green(joint=True)
panel = cg.data.heavy_polluter(panel).attach()
panel = cg.data.attach_pilot_zones(panel, county="county", cohort="full_year").panel
panel = panel.drop_st().drop_financial()
panel = panel.keep(lambda f: f["zone"].notna(), "Huzhou outside Deqing: neither in nor out")
panel = panel.with_columns(
    {"size": lambda f: np.log(f["assets"]), "ln_green": lambda f: np.log1p(f["green_patents"])},
    "logarithms",
)
print(panel.audit)

# %%
panel.audit.plot()
plt.show()

# %% [markdown]
# ## Green patents, counted again
#
# The table of counts comes from the data house. The publications are there, too: counting them by
# their classes gives the same numbers, or a question to ask.

# %%
green = cg.data.green_patents(files.paths["publications"])
ours = green.frame.set_index(["firm", "year"])["green_patents"]
theirs = panel.frame.set_index(["firm", "year"])["green_patents"]
same = (ours.reindex(theirs.index, fill_value=0) == theirs).mean()
print(f"equal to the table of green patents in {same:.1%} of the firm-years")

# %% [markdown]
# ## The pilot zones

# %%
cg.data.pilot_zones(programme="MOST", cohort="full_year").plot()
plt.show()

# %% [markdown]
# ## Peers, study, effects
#
# The exposure is the mean AI of the other firms of the industry in the same year; firms alone in
# theirs have no peers: 0. The outcome is ln(1 + green patents), as is the habit; the first of the
# panel's notes says what that deserves, and `usual_practice` shows why.

# %%
peers = cg.exposure(panel.frame, by="industry", of="ai", alone="zero", names=["peer_ai"])
frame = peers.attach()
table = cg.Panel.from_frame(
    frame,
    unit="firm",
    time="year",
    outcome="ln_green",
    treatment="ai",
    exposure="peer_ai",
    mediators={"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
    traits=["soe", "heavy_polluter"],
    controls=["size", "leverage", "roa", "age", "zone"],
    cluster="firm",
)
for note in table.notes:
    print(fill(note, 92), end="\n\n")

# %%
study = cg.Study(
    table, cg.green_innovation_graph(table), learner=cg.linear(), folds=2, progress=False
)
paths = study.paths()
print(paths)

# %%
paths.plot()
plt.show()

# %% [markdown]
# ## Beside the truth
#
# Behind the simulated files stands an economy whose effects are known, for the *number* of
# patents. So the count takes the place of its logarithm, and the total effect is read in percent
# of the mean.

# %%
known = files.truth.counts.loc["green_patents", "own_total"]
counted = cg.Panel.from_frame(
    frame,
    unit="firm",
    time="year",
    outcome="green_patents",
    treatment="ai",
    exposure="peer_ai",
    controls=["size", "leverage", "roa", "age", "zone"],
    cluster="firm",
)
percent = (
    cg.Study(
        counted, cg.green_innovation_graph(counted), learner=cg.linear(), folds=2, progress=False
    )
    .paths()
    .percent_of_mean()
    .tidy()
    .set_index("term")
    .loc[["own_total"], ["estimate", "conf_low", "conf_high"]]
)
percent["truth"] = 100 * known / frame["green_patents"].mean()
print(percent.round(1))

# %% [markdown]
# ## The report
#
# A page with all of it, to send to a co-author, and a manifest beside it that gives the same
# numbers again. With 150 firms the intervals are wide, and the page says so.

# %%
print(study.report(folder / "report.html", paths, whom=False).name)

# %% [markdown]
# ## What to take along
#
# - Most mistakes are made before the first regression: codes that lost their zeros, stacked rows
#   that were added up, years without an extract that were filled with zeros. `read` and
#   `firm_panel` ask or refuse where they would have to guess.
# - The audit belongs into the appendix: every row that left, and why.
# - A count is an outcome; its logarithm plus one is a choice of unit.
