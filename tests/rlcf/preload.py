"""What the server of `processes.py` imports: all that is in it, and with the garbage collector off.

All of it stays: to look through it for garbage would take a third of the time, and each child would copy all
that it looks at.
"""

import gc
import importlib

from tests.rlcf.processes import MODULES

gc.disable()
try:
    for module in MODULES:
        importlib.import_module(module)
finally:
    gc.freeze()
    gc.enable()
