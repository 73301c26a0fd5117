"""`python -m rlcf` is the command `rlcf`."""

import sys

from rlcf.cli import main

sys.exit(main())
