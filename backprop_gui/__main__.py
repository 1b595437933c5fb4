"""Makes `python -m backprop_gui` the same as the command `backprop-gui`."""

from __future__ import annotations

import sys

from backprop_gui.cli import main

if __name__ == "__main__":
    sys.exit(main())
