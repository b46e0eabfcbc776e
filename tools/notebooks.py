"""Notebooks from scripts: an `examples/*.py` with `# %%` cells has an executed `.ipynb` beside it.

    python tools/notebooks.py                  # build and execute all; needs nbclient and ipykernel
    python tools/notebooks.py ten_minutes      # or some
    python tools/notebooks.py --check          # execute, store nothing, say which differ
    python tools/notebooks.py --prose          # only put new prose beside stored outputs

One at a time; where one fails the others are made all the same, and the last lines name it.

The script is the only source. A cell starts with `# %%`, a cell of prose with `# %% [markdown]`.
Where a cell ends with `print(x)` the notebook ends with `x`, so that tables are shown as tables.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import os
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
FAST = "CAUSALGREEN_FAST"
MOST_BYTES = 500_000
TEXT = (ast.JoinedStr, ast.Constant, ast.Starred)  # what is left to be printed
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class Cell(NamedTuple):
    """A cell: its kind, ``code`` or ``markdown``, and its text."""

    kind: str
    source: str


def sources() -> tuple[Path, ...]:
    """The scripts that have cells, and so a notebook."""
    found = sorted(EXAMPLES.glob("*.py"))
    return tuple(path for path in found if path.read_text("utf-8").startswith("# %% [markdown]"))


def cells_of(script: str) -> tuple[Cell, ...]:
    r"""Cells of a script.

    Parameters
    ----------
    script : str
        Text that starts with ``# %%``.

    Returns
    -------
    tuple of Cell

    Raises
    ------
    ValueError
        If there is text before the first cell, or a line of prose is not a comment.

    Examples
    --------
    >>> cells_of("# %% [markdown]\n# # Hello\n\n# %%\nx = 1\nprint(x)\n")
    (Cell(kind='markdown', source='# Hello'), Cell(kind='code', source='x = 1\nx'))
    """
    first, *parts = re.split(r"^# %%", script, flags=re.MULTILINE)
    if first.strip() or not parts:
        raise ValueError("a script with cells starts with '# %%'")
    return tuple(_cell(part) for part in parts)


def _cell(part: str) -> Cell:
    head, _, body = part.partition("\n")
    if head.strip() == "[markdown]":
        lines = body.strip("\n").splitlines()
        wrong = [line for line in lines if not re.match(r"#( |$)", line)]
        if wrong:
            raise ValueError(f"prose that is not a comment: {wrong[0]!r}")
        return Cell("markdown", "\n".join(line[2:] for line in lines))
    if head.strip():
        raise ValueError(f"'# %%{head}': write '# %%' or '# %% [markdown]'")
    return Cell("code", _shown(body.strip("\n")))


def _shown(code: str) -> str:
    """The code, with a last ``print(x)`` as ``x``; text is left to be printed."""
    last = ast.parse(code).body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return code
    plain = len(call.args) == 1 and not call.keywords
    if call.func.id != "print" or not plain or isinstance(call.args[0], TEXT):
        return code
    lines = code.splitlines()[: last.lineno - 1]
    return "\n".join([*lines, ast.get_source_segment(code, call.args[0]) or ""])


def execute(path: Path) -> str:
    """Execute the notebook of a script, in full mode and in a folder of its own.

    Parameters
    ----------
    path : pathlib.Path
        The script.

    Returns
    -------
    str
        The notebook, as it is stored.

    Raises
    ------
    ValueError
        If outputs hold warnings, a path of this machine, or too many bytes.
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    v4 = nbformat.v4
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    book = v4.new_notebook(metadata={"kernelspec": KERNEL})
    book.cells = [make[kind](source) for kind, source in cells_of(path.read_text("utf-8"))]
    environment = {k: v for k, v in os.environ.items() if k not in (FAST, "MPLBACKEND")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONWARNINGS": "ignore:IProgress not found",  # tqdm, where there are no widgets
    }
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            book,
            timeout=900,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            on_cell_executed=_dot,
            extra_arguments=["--IPKernelApp.log_level=40"],  # errors only
        )
        client.execute(env=environment)
    text = json.dumps(_plain(book), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    faults = faults_of(text)
    if faults:
        raise ValueError(f"{path.name}: {'; '.join(faults)}")
    return text


def _dot(**_: Any) -> None:
    print(".", end="", flush=True)


def build(path: Path) -> str:
    """Execute the notebook of a script, and store it; says how large it is."""
    text = execute(path)
    path.with_suffix(".ipynb").write_text(text, encoding="utf-8")
    return _size(path)


def _size(path: Path) -> str:
    return f"{path.with_suffix('.ipynb').stat().st_size / 1000:.0f} kB"


def check(path: Path) -> str:
    """Execute the notebook of a script, and compare what it says with what is stored.

    Raises
    ------
    ValueError
        If a cell says something else than the one that is stored.
    """
    made, stored = (said(text) for text in (execute(path), path.with_suffix(".ipynb").read_text()))
    for k, (now, then) in enumerate(zip(made, stored, strict=False)):
        if now != then:
            raise ValueError(f"{path.name}: cell {k + 1} now says\n{now}\nbut stored is\n{then}")
    if len(made) != len(stored):
        raise ValueError(f"{path.name}: {len(made)} cells, but {len(stored)} are stored")
    return "as stored"


def said(text: str) -> list[str]:
    """What the code cells of a notebook say, pictures apart."""
    cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    return ["".join(_words(output) for output in cell["outputs"]) for cell in cells]


def _words(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return "".join(output["text"])
    return "".join(output.get("data", {}).get("text/plain", []))


def _plain(book: Any) -> dict[str, Any]:
    """The notebook without ids, times and versions, so that it changes only when results do."""
    cells = []
    for cell in book.cells:
        kept = {k: cell[k] for k in ("cell_type", "source")} | {"metadata": {}}
        if cell.cell_type == "code":
            outputs = [_small(output) for output in cell.outputs]
            kept |= {"execution_count": cell.execution_count, "outputs": outputs}
        kept["source"] = cell.source.splitlines(keepends=True)
        cells.append(kept)
    return {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 4}


def _small(output: Any) -> Any:
    """The output, its picture in 256 colours: charts look the same in half the room."""
    from PIL import Image

    if "image/png" in (data := output.get("data", {})):
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
            picture.convert("RGB").quantize(256).save(buffer, "png", optimize=True)
        data["image/png"] = base64.b64encode(buffer.getvalue()).decode("ascii")
    return output


def faults_of(text: str) -> list[str]:
    """What must not be in a stored notebook.

    Parameters
    ----------
    text : str
        The file.

    Returns
    -------
    list of str
        Errors and warnings, paths of this machine, too many bytes.
    """
    faults = []
    for cell in json.loads(text)["cells"]:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error" or output.get("name") == "stderr":
                said = output.get("text") or output.get("evalue", "")
                faults.append(f"a cell says {''.join(said)[:300]!r}")
    folders = {str(ROOT), str(Path.home()), tempfile.gettempdir(), sys.prefix}
    faults += [f"it names {name!r}" for name in sorted(folders) if f"{name}/" in text]
    size = len(text.encode())
    if size > MOST_BYTES:
        faults.append(f"{size:,} bytes are more than {MOST_BYTES:,}")
    return faults


def reword(path: Path) -> str:
    """Store the prose of a script anew, and keep the outputs.

    Raises
    ------
    ValueError
        If the code has changed, too: the notebook has to be executed.
    """
    target = path.with_suffix(".ipynb")
    book = json.loads(target.read_text("utf-8"))
    done = iter([cell for cell in book["cells"] if cell["cell_type"] == "code"])
    cells = []
    for kind, source in cells_of(path.read_text("utf-8")):
        if kind == "markdown":
            lines = source.splitlines(keepends=True)
            cells.append({"cell_type": kind, "metadata": {}, "source": lines})
            continue
        cells.append(next(done, {"source": ""}))
        if "".join(cells[-1]["source"]) != source:
            raise ValueError(f"{path.name}: the code has changed; build the notebook again")
    if next(done, None) is not None:
        raise ValueError(f"{path.name}: the code has changed; build the notebook again")
    text = json.dumps(book | {"cells": cells}, indent=1, ensure_ascii=False, sort_keys=True)
    target.write_text(f"{text}\n", encoding="utf-8")
    return _size(path)


def main(arguments: list[str]) -> None:
    """Build, check or reword the notebooks named, or all."""
    verbs = {"--prose": reword, "--check": check}
    make = next((verbs[name] for name in arguments if name in verbs), build)
    known = {path.stem: path for path in sources()}
    names = [name for name in arguments if name not in verbs] or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no such notebook: {', '.join(unknown)}; there are {', '.join(known)}")
    failed = []
    for k, name in enumerate(names, 1):
        print(f"[{k}/{len(names)}] {name} ", end="", flush=True)
        start = time.perf_counter()
        try:
            told = make(known[name])
        except Exception as error:  # the others can be made all the same
            failed.append(name)
            told = "".join(traceback.format_exception_only(error)).rstrip()
        print(f" {time.perf_counter() - start:.0f} s: {told}", flush=True)
    if failed:
        sys.exit(f"not made: {', '.join(failed)}; the reasons are above")


if __name__ == "__main__":
    main(sys.argv[1:])
