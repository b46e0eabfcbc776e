"""Learners, folds and cross-fitting: the only door to lightgbm and joblib."""
