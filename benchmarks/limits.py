"""Contestants outside Python: a C program made for each task as the limit, and brain.js by node."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backprop_gui.steps.contestants import Contestant, _batches, _flat, _layers
from backprop_gui.steps.speed import LIMIT

HERE = Path(__file__).parent
VECTORS = HERE.parent / "backprop_gui" / "engine" / "kernel_source"
FLAGS = ["-O3", "-march=native", "-std=gnu11", "-fno-math-errno", "-fPIC", "-shared"]
AT_ONCE = 10_000


def limit() -> Contestant | None:
    """The limit; None without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    target = Path(tempfile.mkdtemp(prefix="backprop-gui-limit-")) / "limit.so"
    command = [compiler, *FLAGS, f"-I{VECTORS}", str(HERE / "limit.c"), "-o", str(target), "-lm"]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return None
    library = ctypes.CDLL(str(target))
    functions = {
        "T1": library.train_t1,
        "T2": library.train_t2,
        "T3 b10": library.train_t3_b10,
        "T3 b30": library.train_t3_b30,
        "T4": library.train_t4,
    }

    def start(task: Any, model: Any) -> Any:
        return _BareProducts(task) if task.name == "T5" else _InC(functions[task.name], task, model)

    return Contestant(LIMIT, start)


def _aligned(array: np.ndarray) -> np.ndarray:
    room = np.zeros(array.size + 4)
    skipped = -room.__array_interface__["data"][0] % 32 // 8
    view = room[skipped : skipped + array.size]
    view[:] = array.ravel()
    return view


class _InC:
    """A function of limit.c at work."""

    def __init__(self, function: Callable[..., None], task: Any, model: Any) -> None:
        self._function, self._task = function, task
        packed = []
        filled = -(-task.batch // 4) * 4
        for batches in _batches(model):
            blocks = np.zeros((len(batches), batches[0].shape[1], filled))
            for place, rows in enumerate(batches):
                blocks[place, :, : len(rows)] = rows.T
            packed.append(blocks)
        self._count = len(packed[0])
        self._rest = len(batches[-1])
        self._data = [_aligned(blocks) for blocks in packed]
        layers = _layers(task, model.initial)
        self._w = _aligned(np.concatenate([np.column_stack([W, b]).ravel() for W, b in layers]))
        self._losses = np.empty(AT_ONCE)

    def train(self, updates: int) -> None:
        pointer = ctypes.c_void_p
        while updates > 0:  # every call begins with the first batch
            now = min(updates, AT_ONCE // self._count * self._count)
            self._function(
                *(pointer(array.__array_interface__["data"][0]) for array in (self._w, *self._data)),
                ctypes.c_int64(self._count),
                ctypes.c_double(self._task.rate),
                ctypes.c_int64(now),
                pointer(self._losses.__array_interface__["data"][0]),
                ctypes.c_int64(self._rest),
            )
            updates -= now

    def weights(self) -> np.ndarray:
        pairs, at = [], 0
        for inputs, units in zip(self._task.widths, self._task.widths[1:], strict=False):
            block = self._w[at : at + units * (inputs + 1)].reshape(units, inputs + 1)
            pairs.append((block[:, :-1], block[:, -1]))
            at += block.size
        return _flat(pairs)


class _BareProducts:
    """Of a task with large layers the matrix products alone, as BLAS does them: nothing else."""

    def __init__(self, task: Any) -> None:
        generator = np.random.default_rng(1)
        self._calls = []
        for place, (inputs, units) in enumerate(zip(task.widths, task.widths[1:], strict=False)):
            W, x = generator.normal(size=(units, inputs)), generator.normal(size=(inputs, task.batch))
            d, z, G = (np.zeros(shape) for shape in ((units, task.batch), (units, task.batch), W.shape))
            self._calls += [(W.dot, x, z), (d.dot, x.T, G)]
            if place:
                self._calls.append((W.T.dot, d, np.zeros_like(x)))

    def train(self, updates: int) -> None:
        for _ in range(updates):
            for multiply, operand, out in self._calls:
                multiply(operand, out=out)

    def weights(self) -> np.ndarray:
        return np.zeros(0)


class _BrainJs:
    """A node process with brain.js, in float32, for one sample."""

    def __init__(self, node: str, task: Any, model: Any) -> None:
        self._process = subprocess.Popen(
            [node, str(HERE / "brainjs.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        inputs, targets = _batches(model)
        layers = [(W.tolist(), b.tolist()) for W, b in _layers(task, model.initial)]
        facts = {"sizes": task.widths, "layers": layers, "rate": task.rate}
        self._ask(json.dumps({**facts, "input": inputs[0][0].tolist(), "target": targets[0][0].tolist()}))

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def train(self, updates: int) -> None:
        self._ask(str(updates))

    def weights(self) -> np.ndarray:
        return _flat(json.loads(self._ask("weights")))

    def __del__(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def brain_js() -> Contestant | None:
    """brain.js, where node finds it (NODE_PATH names the folder)."""
    node = shutil.which("node")
    if node is None:
        return None
    found = subprocess.run([node, "-e", "require('brain.js')"], capture_output=True, check=False)
    if found.returncode != 0:
        return None

    def start(task: Any, model: Any) -> Any:
        return _BrainJs(node, task, model) if task.name == "T1" else None

    return Contestant("brain.js (float32)", start, rounding=1e-5)
