"""Whether a cluster answers, found out in seconds and said in words."""

from __future__ import annotations

import os
import socket
from typing import Any

from causalgreen.errors import ClusterError

__all__ = ["dask_client", "ray_answers"]

SECONDS = 10.0
# A gRPC server, which Ray's are, answers the first bytes of HTTP/2 with a frame of settings.
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_SETTINGS = 4


def ray_answers(address: str, seconds: float = SECONDS) -> None:
    """Knock at the address of a Ray cluster; Ray itself would try for minutes and then exit.

    Parameters
    ----------
    address : str
        ``host:port``, or ``ray://host:port``; "auto" and "local" are left to Ray.
    seconds : float
        How long to wait for an answer.

    Raises
    ------
    ClusterError
        If nobody answers there, or somebody else.

    Examples
    --------
    >>> ray_answers("127.0.0.1:1")
    Traceback (most recent call last):
    causalgreen.errors.ClusterError: there is no Ray cluster at 127.0.0.1:1: ...
    """
    if address in ("auto", "local"):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"address={address!r} is not the address of a Ray cluster; give 'host:port' as "
            "`ray start --head` prints it (such as '10.0.0.5:6379'), 'ray://host:10001', or 'auto'"
        )
    secret = os.environ.get("RAY_USE_TLS", "0") not in ("", "0")
    try:
        answer = _knock(host, port, b"" if secret else _HELLO, 0 if secret else 9, seconds)
    except (OSError, OverflowError) as error:
        raise _nobody("Ray", address, f"{error or type(error).__name__}", "ray status") from error
    if not secret and (len(answer) < 4 or answer[3] != _SETTINGS):
        raise _nobody("Ray", address, "something else listens there", "ray status")


def _knock(host: str, port: str, hello: bytes, expected: int, seconds: float) -> bytes:
    """The first bytes that come back, as many as are expected."""
    answer = b""
    with socket.create_connection((host.strip("[]"), int(port)), seconds) as line:
        line.settimeout(seconds)
        line.sendall(hello)
        while len(answer) < expected and (more := line.recv(expected - len(answer))):
            answer += more
    return answer


def _nobody(name: str, address: str, reason: str, command: str) -> ClusterError:
    return ClusterError(
        f"there is no {name} cluster at {address}: {reason}. Check the address, that the cluster "
        f"runs (`{command}` on its head), and that no firewall is between; without a cluster, "
        "leave the address out and the work is done on this machine"
    )


def _scheduler_answers(address: str, seconds: float) -> None:
    """Knock: where something listens and says nothing, Dask's client would wait for ever."""
    scheme, _, rest = address.rpartition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in ("", "tcp", "tls") or not host or not port.isdigit():
        return
    plain = scheme != "tls"
    try:
        # A scheduler begins with the length of its greeting, some hundred bytes.
        answer = _knock(host, port, b"", 8 if plain else 0, seconds)
    except (OSError, OverflowError) as error:
        reason = f"{error or type(error).__name__}"
        raise _nobody("Dask", address, reason, "dask scheduler") from error
    if plain and not 0 < int.from_bytes(answer, "little") < 1 << 20:
        raise _nobody("Dask", address, "something else listens there", "dask scheduler")


def dask_client(address: str, seconds: float = SECONDS) -> Any:
    """A client of the Dask scheduler at an address.

    Parameters
    ----------
    address : str
        As the scheduler prints it: ``tcp://host:8786``, or ``host:8786``.
    seconds : float
        How long to wait for the scheduler, and then for a worker.

    Returns
    -------
    distributed.Client

    Raises
    ------
    ClusterError
        If nobody answers there, or there is no worker.
    """
    from distributed import Client

    _scheduler_answers(address, seconds)
    try:
        client = Client(address, timeout=seconds)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _nobody("Dask", address, reason, "dask scheduler") from error
    try:
        client.wait_for_workers(1, timeout=seconds)
    except TimeoutError as error:
        client.close()
        raise ClusterError(
            f"the Dask scheduler at {address} has had no worker for {seconds:g} seconds; start "
            f"some with `dask worker {address}` and look in their logs why they do not connect"
        ) from error
    return client
