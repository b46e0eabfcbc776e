"""A manifest for people: facts one by one, and a page of text."""

from __future__ import annotations

from textwrap import fill, shorten
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalgreen.study.manifest import Manifest

__all__ = ["facts", "told"]

Fact = tuple[str, str, str]


def facts(manifest: Manifest) -> list[Fact]:
    """Triples of part, name and value."""
    m, d = manifest, manifest.data
    out: list[Fact] = [("manifest", "sha256", m.seal)]
    out += [
        ("estimates", e.term, f"{e.estimate!r} (std. error {e.std_error!r})") for e in m.estimates
    ]
    out += [("estimand", "estimand", m.estimand), ("estimand", "population", m.population)]
    out += [("estimand", "unit", m.unit)]
    out += [("paths", e.term, e.verdict) for e in m.estimands]
    out += [
        ("data", "sha256", d.digest), ("data", "rows", str(d.rows)),
        ("data", "firms", str(d.firms)),
        ("data", "periods", f"{d.periods} ({d.first} to {d.last})"),
        ("data", "clusters", ", ".join(map(str, d.clusters))),
    ]  # fmt: skip
    out += [("column", c.name, f"{c.kind}, sha256 {c.digest}") for c in d.columns]
    out += [("roles", name, value) for name, value in _roles(m)]
    out += [("graph", "sha256", m.graph_digest), ("graph", "arrows", str(len(m.graph.edges)))]
    out += [("method", name, value) for name, value in _method(m)]
    return out + [("versions", name, value) for name, value in m.versions]


def _roles(manifest: Manifest) -> list[tuple[str, str]]:
    r = manifest.roles
    rows = [("firm", r.unit), ("period", r.time), ("outcome", r.outcome)]
    rows += [("treatment", ", ".join(r.treatments)), ("exposure", ", ".join(r.exposures))]
    rows += [(f"mediators: {name}", ", ".join(columns)) for name, columns in r.groups]
    rows += [("traits", ", ".join(r.traits)), ("controls", ", ".join(r.controls))]
    rows += [("clusters", ", ".join(r.clusters)), ("weight", r.weight or "")]
    return [(name, value) for name, value in rows if value]


def _method(manifest: Manifest, most: int = 10**6) -> list[tuple[str, str]]:
    m, fe = manifest, manifest.fixed_effects
    told = fe.describe(m.roles.time) + (" (approximate)" if fe.approximate else "")
    rows = [("fixed effects", told)]
    rows += [
        (f"learner {i}", shorten(str(r), most, placeholder=" ...)"))
        for i, r in enumerate(m.learners, 1)
    ]
    rows += [("folds", str(m.folds)), ("repetitions", str(m.repeats)), ("seed", str(m.seed))]
    if m.estimation is not None:
        e = m.estimation
        rows += [
            ("coefficients", e.coefficients),
            ("covariance", e.covariance),
            ("firms stand for a population", "yes" if e.population else "no"),
            ("unidentified paths", "reported" if e.allow_unidentified else "withheld"),
        ]
    return rows


def told(manifest: Manifest) -> str:
    """A page of text."""
    m, d = manifest, manifest.data
    lost = [r.name for r in m.learners if not r.rebuildable]
    rows = [
        f"Manifest {m.seal[:12]}",
        f"data: {d.rows:,} rows, {d.firms:,} firms, {d.periods} periods {d.first} to {d.last}; "
        f"{len(d.columns)} columns; sha256 {d.digest[:12]}",
        f"graph: {len(m.graph.nodes)} nodes, {len(m.graph.edges)} arrows; "
        f"sha256 {m.graph_digest[:12]}",
        "roles: " + "; ".join(f"{name}: {value}" for name, value in _roles(m)),
        "method: " + "; ".join(f"{name}: {value}" for name, value in _method(m, 90)),
        "estimates: " + "; ".join(f"{e.term} {e.estimate:.6g} ({e.std_error:.4g})"
                                  for e in m.estimates),
        "versions: " + ", ".join(f"{name} {value}" for name, value in m.versions),
    ]  # fmt: skip
    if lost:
        rows.append(f"cannot be made again from this manifest alone: {'; '.join(lost)}")
    return "\n".join(fill(row, 98, subsequent_indent="  ") for row in rows)
