"""A manifest as plain values, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from causalgreen.errors import CausalGreenError, DesignError
from causalgreen.graph.causal_graph import CausalGraph
from causalgreen.panel.roles import Roles
from causalgreen.panel.transforms import FixedEffects
from causalgreen.study.fingerprint import ColumnRecord, DataRecord
from causalgreen.study.learner_record import LearnerRecord
from causalgreen.study.records import Estimand, Estimate, Estimation

__all__ = ["content", "read"]

FORMAT, MARK = 1, "causalgreen manifest"


def content(manifest: Any) -> dict[str, Any]:
    """All of a manifest but its seal, as JSON holds it."""
    m, graph = manifest, manifest.graph
    return _plain(
        {
            "estimates": [asdict(e) for e in m.estimates],
            "estimation": None if m.estimation is None else asdict(m.estimation),
            "estimand": {"estimand": m.estimand, "population": m.population, "unit": m.unit},
            "paths": [asdict(e) for e in m.estimands],
            "roles": asdict(m.roles),
            "graph": {
                "sha256": m.graph_digest, "nodes": graph.nodes, "latent": sorted(graph.latent),
                "shocks": sorted(graph.shocks), "edges": graph.edges,
            },
            "fixed_effects": asdict(m.fixed_effects),
            "learners": [
                {"kind": r.kind, "class": r.cls, "settings": dict(r.settings),
                 "unwritten": r.unwritten} for r in m.learners
            ],
            "folds": m.folds, "repeats": m.repeats, "seed": m.seed,
            "data": asdict(m.data), "versions": dict(m.versions),
        }
    )  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read(cls: type, text_or_path: str | Path) -> Any:
    """Read a manifest from a text or a file, and check its seal."""
    document, where = _document(text_or_path)
    found = document.get(MARK) if isinstance(document, dict) else None
    if found != FORMAT:
        raise DesignError(
            f"{where} is no manifest of causalgreen" if found is None else
            f"{where} is a manifest of format {found!r}; this version reads format {FORMAT}: "
            "install a newer causalgreen"
        )  # fmt: skip
    try:
        manifest = _made(cls, document)
    except (KeyError, TypeError, ValueError, AttributeError, CausalGreenError) as error:
        raise DesignError(
            f"{where} is a damaged manifest ({type(error).__name__}: {error}); take the one that "
            "lies beside the report, or make it again with study.manifest()"
        ) from error
    if manifest.seal != document.get("seal"):
        raise DesignError(
            f"{where} was changed after it was written: its seal does not fit. A manifest is not "
            "edited; change the study, and make a new one with study.manifest()"
        )
    return manifest


def _document(text_or_path: str | Path) -> tuple[Any, str]:
    where = "the text"
    if isinstance(text_or_path, Path) or not text_or_path.lstrip().startswith("{"):
        path = Path(text_or_path)
        where = str(path)
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DesignError(f"the manifest {path} cannot be read: {error}") from error
    else:
        text = text_or_path
    try:
        return json.loads(text), where
    except json.JSONDecodeError as error:
        raise DesignError(f"{where} is no manifest: it is not JSON ({error})") from error


def _made(cls: type, document: dict[str, Any]) -> Any:
    roles = _roles(document["roles"])
    graph, told, data = document["graph"], document["estimand"], document["data"]
    columns = tuple(ColumnRecord(**c | {"levels": tuple(c["levels"])}) for c in data["columns"])
    fixed = document["fixed_effects"]
    estimation = document["estimation"]
    return cls(
        data=DataRecord(**data | {"clusters": tuple(data["clusters"]), "columns": columns}),
        roles=roles,
        graph=CausalGraph(
            roles, tuple(graph["nodes"]), tuple((a, b) for a, b in graph["edges"]),
            frozenset(graph["latent"]), frozenset(graph["shocks"]),
        ),
        fixed_effects=FixedEffects(**fixed),
        learners=tuple(
            LearnerRecord(r["kind"], r["class"], r["settings"], tuple(r["unwritten"]))
            for r in document["learners"]
        ),
        folds=document["folds"], repeats=document["repeats"], seed=document["seed"],
        estimation=None if estimation is None else Estimation(**estimation),
        estimand=told["estimand"], population=told["population"], unit=told["unit"],
        estimands=tuple(
            Estimand(e["term"], e["verdict"], tuple(e["adjustment"])) for e in document["paths"]
        ),
        estimates=tuple(
            Estimate(e["term"], _number(e["estimate"]), _number(e["std_error"]))
            for e in document["estimates"]
        ),
        versions=tuple(sorted(document["versions"].items())),
    )  # fmt: skip


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _roles(found: dict[str, Any]) -> Roles:
    lists = ("treatments", "exposures", "traits", "controls", "clusters")
    given = found | {name: tuple(found[name]) for name in lists}
    given["groups"] = tuple((name, tuple(columns)) for name, columns in found["groups"])
    return Roles(**given)
