"""A study: a panel and a causal graph, and the questions asked of them."""

from causalgreen.study.study import Study

__all__ = ["Study"]
