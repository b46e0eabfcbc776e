"""Memory that is free, and the refusal of work that does not fit."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from causalgreen.errors import DesignError, EstimationError, EstimationWarning

__all__ = ["Need", "available_memory", "check_memory", "told_if_short"]

GIB = 2.0**30
# Estimates of small work are not worth a word: the interpreter alone takes as much.
SMALL = 0.5 * GIB
# Estimates are right within some tens of per cent: refuse what surely does not fit, warn before.
REFUSE, WARN = 1.25, 0.8


@dataclass(frozen=True, slots=True)
class Need:
    """Memory that a step is going to need on top of what is in use.

    Attributes
    ----------
    step : str
        Such as ``"cross-fitting"``.
    parts : tuple of (str, float)
        What it is for, in bytes; parts that are in memory at the same time.
    """

    step: str
    parts: tuple[tuple[str, float], ...]

    @property
    def bytes(self) -> float:
        """All parts together."""
        return sum(size for _, size in self.parts)

    def __str__(self) -> str:
        parts = sorted(self.parts, key=lambda part: -part[1])
        told = ", ".join(f"{name} {size / GIB:.1f}" for name, size in parts if size > 0.05 * GIB)
        return f"{self.step} needs about {self.bytes / GIB:.1f} GiB ({told})"


def available_memory() -> float | None:
    """Bytes that can be had without swapping; None where the system does not say.

    The least of what the machine has and what a control group (a container) leaves.
    """
    found = [size for size in (_machine(), _group()) if size is not None]
    return min(found) if found else None


def _machine() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _group(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """What is left of the limit of a container, in either version of control groups."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            left = float((root / limit).read_text()) - float((root / used).read_text())
        except (OSError, ValueError):
            continue
        return max(left, 0.0)
    return None


def check_memory(need: Need, advice: Sequence[str]) -> None:
    """Say before the work starts that it will not fit.

    Parameters
    ----------
    need : Need
        What the step needs.
    advice : sequence of str
        What to do, the best first.

    Raises
    ------
    DesignError
        If it needs a quarter more than there is.

    Warns
    -----
    EstimationWarning
        If it needs most of what there is.
    """
    free = available_memory()
    if free is None or need.bytes < SMALL or need.bytes < WARN * free:
        return
    text = f"{need}, and {free / GIB:.1f} GiB are free. What to do: {'; '.join(advice)}"
    if need.bytes > REFUSE * free:
        raise DesignError(f"memory is too short, so nothing was started: {text}")
    warnings.warn(f"memory may run short: {text}", EstimationWarning, stacklevel=4)


@contextmanager
def told_if_short(step: str, kept: str, advice: Sequence[str]) -> Iterator[None]:
    """Say what to do where memory runs out in the middle of a step, estimate or not.

    Parameters
    ----------
    step, kept : str
        What is done, and what is not lost.
    advice : sequence of str
        What to do, the best first.

    Raises
    ------
    EstimationError
        In place of the bare error of whoever asked for the memory.
    """
    try:
        yield
    except Exception as error:
        # LightGBM has no type of its own for it
        if not isinstance(error, MemoryError) and "bad alloc" not in str(error).replace("_", " "):
            raise
        free = available_memory()
        left = "" if free is None else f" ({free / GIB:.1f} GiB are free now)"
        raise EstimationError(
            f"memory ran out in the middle of {step}{left}. {kept}. What to do: {'; '.join(advice)}"
        ) from error
