"""Sweeps over any quantities."""
