"""Parallel work over repetitions, targets and folds; the same numbers whatever the schedule."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from causalgreen.residuals.tasks import FoldTask, Learner

__all__ = ["in_threads", "run_jobs"]


def _run(members: tuple[Learner, ...], block: list[FoldTask]) -> list[list[np.ndarray]]:
    """Predictions for some targets of one fold, which share what does not depend on the target."""
    memo = block[0].memo
    shared = [replace(task, memo=memo) for task in block]
    out = [[np.asarray(m.predict(t), dtype=np.float64) for m in members] for t in shared]
    memo.clear()
    return out


def _blocks(tasks: Sequence[Sequence[FoldTask]], jobs: int) -> list[list[FoldTask]]:
    """Targets of a fold together, and apart where there are more workers than folds."""
    pieces = -(-jobs // max(len(tasks), 1))
    out = []
    for fold in tasks:
        size = -(-len(fold) // pieces)
        out += [list(fold[i : i + size]) for i in range(0, len(fold), size)]
    return out


def _shown(progress: bool | None) -> bool:
    """Progress is for eyes: a terminal or a notebook."""
    if progress is not None:
        return progress
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def in_threads(
    function: Callable[..., Any],
    items: Sequence[tuple[Any, ...]],
    n_jobs: int | None = None,
    progress: bool | None = None,
    label: str = "",
    unit: str = "it",
) -> list[Any]:
    """Results of a function for every tuple of arguments, in their order, from several threads.

    Parameters
    ----------
    function : callable
        Works outside Python's lock for most of its time.
    items : sequence of tuple
        Arguments of each call.
    n_jobs : int, optional
        Threads; default: all cores.
    progress : bool, optional
        Progress bar; None: in a terminal or notebook only.
    label, unit : str
        Words of the progress bar.

    Returns
    -------
    list
        One result for each item.

    Examples
    --------
    >>> in_threads(max, [(1, 2), (4, 3)])
    [2, 4]
    """
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits
    from tqdm.auto import tqdm

    bar = tqdm(total=len(items), desc=label, unit=unit, leave=False, disable=not _shown(progress))
    out = []
    with bar, threadpool_limits(1):
        parallel = Parallel(n_jobs=n_jobs or -1, backend="threading", return_as="generator")
        for result in parallel(delayed(function)(*item) for item in items):
            out.append(result)
            bar.update()
    return out


def run_jobs(
    members: tuple[Learner, ...],
    tasks: Sequence[Sequence[FoldTask]],
    n_jobs: int | None = None,
    progress: bool | None = None,
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

    Returns
    -------
    list of list of list of numpy.ndarray, each of shape (n_test, n_candidates)
        By repetition and fold, by target, by member.
    """
    from joblib import Parallel, cpu_count, delayed
    from joblib.parallel import get_active_backend
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits
    from tqdm.auto import tqdm

    _, active = get_active_backend(prefer="threads")
    jobs = n_jobs if n_jobs is not None else (active if active not in (None, 1) else -1)
    workers = jobs if jobs > 0 else max(1, cpu_count() + 1 + jobs)
    flat: list[list[np.ndarray]] = []
    total = sum(len(fold) for fold in tasks)
    bar = tqdm(total=total, desc="cross-fitting", unit="fit", leave=False,
               disable=not _shown(progress))  # fmt: skip
    # Jobs are the parallel layer: threads of BLAS or OpenMP inside them would only get in the way.
    with bar, threadpool_limits(1), warnings.catch_warnings():
        # A penalty path is chosen from by its loss: whether its last digits converged is no news.
        warnings.simplefilter("ignore", ConvergenceWarning)
        parallel = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")
        for result in parallel(delayed(_run)(members, b) for b in _blocks(tasks, workers)):
            flat += result
            bar.update(len(result))
    ends = np.cumsum([len(fold) for fold in tasks])
    return [flat[end - len(fold) : end] for fold, end in zip(tasks, ends, strict=True)]
