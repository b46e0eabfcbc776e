"""Simulated economies with known truth, and readers of tables."""
