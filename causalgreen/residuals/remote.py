"""Jobs on the workers of a cluster: sent once, taken back in any order, made again when lost."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from causalgreen.errors import ClusterError

__all__ = ["Lost", "Remote", "call", "missing_package", "quiet", "run_remote"]

ATTEMPTS = 4
PATIENCE = 60.0
BEAT = 2.0


class Lost(Exception):  # noqa: N818
    """A job did not come back, for no fault of its own.

    Parameters
    ----------
    reason : str
        What the cluster says.
    final : bool
        Whether the cluster has tried often enough itself.
    shared : bool
        Whether the data that jobs share may have been lost with it.
    """

    def __init__(self, reason: str, final: bool = False, shared: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final, self.shared = reason, final, shared


class Remote(Protocol):
    """What a cluster must be able to do."""

    name: str

    def slots(self) -> int:
        """Jobs that can run at once, now."""
        ...

    def share(self, value: Any) -> Any:
        """Send what all jobs need, once."""
        ...

    def submit(self, function: Callable[..., Any], shared: Any, item: tuple[Any, ...]) -> Any:
        """Start ``call(function, shared, item)`` on some worker; returns a hashable handle."""
        ...

    def wait(self, handles: list[Any], seconds: float) -> list[Any]:
        """Handles that have ended, after some seconds at most."""
        ...

    def result(self, handle: Any) -> Any:
        """What came back; raises `Lost`, or the error that the function raised."""
        ...

    def cancel(self, handles: list[Any]) -> None:
        """Give up jobs."""
        ...


@contextmanager
def quiet() -> Iterator[None]:
    """A penalty path is chosen from by its loss: whether its last digits converged is no news."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


class _Worker:
    """What holds in a worker while it has jobs, of which several may be threads of one process."""

    def __init__(self) -> None:
        self.lock, self.jobs, self.stack = threading.Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        # Limits reach only what has been loaded: import first what brings a BLAS of its own.
        import scipy.linalg  # noqa: F401
        import sklearn.linear_model  # noqa: F401
        from threadpoolctl import threadpool_limits

        with self.lock:
            if self.jobs == 0:
                self.stack.enter_context(threadpool_limits(1))
                self.stack.enter_context(quiet())
            self.jobs += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.jobs -= 1
            if self.jobs == 0:
                self.stack.close()


_WORKER = _Worker()


def call(function: Callable[..., Any], shared: tuple[Any, ...], item: tuple[Any, ...]) -> Any:
    """What a worker does."""
    with _WORKER:
        return function(*shared, *item)


def missing_package(name: str, error: BaseException) -> ClusterError | None:
    """The error of a worker that cannot import a package, for a reader; None if it is another."""
    # Where arguments cannot be unpacked, a cluster may report the words of the error only.
    words = re.search(r"No module named '([^']+)'", str(error))
    if words is None:
        return None
    return ClusterError(
        f"workers of {name} cannot import {words[1]}. Install the same "
        "versions of causalgreen and its packages on every machine of the cluster, or let workers "
        "see this machine's copy (a shared folder in their PYTHONPATH)"
    )


class _Work:
    """Jobs under way, and what has to be known to make one again."""

    def __init__(
        self, remote: Remote, function: Callable[..., Any], shared: tuple[Any, ...], label: str
    ) -> None:
        self.remote, self.function, self.shared, self.label = remote, function, shared, label
        self.held = remote.share(shared)
        self.open: dict[Any, tuple[int, tuple[Any, ...], int, Any]] = {}
        self.alive = time.monotonic()

    def send(self, index: int, item: tuple[Any, ...], attempt: int = 1) -> None:
        handle = self.remote.submit(self.function, self.held, item)
        self.open[handle] = index, item, attempt, self.held

    def collect(self) -> tuple[list[tuple[int, Any]], ClusterError | None]:
        """Results that have come in; lost jobs are sent again, until one is lost for good."""
        came, gone = [], None
        for handle in self.remote.wait(list(self.open), BEAT):
            index, item, attempt, held = self.open.pop(handle)
            try:
                came.append((index, self.remote.result(handle)))
            except Lost as lost:
                if lost.final or attempt >= ATTEMPTS:
                    gone = self._died(index, attempt, lost)
                    continue
                if lost.shared and held is self.held:
                    self.held = self.remote.share(self.shared)
                self.send(index, item, attempt + 1)
        if came or self.remote.slots() > 0:
            self.alive = time.monotonic()
        elif time.monotonic() - self.alive > PATIENCE:
            gone = ClusterError(
                f"{self.label}: {self.remote.name} has had no worker for {PATIENCE:.0f} seconds, "
                f"with {len(self.open)} jobs under way. Start workers (or look in their logs why "
                "they ended) and call again; what is done of the cross-fitting is kept"
            )
        return came, gone

    def _died(self, index: int, attempt: int, lost: Lost) -> ClusterError:
        tried = "again and again" if lost.final else f"{attempt} times"
        return ClusterError(
            f"{self.label}: job {index + 1} was lost {tried} on {self.remote.name}, as the "
            f"worker that had it died ({lost.reason}). Most often memory ran out there: give "
            "workers more memory, or run fewer jobs at once (n_jobs=); the workers' logs say more. "
            "Call again: what is done of the cross-fitting is kept, and is not made twice"
        )


def run_remote(
    remote: Remote, function: Callable[..., Any], shared: tuple[Any, ...],
    items: Iterable[tuple[Any, ...]], jobs: int, label: str,
) -> Iterator[tuple[int, Any]]:  # fmt: skip
    """Place and result of every item, as they come in.

    Parameters
    ----------
    remote : Remote
        The cluster.
    function : callable
        Called on a worker as ``function(*shared, *item)``; what it returns depends on these only,
        so that a job that is lost can be made again.
    shared : tuple
        Arguments of all calls, sent once.
    items : iterable of tuple
        Arguments of each call; taken only as fast as they are worked on.
    jobs : int
        Jobs at once. As many again wait at the workers, so that these need not wait.
    label : str
        What this is, for messages.

    Yields
    ------
    tuple of int and result

    Raises
    ------
    ClusterError
        If a job is lost `ATTEMPTS` times, or there is no worker for `PATIENCE` seconds.
    """
    work, source, more = _Work(remote, function, shared, label), enumerate(items), True
    ahead = jobs if jobs < remote.slots() else 2 * jobs
    try:
        while True:
            while more and len(work.open) < ahead:
                following = next(source, None)
                more = following is not None
                if following is not None:
                    work.send(*following)
            if not work.open:
                return
            came, gone = work.collect()
            yield from came
            if gone is not None:
                raise gone
    finally:
        remote.cancel(list(work.open))
