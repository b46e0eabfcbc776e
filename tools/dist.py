"""Build the wheel and the source archive into dist/, and check what is in them.

    python tools/dist.py          # with hatchling and markdown-it-py installed

The wheel is built twice, from this folder and from the unpacked source archive; both must be the
same file to the last byte. All faults are gathered; with any, nothing in dist/ is touched.
"""

from __future__ import annotations

import argparse
import email
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "causalgreen"
DATA = {
    "causalgreen/py.typed", "causalgreen/report/style.css", "causalgreen/data/cities.csv",
    "causalgreen/data/ipc_green.csv", "causalgreen/data/pilot_zones.csv",
}  # fmt: skip
# what the tests of an unpacked source archive read, beside the package and the tests
IN_SOURCE = {
    "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "constraints.txt",
    "mkdocs.yml", "pyproject.toml", "benchmarks/results/files.csv", "docs/index.md",
    "docs/traps-in-the-data.md", "examples/jtrain.py", "tools/find_python.sh", "tools/lock.py",
}  # fmt: skip
NEVER = re.compile(
    r"(^|/)(__pycache__|\.git|\.venv[^/]*|\.ci|dist|build)(/|$)|\.(py[co]|pkl|zip|dta|parquet)$"
)
FILE_LIMIT, WHEEL_LIMIT, SOURCE_LIMIT = 500_000, 2_000_000, 5_000_000


def build(source: Path, kind: str, target: Path) -> Path:
    """Build a ``wheel`` or an ``sdist`` of a folder; answer with the file made."""
    before = set(target.iterdir())
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"building the {kind} of {source} failed:\n{done.stdout}{done.stderr}")
    (made,) = set(target.iterdir()) - before
    return made


def unpack(source_archive: Path, target: Path) -> Path:
    """Unpack a source archive; answer with the folder in it."""
    with tarfile.open(source_archive) as archive:
        archive.extractall(target, filter="data")
    (folder,) = target.iterdir()
    return folder


def members(archive: Path) -> dict[str, bytes]:
    """Read every file of a wheel or source archive; of the latter without its top folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(archive) as source:
        files = [member for member in source.getmembers() if member.isfile()]
        return {m.name.split("/", 1)[1]: source.extractfile(m).read() for m in files}  # type: ignore[union-attr]


def package_files() -> set[str]:
    """Name the files of the package in this folder, as a wheel should hold them."""
    files = [f for f in (ROOT / PACKAGE).rglob("*") if f.is_file()]
    names = {f.relative_to(ROOT).as_posix() for f in files}
    return {name for name in names if not NEVER.search(name)}


def wheel_faults(wheel: Path) -> list[str]:
    """Check a wheel: the whole package with its data, licence and metadata, and nothing else."""
    held = members(wheel)
    info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    wanted = package_files() | set(DATA)
    own = {name for name in held if not name.startswith(info + "/")}
    faults = [f"the wheel lacks {name}" for name in sorted(wanted - own)]
    faults += [f"the wheel should not hold {name}" for name in sorted(own - wanted)]
    for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"):
        if f"{info}/{name}" not in held:
            faults.append(f"the wheel lacks {info}/{name}")
    if held.get(f"{info}/licenses/LICENSE") != (ROOT / "LICENSE").read_bytes():
        faults.append("the licence in the wheel is not the file LICENSE")
    faults += content_faults("wheel", wheel, held, WHEEL_LIMIT)
    return faults + metadata_faults(held.get(f"{info}/METADATA", b"").decode("utf-8"))


def source_faults(source_archive: Path) -> list[str]:
    """Check a source archive: what its own tests read is there, nothing large, no leftovers."""
    held = members(source_archive)
    wanted = IN_SOURCE | package_files() | {"PKG-INFO"}
    wanted |= {f.relative_to(ROOT).as_posix() for f in (ROOT / "tests").glob("*.py")}
    faults = [f"the source archive lacks {name}" for name in sorted(wanted - held.keys())]
    faults += [f"the source archive should not hold {n}" for n in sorted(held) if NEVER.search(n)]
    return faults + content_faults("source archive", source_archive, held, SOURCE_LIMIT)


def content_faults(what: str, archive: Path, held: dict[str, bytes], limit: int) -> list[str]:
    """Look for files that are too large, and for the name of the folder it was built in."""
    faults = [
        f"{name} in the {what} has {len(data):,} bytes (limit {FILE_LIMIT:,}): leave it out"
        for name, data in held.items()
        if len(data) > FILE_LIMIT
    ]
    size = archive.stat().st_size
    if size > limit:
        faults.append(f"the {what} has {size:,} bytes; its limit is {limit:,}")
    here = str(ROOT).encode() + b"/"
    return faults + [f"{n} in the {what} names {ROOT}" for n, data in held.items() if here in data]


def metadata_faults(text: str) -> list[str]:
    """Check core metadata as an index would, and that it says what pyproject.toml says."""
    from packaging.metadata import ExceptionGroup, Metadata
    from trove_classifiers import classifiers

    try:
        metadata = Metadata.from_email(text, validate=True)
    except ExceptionGroup as group:
        return [f"metadata: {error}" for error in group.exceptions]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    faults = [
        f"metadata: {line!r} is not a classifier that exists"
        for line in metadata.classifiers or ()
        if line not in classifiers
    ]
    if str(metadata.version) != project["version"]:
        faults.append(f"metadata: version {metadata.version}, not {project['version']}")
    if set(metadata.provides_extra or ()) != set(project["optional-dependencies"]):
        faults.append(f"metadata: the extras are {metadata.provides_extra}")
    if email.message_from_string(text)["Description-Content-Type"] != "text/markdown":
        faults.append("metadata: the description is not text/markdown")
    readme = (ROOT / "README.md").read_text("utf-8")
    if (metadata.description or "").strip() != readme.strip():
        faults.append("metadata: the description is not README.md")
    return faults + readme_faults(metadata.description or "")


def readme_faults(text: str) -> list[str]:
    """Render the description; nothing may stay markdown, and no picture may need this folder."""
    from markdown_it import MarkdownIt

    page = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    words = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", page, flags=re.S)
    left = re.findall(r"```|\|\s*:?-{3,}|\*\*|\]\([^)]*\)|^#{1,6} ", words, flags=re.M)
    faults = [f"README.md does not render: {mark!r} stays as it is" for mark in sorted(set(left))]
    if "<h1>" not in page:
        faults.append("README.md has no title")
    pictures = re.findall(r'<img[^>]*src="(?!https?:)([^"]*)"', page)
    return faults + [f"README.md shows {name}, which an index cannot find" for name in pictures]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def make(target: Path) -> list[str]:
    """Build both into ``target``, and the wheel once more from the source archive; check all."""
    wheel, source = build(ROOT, "wheel", target), build(ROOT, "sdist", target)
    faults = wheel_faults(wheel) + source_faults(source)
    with tempfile.TemporaryDirectory(prefix="causalgreen-source-") as folder:
        (Path(folder) / "made").mkdir()
        (Path(folder) / "tree").mkdir()
        again = build(unpack(source, Path(folder) / "tree"), "wheel", Path(folder) / "made")
        if digest(again) != digest(wheel):
            faults.append("the wheel made from the source archive differs from the wheel made here")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description="Build and check the wheel and source archive.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory(prefix="causalgreen-dist-") as folder:
        faults = make(Path(folder))
        if faults:
            sys.exit("\n".join(["nothing was put into dist:", *faults]))
        out.mkdir(parents=True, exist_ok=True)
        for file in sorted(Path(folder).iterdir()):
            shutil.copyfile(file, out / file.name)
            print(f"{file.name}: {file.stat().st_size:,} bytes, {len(members(file))} files")


if __name__ == "__main__":
    main()
