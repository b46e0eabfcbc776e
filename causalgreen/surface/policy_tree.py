"""Shallow trees that say whom to treat, grown by EconML."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["PolicyRule", "learn_rule", "learn_within"]

STEPS = 14


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """A binary tree whose leaves say what share of their firms to treat.

    Attributes
    ----------
    column : numpy.ndarray of int, shape (m,)
        Column that a node asks for; -1: a leaf.
    cut : numpy.ndarray, shape (m,)
        Firms at or below it go left.
    left, right : numpy.ndarray of int, shape (m,)
        Children; -1: a leaf.
    treat : numpy.ndarray, shape (m,)
        In leaves 1: treat; 0: do not; between: treat this share of the firms, drawn at random.
    """

    column: np.ndarray
    cut: np.ndarray
    left: np.ndarray
    right: np.ndarray
    treat: np.ndarray

    def leaf(self, X: np.ndarray) -> np.ndarray:
        """Leaf of each firm, shape (n,)."""
        node = np.zeros(len(X), dtype=np.int64)
        for _ in range(len(self.column)):
            asks = self.column[node] >= 0
            if not asks.any():
                break
            goes = X[np.arange(len(X)), np.maximum(self.column[node], 0)] <= self.cut[node]
            node = np.where(asks, np.where(goes, self.left[node], self.right[node]), node)
        return node

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """1: treat the firm, 0: do not, between: with this probability; shape (n,)."""
        return np.asarray(self.treat[self.leaf(X)])

    def leaves(self) -> tuple[tuple[int, tuple[tuple[int, float, bool], ...]], ...]:
        """Leaves from left to right, with their conditions (column, cut, at or below)."""
        out = []

        def walk(node: int, path: tuple[tuple[int, float, bool], ...]) -> None:
            if self.column[node] < 0:
                out.append((node, path))
                return
            column, cut = int(self.column[node]), float(self.cut[node])
            walk(int(self.left[node]), (*path, (column, cut, True)))
            walk(int(self.right[node]), (*path, (column, cut, False)))

        walk(0, ())
        return tuple(out)


def learn_rule(
    X: np.ndarray, reward: np.ndarray, weight: np.ndarray, depth: int, least: int
) -> PolicyRule:
    """Tree that treats where the reward is positive, split by split.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, c)
        What the tree may ask for.
    reward : numpy.ndarray, shape (n,)
        Gain from treating each firm.
    weight : numpy.ndarray, shape (n,)
        Weights of the firms.
    depth, least : int
        Largest depth; least number of firms in a leaf.

    Returns
    -------
    PolicyRule
        Leaves that agree are joined.

    References
    ----------
    Athey and Wager (2021), Policy learning with observational data, Econometrica 89(1), doi
    10.3982/ECTA15732; Zhou, Athey and Wager (2023), Offline multi-action policy learning,
    Operations Research 71(1), doi 10.1287/opre.2022.2271.

    Examples
    --------
    >>> X = np.arange(40.0)[:, None]
    >>> rule = learn_rule(X, np.where(X[:, 0] > 19.5, 1.0, -1.0), np.ones(40), 1, 5)
    >>> rule(np.array([[3.0], [30.0]]))
    array([0., 1.])
    """
    rule = _grow(X, reward, weight, depth, least)
    total, _ = _sums(rule, X, reward, weight)
    return _joined(replace(rule, treat=(total > 0).astype(np.float64)))


def _grow(
    X: np.ndarray, reward: np.ndarray, weight: np.ndarray, depth: int, least: int
) -> PolicyRule:
    """The tree, undecided in its leaves."""
    from econml.policy import PolicyTree

    if len(X) < 2 * least:
        nothing = np.array([-1])
        return PolicyRule(nothing, np.zeros(1), nothing, nothing, np.zeros(1))
    tree = PolicyTree(
        max_depth=depth, min_samples_leaf=least, min_samples_split=2 * least, honest=False,
        min_balancedness_tol=0.5, random_state=0,
    )  # fmt: skip
    tree.fit(X, np.column_stack([np.zeros(len(X)), reward]), sample_weight=weight / weight.mean())
    inner = tree.tree_
    left = np.asarray(inner.children_left, dtype=np.int64)
    right = np.asarray(inner.children_right, dtype=np.int64)
    cut = np.asarray(inner.threshold, dtype=np.float64)
    return PolicyRule(np.where(left < 0, -1, inner.feature), cut, left, right, np.zeros(len(left)))


def _sums(
    rule: PolicyRule, X: np.ndarray, reward: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted rewards and weights of the firms in each node; EconML's are single precision."""
    leaf, n = rule.leaf(X), len(rule.column)
    return np.bincount(leaf, weight * reward, n), np.bincount(leaf, weight, n)


def learn_within(
    X: np.ndarray, reward: np.ndarray, weight: np.ndarray, depth: int, least: int, budget: float
) -> PolicyRule:
    """Best tree found that treats at most a share of the firms.

    The price of treating a firm is raised until the share holds (a Lagrange multiplier, found by
    halving). Each tree met on the way treats its leaves in order of their reward as far as the
    budget goes, the last of them in part; the most valuable is returned.

    Parameters
    ----------
    X, reward, weight, depth, least
        As in `learn_rule`.
    budget : float
        Largest weighted share of firms treated.

    Returns
    -------
    PolicyRule

    Examples
    --------
    >>> X = np.arange(40.0)[:, None]
    >>> rule = learn_within(X, np.where(X[:, 0] > 19.5, 1.0, -1.0), np.ones(40), 1, 5, 0.25)
    >>> float(rule(X).mean())
    0.25
    """
    share = weight / weight.sum()
    best, most = learn_rule(X, np.full(len(X), -1.0), share, 1, len(X)), 0.0
    low, high = 0.0, float(max(reward.max(), 0.0))
    for step in range(STEPS):
        price = 0.0 if step == 0 else (low + high) / 2
        rule = _grow(X, reward - price, share, depth, least)
        total, size = _sums(rule, X, reward, share)
        filled = replace(rule, treat=_fill(total, size, budget))
        value = float(filled.treat @ total)
        if value > most:
            best, most = _joined(filled), value
        wanted = float(size[total - price * size > 0].sum())
        if wanted <= budget:
            if step == 0:
                break
            high = price
        elif step > 0:
            low = price
    return best


def _fill(total: np.ndarray, size: np.ndarray, budget: float) -> np.ndarray:
    """Share treated of each leaf: the best first, none that loses, the last in part."""
    out, left = np.zeros(len(total)), budget
    mean = np.divide(total, size, out=np.zeros(len(total)), where=size > 0)
    for node in np.argsort(-mean, kind="stable"):
        if mean[node] <= 0 or left <= 1e-12:
            break
        out[node] = min(1.0, left / size[node])
        left -= out[node] * size[node]
    return out


def _joined(rule: PolicyRule) -> PolicyRule:
    """The same decisions without questions whose answer does not matter."""
    column, treat = rule.column.copy(), rule.treat.copy()
    for node in range(len(column) - 1, -1, -1):  # children come after their parent
        if column[node] < 0:
            continue
        a, b = int(rule.left[node]), int(rule.right[node])
        if column[a] < 0 and column[b] < 0 and treat[a] == treat[b]:
            column[node], treat[node] = -1, treat[a]
    keep: list[int] = []
    place: dict[int, int] = {}
    stack = [0]
    while stack:
        node = stack.pop()
        place[node] = len(keep)
        keep.append(node)
        if column[node] >= 0:
            stack += [int(rule.right[node]), int(rule.left[node])]
    asks = column[keep] >= 0
    left = np.array([place[int(rule.left[n])] if column[n] >= 0 else -1 for n in keep])
    right = np.array([place[int(rule.right[n])] if column[n] >= 0 else -1 for n in keep])
    out = PolicyRule(column[keep], np.where(asks, rule.cut[keep], 0.0), left, right, treat[keep])
    for array in (out.column, out.cut, out.left, out.right, out.treat):
        array.setflags(write=False)
    return out
