"""Learners, folds and cross-fitting: the only door to lightgbm and joblib."""

import logging

# EconML imports Ray where it is there, and in a notebook Ray then says what its own widgets lack.
logging.getLogger("ray.widgets").setLevel(logging.WARNING)
