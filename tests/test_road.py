"""The whole road: messy files in, effects out, the same as those of the clean table."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest

import causalgreen as cg

TABLES = ("basics", "assets", "ratios", "patents", "green", "staff", "governance")
PARTS = [f"green_{a}_{b}" for a in ("inventions", "utility") for b in ("own", "joint")]
PEERS = ["peer_industry", "peer_city"]
ROLES = {
    "unit": "firm", "time": "year", "outcome": "ln_green", "treatment": "ai",
    "mediators": {"restructuring": ["clean_share"], "human_capital": ["skilled_share"]},
    "traits": ["clean_industry"], "controls": ["size", "leverage", "roa", "age", "zone"],
    "exposure": PEERS, "cluster": "city",
}  # fmt: skip


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    """Files, the panel made of them by the package's verbs alone, seconds."""
    start = time.process_time()
    files = cg.data.simulate_files(tmp_path_factory.mktemp("raw"), n_firms=150, n_years=8, seed=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        tables = {name: cg.data.read(files.paths[name]) for name in TABLES}
        tables["ai"] = cg.data.read(files.paths["ai"], columns={"lnAI": "ai"})
        panel = cg.data.firm_panel(tables).fill_counts(PARTS).add_green(joint=True)
        panel = cg.data.heavy_polluter(panel).attach()
        panel = cg.data.industry_codes(panel).attach()
        panel = cg.data.regions(panel).attach()
        panel = cg.data.attach_pilot_zones(panel, county="county", cohort="full_year").panel
        panel = panel.drop_st().drop_financial()
        panel = panel.keep(lambda f: f["zone"].notna(), "Huzhou outside Deqing is unclear")
        panel = panel.with_columns({"size": lambda f: np.log(f["assets"]),
                                    "clean_industry": lambda f: 1 - f["heavy_polluter"],
                                    "ln_green": lambda f: np.log1p(f["green_patents"])},
                                   "as in the study")  # fmt: skip
    return files, panel, time.process_time() - start


def clean_of(files):
    """The sample of the study, taken from the clean table without the package's verbs."""
    clean = files.frame
    kept = (clean["status"] != "ST") & ~clean["industry"].isin(["J66", "J67"])
    kept &= (clean["city"] != "湖州市") | clean["county"].notna()
    out = clean[kept].reset_index(drop=True)
    return out.assign(zone=out["ai_zone"].astype(float), ln_green=np.log1p(out["green_patents"]))


def effects_of(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        peers = cg.exposure(frame, by=["industry", "city"], of="ai", alone="zero", names=PEERS)
        panel = cg.Panel.from_frame(peers.attach(), **ROLES)
        graph = cg.green_innovation_graph(panel)
        study = cg.Study(panel, graph, learner=cg.linear(), folds=2, n_jobs=1, progress=False)
        return study.paths().tidy(detail=True)


def test_the_road_gives_the_numbers_of_the_clean_panel(road):
    files, panel, seconds = road
    start = time.process_time()
    ours, clean = effects_of(panel.frame), effects_of(clean_of(files))
    assert len(clean) > 8
    assert ours["term"].tolist() == clean["term"].tolist()
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(ours[name], clean[name], rtol=1e-10, atol=1e-14)
    assert seconds + time.process_time() - start < 20


def test_the_rows_are_those_of_the_clean_panel(road):
    files, panel, _ = road
    clean = clean_of(files)
    columns = ["firm", "year", "ai", "ln_green", "clean_share", "skilled_share", "clean_industry",
               "zone", "industry", "city", "age", "leverage", "green_inventions"]  # fmt: skip
    pd.testing.assert_frame_equal(
        panel.frame[columns], clean[columns], check_dtype=False, check_exact=True
    )
    assert panel.frame["industry_vintage"].eq(2012).all()
    assert set(panel.frame["region"]) <= {"east", "central", "west", "northeast"}


def test_publications_count_to_the_same_patents(road):
    files, panel, _ = road
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.DataWarning)
        green = cg.data.green_patents(files.paths["publications"])
    keys = ["firm", "year"]
    both = panel.frame.set_index(keys)["green_patents"]
    counted = green.frame.set_index(keys)["green_patents"].reindex(both.index, fill_value=0)
    np.testing.assert_array_equal(counted, both)


def test_every_row_is_accounted_for(road):
    files, panel, _ = road
    audit = panel.audit.tidy()
    assert audit["rows_out"].iloc[-1] == len(panel.frame)
    base = audit[~audit["name"].str.contains("only|rows of|read")]
    assert (base["rows_in"].to_numpy()[1:] == base["rows_out"].to_numpy()[:-1]).all()
    lost = len(files.frame) - len(panel.frame)
    drops = base[base["rows_in"] > base["rows_out"]]
    assert (drops["rows_in"] - drops["rows_out"]).sum() == lost > 0
    assert set(drops["name"]) <= {"drop ST and PT", "drop financial firms", "keep"}
    assert drops["examples"].str.len().gt(0).all()


def test_data_is_a_lazy_door():
    import subprocess
    import sys

    code = (
        "import sys, causalgreen as cg; assert 'pandas' not in sys.modules; "
        "assert 'causalgreen.data' not in sys.modules; cg.data.read; "
        "print(sorted(set(cg.data.__all__) - set(dir(cg.data))), 'data' in dir(cg))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[] True", done.stderr


def test_every_name_of_data_is_there_and_documented():
    for name in cg.data.__all__:
        assert getattr(cg.data, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'reed'"):
        _ = cg.data.reed
