"""Parallel work over repetitions, targets, folds and trees; the same numbers on any schedule."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np

from causalgreen.errors import ClusterError
from causalgreen.residuals.remote import Remote, call, quiet, run_remote
from causalgreen.residuals.tasks import FoldTask, Learner

__all__ = ["in_parallel", "run_jobs"]

_POOLED = ("X", "y", "weights", "train", "test", "linear", "flexible", "traits", "together")

Lean = tuple[tuple[int | None, ...], int, tuple[int, int, int]]


def _run(
    pool: tuple[Any, ...], members: tuple[Learner, ...], block: list[Lean]
) -> list[list[np.ndarray]]:
    """Predictions for some targets of one fold, which share what does not depend on the target."""
    memo: dict[Any, Any] = {}
    out = []
    for places, seed, at in block:
        *parts, together = (None if place is None else pool[place] for place in places)
        task = FoldTask(*parts, seed, memo, together, at)  # type: ignore[arg-type, call-arg]
        out.append([np.asarray(m.predict(task), dtype=np.float64) for m in members])
    memo.clear()
    return out


def _pooled(tasks: Sequence[Sequence[FoldTask]]) -> tuple[tuple[Any, ...], list[list[Lean]]]:
    """Arrays of all tasks, each once, and tasks that hold places among them: these travel light."""
    found: dict[int, int] = {}
    pool: list[Any] = []

    def place(value: Any) -> int | None:
        if value is None:
            return None
        if id(value) not in found:
            found[id(value)] = len(pool)
            pool.append(value)
        return found[id(value)]

    lean = [
        [
            (tuple(place(getattr(task, name)) for name in _POOLED), task.seed, task.place)
            for task in fold
        ]
        for fold in tasks
    ]
    return tuple(pool), lean


def _blocks(wanted: Sequence[Sequence[int]], jobs: int) -> list[tuple[int, list[int]]]:
    """Targets of a fold together, and apart where there are more workers than folds."""
    pieces = -(-jobs // max(len(wanted), 1))
    out = []
    for i, targets in enumerate(wanted):
        size = -(-len(targets) // pieces)
        out += [(i, list(targets[j : j + size])) for j in range(0, len(targets), size or 1)]
    return out


def _shown(progress: bool | None) -> bool:
    """Progress is for eyes: a terminal or a notebook."""
    if progress is not None:
        return progress
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def _active(n_jobs: int | None) -> tuple[Any, int, Remote | None]:
    """Backend of ``joblib.parallel_config``, workers, and the cluster that it stands for, if any.

    joblib's own way to Ray is a pool of actors that does not survive the loss of one, and its way
    to Dask loses data with the worker that holds them: jobs go there directly (`remote`).
    """
    from joblib import cpu_count
    from joblib.parallel import get_active_backend

    backend, active = get_active_backend(prefer="threads")
    jobs = n_jobs if n_jobs is not None else (active if active not in (None, 1) else -1)
    if jobs == 1:
        return backend, 1, None
    remote: Remote | None = None
    _without_ray()
    if type(backend).__module__.startswith("ray."):
        from causalgreen.residuals.on_ray import OnRay

        remote = OnRay.connect()
    elif type(backend).__module__.startswith("joblib._dask"):
        from causalgreen.residuals.on_dask import OnDask

        remote = OnDask(backend.client)
    cores = cpu_count() if remote is None else remote.slots()
    return backend, jobs if jobs > 0 else max(1, cores + 1 + jobs), remote


def _without_ray() -> None:
    """Undo what Ray leaves in joblib: its own pool under the backend of processes here."""
    from multiprocessing.pool import Pool

    from joblib.pool import PicklingPool

    if any(base.__module__.startswith("ray.") for base in PicklingPool.__bases__):
        PicklingPool.__bases__ = (Pool,)


def _results(
    function: Callable[..., Any], shared: tuple[Any, ...], items: Iterable[tuple[Any, ...]],
    where: tuple[Any, int, Remote | None], label: str,
) -> Iterator[tuple[int, Any]]:  # fmt: skip
    """Place and result of every item, as they come in."""
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    backend, jobs, remote = where
    # Jobs are the parallel layer: threads of BLAS or OpenMP inside them would only get in the way.
    with threadpool_limits(1):
        if remote is not None:
            yield from run_remote(remote, function, shared, items, jobs, label)
            return
        if jobs == 1:
            for i, item in enumerate(items):
                yield i, function(*shared, *item)
            return
        kind = "generator" if backend.supports_return_generator else "list"
        if getattr(backend, "supports_sharedmem", False):
            work = (delayed(function)(*shared, *item) for item in items)
        else:
            work = (delayed(call)(function, shared, item) for item in items)
        try:
            yield from enumerate(Parallel(n_jobs=jobs, prefer="threads", return_as=kind)(work))
        except BrokenProcessPool as error:
            raise ClusterError(
                f"{label}: a worker process on this machine died, most often because memory ran "
                f"out ({str(error).splitlines()[0]}). Use fewer jobs at once (n_jobs=), or "
                "threads, which share their memory (no parallel_config)"
            ) from error


def in_parallel(
    function: Callable[..., Any], items: Iterable[tuple[Any, ...]], n_jobs: int | None = None,
    progress: bool | None = None, label: str = "", unit: str = "it", *,
    shared: tuple[Any, ...] = (), total: int | None = None, weight: int = 1,
) -> list[Any]:  # fmt: skip
    """Results of a function for every tuple of arguments, in their order.

    In threads, unless ``joblib.parallel_config(backend=...)`` names processes, Ray or Dask.

    Parameters
    ----------
    function : callable
        Called as ``function(*shared, *item)``; works outside Python's lock for most of its time.
    items : iterable of tuple
        Arguments of each call; taken only as fast as they are worked on.
    n_jobs : int, optional
        Jobs at once; 1: one after another, here. None: as ``joblib.parallel_config`` says, else
        all cores.
    progress : bool, optional
        Progress bar; None: in a terminal or notebook only.
    label, unit : str
        Words of the progress bar.
    shared : tuple
        First arguments of all calls; large arrays belong here, as they travel once.
    total : int, optional
        Number of items, where ``items`` has no length.
    weight : int
        Units of progress of each item.

    Returns
    -------
    list
        One result for each item.

    Raises
    ------
    ClusterError
        If workers cannot be reached, or die for good.

    Examples
    --------
    >>> in_parallel(max, [(1, 2), (4, 3)])
    [2, 4]
    >>> in_parallel(max, [(1, 2), (4, 3)], shared=(3,))
    [3, 4]
    """
    from tqdm.auto import tqdm

    count = len(items) if isinstance(items, Sequence) else total
    bar = tqdm(total=None if count is None else count * weight, desc=label, unit=unit,
               leave=False, disable=not _shown(progress))  # fmt: skip
    out = {}
    with bar:
        for i, result in _results(function, shared, items, _active(n_jobs), label):
            out[i] = result
            bar.update(weight)
    return [out[i] for i in range(len(out))]


def run_jobs(
    members: tuple[Learner, ...],
    tasks: Sequence[Sequence[FoldTask]],
    n_jobs: int | None = None,
    progress: bool | None = None,
    kept: dict[tuple[int, int], list[np.ndarray]] | None = None,
) -> list[list[list[np.ndarray]]]:
    """Predictions of every member for every fold and target, in the order of the tasks.

    Threads by default, as LightGBM and BLAS work outside Python's lock;
    ``joblib.parallel_config(backend=...)`` moves the jobs to processes, Ray or Dask.

    Parameters
    ----------
    members : tuple of Learner
        Learners.
    tasks : sequence of sequence of FoldTask
        Work: for each repetition and fold, one task for each target.
    n_jobs : int, optional
        Parallel jobs; None: as ``joblib.parallel_config`` says, else all cores.
    progress : bool, optional
        Progress bar; None: in a terminal or notebook only.
    kept : dict, optional
        Predictions of tasks that are done, by fold and target. They are not made again; what is
        made is added as it comes in, so that a caller still has it where an error ends the work.

    Returns
    -------
    list of list of list of numpy.ndarray, each of shape (n_test, n_candidates)
        By repetition and fold, by target, by member.

    Raises
    ------
    ClusterError
        If workers cannot be reached, or die for good.
    """
    from tqdm.auto import tqdm

    made = {} if kept is None else kept
    wanted = [[j for j in range(len(fold)) if (i, j) not in made] for i, fold in enumerate(tasks)]
    if any(wanted):
        where = _active(n_jobs)
        pool, lean = _pooled(tasks)
        blocks = _blocks(wanted, where[1])
        items = [(members, [lean[i][j] for j in block]) for i, block in blocks]
        bar = tqdm(total=sum(map(len, wanted)), desc="cross-fitting", unit="fit", leave=False,
                   disable=not _shown(progress))  # fmt: skip
        with bar, quiet():
            for n, result in _results(_run, (pool,), items, where, "cross-fitting"):
                i, block = blocks[n]
                made |= {(i, j): one for j, one in zip(block, result, strict=True)}
                bar.update(len(block))
    return [[made[i, j] for j in range(len(fold))] for i, fold in enumerate(tasks)]
