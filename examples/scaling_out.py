# %% [markdown]
# # Scaling out
#
# **Question.** A study is too large for one machine: can others help, and will the numbers be the
# same?
#
# Only two steps of a study take long: the cross-fitting of the nuisances, and the forest. Both
# are made of jobs that know nothing of each other. `cg.cluster` sends them to the workers of a
# Ray or Dask cluster; everything else stays here. Each job has a seed of its own, so that it does
# not matter who does it, nor when.

# %%
import os
import time
from importlib.util import find_spec

import numpy as np
from joblib import parallel_config

import causalgreen as cg

FAST = "CAUSALGREEN_FAST" in os.environ  # fewer firms and trees; for tests
firms, trees = (150, 48) if FAST else (1000, 200)


def new_study():
    df, _ = cg.simulate_panel(n_firms=firms, n_years=6, seed=0)
    panel = cg.Panel.from_frame(
        df,
        unit="firm",
        time="year",
        outcome="green_patents",
        treatment="ai",
        mediators={"human_capital": ["skilled_share"]},
        traits=["size", "urban"],
        controls=["age", "leverage", "roa_lag"],
        cluster="city",
    )
    graph = cg.green_innovation_graph(panel)
    return cg.Study(panel, graph, learner=cg.lightgbm(), progress=False)


def answers():
    """The two steps that take long, and their seconds."""
    study, start = new_study(), time.perf_counter()
    paths, surface = study.paths(), study.surface(cg.forest(trees))
    return paths, surface, time.perf_counter() - start


# %% [markdown]
# ## Where to work
#
# Without an address, `cg.cluster` starts workers on this machine: good for a trial, and that is
# what happens here. With one, `cg.cluster("ray", "10.0.0.5:6379")` or `cg.cluster("dask",
# "tcp://10.0.0.5:8786")`, it joins a cluster that runs already, and says within seconds if nobody
# answers there. Where neither package is installed (`pip install "causalgreen[ray]"`), processes
# of this machine stand in for the workers.


# %%
def workers():
    for kind, module in (("ray", "ray"), ("dask", "distributed")):
        if find_spec(module):
            return f"{kind}, two workers", cg.cluster(kind, workers=2)
    return "two processes", parallel_config(backend="loky", n_jobs=2)


# %% [markdown]
# ## The same study twice
#
# First on this machine alone, then on the workers. (In a script, the guard is needed: new
# processes read the file again, and without it each would start a cluster of its own.)

# %%
if __name__ == "__main__":
    here = answers()
    where, cluster = workers()
    with cluster:
        there = answers()
    print(f"{firms:,} firms, {trees} trees: here, then on {where}")

# %%
if __name__ == "__main__":
    paths_apart = np.abs(there[0].estimate - here[0].estimate).max()
    firms_apart = np.abs(there[1].estimate - here[1].estimate).max()
    print(f"largest difference: paths {paths_apart:g}, effects by firm {firms_apart:g}")

# %% [markdown]
# Not small: zero. The paths that came from the workers are those of one machine:

# %%
if __name__ == "__main__":
    there[0].plot()

# %% [markdown]
# ## What to take along
#
# The numbers do not depend on who computes them: one machine, Ray or Dask.
#
# Two workers on one machine are not faster than its own threads: starting them takes longer than
# this small study. Other machines pay when the cross-fitting takes minutes: many firms, many
# controls, many repeats. A worker that dies in the middle costs the time of its jobs, nothing
# else; a job that takes every worker down, mostly for want of memory, ends with an error that
# says which, and what is done stays in the study: call it again and only the rest is computed.
