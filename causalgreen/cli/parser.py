"""The commands and their options."""

from __future__ import annotations

import argparse
from pathlib import Path

from causalgreen import __version__

__all__ = ["build_parser"]

_KINDS = ("within", "first_difference", "mundlak", "none")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; each command carries the function that runs it as ``command``."""
    parser = argparse.ArgumentParser(
        prog="causalgreen",
        description="From a firm panel and a causal graph to the effects of four paths.",
        epilog="Exit codes: 0 ok, 1 fault in the table or the study, 2 wrong usage.",
    )
    parser.add_argument("--version", action="version", version=f"causalgreen {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error came from")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands, common)
    _add_check(commands, common)
    _add_run(commands, common)
    return parser


def _add_demo(commands, common) -> None:  # type: ignore[no-untyped-def]
    demo = commands.add_parser(
        "demo",
        parents=[common],
        help="a simulated economy: four paths beside their known truth",
        description="Simulate firms whose effects are known, estimate them, and write a report.",
    )
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR")
    demo.add_argument("--firms", type=_count(60), default=1000, metavar="N")
    demo.add_argument("--years", type=_count(3), default=8, metavar="T")
    demo.add_argument("--seed", type=_count(0), default=0)
    demo.add_argument("--force", action="store_true", help="replace an earlier demo's folder")
    demo.set_defaults(command=_demo)


def _add_check(commands, common) -> None:  # type: ignore[no-untyped-def]
    check = commands.add_parser(
        "check",
        parents=[common],
        help="look for faults in a table",
        description="Check a table, or the table of a study file, and describe it. "
        "Options that name columns may be repeated, or hold a list: --control age,leverage.",
    )
    check.add_argument("file", type=Path, help="a table (csv, parquet, dta, xlsx) or study.toml")
    for name, help_text in (
        ("unit", "firm"),
        ("time", "period"),
        ("outcome", "outcome"),
        ("weight", "sampling weight"),
    ):
        check.add_argument(f"--{name}", metavar="COLUMN", help=help_text)
    for name in ("treatment", "exposure", "trait", "control", "cluster"):
        check.add_argument(f"--{name}", action="extend", type=_columns, metavar="COLUMNS")
    check.add_argument("--mediator", action="append", type=_group, metavar="GROUP=COLUMNS")
    check.add_argument("--fixed-effects", choices=_KINDS, default="within")
    check.add_argument("--folds", type=_count(2))
    check.set_defaults(command=_check)


def _add_run(commands, common) -> None:  # type: ignore[no-untyped-def]
    run = commands.add_parser(
        "run",
        parents=[common],
        help="run a study file, or a manifest: tables, figures and a report",
        description="Run the study that a TOML file describes, into a fresh folder; or the one "
        "that a manifest froze, and say whether the same numbers came out.",
    )
    run.add_argument("file", type=Path, metavar="FILE", help="study.toml or *.manifest.json")
    run.add_argument("--data", type=Path, metavar="TABLE", help="the table; needed for a manifest")
    run.add_argument("--other-data", action="store_true", help="take another table than a "
                     "manifest's, and say what differs")  # fmt: skip
    run.add_argument("--out", type=Path, metavar="DIR", help="default: named in the study file")
    run.add_argument("--force", action="store_true", help="replace the folder of an earlier run")
    run.set_defaults(command=_run)


def _demo(options: argparse.Namespace) -> None:
    from causalgreen.cli.demo import demo

    demo(options.out, options.firms, options.years, options.seed, options.force)


def _check(options: argparse.Namespace) -> None:
    from causalgreen.cli.check import check

    check(options)


def _run(options: argparse.Namespace) -> None:
    from causalgreen.cli.run import run

    run(options.file, options.out, options.force, options.data, options.other_data)


def _count(least: int):  # type: ignore[no-untyped-def]
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is too small: at least {least}")
        return number

    return parse


def _columns(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _group(text: str) -> tuple[str, list[str]]:
    name, equals, columns = text.partition("=")
    if not (name.strip() and equals and _columns(columns)):
        raise argparse.ArgumentTypeError(
            f"{text!r} does not read GROUP=COLUMNS, such as human_capital=skilled_share"
        )
    return name.strip(), _columns(columns)
