"""What a user states: metals, pumps, fields and their numbers."""
