"""All benchmarks, one after the other: `python -m benchmarks.all`, or only some by name."""

from __future__ import annotations

import subprocess
import sys

ALL = ("launch", "step_latency", "jump", "window_training", "training", "canvas_frame", "history_memory")


def main(names: list[str]) -> int:
    """Each in a process of its own, so that none finds what another has left in memory."""
    if unknown := [name for name in names if name not in ALL]:
        print(f"There is no benchmark {unknown[0]}; {', '.join(ALL)} would be right", file=sys.stderr)
        return 2
    codes = [subprocess.call([sys.executable, "-m", f"benchmarks.{name}"]) for name in names or ALL]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
