"""Work on the machines of a cluster, Ray's or Dask's, or on several processes of this one."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from causalgreen.errors import ClusterError, DesignError, EstimationWarning
from causalgreen.residuals.parameters import number
from causalgreen.residuals.reach import SECONDS, dask_client, ray_answers
from causalgreen.residuals.remote import Remote, run_remote

__all__ = ["cluster"]

# A newer release of one of these can move a number.
_MATTER = ("causalgreen", "econml", "lightgbm", "numpy", "scikit-learn", "scipy")


@contextmanager
def cluster(
    kind: Literal["ray", "dask"],
    address: str | None = None,
    *,
    workers: int | None = None,
    timeout: float = SECONDS,
) -> Iterator[None]:
    """Do the expensive work (cross-fitting, forests) on a cluster, with the same numbers.

    ``joblib.parallel_config(backend="ray")`` and ``(backend="dask")`` do the same for a connection
    that you have made yourself. This makes one, finds out within seconds whether the cluster
    answers and has workers, and warns where workers have other versions of what makes the numbers.
    The work of a worker that dies is done again by another.

    Parameters
    ----------
    kind : {"ray", "dask"}
        What runs the cluster; comes with ``pip install "causalgreen[ray]"`` or ``[dask]``.
    address : str, optional
        ``"host:6379"`` or ``"ray://host:10001"`` for Ray, ``"tcp://host:8786"`` for Dask. Default:
        for Ray the connection there is, or RAY_ADDRESS; else workers on this machine, which end
        with the block.
    workers : int, optional
        Workers to start on this machine; default: one for each core.
    timeout : float
        Seconds to wait for the cluster, and for its first worker.

    Yields
    ------
    None

    Raises
    ------
    ClusterError
        If the package is not installed, nobody answers, or workers cannot import causalgreen.
    DesignError
        If the kind is unknown, the number of workers is none, or the time is no time.

    Warns
    -----
    EstimationWarning
        If versions differ between here and the workers.

    Examples
    --------
    >>> import causalgreen as cg
    >>> with cg.cluster("ray", "127.0.0.1:1"):  # doctest: +SKIP
    ...     study.paths()
    Traceback (most recent call last):
    causalgreen.errors.ClusterError: there is no Ray cluster at 127.0.0.1:1: ...
    """
    _refuse(kind, address, workers)
    number("cluster()", "timeout", timeout, "10, in seconds")
    _need({"ray": "ray", "dask": "distributed"}[kind], kind)
    with ExitStack() as stack:
        remote = (_ray if kind == "ray" else _dask)(stack, address, workers, timeout)
        _compare(remote)
        yield


def _refuse(kind: str, address: str | None, workers: int | None) -> None:
    if kind not in ("ray", "dask"):
        raise DesignError(f"cluster({kind!r}) is not known; choose 'ray' or 'dask'")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int)
                                or workers < 1):  # fmt: skip
        raise DesignError(f"workers={workers!r}: give a whole number of workers, 1 or more")
    if workers is not None and address is not None:
        raise DesignError(
            f"workers={workers} are started on this machine only; the cluster at {address} has its "
            "own: leave one of the two out"
        )


def _need(module: str, extra: str) -> None:
    try:
        import_module(module)
    except ImportError as error:
        raise ClusterError(
            f'{module} is not installed here ({error}); pip install "causalgreen[{extra}]", here '
            "and on every machine of the cluster"
        ) from error


def _ray(stack: ExitStack, address: str | None, workers: int | None, seconds: float) -> Remote:
    import ray
    from joblib import parallel_config
    from ray.util.joblib import register_ray

    from causalgreen.residuals.on_ray import OnRay

    if ray.is_initialized():
        if address is not None or workers is not None:
            raise DesignError(
                "this process has a connection to Ray already: leave address= and workers= out to "
                "use it, or end it first with ray.shutdown()"
            )
    else:
        # Asked for workers, they are here, whatever RAY_ADDRESS says.
        address = address or (os.environ.get("RAY_ADDRESS") if workers is None else None) or "local"
        ray_answers(address, seconds)
        here: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address == "local":
            here |= {"num_cpus": workers, "include_dashboard": False}
        try:
            ray.init(address=address, **here)
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError(
                f"Ray at {address} did not let this process in: {error}. Workers and this process "
                "need the same versions of Python and Ray"
            ) from error
        stack.callback(ray.shutdown)
    register_ray()
    stack.enter_context(parallel_config(backend="ray"))
    return OnRay()


def _dask(stack: ExitStack, address: str | None, workers: int | None, seconds: float) -> Remote:
    from distributed import LocalCluster
    from joblib import parallel_config

    from causalgreen.residuals.on_dask import OnDask

    if address is None:
        local = stack.enter_context(
            LocalCluster(
                n_workers=workers or os.cpu_count(), threads_per_worker=1, host="127.0.0.1",
                dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0",
            )
        )  # fmt: skip
        address = str(local.scheduler_address)
    client = stack.enter_context(dask_client(address, seconds))
    stack.enter_context(parallel_config(backend="dask", client=client))
    return OnDask(client)


def _versions() -> dict[str, str]:
    out = {"Python": ".".join(map(str, sys.version_info[:2]))}
    for name in _MATTER:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = str(getattr(import_module(name), "__version__", "unknown"))
    return out


def _compare(remote: Remote) -> None:
    """Ask as many workers as there may be what they have."""
    mine = _versions()
    asked = ((),) * min(remote.slots(), 100)
    other: set[str] = set()
    for _, theirs in run_remote(remote, _versions, (), asked, len(asked), "first contact"):
        other |= {
            f"{name} {theirs[name]} (here {mine[name]})"
            for name in mine
            if theirs[name] != mine[name]
        }
    if other:
        warnings.warn(
            f"workers of {remote.name} have other versions: {', '.join(sorted(other))}. Numbers "
            "may differ from those of one machine; install the same versions everywhere",
            EstimationWarning,
            stacklevel=4,
        )
