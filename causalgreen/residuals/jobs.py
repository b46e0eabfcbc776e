"""Parallel work over repetitions, targets and folds; the same numbers whatever the schedule."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

import numpy as np

from causalgreen.residuals.learners import FoldTask, Learner

__all__ = ["run_jobs"]


def _run(members: tuple[Learner, ...], task: FoldTask) -> list[np.ndarray]:
    return [np.asarray(member.predict(task), dtype=np.float64) for member in members]


def _shown(progress: bool | None) -> bool:
    """Progress is for eyes: a terminal or a notebook."""
    if progress is not None:
        return progress
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def run_jobs(
    members: tuple[Learner, ...],
    tasks: Sequence[FoldTask],
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> list[list[np.ndarray]]:
    """Predictions of every member for every task, in the order of the tasks.

    Threads by default, as LightGBM and BLAS work outside Python's lock;
    ``joblib.parallel_config(backend=...)`` moves the jobs to processes, Ray or Dask.

    Parameters
    ----------
    members : tuple of Learner
        Learners.
    tasks : sequence of FoldTask
        Work.
    n_jobs : int, optional
        Parallel jobs; None: as ``joblib.parallel_config`` says, else all cores.
    progress : bool, optional
        Progress bar; None: in a terminal or notebook only.

    Returns
    -------
    list of list of numpy.ndarray, each of shape (n_test, n_candidates)
        One list for each task, one array for each member.
    """
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend
    from sklearn.exceptions import ConvergenceWarning
    from tqdm.auto import tqdm

    _, active = get_active_backend(prefer="threads")
    jobs = n_jobs if n_jobs is not None else (active if active not in (None, 1) else -1)
    bar = tqdm(
        total=len(tasks), desc="cross-fitting", unit="fit", disable=not _shown(progress), leave=False
    )
    out: list[list[np.ndarray]] = []
    with bar, warnings.catch_warnings():
        # A penalty path is chosen from by its loss: whether its last digits converged is no news.
        warnings.simplefilter("ignore", ConvergenceWarning)
        parallel = Parallel(n_jobs=jobs, prefer="threads", return_as="generator")
        for result in parallel(delayed(_run)(members, task) for task in tasks):
            out.append(result)
            bar.update()
    return out
