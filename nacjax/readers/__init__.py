"""Files into objects: densities of states and Wannier Hamiltonians of the codes people use."""

from .dos import read_dos as read_dos
from .wannier import read_wannier as read_wannier
