"""Trying to break every number: placebos, refutations, sensitivity, other specifications."""
