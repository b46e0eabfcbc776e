"""The examples: notebooks are made from scripts, run in a fast mode, and find what they tell."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import notebooks  # noqa: E402

SOURCES = notebooks.sources()
NAMES = [path.stem for path in SOURCES]
REAL_OR_THE_SAME = ("jtrain", "scaling_out")  # published numbers, or the same numbers twice


def _script(name, *arguments, cwd, **environment):
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", **environment}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=settings
    )


def _displayed(source, names):
    """Run a cell as a notebook does: the last expression is shown, as HTML where it has that."""
    *body, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        exec(compile(source, "cell", "exec"), names)
        return
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    if hasattr(value, "_repr_html_"):
        assert len(value._repr_html_()) > 0


def _slow_but_for(quick):
    marks = {name: () if name == quick else pytest.mark.slow for name in NAMES}
    return [pytest.param(p, id=p.stem, marks=marks[p.stem]) for p in SOURCES]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the code cells of a stored notebook in fast mode; returns what they defined."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(notebooks.FAST, "1")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))

    def _run(name):
        book = json.loads((ROOT / "examples" / f"{name}.ipynb").read_text("utf-8"))
        names = {"__name__": "__main__"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for cell in book["cells"]:
                if cell["cell_type"] == "code":
                    _displayed("".join(cell["source"]), names)
        return names

    yield _run
    plt.close("all")


def test_ten_minutes(run):
    made = run("ten_minutes")
    paths = made["paths"]
    parts = ("direct", "restructuring", "human_capital")
    assert sum(paths[term] for term in parts) == pytest.approx(paths["own_total"], abs=1e-10)
    assert made["table"]["truth"].between(-0.1, 2).all()
    assert len(made["tried"]) == 4
    assert made["written"].stat().st_size > 10_000


def test_four_paths(run):
    made = run("four_paths")
    orders = made["orders"]
    totals = orders.loc["own_total"].to_numpy()
    # The order moves parts, not their sum; to the last digit only where coefficients do not vary,
    # as products of coefficients that are linear in the traits are not.
    assert np.ptp(totals) < 1e-3 * abs(totals[0])
    moved = orders.loc["human_capital", "restructuring first"]
    assert moved < orders.loc["human_capital", "skills first (true)"] - 0.02
    indirect = made["questions"].tidy().set_index("term").loc["all indirect"]
    assert indirect["conf_low"] > 0
    kinds = made["kinds"]
    assert list(kinds.index) == ["upstream", "end of pipe", "difference"]
    apart = kinds["estimate"].iloc[0] - kinds["estimate"].iloc[1]
    assert kinds.loc["difference", "estimate"] == pytest.approx(apart, abs=1.5)  # nearly linear
    assert kinds.loc["difference", "truth"] > 5


def test_for_whom(run):
    made = run("for_whom")
    ownership = made["ownership"].tidy().set_index("contrast")
    assert ownership.loc["raw", "conf_low"] > 0  # a split by ownership finds something
    assert ownership.loc["balanced", "conf_low"] < 0 < ownership.loc["balanced", "conf_high"]
    assert ownership.loc["difference", "conf_low"] > 0  # and it was size
    fifths = made["fifths"]
    assert (fifths["truth"].diff().dropna() > 0).all()
    assert fifths["truth"].between(fifths["conf_low"], fifths["conf_high"]).sum() >= 3
    assert set(made["region"].index) == {"east", "central", "west"}
    assert made["region"]["truth"].notna().all()
    assert len(made["types"]) == 12
    assert made["types"].loc["restructuring[robots]", "estimate"] > 0


def test_spillovers(run):
    made = run("spillovers")
    suppliers = made["found"].loc["spillover[ai_suppliers]"]
    assert suppliers["conf_low"] < suppliers["truth"] < suppliers["conf_high"]
    assert (made["right"] > made["placebos"].max(axis=0)).all()
    bare, given = np.abs(made["placebos"]).mean(axis=0)
    assert given < bare  # wrong suppliers stand in for having one
    spread = made["spread"]
    by_firm, by_city = (spread[f"standard error, clustered by {c}"] for c in ("firm", "city"))
    assert by_firm < by_city
    shocks = made["shocks"]
    parks = shocks.loc[("parks", "spillover")]
    assert parks["conf_low"] > parks["truth"] > 0
    assert ("parks, city^year absorbed", "spillover") not in shocks.index
    own = shocks.loc[("parks, city^year absorbed", "own_total")]
    assert own["conf_low"] < own["truth"] < own["conf_high"]


def test_usual_practice(run):
    made = run("usual_practice")
    forests = made["forests"].groupby("how", sort=False)["estimate"].mean()
    assert (forests.iloc[:2] > 0.7).all()  # the truth is 0.5
    assert forests.iloc[2] == pytest.approx(0.5, abs=0.15)
    mediation = made["mediation"]
    assert mediation.loc[0.0, "share_mediated"] == pytest.approx(0, abs=0.02)
    assert mediation.loc[1.0, "share_mediated"] > 0.4
    assert mediation.loc[1.0, "mediation_claimed"] == 1
    assert set(made["withheld"]) == {"direct", "human_capital"}
    assert made["truth"] > 0 > made["units"]["estimate"].min()
    assert made["claims"].iloc[-1, 0] > 0.6 > 0.25 > made["claims"].iloc[-1, 2]


def test_jtrain_finds_the_textbook_numbers(run):
    made = run("jtrain")
    compared = made["compared"]
    for way in ("by hand", "causalgreen"):
        np.testing.assert_allclose(compared[way], compared["published"], atol=6e-4)
    np.testing.assert_allclose(compared["classical error"], [0.151, 0.210], atol=6e-4)
    assert made["hours"]["conf_low"] > 0  # grants bring training
    assert made["scrap"]["conf_low"] < 0 < made["scrap"]["conf_high"]
    assert len(made["known"]) == 162
    assert made["known"]["fcode"].nunique() == 54


def test_from_files_shows_the_account_and_the_paths(run):
    made = run("from_files")
    account = str(made["panel"].audit)
    assert re.search(r"read basics: (\d+) -> \1 rows", account)
    assert "the others are stacked, not added" in account
    assert made["same"] == 1.0
    assert made["percent"].loc["own_total", "truth"] > 0
    assert (made["folder"] / "report.html").stat().st_size > 10_000


def test_scaling_out(run):
    made = run("scaling_out")
    assert made["paths_apart"] == made["firms_apart"] == 0


def test_examples_run_as_scripts_and_print_what_notebooks_show(tmp_path):
    done = _script("jtrain.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"grant +-0\.252 +-0\.252 +0\.151 +-0\.252", done.stdout)
    assert "162 rows of 54 firms" in done.stdout


@pytest.mark.parametrize("path", _slow_but_for("scaling_out"))
def test_a_script_runs_alone(path, tmp_path):
    """The cells run above; what may differ is `__main__`, which new processes read again."""
    done = _script(path.name, cwd=tmp_path, CAUSALGREEN_FAST="1", PYTHONWARNINGS="ignore")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_the_notebook_is_that_of_the_script(path):
    book = json.loads(path.with_suffix(".ipynb").read_text("utf-8"))
    stored = [(cell["cell_type"], "".join(cell["source"])) for cell in book["cells"]]
    assert stored == [tuple(cell) for cell in notebooks.cells_of(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_a_notebook_asks_shows_and_ends_with_what_was_learnt(path):
    cells = notebooks.cells_of(path.read_text("utf-8"))
    prose = [cell.source for cell in cells if cell.kind == "markdown"]
    assert prose[0].startswith("# ")
    assert "**Question.**" in prose[0]
    headings = re.findall(r"^## (.+)$", "\n".join(prose), re.M)
    assert headings[-1] == "What to take along"
    assert "truth" in path.read_text("utf-8") or path.stem in REAL_OR_THE_SAME


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_the_notebook_is_stored_executed_clean_and_small(path):
    text = path.with_suffix(".ipynb").read_text("utf-8")
    assert notebooks.faults_of(text) == []
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    kinds = [output["output_type"] for cell in code for output in cell["outputs"]]
    assert kinds.count("display_data") >= 1
    assert not re.search(r'"/(tmp|home|root|Users)/', text)


@pytest.mark.parametrize("path", _slow_but_for("jtrain"))
def test_stored_outputs_are_what_the_code_says_today(path):
    pytest.importorskip("nbclient", reason="to execute notebooks needs the extra dev")
    pytest.importorskip("ipykernel", reason="to execute notebooks needs the extra dev")
    assert notebooks.check(path) == "as stored"


def test_other_outputs_than_stored_are_named(monkeypatch, tmp_path):
    def book(*told):
        outputs = [[{"output_type": "stream", "name": "stdout", "text": t}] for t in told]
        cells = [{"cell_type": "code", "outputs": out} for out in outputs]
        return json.dumps({"cells": [{"cell_type": "markdown"}, *cells]})

    (tmp_path / "x.ipynb").write_text(book("1", "2"), "utf-8")
    monkeypatch.setattr(notebooks, "execute", lambda path: book("1", "3"))
    with pytest.raises(ValueError, match=r"cell 2 now says\n3\nbut stored is\n2"):
        notebooks.check(tmp_path / "x.py")
    monkeypatch.setattr(notebooks, "execute", lambda path: book("1", "2", "3"))
    with pytest.raises(ValueError, match="3 cells, but 2 are stored"):
        notebooks.check(tmp_path / "x.py")


def test_one_notebook_that_fails_does_not_stop_the_others(monkeypatch, capsys):
    def check(path):
        if path.stem == "for_whom":
            raise ValueError("no")
        return "as stored"

    monkeypatch.setattr(notebooks, "check", check)
    with pytest.raises(SystemExit, match="not made: for_whom"):
        notebooks.main(["--check"])
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(NAMES)
    assert said[0].startswith(f"[1/{len(NAMES)}] {NAMES[0]}  0 s: ")


def test_every_notebook_has_a_script_a_test_and_a_line_in_the_list():
    books = {path.stem for path in (ROOT / "examples").glob("*.ipynb")}
    assert books == set(NAMES)
    readme = (ROOT / "examples" / "README.md").read_text("utf-8")
    tests = Path(__file__).read_text("utf-8")
    for name in NAMES:
        assert f"({name}.ipynb)" in readme
        assert f'run("{name}")' in tests


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("x = 1\n", "starts with '# %%'"),
        ("# %% [markdown]\nprose\n", "prose that is not a comment: 'prose'"),
        ("# %% [raw]\nx\n", "write '# %%' or '# %% [markdown]'"),
    ],
)
def test_a_script_with_bad_cells_is_refused(script, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        notebooks.cells_of(script)


def test_only_a_last_print_of_one_thing_becomes_what_it_shows():
    def shown(code):
        return notebooks.cells_of(f"# %%\n{code}\n")[0].source

    assert shown("print(x)\nprint(y.round(\n    2))") == "print(x)\ny.round(\n    2)"
    for kept in ('print("text")', 'print(f"{x}")', "print(x, y)", "print(*x)", "x = 1", "f(x)"):
        assert shown(kept) == kept


def test_faults_of_a_stored_notebook_are_named():
    said = {"output_type": "stream", "name": "stderr", "text": ["Warning: x"]}
    book = {"cells": [{"cell_type": "code", "outputs": [said]}], "path": f"{Path.home()}/x"}
    faults = notebooks.faults_of(json.dumps(book) + " " * notebooks.MOST_BYTES)
    assert len(faults) >= 3
    assert "Warning: x" in faults[0]
    assert "bytes are more than" in faults[-1]


def test_china_lowcarbon_is_skipped_where_the_data_are_not(tmp_path):
    done = _script("china_lowcarbon.py", cwd=tmp_path, CAUSALGREEN_DATA="")
    assert done.returncode == 0
    assert "skipped: set CAUSALGREEN_DATA" in done.stdout
    done = _script("china_lowcarbon.py", cwd=tmp_path, CAUSALGREEN_DATA=str(tmp_path))
    assert "skipped: there is no" in done.stdout


@pytest.mark.shared_data
@pytest.mark.skipif(not os.environ.get("CAUSALGREEN_DATA"), reason="CAUSALGREEN_DATA is not set")
def test_china_lowcarbon_is_a_null(tmp_path):
    done = _script("china_lowcarbon.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name, value in (("did", "0.0171"), ("ln_pgdp", "-0.4375")):
        assert re.search(rf"{name} +published +{value} +by hand +{value}", done.stdout)
    assert re.search(r"own_total: .* no effect .* that can be told from zero", done.stdout)
