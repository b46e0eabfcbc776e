"""Clusters: the same numbers as one process, workers that die, clusters that do not answer."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import warnings

import cloudpickle
import cluster_learners
import joblib
import numpy as np
import pytest
from cluster_learners import Told
from conftest import make_study, quiet_paths

import causalgreen as cg
from causalgreen.residuals import jobs, reach, remote

HERE = {"n_jobs": 1, "progress": False}
CURVED = {"knots": 3, "n_penalties": 4}


def _ray(folder):
    pytest.importorskip("ray", reason="the extra causalgreen[ray] is not installed")
    import ray

    ray.init(
        num_cpus=2, object_store_memory=100 * 2**20, include_dashboard=False, log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )  # fmt: skip
    nodes = [node["NodeManagerAddress"] for node in ray.nodes()]
    if nodes != ["127.0.0.1"]:
        ray.shutdown()
        pytest.fail(f"Ray listens on {nodes}")
    return ray.shutdown


def _dask(folder):
    pytest.importorskip("distributed", reason="the extra causalgreen[dask] is not installed")
    import dask
    from distributed import Client, LocalCluster

    # Two workers lost to a job, not four, until Dask gives it up: starting one takes seconds.
    dask.config.set({"distributed.scheduler.allowed-failures": 1})
    local = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0", local_directory=str(folder), silence_logs=50,
    )  # fmt: skip
    client = Client(local)

    def end():
        client.close()
        local.close()

    return end


@pytest.fixture(scope="module", params=["ray", "dask"])
def backend(request, tmp_path_factory):
    """A local cluster of two workers; what tests write goes away with it."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_raylet_start_wait_time_s", "150")  # machines may be busy
        cloudpickle.register_pickle_by_value(cluster_learners)
        if request.param == "ray":
            pytest.importorskip("ray", reason="the extra causalgreen[ray] is not installed")
            from ray import cloudpickle as by_ray
            from ray.util.joblib import register_ray

            by_ray.register_pickle_by_value(cluster_learners)
            register_ray()
        end = {"ray": _ray, "dask": _dask}[request.param](folder)
        yield request.param
        end()


def _plain(table, learner, **settings):
    # No mediators: fewer targets, shorter tests.
    return make_study(table, learner, mediators=None, exposure=None, **(HERE | settings))


def _kill_one(learner, killed, not_me):
    """Kill the first worker that says it is at work."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        for pid, seeds in learner.fits().items():
            if seeds and pid != not_me:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return
        time.sleep(0.02)


def test_paths_are_those_of_one_process(backend, table):
    learner = cg.stack(cg.linear(), cg.lasso(**CURVED), cg.lightgbm(max_rounds=15))
    settings = {"traits": ["size", "urban"], "repeats": 2, "folds": 3, "progress": False}
    here = make_study(table, learner, n_jobs=1, **settings)
    there = make_study(table, learner, **settings)
    with joblib.parallel_config(backend=backend):
        paths = quiet_paths(there, coefficients="varying")
    np.testing.assert_array_equal(there.residuals.values, here.residuals.values)
    expected = quiet_paths(here, coefficients="varying")
    np.testing.assert_array_equal(paths.estimate, expected.estimate)
    np.testing.assert_array_equal(paths.std_error, expected.std_error)


@pytest.mark.parametrize("cluster", ["city", "firm"])
def test_forest_is_that_of_one_process(backend, table, cluster):
    settings = {"traits": ["size", "urban"], "cluster": cluster, "progress": False}
    study = make_study(table, n_jobs=1, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cg.CausalGreenWarning)
        expected = study.surface(cg.forest(24)).tidy()
        there = make_study(table, **settings)
        with joblib.parallel_config(backend=backend):
            found = there.surface(cg.forest(24)).tidy()
    # Another seed, another forest: equal tables are no accident of an empty one.
    other = make_study(table, n_jobs=1, seed=1, **settings).surface(cg.forest(24)).tidy()
    assert found.equals(expected)
    assert not found.equals(other)


def test_work_is_done_by_several_workers_and_not_here(backend, table, tmp_path):
    learner = Told(str(tmp_path), 0.3)
    with joblib.parallel_config(backend=backend):
        quiet_paths(_plain(table, learner, n_jobs=None, folds=4))
    fits = learner.fits()
    assert len(fits) == 2
    assert os.getpid() not in fits
    assert sum(map(len, fits.values())) == 8


def test_one_job_is_done_here_whatever_the_backend(backend, table, tmp_path):
    learner = Told(str(tmp_path))
    with joblib.parallel_config(backend=backend):
        quiet_paths(_plain(table, learner, folds=2))
    assert list(learner.fits()) == [os.getpid()]


def test_a_worker_killed_in_the_middle_loses_nothing(backend, table, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    expected = quiet_paths(_plain(table, Told(str(tmp_path / "a")), folds=6))
    learner, killed = Told(str(tmp_path / "b"), 0.7), []
    study = _plain(table, learner, n_jobs=None, folds=6)
    killer = threading.Thread(target=_kill_one, args=(learner, killed, os.getpid()))
    killer.start()
    with joblib.parallel_config(backend=backend):
        found = quiet_paths(study)
    killer.join()
    assert len(killed) == 1
    begun = [seed for seeds in learner.fits().values() for seed in seeds]
    assert len(begun) > len(set(begun)) == 12  # what the dead worker had was begun again
    np.testing.assert_array_equal(found.estimate, expected.estimate)
    np.testing.assert_array_equal(found.std_error, expected.std_error)


def test_a_job_that_kills_every_worker_is_an_error_and_the_rest_is_kept(backend, table, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = Told(str(tmp_path / "a"))
    expected = quiet_paths(_plain(table, plain, folds=3))
    last = plain.fits()[os.getpid()][-1]
    learner = Told(str(tmp_path / "b"), fatal=last)
    learner.bomb.touch()
    study = _plain(table, learner, n_jobs=None, folds=3)
    with (
        joblib.parallel_config(backend=backend),
        pytest.raises(cg.ClusterError, match=r"cross-fitting: job 3 was lost .*memory.*kept"),
    ):
        quiet_paths(study)
    learner.bomb.unlink()
    for file in (tmp_path / "b").glob("*.pid"):
        file.unlink()
    # Asked again, here: only what the dead workers owed is done.
    assert set(study._kept) == {(k, j) for k in (0, 1) for j in (0, 1)}
    with joblib.parallel_config(backend="threading", n_jobs=2):
        found = quiet_paths(study)
    assert sum(map(len, learner.fits().values())) == 2
    np.testing.assert_array_equal(found.estimate, expected.estimate)
    assert study._kept == {}


def test_errors_of_the_work_come_back_as_they_are(backend, table):
    from sklearn.neighbors import KNeighborsRegressor

    weighted = table.assign(w=1.0 + np.arange(len(table)) % 3)
    study = _plain(weighted, KNeighborsRegressor(), n_jobs=None, weight="w")
    with (
        joblib.parallel_config(backend=backend),
        pytest.raises(cg.DesignError, match=r"takes none .no sample_weight in fit.*choose"),
    ):
        quiet_paths(study)


def test_workers_without_the_package_are_named(backend, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def double(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here

    with (
        joblib.parallel_config(backend=backend),
        pytest.raises(cg.ClusterError, match=r"cannot import only_here.*Install the same versions"),
    ):
        jobs.in_parallel(only_here.double, [(1,), (2,)])


def test_a_connection_that_exists_is_used(backend, table):
    if backend == "dask":
        from distributed import default_client

        address = default_client().scheduler.address
    else:
        address = None
        with (
            pytest.raises(cg.DesignError, match=r"has a connection to Ray already"),
            cg.cluster("ray", workers=2),
        ):
            pass
    here = _plain(table, cg.linear())
    there = _plain(table, cg.linear(), n_jobs=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error", cg.EstimationWarning)
        with cg.cluster(backend, address):
            values = there.residuals.values
    np.testing.assert_array_equal(values, here.residuals.values)


def test_other_versions_on_workers_are_told(backend, monkeypatch):
    from causalgreen.residuals import cluster

    monkeypatch.setattr(cluster, "_versions", lambda: {"numpy": str(os.getpid())})
    address = None
    if backend == "dask":
        from distributed import default_client

        address = default_client().scheduler.address
    with (
        pytest.warns(cg.EstimationWarning, match=rf"numpy \d+ \(here {os.getpid()}\).*same vers"),
        cg.cluster(backend, address),
    ):
        pass


@pytest.mark.parametrize("kind", ["ray", "dask"])
@pytest.mark.parametrize("who", ["nobody", "silent", "stranger"])
def test_a_cluster_that_does_not_answer_is_an_error_within_seconds(kind, who, monkeypatch):
    module = {"ray": "ray", "dask": "distributed"}[kind]
    pytest.importorskip(module, reason=f"the extra causalgreen[{kind}] is not installed")
    if kind == "ray":  # another test of this process may be connected
        monkeypatch.setattr("ray.is_initialized", lambda: False)
    start = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if who == "nobody":
            server.close()
        if who == "stranger":
            threading.Thread(target=_say, args=(server, b"220 mail ready\r\n"), daemon=True).start()
        with (
            pytest.raises(cg.ClusterError, match=rf"no \w+ cluster at .*{port}.*Check the address"),
            cg.cluster(kind, f"127.0.0.1:{port}", timeout=2),
        ):
            pass
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("kind", ["ray", "dask"])
@pytest.mark.parametrize("timeout", [-1, 0, "soon", float("inf"), float("nan"), True])
def test_a_time_that_is_none_is_refused(kind, timeout):
    with (
        pytest.raises(cg.DesignError, match=r"timeout=.*give a number above 0, such as 10, in sec"),
        cg.cluster(kind, "127.0.0.1:1", timeout=timeout),
    ):
        pass


def _say(server, words):
    line, _ = server.accept()
    line.sendall(words)
    time.sleep(5)
    line.close()


def test_ray_address_of_the_environment_is_tried_first(monkeypatch, table):
    ray = pytest.importorskip("ray", reason="the extra causalgreen[ray] is not installed")
    from ray.util.joblib import register_ray

    if ray.is_initialized():
        pytest.skip("this process is connected to Ray")
    register_ray()
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with (
        joblib.parallel_config(backend="ray"),
        pytest.raises(cg.ClusterError, match=r"no Ray cluster at 127\.0\.0\.1:1"),
    ):
        quiet_paths(_plain(table, cg.linear(), n_jobs=None))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spark",), "choose 'ray' or 'dask'"),
        (("ray", None, 0), "workers=0: give a whole number"),
        (("dask", "10.0.0.5:8786", 3), "leave one of the two out"),
    ],
)
def test_cluster_refuses_what_makes_no_sense(arguments, message):
    kind, address, workers = (*arguments, None, None)[:3]
    with pytest.raises(cg.DesignError, match=message), cg.cluster(kind, address, workers=workers):
        pass


@pytest.mark.parametrize("address", ["nowhere", "host:port", ":6379"])
def test_addresses_that_are_none_are_explained(address):
    with pytest.raises(cg.ClusterError, match=r"is not the address of a Ray cluster; give 'host"):
        reach.ray_answers(address)


def test_a_package_that_is_missing_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(cg.ClusterError, match=r"pip install .causalgreen\[dask\]"),
        cg.cluster("dask"),
    ):
        pass


@pytest.mark.parametrize("backend_here", ["loky", "multiprocessing", "threading"])
def test_processes_of_this_machine_give_the_same_numbers(table, backend_here):
    settings = {"traits": ["size", "urban"], "progress": False, "folds": 3}
    here = make_study(table, n_jobs=1, **settings)
    with joblib.parallel_config(backend=backend_here, n_jobs=2):
        there = make_study(table, **settings)
        found = there.surface(cg.forest(8)).tidy()
    assert found.equals(here.surface(cg.forest(8)).tidy())


def test_a_dead_process_of_this_machine_is_an_error(table, tmp_path):
    learner = Told(str(tmp_path), fatal=-2)
    quiet_paths(_plain(table, learner, folds=2))
    learner = Told(str(tmp_path), fatal=learner.fits()[os.getpid()][0])
    learner.bomb.touch()
    with (
        joblib.parallel_config(backend="loky", n_jobs=2),
        pytest.raises(cg.ClusterError, match=r"cross-fitting: a worker process.*died.*fewer jobs"),
    ):
        quiet_paths(_plain(table, learner, n_jobs=None, folds=2))


class _Spy:
    """A cluster in this process that loses what it is told to lose."""

    name = "Spy"

    def __init__(self, lose=(), workers=2):
        self.lose, self.workers = list(lose), workers
        self.sent, self.shared, self.most, self.open = [], 0, 0, {}

    def slots(self):
        return self.workers

    def share(self, value):
        self.shared += 1
        return value

    def submit(self, function, shared, item):
        self.sent.append(item)
        self.open[len(self.sent)] = (function, shared, item)
        self.most = max(self.most, len(self.open))
        return len(self.sent)

    def wait(self, handles, seconds):
        return handles[-1:] if self.workers else []

    def result(self, handle):
        function, shared, item = self.open.pop(handle)
        if self.lose and self.lose[0] == item:
            self.lose.pop(0)
            raise remote.Lost("gone", shared=True)
        return remote.call(function, shared, item)

    def cancel(self, handles):
        self.cancelled = handles


def test_lost_jobs_are_made_again_with_the_data_sent_anew():
    spy = _Spy(lose=[(3,), (3,)])
    got = dict(remote.run_remote(spy, pow, (2,), ((i,) for i in range(9)), 2, "powers"))
    assert got == {i: 2**i for i in range(9)}
    assert spy.sent.count((3,)) == 3
    assert spy.shared == 3
    assert spy.most == 4  # two at work, two waiting: items are not all taken at once


def test_a_job_lost_too_often_ends_the_work_and_gives_up_the_rest():
    spy = _Spy(lose=[(3,)] * remote.ATTEMPTS)
    with pytest.raises(cg.ClusterError, match=r"powers: job 4 was lost 4 times on Spy.*gone"):
        dict(remote.run_remote(spy, pow, (2,), ((i,) for i in range(9)), 2, "powers"))
    assert spy.cancelled


def test_a_cluster_that_has_lost_all_workers_is_an_error(monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 0.01)
    spy = _Spy(workers=0)
    spy.wait = lambda handles, seconds: time.sleep(0.02) or []
    with pytest.raises(cg.ClusterError, match=r"powers: Spy has had no worker.*2 jobs.*Start work"):
        dict(remote.run_remote(spy, pow, (2,), ((i,) for i in range(9)), 1, "powers"))


def test_arrays_travel_once(table, monkeypatch):
    spy, sizes = _Spy(), []
    submit = spy.submit

    def counted(function, shared, item):
        sizes.append(len(cloudpickle.dumps(item)))
        return submit(function, shared, item)

    spy.submit = counted
    monkeypatch.setattr(jobs, "_active", lambda n_jobs: (None, 2, spy))
    study = _plain(table, cg.linear(), n_jobs=None)
    quiet_paths(study)
    assert spy.shared == 1
    assert len(sizes) == 5
    assert max(sizes) < 1500 < study.residuals.design.features.nbytes
