"""Numerical tools; nothing of physics."""
