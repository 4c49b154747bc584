"""`python -m nacjax` is the command `nacjax`."""

import sys

from .cli import main

sys.exit(main())
