"""`python -m javabox`: the command `javabox`."""

import sys

from javabox.commands import main

sys.exit(main())
