"""Small matrices in units that do not matter."""

from __future__ import annotations

import numpy as np

__all__ = ["inverse", "powers_of_two"]


def inverse(matrices: np.ndarray) -> np.ndarray:
    """Pseudo-inverses of symmetric matrices, with unknowns first brought to one scale.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (n, d, d)
        Positive semi-definite.

    Returns
    -------
    numpy.ndarray, shape (n, d, d)

    Examples
    --------
    >>> inverse(np.array([[[4e-18, 0.0], [0.0, 4e18]]])).diagonal(axis1=1, axis2=2)
    array([[2.5e+17, 2.5e-19]])
    """
    diagonal = np.einsum("ndd->nd", matrices)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    both = scale[:, :, None] * scale[:, None, :]
    return np.asarray(np.linalg.pinv(matrices / both) / both)


def powers_of_two(scale: np.ndarray) -> np.ndarray:
    """Nearest powers of two: to multiply by them rounds nothing."""
    return np.asarray(2.0 ** np.round(np.log2(scale)))
