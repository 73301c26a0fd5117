"""`python -m javabox` is the command `javabox`."""

import sys

from javabox.commands import main

if __name__ == "__main__":
    sys.exit(main())
