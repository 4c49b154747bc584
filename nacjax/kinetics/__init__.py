"""Eqs. (2)–(3) on the ladder."""
