"""How to cite the numbers of a page, and the manifest that they depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from causalgreen.report.page import Section
from causalgreen.report.study_tables import versions

if TYPE_CHECKING:
    from causalgreen.report.phrases import Phrases

__all__ = ["cite_section", "manifest_sections"]

YEAR = 2026
SOURCES = {
    "paths": "Chernozhukov, Chetverikov, Demirer, Duflo, Hansen, Newey and Robins (2018), "
    "Econometrics Journal 21(1), doi 10.1111/ectj.12097",
    "stack": "Ahrens, Hansen, Schaffer and Wiemann (2025), Journal of Applied Econometrics, doi "
    "10.1002/jae.3103",
    "surface": "Athey, Tibshirani and Wager (2019), Annals of Statistics 47(2), doi "
    "10.1214/18-AOS1709",
    "groups": "Semenova and Chernozhukov (2021), Econometrics Journal 24(2), doi "
    "10.1093/ectj/utaa027",
    "tests": "Romano and Wolf (2005), Econometrica 73(4), doi 10.1111/j.1468-0262.2005.00615.x",
    "calibration": "Chernozhukov, Demirer, Duflo and Fernández-Val (2025), Econometrica 93(4), doi "
    "10.3982/ECTA19303",
    "policy": "Athey and Wager (2021), Econometrica 89(1), doi 10.3982/ECTA15732",
    "shap": "Lundberg et al. (2020), Nature Machine Intelligence 2, doi 10.1038/s42256-019-0138-9",
    "refuters": "Sharma and Kıcıman (2020), DoWhy, arXiv 2011.04216",
    "sensitivity": "Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis (2022), Long story short, "
    "arXiv 2112.13398",
}
WHOM = ("surface", "groups", "tests", "calibration", "policy", "shap")


def cite_section(study: Any, effects: Any, whom: bool, falsification: Any, say: Phrases) -> Section:
    """A sentence for the paper, the software, and the methods that this page used."""
    roles, version = study.panel.roles, versions()["causalgreen"]
    names = say.words(roles.clusters)
    sentence = say(
        "cite sentence",
        treatment=say.words(roles.treatments),
        outcome=say.word(roles.outcome),
        version=version,
        method=str(study.learner),
        seed=study.seed,
        errors=_low(say(f"note {effects.covariance}", clusters=names)),
    )
    used = ["paths", "refuters"]
    if str(study.learner).startswith("stack"):
        used.append("stack")
    used += WHOM if whom else ()
    if any("confounder" in finding.name for finding in falsification or ()):
        used.append("sensitivity")
    software = say("cite software", authors=say("authors"), year=YEAR, version=version)
    lines = "\n".join("- " + say(f"about {key}", source=SOURCES[key]) for key in used)
    text = [say("cite", sentence=sentence), software, say("cite methods"), lines]
    return Section(say("cite title"), "\n\n".join(text))


def _low(text: str) -> str:
    return text[:1].lower() + text[1:]


def manifest_sections(manifest: Mapping[str, Any] | None, say: Phrases) -> tuple[Section, ...]:
    """What the numbers depend on, one line each."""
    import pandas as pd

    if not manifest:
        return ()
    rows = list(_flat(manifest))
    table = pd.DataFrame(rows, columns=["setting", "value"])
    return (Section(say("manifest title"), say("manifest"), table=table),)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as dotted names; rows of short values in one line."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        if any(isinstance(inner, (Mapping, list, tuple)) for inner in value):
            for place, inner in enumerate(value, 1):
                yield from _flat(inner, f"{name}.{place}")
        else:
            yield name, ", ".join(map(str, value)) or "–"
    else:
        yield name, "–" if value is None else str(value)
