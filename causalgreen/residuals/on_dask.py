"""Jobs as tasks of Dask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from causalgreen.errors import ClusterError
from causalgreen.residuals.remote import PATIENCE, Lost, call, missing_package

__all__ = ["OnDask"]


def _opener() -> Callable[[bytes, Any], Any]:
    """A function that is sent as it is written, and so needs nothing but Python where it arrives.

    A Dask worker that gets a message it cannot unpack, for want of a package, shuts down without a
    word to the client. This way it opens the letter itself, and the error comes back.
    """

    def opened(letter: bytes, shared: Any) -> Any:
        import pickle

        call, function, item = pickle.loads(letter)
        return call(function, shared, item)

    return opened


class OnDask:
    """A Dask cluster behind a client."""

    name = "Dask"

    def __init__(self, client: Any) -> None:
        self.client = client

    def slots(self) -> int:
        """Threads of all workers."""
        if self.client.status not in ("running", "connecting"):
            raise ClusterError(
                f"Dask: the connection to the scheduler is {self.client.status}; look whether the "
                "scheduler still runs, make a new client, and call again: what is done of the "
                "cross-fitting is kept"
            )
        return int(sum(self.client.ncores().values()))

    def share(self, value: Any) -> Any:
        """To every worker, so that it outlives any of them."""
        try:
            return self.client.scatter([value], broadcast=True, hash=False, timeout=PATIENCE)[0]
        except TimeoutError as error:
            raise ClusterError(
                "Dask: there is no worker to send the data to; start workers with "
                "`dask worker <address of the scheduler>` and look in their logs"
            ) from error

    def submit(self, function: Callable[..., Any], shared: Any, item: tuple[Any, ...]) -> Any:
        """One task."""
        import cloudpickle

        letter = cloudpickle.dumps((call, function, item))
        return self.client.submit(_opener(), letter, shared, pure=False)

    def wait(self, handles: list[Any], seconds: float) -> list[Any]:
        """Tasks that have ended."""
        from concurrent.futures import CancelledError

        from distributed import wait

        try:
            return list(wait(handles, timeout=seconds, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return []
        except CancelledError:
            # Some were lost with the data of a dead worker; `result` says so, one by one.
            return [handle for handle in handles if handle.done()]

    def result(self, handle: Any) -> Any:
        """What a task returned."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return handle.result(timeout=PATIENCE)
        except KilledWorker as error:
            raise Lost(str(error).splitlines()[0], final=True) from error
        except (CancelledError, TimeoutError) as error:
            self.slots()
            raise Lost(f"{type(error).__name__}: {error}", shared=True) from error
        except ModuleNotFoundError as error:
            raise (missing_package(self.name, error) or error) from None

    def cancel(self, handles: list[Any]) -> None:
        """Give up tasks."""
        if handles and self.client.status == "running":
            self.client.cancel(handles)
