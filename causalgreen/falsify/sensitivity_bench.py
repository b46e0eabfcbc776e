"""Benchmarks: what leaving out blocks of observed controls does, in units of confounding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import DesignError
from causalgreen.falsify.rerun import moments_without, panel_like, quiet, with_panel
from causalgreen.falsify.sensitivity_legs import BareLeg, fit_bare
from causalgreen.falsify.sensitivity_paths import PathForm, strength
from causalgreen.moments.paths import path_terms
from causalgreen.moments.solve import estimate_paths
from causalgreen.moments.system import Equation

if TYPE_CHECKING:
    from causalgreen.falsify.case import Case
    from causalgreen.moments.moments import Moments

__all__ = ["benchmark_table", "benchmarks", "control_blocks", "gains"]

Blocks = Mapping[str, Sequence[str]]


def control_blocks(case: Case, blocks: Blocks | None) -> dict[str, tuple[str, ...]]:
    """Named blocks of controls; each control by default.

    Raises
    ------
    DesignError
        If a block is empty, or names what is no control.
    """
    controls = case.panel.roles.controls
    if blocks is None:
        return {c: (c,) for c in controls}
    out = {str(k): (v,) if isinstance(v, str) else tuple(v) for k, v in blocks.items()}
    for name, members in out.items():
        unknown = [m for m in members if m not in controls]
        if unknown or not members:
            raise DesignError(
                f"block {name!r} of controls: {unknown or 'empty'}; the controls are "
                f"{', '.join(controls) or '(none)'}"
            )
    return out


def gains(long: BareLeg, short: BareLeg, gradient: np.ndarray) -> tuple[float, float]:
    """Strength (cf_y, cf_d) of what is in the long equation and not in the short one.

    Parameters
    ----------
    long, short : BareLeg
        The same equation with and without a block of controls.
    gradient : numpy.ndarray, shape (k, q)
        The function of the coefficients that is asked for.

    Returns
    -------
    cf_y, cf_d : float
        Gains relative to what is left unexplained, in [0, 1].
    """
    cf_y = short.sigma2 / long.sigma2 - 1
    kept = short.nu2(gradient) / long.nu2(gradient)
    return float(np.clip(cf_y, 0, 1)), float(np.clip((1 - kept) / kept, 0, 1))


def short_moments(case: Case, blocks: Blocks | None, refit: bool) -> Iterator[tuple[str, Moments]]:
    """Moments without each block, by least squares or by cross-fitting again."""
    named = control_blocks(case, blocks)
    if not refit:
        yield from zip(named, moments_without(case, list(named.values())), strict=True)
        return
    for name, members in named.items():
        left = [c for c in case.panel.roles.controls if c not in members]
        panel = panel_like(case.panel, controls=left or None)
        with quiet():
            moments = with_panel(case.again, panel, case.graph).moments
        yield name, moments


Benchmark = tuple[str, dict["Equation", BareLeg], np.ndarray]


def benchmarks(
    case: Case, blocks: Blocks | None, refit: bool, equations: tuple[Equation, ...]
) -> list[Benchmark]:
    """Variances of these equations and the paths, first with all controls, then without each block.

    Parameters
    ----------
    case : Case
        Remembers what was asked of all its controls: two checks ask the same.
    blocks, refit
        As in `benchmark_table`.
    equations : tuple of Equation
        Those of the path system are always there.

    Returns
    -------
    list of (str, dict of Equation to BareLeg, numpy.ndarray)
        Name of the block, legs, and path effects.
    """
    reduced = (*case.layout.treatments, *case.layout.exposures)
    wanted = (*case.layout.equations(), Equation(case.layout.outcome, reduced))
    if blocks is None and set(equations) <= set(wanted):
        return case.remembered(("benchmarks", refit), lambda: _asked(case, None, refit, wanted))
    return _asked(case, blocks, refit, equations)


def _asked(
    case: Case, blocks: Blocks | None, refit: bool, equations: tuple[Equation, ...]
) -> list[Benchmark]:
    basis = case.basis
    return [
        (
            name, fit_bare(moments, equations, basis),
            estimate_paths(moments, case.layout, basis),
        )
        for name, moments in chain([("", case.moments)], short_moments(case, blocks, refit))
    ]  # fmt: skip


def benchmark_table(
    case: Case, forms: tuple[PathForm, ...], blocks: Blocks | None = None, refit: bool = False
) -> pd.DataFrame:
    """What a confounder as strong as each block of controls could do to each path.

    Parameters
    ----------
    case : Case
        The study.
    forms : tuple of PathForm
        Paths.
    blocks : mapping of str to sequence of str, optional
        Named blocks of controls; default: each control.
    refit : bool
        Cross-fit again without the block; False: least squares from the same rows.

    Returns
    -------
    pandas.DataFrame
        One row for each path and block: the strongest leg's ``cf_y`` and ``cf_d``, bounds with
        every leg confounded as strongly as the block confounds it (rho = 1), and ``moved``: how
        far the estimate moves when the block is left out.
    """
    equations = tuple(dict.fromkeys(equation for form in forms for equation, _ in form.gradients))
    whole, named = path_terms(case.layout).headline, benchmarks(case, blocks, refit, equations)
    (_, long, start), rows = named[0], []
    for name, short, estimate in named[1:]:
        moved = estimate - start
        for form in forms:
            each = [gains(long[e], short[e], g) for e, g in form.gradients]
            sizes = np.array([strength(y, min(d, 0.9999)) for y, d in each])
            worst = each[int(np.argmax(sizes))]
            rows.append({
                "term": form.term, "block": name, "cf_y": worst[0], "cf_d": worst[1],
                "lower": form.bound(sizes, -1)[0], "upper": form.bound(sizes, 1)[0],
                "moved": float(moved[whole.index(form.term)]),
            })  # fmt: skip
    columns = ["term", "block", "cf_y", "cf_d", "lower", "upper", "moved"]
    return pd.DataFrame(rows, columns=columns)
