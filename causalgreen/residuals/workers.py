"""How many jobs run at once."""

from __future__ import annotations

__all__ = ["shares_memory", "workers_of"]


def shares_memory() -> bool:
    """Whether jobs here are threads of one process, unless ``joblib.parallel_config`` says else."""
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend(prefer="threads")
    return bool(getattr(backend, "supports_sharedmem", False))


def workers_of(n_jobs: int | None) -> int:
    """Jobs at once on this machine; None: as ``joblib.parallel_config`` says, else all cores.

    Examples
    --------
    >>> workers_of(3)
    3
    """
    from joblib import cpu_count
    from joblib.parallel import get_active_backend

    _, active = get_active_backend(prefer="threads")
    jobs = n_jobs if n_jobs is not None else (active if active not in (None, 1) else -1)
    return int(jobs) if jobs > 0 else max(1, cpu_count() + 1 + int(jobs))
