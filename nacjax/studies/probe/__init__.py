"""What a probe sees: layers of a pumped sample, their reflectivity, and what is read from it."""
