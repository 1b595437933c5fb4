"""The operation table: every operation the program knows, by name, one row each.

To add one, write its row (in `activations`, `losses` or a file of its own), and name it here;
everything else — steps, formulas, CSV, the canvas — reads the row.
"""

from __future__ import annotations

from backprop_gui.engine.activations import ACTIVATIONS as ACTIVATIONS
from backprop_gui.engine.concatenate import CONCATENATE
from backprop_gui.engine.convolution import CONV1D
from backprop_gui.engine.linear import AFFINE as AFFINE
from backprop_gui.engine.losses import LOSSES as LOSSES
from backprop_gui.engine.operation import Operation
from backprop_gui.engine.pointwise import ADD, MULTIPLY
from backprop_gui.engine.pooling import AVERAGE_POOL, MAX_POOL
from backprop_gui.engine.softmax import SOFTMAX
from backprop_gui.engine.standardize import STANDARDIZE

LAYERS = (AFFINE, ADD, MULTIPLY, CONCATENATE, CONV1D, AVERAGE_POOL, MAX_POOL, SOFTMAX, STANDARDIZE)
OPERATIONS: dict[str, Operation] = {**{row.name: row for row in LAYERS}, **ACTIVATIONS, **LOSSES}
