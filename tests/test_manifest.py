"""The frozen manifest: what it holds, what differs, and the same numbers from it elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import causalgreen as cg
from causalgreen.data.simulate import simulate_panel
from causalgreen.data.tables import read_table
from causalgreen.errors import DesignError, EstimationWarning
from causalgreen.study.fingerprint import as_recorded, fingerprint
from causalgreen.study.learner_record import learner_of, record_learners
from causalgreen.study.manifest import Manifest

ROOT = Path(__file__).resolve().parent.parent
ROLES = {
    "unit": "firm", "time": "year", "outcome": "green_patents", "treatment": "ai",
    "exposure": "peer_ai", "traits": ["size", "urban"], "cluster": "city",
    "mediators": {"restructuring": "clean_share", "human_capital": "skilled_share"},
    "controls": ["age", "leverage", "roa_lag"],
}  # fmt: skip
pytestmark = [
    pytest.mark.filterwarnings("ignore::causalgreen.errors.EstimationWarning"),
    pytest.mark.filterwarnings("ignore::causalgreen.errors.DataWarning"),
]


@pytest.fixture(scope="module")
def table():
    return simulate_panel(n_firms=150, n_years=5, seed=3)[0]


def study_of(table, learner=None, roles=ROLES, **settings):
    panel = cg.Panel.from_frame(table, **roles)
    learner = cg.linear() if learner is None else learner
    graph = settings.pop("graph", None) or cg.green_innovation_graph(panel)
    return cg.Study(panel, graph, learner=learner, progress=False, **settings)


@pytest.fixture(scope="module")
def study(table):
    return study_of(table)


@pytest.fixture(scope="module")
def manifest(study):
    return study.manifest()


# --- data ------------------------------------------------------------------------------------


def digest(table, roles=ROLES, absorb=()):
    return fingerprint(cg.Panel.from_frame(table, **roles), absorb).digest


def test_order_of_rows_and_other_columns_do_not_count(table):
    shuffled = table.sample(frac=1, random_state=0).assign(remark="x")
    assert digest(shuffled) == digest(table)


@pytest.mark.parametrize("column", ["green_patents", "ai", "age", "size", "city", "skilled_share"])
def test_every_column_with_a_part_counts(table, column):
    changed = table.copy()
    first = changed[column].iloc[7]
    changed.loc[changed.index[7], column] = (
        first + 1e-9 if changed[column].dtype.kind == "f" else changed[column].iloc[-1]
        if changed[column].iloc[-1] != first else first + 1
    )  # fmt: skip
    assert digest(changed) != digest(table)


def test_absorbed_columns_count(table):
    changed = table.assign(industry=table["industry"].iloc[::-1].to_numpy())
    assert digest(changed) == digest(table)
    assert digest(changed, absorb=["industry^year"]) != digest(table, absorb=["industry^year"])


def test_storage_does_not_count(table, tmp_path):
    """Nullable numbers, categories, a csv file: the same data."""
    other = table.assign(
        age=table["age"].astype("Float64"), city=table["city"].astype("category"),
        urban=table["urban"].astype("int8"),
    )  # fmt: skip
    assert digest(other) == digest(table)
    table.to_csv(tmp_path / "t.csv", index=False)
    assert digest(read_table(tmp_path / "t.csv", ["firm"])) == digest(table)


def test_codes_count_as_their_text_and_come_back_as_they_were(table):
    """Numbers sort otherwise than their texts; folds follow the order of clusters."""
    codes = {name: i * 7 % 97 for i, name in enumerate(sorted(table["city"].unique()))}
    numbers = table.assign(city=table["city"].map(codes))
    texts = numbers.assign(city=numbers["city"].astype(str))
    assert digest(numbers) == digest(texts)
    record = fingerprint(cg.Panel.from_frame(numbers, **ROLES))
    back = as_recorded(texts, record.columns)
    assert back["city"].equals(numbers["city"])
    again = as_recorded(
        numbers, fingerprint(cg.Panel.from_frame(texts, **ROLES)).columns
    )  # fmt: skip
    assert list(again["city"]) == list(texts["city"])


def test_ordered_categories_and_periods_come_back(table):
    sizes = pd.cut(table["size"], 3, labels=["small", "medium", "large"])
    quarters = pd.PeriodIndex(table["year"].astype(str) + "Q1", freq="Q")
    original = table.assign(size=sizes, year=quarters)
    roles = {**ROLES, "traits": ["size"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record = fingerprint(cg.Panel.from_frame(original, **roles))
        stored = original.assign(size=sizes.astype(str), year=quarters.astype(str))
        back = as_recorded(stored, record.columns)
        assert fingerprint(cg.Panel.from_frame(back, **roles)) == record
    assert list(back["size"].cat.categories) == ["small", "medium", "large"]


def test_leading_zeros_that_were_lost_are_other_data(table):
    codes = table.assign(firm=table["firm"].str.replace("6", "0", n=1))
    manifest = study_of(codes).manifest()
    with pytest.raises(DesignError, match=r"firm do not hold the same values.*lost their zeros"):
        cg.Study.from_manifest(manifest, codes.assign(firm=codes["firm"].astype(int)))


def test_missing_values_count(table):
    holes = table.assign(leverage=table["leverage"].where(table.index % 50 > 0))
    assert digest(holes) != digest(table)
    found = {c.name: c for c in fingerprint(cg.Panel.from_frame(holes, **ROLES)).columns}
    assert found["leverage"].missing == int(holes["leverage"].isna().sum())


# --- learners --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "learner",
    [
        None,
        cg.linear(),
        cg.lasso(knots=4, interactions=False),
        cg.lightgbm(max_rounds=40, lambda_l2=2.5),
        cg.random_forest(7, 3),
        cg.stack(cg.linear(), cg.lightgbm()),
        Ridge(alpha=np.float64(0.3)),
        make_pipeline(StandardScaler(with_mean=False), Ridge(2.0)),
    ],
    ids=lambda x: type(x).__name__,
)
def test_learners_are_written_and_read_back(learner):
    from causalgreen.residuals.learners import as_stack

    records = record_learners(as_stack(learner))
    assert all(r.rebuildable for r in records)
    text = json.dumps([dict(r.settings) for r in records])
    assert "0x" not in text
    assert record_learners(as_stack(learner_of(records))) == records


def test_settings_that_a_manifest_was_written_without_are_as_they_were_then():
    from causalgreen.residuals.learners import as_stack
    from causalgreen.study.learner_record import LearnerRecord

    (record,) = record_learners(as_stack(cg.lightgbm(num_leaves=16)))
    since = ("extra_trees", "linear_tree")
    written = {k: v for k, v in record.settings.items() if k not in since}
    before = LearnerRecord(record.kind, record.cls, written | {"monotone_constraints": [0, 1]})
    made = learner_of((before,))
    assert (made.num_leaves, made.extra_trees, made.linear_tree) == (16, False, False)


class Homemade(Ridge):
    """A class that a file cannot hold."""


def test_learners_of_ones_own_are_named_and_must_be_given(table):
    study = study_of(table, learner=cg.stack(cg.linear(), Homemade(alpha=3.0)))
    manifest = Manifest.from_json(study.manifest().to_json())
    own = manifest.learners[1]
    assert (own.settings["alpha"], own.rebuildable) == (3.0, False)
    assert "cannot be made again from this manifest alone: Homemade" in str(manifest)
    with pytest.raises(DesignError, match=r"Homemade.*learner=\.\.\."):
        cg.Study.from_manifest(manifest, table)
    again = cg.Study.from_manifest(manifest, table, cg.stack(cg.linear(), Homemade(alpha=3.0)))
    assert manifest.compare(again.paths()).identical


def test_functions_among_settings_are_described_without_addresses():
    from sklearn.compose import TransformedTargetRegressor

    from causalgreen.residuals.learners import as_stack

    model = TransformedTargetRegressor(Ridge(), func=np.tanh, check_inverse=False)
    (record,) = record_learners(as_stack(model))
    assert record.unwritten == ("func",)
    with pytest.raises(DesignError, match="func"):
        learner_of((record,))


def test_a_manifest_makes_no_object_of_an_unknown_package(manifest):
    from causalgreen.study.learner_record import LearnerRecord

    bad = LearnerRecord("scikit-learn", "subprocess.Popen", {"args": "true"})
    with pytest.raises(DesignError, match="belong to"):
        learner_of((bad,))
    for cls, message in (
        ("sklearn.utils.Bunch", "no estimator"),
        ("sklearn.linear_model.Gone", "not installed here"),
    ):
        with pytest.raises(DesignError, match=message):
            learner_of((LearnerRecord("scikit-learn", cls, {}),))


# --- the manifest ----------------------------------------------------------------------------


def test_it_holds_full_precision_and_everything_else(study, manifest):
    effects = study.paths()
    kept = {e.term: e for e in manifest.estimates}
    for term, value, error in zip(
        effects.terms, effects.estimate, effects.std_error, strict=True
    ):  # fmt: skip
        assert (kept[term].estimate, kept[term].std_error) == (value, error)
    document = json.loads(manifest.to_json())
    for part in ("data", "graph", "roles", "paths", "learners", "folds", "repeats", "seed",
                 "versions", "fixed_effects", "estimation", "seal"):  # fmt: skip
        assert part in document
    assert document["versions"]["numpy"] == np.__version__
    assert (manifest.data.rows, manifest.data.firms) == (study.panel.n_rows, study.panel.n_units)


def test_json_round_trip(manifest):
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_tidy_and_text(manifest):
    facts = manifest.tidy()
    assert {"data", "graph", "roles", "method", "versions", "estimates"} <= set(facts["part"])
    assert not facts.duplicated(["part", "name"]).any()
    text = str(manifest)
    assert manifest.seal[:12] in text
    assert "human_capital" in text
    assert max(map(len, text.splitlines())) <= 98
    assert "<pre>" in manifest._repr_html_()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", "not JSON"),
        ("{}", "no manifest of causalgreen"),
        ('{"causalgreen manifest": 99}', "format 99"),
        ('{"causalgreen manifest": 1}', "damaged"),
    ],
)
def test_what_is_no_manifest_is_refused(text, message):
    with pytest.raises(DesignError, match=message):
        Manifest.from_json(text)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DesignError, match="cannot be read"):
        Manifest.from_json(tmp_path / "none.manifest.json")


def test_a_manifest_that_was_edited_is_refused(manifest):
    document = json.loads(manifest.to_json())
    document["seed"] = 7
    with pytest.raises(DesignError, match="changed after it was written"):
        Manifest.from_json(json.dumps(document))
    layout = json.dumps(json.loads(manifest.to_json()), indent=4, sort_keys=True)
    assert Manifest.from_json(layout) == manifest  # only the content is sealed


@pytest.mark.parametrize(
    "arguments",
    [
        {"covariance": "CR1"},
        {"coefficients": "varying", "population": False},
        {"coefficients": "constant", "covariance": "CV3"},
    ],
)
def test_settings_of_the_estimates_are_found(table, arguments):
    study = study_of(table)
    effects = study.paths(**arguments)
    manifest = study.manifest(effects)
    found = manifest.estimation_arguments()
    assert {k: found[k] for k in arguments} == arguments
    assert manifest.compare(study.paths(**found)).identical


def test_estimates_that_are_no_paths_are_not_claimed_to_be(study):
    manifest = study.manifest(study.paths().percent_of_mean())
    assert manifest.estimation is None
    assert manifest.unit.startswith("%")
    with pytest.raises(DesignError, match="percentages"):
        manifest.estimation_arguments()


def test_a_graph_that_identifies_nothing_has_a_manifest_without_estimates(table):
    panel = cg.Panel.from_frame(table, **ROLES)
    graph = cg.green_innovation_graph(panel).add_node(
        "talent", latent=True, causes=["ai", "peer_ai", "skilled_share", "green_patents"]
    )
    manifest = study_of(table, graph=graph).manifest()
    assert manifest.estimates == ()
    assert manifest.graph == graph
    assert Manifest.from_json(manifest.to_json()) == manifest


# --- again -----------------------------------------------------------------------------------


def test_the_same_numbers_from_the_manifest(table, study, manifest):
    again = cg.Study.from_manifest(
        Manifest.from_json(manifest.to_json()), table.sample(frac=1, random_state=5), n_jobs=2
    )
    agreement = manifest.compare(again.paths(**manifest.estimation_arguments()))
    assert agreement.identical
    assert agreement.close
    assert "to the last digit" in str(agreement)
    assert (agreement.tidy()["difference"] == 0).all()


def test_other_data_are_refused_or_told(table, manifest):
    other = table.assign(leverage=table["leverage"] ** 2)
    with pytest.raises(DesignError, match=r"leverage \(mean .*other_data=True"):
        cg.Study.from_manifest(manifest, other)
    with pytest.warns(EstimationWarning, match="the values differ in leverage"):
        again = cg.Study.from_manifest(manifest, other, other_data=True)
    agreement = manifest.compare(again.paths())
    assert not agreement.close
    assert "are not those of the manifest" in str(agreement)


def test_other_versions_are_told(table, manifest):
    from dataclasses import replace

    old = {**dict(manifest.versions), "numpy": "1.0", "pandas": "0.1", "causalgreen": "0.0"}
    before = replace(manifest, versions=tuple(old.items()))
    with pytest.warns(EstimationWarning, match=r"causalgreen 0.0 then .*numpy 1.0 then") as told:
        cg.Study.from_manifest(before, table)
    assert not any("pandas" in str(w.message) for w in told)


def test_rounding_is_told_from_change(study, manifest):
    from dataclasses import replace

    effects = study.paths()
    nudged = replace(effects, estimate=effects.estimate * (1 + 1e-13))
    agreement = manifest.compare(nudged)
    assert (agreement.identical, agreement.close) == (False, True)
    assert "but for rounding" in str(agreement)
    fewer = manifest.compare(effects.select(["direct"]))
    assert not fewer.close
    assert "On one side only" in str(fewer)


FRESH = """
import json, sys
import pandas as pd
import causalgreen as cg
from causalgreen.study.manifest import Manifest
manifest = Manifest.from_json(sys.argv[1])
study = cg.Study.from_manifest(manifest, pd.read_parquet(sys.argv[2]), n_jobs=1)
effects = study.paths(**manifest.estimation_arguments())
print(json.dumps([list(effects.terms), effects.estimate.tolist(), effects.std_error.tolist()]))
"""


@pytest.mark.parametrize("kind", ["linear", "boosted"])
def test_a_fresh_process_gives_identical_numbers(table, tmp_path, kind):
    learner = {
        "linear": cg.linear(),
        "boosted": cg.stack(cg.linear(), cg.lightgbm(max_rounds=10), cg.random_forest(4)),
    }[kind]
    fixed = cg.FixedEffects("within", absorb=["city^year"])
    study = study_of(table, learner, fixed_effects=fixed, folds=4, repeats=2, seed=11, n_jobs=2)
    manifest = study.manifest()
    manifest.write(tmp_path / "m.json")
    table.sample(frac=1, random_state=1).to_parquet(tmp_path / "t.parquet")
    command = [sys.executable, "-W", "ignore", "-c", FRESH, str(tmp_path / "m.json"),
               str(tmp_path / "t.parquet")]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "5"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    terms, estimates, errors = json.loads(done.stdout)
    assert terms == [e.term for e in manifest.estimates]
    assert estimates == [e.estimate for e in manifest.estimates]
    assert errors == [e.std_error for e in manifest.estimates]


# --- what differs ----------------------------------------------------------------------------


def test_nothing_differs(table, manifest):
    found = manifest.diff(study_of(table.sample(frac=1, random_state=2)).manifest())
    assert len(found) == 0
    assert not found.can_change_numbers
    assert "Nothing differs" in str(found)


def test_differences_are_told_in_sentences(table, manifest):
    fixed = cg.FixedEffects("within", absorb=["industry^year"])
    other = study_of(table, cg.lasso(knots=4), fixed_effects=fixed, folds=3, seed=9).manifest()
    found = manifest.diff(other)
    text = " ".join(str(found).split())
    for part in ("learner: linear here and lasso there", "folds: 5 here and 3 there",
                 "seed: 0 here and 9 there", "industry^year removed there",
                 "industry only there", "estimates: direct"):  # fmt: skip
        assert part in text
    assert found.can_change_numbers
    assert set(found.tidy()["part"]) == {"data", "method", "estimates", "graph"} & set(
        found.tidy()["part"]
    )
    assert max(map(len, str(found).splitlines())) <= 98


def test_settings_of_the_same_learner(table, manifest):
    a, b = (study_of(table, cg.lightgbm(max_rounds=n)).manifest() for n in (5, 6))
    (first, *_) = a.diff(b)
    assert first.sentence == "learner: lightgbm max_rounds=5 here and 6 there"


def test_columns_that_differ_are_named_with_their_means(table, manifest):
    other = study_of(table.assign(age=table["age"] + 1)).manifest()
    (found,) = manifest.diff(other).of("data")
    assert found.sentence.startswith("the values differ in age (mean 14.7113")


def test_rows_that_differ_are_counted(table, manifest):
    found = manifest.diff(study_of(table.iloc[5:]).manifest()).of("data")
    sentences = [d.sentence for d in found]
    assert sentences[0] == "750 rows here and 745 there; 150 firms here and 149 there"
    assert sentences[1].startswith("the rows differ: firm and year")


def test_arrows_that_change_no_path_change_no_number(table, study, manifest):
    graph = study.graph.drop_edge("roa_lag", "ai")
    (found,) = manifest.diff(study_of(table, graph=graph).manifest())
    assert "arrows only here: roa_lag -> ai" in found.sentence
    assert found.consequence == "does not change the numbers"


def test_arrows_between_mediators_can_change_numbers(table, study, manifest):
    graph = study.graph.add_edge("skilled_share", "clean_share")
    found = manifest.diff(study_of(table, graph=graph).manifest())
    assert found.of("graph").can_change_numbers
    assert "arrows only there: skilled_share -> clean_share" in str(found)


def test_roles_that_differ(table, manifest):
    roles = {**ROLES, "controls": ["age", "leverage"]}
    found = manifest.diff(study_of(table, roles=roles).manifest())
    assert "controls age, leverage, roa_lag here and age, leverage there" in " ".join(
        str(found).split()
    )


def test_versions_say_whether_they_matter(manifest):
    from dataclasses import replace

    changed = {**dict(manifest.versions), "scipy": "9", "pandas": "9", "causalgreen": "9"}
    found = manifest.diff(replace(manifest, versions=tuple(changed.items())))
    told = {d.sentence.split()[0]: d.consequence for d in found}
    assert told == {
        "scipy": "can change the last digits", "pandas": "does not change the numbers",
        "causalgreen": "can change the numbers",
    }  # fmt: skip


# --- reports ---------------------------------------------------------------------------------


def test_the_manifest_lies_beside_the_report_and_in_it(study, tmp_path):
    study.report(tmp_path / "paper.html", whom=False)
    manifest = Manifest.from_json(tmp_path / "paper.manifest.json")
    assert manifest == study.manifest()
    page = (tmp_path / "paper.html").read_text("utf-8")
    assert manifest.seal in page
    assert manifest.data.digest in page
    assert sorted(p.name for p in tmp_path.iterdir()) == ["paper.html", "paper.manifest.json"]


def test_a_report_that_cannot_be_written_leaves_no_manifest(study, tmp_path):
    with pytest.raises(DesignError, match="cannot be written"):
        study.report(tmp_path / "paper.pages")
    with pytest.raises(DesignError, match="lang"):
        study.report(tmp_path / "paper.html", lang="fr")
    assert not list(tmp_path.iterdir())


def test_a_manifest_that_cannot_be_run_says_so_at_writing(study, tmp_path):
    with pytest.warns(EstimationWarning, match=r"causalgreen run.*will refuse it.*study\.paths"):
        study.manifest(study.paths().percent_of_mean()).write(tmp_path / "percent.manifest.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.manifest().write(tmp_path / "fine.manifest.json")
    with pytest.raises(DesignError, match=r"manifest cannot go to .*no folder"):
        study.manifest().write(tmp_path / "missing" / "x.manifest.json")
