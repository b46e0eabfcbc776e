"""Hooks of the handbook's build (`mkdocs.yml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def on_post_build(config: Any, **_: Any) -> None:
    """Lay the search index down as a script, too: pages opened from a folder may load no other."""
    folder = Path(config["site_dir"]) / "search"
    index = (folder / "search_index.json").read_text("utf-8")
    (folder / "search_index.js").write_text(f"window.searchIndex = {index};\n", "utf-8")
