"""Searches by gradients."""
