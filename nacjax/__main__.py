"""`python -m nacjax` is the command `nacjax`."""

import sys

from .commands.main import main

sys.exit(main())
