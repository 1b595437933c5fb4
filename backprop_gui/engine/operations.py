"""The operation table: every operation the program knows, by name, one row each.

To add one, write its row (in `linear`, `activations`, `losses` or a file of its own), and name it
here; everything else — steps, formulas, CSV, the canvas — reads the row.
"""

from __future__ import annotations

from backprop_gui.engine.activations import ACTIVATIONS as ACTIVATIONS
from backprop_gui.engine.linear import AFFINE as AFFINE
from backprop_gui.engine.losses import LOSSES as LOSSES
from backprop_gui.engine.operation import Operation

OPERATIONS: dict[str, Operation] = {AFFINE.name: AFFINE, **ACTIVATIONS, **LOSSES}
