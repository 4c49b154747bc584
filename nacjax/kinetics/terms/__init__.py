"""The processes of the kinetic equations, one a file."""
