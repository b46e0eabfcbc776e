"""Jobs as tasks of Ray."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from causalgreen.errors import ClusterError
from causalgreen.residuals.remote import Lost, call, missing_package

__all__ = ["OnRay"]


class OnRay:
    """A Ray cluster that this process is connected to."""

    name = "Ray"

    def __init__(self) -> None:
        import ray

        # Retries are ours: Ray's own have no end where memory runs out.
        self._call = ray.remote(num_cpus=1, max_retries=0)(call)

    @classmethod
    def connect(cls) -> OnRay:
        """Use the connection there is; else make one as Ray does, to RAY_ADDRESS or locally."""
        import ray

        if not ray.is_initialized():
            from causalgreen.residuals.reach import ray_answers

            address = os.environ.get("RAY_ADDRESS")
            if address:
                ray_answers(address)
            ray.init(log_to_driver=False)
        return cls()

    def slots(self) -> int:
        """CPUs of the cluster."""
        import ray

        return int(ray.cluster_resources().get("CPU", 0))

    def share(self, value: Any) -> Any:
        """Into the object store, from which the workers of a machine read without copies."""
        import ray

        return ray.put(value)

    def submit(self, function: Callable[..., Any], shared: Any, item: tuple[Any, ...]) -> Any:
        """One task."""
        return self._call.remote(function, shared, item)

    def wait(self, handles: list[Any], seconds: float) -> list[Any]:
        """Tasks that have ended."""
        import ray

        return list(ray.wait(handles, num_returns=1, timeout=seconds)[0])

    def result(self, handle: Any) -> Any:
        """What a task returned."""
        import ray
        from ray import exceptions as known

        try:
            return ray.get(handle)
        except known.RayTaskError as error:
            cause = error.cause if isinstance(error.cause, Exception) else error
            if absent := missing_package(self.name, cause):
                raise absent from None
            if isinstance(cause, known.RayError) and cause is not error:
                raise Lost(_first_line(cause), shared=True) from error
            raise cause from None
        except (
            known.WorkerCrashedError, known.OutOfMemoryError, known.ObjectLostError,
            known.NodeDiedError, known.LocalRayletDiedError,
        ) as error:  # fmt: skip
            raise Lost(
                _first_line(error), shared=isinstance(error, known.ObjectLostError)
            ) from error
        except known.RayError as error:
            raise ClusterError(
                f"Ray could not run a job ({type(error).__name__}: {_first_line(error)}). Try "
                "`ray status`, and the logs of the workers"
            ) from error

    def cancel(self, handles: list[Any]) -> None:
        """Give up tasks."""
        import ray

        for handle in handles:
            ray.cancel(handle, force=False)


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
