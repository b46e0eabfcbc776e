"""Print the lowest versions that pyproject.toml allows of all it names, as pip constraints.

    python tools/bounds.py test > lowest.txt    # of the core, the build backend, the extra "test"

What these packages need in turn is left free. pip fails where two lowest versions do not go
together, so a bound that nobody can install does not pass unseen.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SELF = "causalgreen"
REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)\s*(\[(?P<extras>[^\]]*)\])?\s*(?P<bounds>[^;]*)(;.*)?"
)


def needed(project: dict, extras: list[str]) -> list[str]:
    """Requirements of the core, of the build backend and of these extras, each extra once."""
    optional = project["project"].get("optional-dependencies", {})
    lines = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    todo, done = list(extras), set()
    while todo:
        extra = todo.pop()
        if extra in done:
            continue
        if extra not in optional:
            sys.exit(f"pyproject.toml has no extra {extra!r}; it has {', '.join(sorted(optional))}")
        done.add(extra)
        for line in optional[extra]:
            match = REQUIREMENT.fullmatch(line)
            if match and match["name"] == SELF:
                todo += [name.strip() for name in (match["extras"] or "").split(",")]
            else:
                lines.append(line)
    return lines


def lowest(line: str) -> str:
    """Turn ``name>=1.2,<3`` into ``name==1.2``.

    Raises
    ------
    SystemExit
        If the requirement has no lower bound.
    """
    match = REQUIREMENT.fullmatch(line)
    found = re.search(r">=\s*([^\s,]+)", match["bounds"]) if match else None
    if match is None or found is None:
        sys.exit(f"{line!r} in pyproject.toml has no lower bound: write name>=version")
    return f"{match['name']}=={found[1]}"


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    print("\n".join(sorted({lowest(line) for line in needed(project, sys.argv[1:])})))


if __name__ == "__main__":
    main()
