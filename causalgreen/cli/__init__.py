"""The command line: ``causalgreen demo``, ``causalgreen check``, ``causalgreen run``.

Results go to standard output, progress and errors to standard error. Exit codes: 0 all went
well, 1 the table or the study cannot be used, 2 the command or its study file is wrong.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from multiprocessing.dummy import DummyProcess
from types import FrameType

from causalgreen.cli.config import ConfigError
from causalgreen.cli.parser import build_parser
from causalgreen.cli.terminal import Notes, say
from causalgreen.errors import CausalGreenError, CausalGreenWarning

__all__ = ["main"]

OK, FAULT, USAGE, INTERRUPTED = 0, 1, 2, 130
# Seconds that fits under way have to end in.
PATIENCE = 5.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the programme's name; default: those it was started with.

    Returns
    -------
    int
        0, 1 (fault in the table or the study), 2 (usage) or 130 (interrupted).

    Examples
    --------
    >>> main(["check", "no-such-table.csv", "--unit=firm", "--time=year", "--outcome=y",
    ...       "--treatment=d"])
    1
    """
    try:
        options = build_parser().parse_args(argv)
    except SystemExit as stop:  # argparse ends the process by itself: 0 for --help, 2 for usage
        return stop.code if isinstance(stop.code, int) else USAGE
    with warnings.catch_warnings():
        if not options.debug:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", CausalGreenWarning)
            warnings.showwarning = Notes()
        return _guarded(options)


def _guarded(options: argparse.Namespace) -> int:
    """Run the command; turn what can be expected to go wrong into a message and a code."""
    before = _stop_on_termination()
    try:
        options.command(options)
    except ConfigError as error:
        return _report(error, USAGE, options.debug)
    except (CausalGreenError, OSError) as error:
        return _report(error, FAULT, options.debug)
    except KeyboardInterrupt:
        say("interrupted; nothing was written")
        _let_threads_end()
        return INTERRUPTED
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    return OK


def _report(error: Exception, code: int, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    else:
        say(f"error: {error}")
    return code


def _let_threads_end() -> None:
    """Wait, a little, for fits that were under way in threads.

    Their native code calls back into Python: an interpreter that ends meanwhile is aborted.
    """
    until = time.monotonic() + PATIENCE
    for thread in threading.enumerate():
        if isinstance(thread, DummyProcess):
            thread.join(max(0.0, until - time.monotonic()))


def _stop_on_termination():  # type: ignore[no-untyped-def]
    """Let a termination signal unwind the stack, so that half-written folders are removed."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        return signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread: signals are not ours to handle
        return None
