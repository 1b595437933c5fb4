"""How fast training is: updates per second on five tasks, beside other programs and a limit in C."""

from __future__ import annotations

import os
import sys

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is loaded

from backprop_gui.steps.contestants import installed_contestants, own_contestants  # noqa: E402
from backprop_gui.steps.speed import LIMIT, measure, table  # noqa: E402
from benchmarks.limits import brain_js, limit  # noqa: E402
from benchmarks.measuring import machine, show_table  # noqa: E402

ROUNDS = 7
GOALS = {"T1": 0.30, "T2": 0.60, "T3 b10": 0.60, "T3 b30": 0.60, "T4": 0.60, "T5": 0.75}  # of the limit


def main() -> None:
    """Measure and print: the table, then what was promised."""
    others, missing = installed_contestants()
    for name, contestant in ((LIMIT, limit()), ("brain.js", brain_js())):
        if contestant is None:
            missing.append(name)
        else:
            others.append(contestant)
    contestants = [*own_contestants(), *others]
    results = list(measure(contestants, rounds=ROUNDS, told=lambda text: print(text, file=sys.stderr)))
    head, *rows = table(results, contestants[0].name)
    show_table(f"Training, float64, one thread ({machine()})", head, rows)
    print("  ×: how many times faster backprop-gui is; of the limit, the share that it reaches.")
    print("  scikit-learn has no activation at the output; it trains T1–T3 with a plain one.")
    if missing:
        print(f"  Not installed: {', '.join(missing)}.")
    speeds = {(each.contestant, each.task.name): each.speed for each in results}
    own = contestants[0].name
    for name, goal in GOALS.items():
        mine = speeds.get((own, name), 0.0)
        peers = [
            each.name for each in others if each.name != LIMIT and speeds.get((each.name, name), 0) > mine
        ]
        share = mine / speeds[LIMIT, name] if speeds.get((LIMIT, name)) else None
        of_limit = "" if share is None else f", {share:.0%} of the limit (goal {goal:.0%})"
        holds = not peers and (share is None or share >= goal)
        ahead = f"behind {', '.join(peers)}" if peers else "ahead of every peer"
        print(f"  {name}: {ahead}{of_limit}: {'holds' if holds else 'MISSED'}")


if __name__ == "__main__":
    main()
