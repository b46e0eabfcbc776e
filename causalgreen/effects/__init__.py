"""Estimates with their inference: the only variance in the house."""
