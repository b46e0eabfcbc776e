"""Sums over the firms in rings of distance, location by location, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from causalgreen.errors import DataError, Fault
from causalgreen.panel.exposure_peers import MOST_ENTRIES, Peers, peer_weights
from causalgreen.panel.exposure_rows import Rows, missing_columns, numbers, refuse
from causalgreen.panel.values import listing, many

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

__all__ = ["EARTH_KM", "haversine", "ring_peers"]

EARTH_KM = 6371.0088
_CHUNK = 512


def haversine(lon1: np.ndarray, lat1: np.ndarray, lon2: np.ndarray, lat2: np.ndarray) -> np.ndarray:
    """Great-circle distance in kilometres on a sphere of the Earth's mean radius.

    Examples
    --------
    >>> beijing, shanghai = (116.41, 39.90), (121.47, 31.23)
    >>> round(float(haversine(*map(np.array, (*beijing, *shanghai)))))
    1067
    """
    a, b, c, d = (np.radians(v) for v in (lon1, lat1, lon2, lat2))
    h = np.sin((d - b) / 2) ** 2 + np.cos(b) * np.cos(d) * np.sin((c - a) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))


@dataclass(frozen=True, slots=True, eq=False)
class RingLinks:
    """Peers of one ring, made into a matrix when it is asked for."""

    place: np.ndarray
    periods: np.ndarray
    weights: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    low: float
    high: float

    def matrix(self) -> csr_matrix:
        """Weights of the rows in the ring around each row, in the same period."""
        from scipy.sparse import csr_matrix, diags

        n, n_places = len(self.place), len(self.lon)
        known = np.flatnonzero(self.place >= 0)
        periods = int(self.periods.max()) + 1
        far = haversine(self.lon[:, None], self.lat[:, None], self.lon, self.lat)
        near = _within(far, self.low, self.high)
        cell = self.place[known] * periods + self.periods[known]
        shape = (n, n_places * periods)
        member = csr_matrix((np.ones(len(known)), (known, cell)), shape=shape)
        a, b = np.nonzero(near)
        steps = np.arange(periods)
        rows = (a[:, None] * periods + steps).ravel()
        columns = (b[:, None] * periods + steps).ravel()
        size = np.bincount(cell, minlength=n_places * periods)
        if int((size[rows] * size[columns]).sum()) > MOST_ENTRIES:
            what = f"the matrix of peers would have over {MOST_ENTRIES:,} entries"
            raise refuse("too_large", what, "the exposures themselves need no matrix: use .values")
        ring = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(shape[1], shape[1]))
        full = (member @ ring @ member.T @ diags(self.weights)).tocsr()
        full.setdiag(0.0)
        full.eliminate_zeros()
        return full


def _within(far: np.ndarray, low: float, high: float) -> np.ndarray:
    """Whether a distance lies in the ring (low, high]; the first ring holds the distance 0."""
    return (far <= high) & ((far > low) | (low == 0))


def ring_peers(
    rows: Rows, coordinates: Sequence[str], rings: Sequence[float], weights: str | None
) -> tuple[Peers, ...]:
    """Sums over the firms in each ring of distance in the same period."""
    edges = _check_rings(rings)
    place, lon, lat = _places(rows, coordinates)
    known, periods = place >= 0, rows.period_codes()
    w = np.where(known, peer_weights(rows, weights), 0.0)
    n_periods = int(periods.max()) + 1
    cell = np.where(known, place, 0) * n_periods + periods
    stacked = [
        np.bincount(cell, v, minlength=len(lon) * n_periods).reshape(len(lon), n_periods)
        for v in (w * rows.x, w, (w > 0).astype(np.float64))
    ]
    sums = _ring_sums(lon, lat, edges, np.concatenate(stacked, axis=1))
    own = (w * rows.x, w, (w > 0).astype(np.float64))
    out = []
    for k, (low, high) in enumerate(pairwise(edges)):
        parts = [s.ravel()[cell] for s in np.split(sums[k], 3, axis=1)]
        if low == 0:
            parts = [part - mine for part, mine in zip(parts, own, strict=True)]
        count = np.where(known, np.rint(parts[2]), 0).astype(np.int64)
        total, weight = (np.where(count > 0, part, 0.0) for part in parts[:2])
        links = RingLinks(place, periods, w, lon, lat, low, high)
        label = f"{low:g}_{high:g}km"
        out.append(Peers(label, "distance", total, weight, count, known, links, ()))
    return tuple(out)


def _check_rings(rings: Sequence[float]) -> list[float]:
    edges = [float(r) for r in rings]
    edges = edges if edges and edges[0] == 0 else [0.0, *edges]
    rising = len(edges) > 1 and all(b > a for a, b in pairwise(edges))
    if not rising or not edges[-1] <= 20_000:
        what = f"rings={tuple(rings)} are not rising distances in kilometres"
        raise refuse("bad_rings", what, "for example rings=(50, 200): up to 50 km, then to 200 km")
    return edges


def _places(rows: Rows, coordinates: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Location of each row as a number (-1: unknown), and the locations' coordinates."""
    if isinstance(coordinates, str) or len(coordinates) != 2:
        what = f"coordinates={coordinates!r} are not two columns"
        raise refuse("bad_coordinates", what, "for example ('longitude', 'latitude')")
    missing_columns(rows.table, list(coordinates))
    lon, lat = (numbers(rows.table, name) for name in coordinates)
    known = ~np.isnan(lon) & ~np.isnan(lat)
    faults = []
    for name, values, most in zip(coordinates, (lon, lat), (180.0, 90.0), strict=True):
        bad = known & (np.abs(values) > most)
        if bad.any():
            first = listing([f"row {r}: {values[r]:g}" for r in np.flatnonzero(bad)[:3]])
            what = f"'{name}' lies outside ±{most:g} in {many(int(bad.sum()), 'row')}: {first}"
            fix = "degrees are needed, longitude first: coordinates=('longitude', 'latitude')"
            faults.append(Fault("bad_coordinates", what, fix))
    if not known.any():
        what = f"no row has both {coordinates[0]!r} and {coordinates[1]!r}"
        faults.append(Fault("bad_coordinates", what, "join the cities' coordinates first"))
    if faults:
        raise DataError(faults)
    a, lons = pd.factorize(lon[known])
    b, lats = pd.factorize(lat[known])
    codes, pairs = pd.factorize(a * np.int64(len(lats)) + b)
    place = np.full(rows.n, -1, dtype=np.int64)
    place[known] = codes
    return place, lons[pairs // len(lats)], lats[pairs % len(lats)]


def _ring_sums(
    lon: np.ndarray, lat: np.ndarray, edges: list[float], values: np.ndarray
) -> list[np.ndarray]:
    """Sum the rows of ``values`` over the locations in each ring around each location."""
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

    xyz = _sphere(lon, lat)
    tree = cKDTree(xyz)
    # a chord a little too long: the exact distance decides
    chord = min(2.0, 2 * np.sin(min(edges[-1] / EARTH_KM, np.pi) / 2) * (1 + 1e-9) + 1e-12)
    out = [np.zeros_like(values) for _ in edges[1:]]
    for start in range(0, len(lon), _CHUNK):
        stop = min(start + _CHUNK, len(lon))
        i, j = _pairs(cKDTree(xyz[start:stop]), tree, chord)
        far = haversine(lon[start + i], lat[start + i], lon[j], lat[j])
        for k, (low, high) in enumerate(pairwise(edges)):
            hit = _within(far, low, high)
            shape = (stop - start, len(lon))
            ring = csr_matrix((np.ones(int(hit.sum())), (i[hit], j[hit])), shape=shape)
            out[k][start:stop] = ring @ values
    return out


def _pairs(chunk: cKDTree, tree: cKDTree, chord: float) -> tuple[np.ndarray, np.ndarray]:
    found = chunk.sparse_distance_matrix(tree, chord, output_type="ndarray")
    return found["i"].astype(np.int64), found["j"].astype(np.int64)


def _sphere(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    a, b = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])
