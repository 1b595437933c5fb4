"""The command line: list, show, check and run experiments without Qt; open the window or take its picture.

Exit codes: 0 done; 1 could not be finished; 2 wrong use or wrong input. An error is one line on standard
error.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence

from backprop_gui.cli_options import COMMANDS, PROGRAM, parser
from backprop_gui.errors import BackpropError, Diverged, InvalidExperiment

DONE, UNFINISHED, WRONG = 0, 1, 2


class Unfinished(BackpropError):
    """Something that was begun and could not be brought to its end."""


# --- main ---------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Closed standard streams are None: what would be said goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")  # type: ignore[union-attr]
    try:
        code = _carried_out(words)
        sys.stdout.flush()
    except BrokenPipeError:  # who read our output has seen enough
        _abandon_standard_output()
        return UNFINISHED
    except OSError as error:
        _abandon_standard_output()
        return _told(f"standard output can't be written ({error.strerror or error})", UNFINISHED)
    return code


def _carried_out(words: list[str]) -> int:
    """The exit code of a command; every error becomes one sentence."""
    try:
        options = parser().parse_args(_with_command(words))
        return int(globals()[f"_{options.command}"](options))
    except SystemExit as stop:  # argparse has printed the help or the version
        return int(stop.code or 0)
    except (Unfinished, Diverged) as error:
        return _told(str(error), UNFINISHED)
    except BackpropError as error:
        return _told(_in_one_line(error), _code_of(error))
    except KeyboardInterrupt:
        return _told("interrupted", UNFINISHED)
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("BACKPROP_GUI_DEBUG"):
            raise
        if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith(__package__):
            remedy = "`python3 run.py` in the folder of the program brings it along"
            return _told(f"{error.name} is not installed here; {remedy}", UNFINISHED)
        if isinstance(error, OSError) and error.filename is None:
            raise  # standard output
        what = str(error).partition("\n")[0] or type(error).__name__
        return _told(f"something unexpected happened ({what}); BACKPROP_GUI_DEBUG=1 shows where", UNFINISHED)


def _with_command(words: list[str]) -> list[str]:
    """`open` in front where no command stands."""
    if words and (words[0] in COMMANDS or words[0] in ("-h", "--help", "--version")):
        return words
    return ["open", *words]


def _code_of(error: BackpropError) -> int:
    from backprop_gui.present.output_files import WriteFailed

    return UNFINISHED if isinstance(error, WriteFailed) else WRONG


def _in_one_line(error: BackpropError) -> str:
    if isinstance(error, InvalidExperiment) and len(error.faults) > 1:
        count = len(error.faults) - 1
        more = f"{count} more fault{'s' if count > 1 else ''}"
        return f"{error.lines()[0]} (and {more}: `{PROGRAM} check` lists all)"
    return " ".join(str(error).splitlines())


def _told(sentence: str, code: int) -> int:
    with contextlib.suppress(OSError):
        print(f"{PROGRAM}: {sentence}", file=sys.stderr)
    return code


def _abandon_standard_output() -> None:
    """Send what is still buffered nowhere, or Python would complain of it at the very end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


# --- commands without Qt ----------------------------------------------------------------------------------


def _presets(options: argparse.Namespace) -> int:
    from backprop_gui.experiment.build import build
    from backprop_gui.experiment.presets import open_experiment, preset_names
    from backprop_gui.present.overview import columns, network_shape

    rows = []
    for name in preset_names():
        experiment, _ = open_experiment(name)
        rows.append((name, network_shape(build(experiment, name).graph), experiment.teaches))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(columns(rows, width))
    return DONE


def _show(options: argparse.Namespace) -> int:
    from backprop_gui.experiment.presets import open_experiment
    from backprop_gui.present.overview import overview
    from backprop_gui.steps.timeline import Timeline

    experiment, _ = open_experiment(options.experiment)
    print(overview(experiment, Timeline.of(experiment, options.experiment)))
    return DONE


def _check(options: argparse.Namespace) -> int:
    from backprop_gui.experiment.presets import open_experiment
    from backprop_gui.steps.timeline import Timeline

    code = DONE
    for name in options.experiments:
        try:
            experiment, _ = open_experiment(name)
            timeline = Timeline.of(experiment, name)
        except BackpropError as error:
            print(error, file=sys.stderr)
            code = WRONG
            continue
        print(f"{name}: valid")
        for node in timeline.segments[0].model.unreached():
            place = next(i for i, one in enumerate(experiment.network.nodes) if one.name == node)
            print(f"{name}: $.network.nodes[{place}]: '{node}' does not reach the loss; it has no gradients")
    return code


def _schema(options: argparse.Namespace) -> int:
    print(schema_text(), end="")
    return DONE


def schema_text() -> str:
    """The JSON Schema of experiment files, as resources/experiment.schema.json has it."""
    from backprop_gui.experiment.reading import schema

    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema()}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _run(options: argparse.Namespace) -> int:
    from backprop_gui.present.headless import Request, carry_out, interruptions

    request = Request(
        options.experiment,
        options.iterations,
        options.gradients,
        options.steps,
        options.loss,
        options.save,
        options.check,
        options.quiet,
        options.until,
    )
    with interruptions() as signals:
        outcome = carry_out(request, lambda: bool(signals))
    if outcome.interrupted:
        raise Unfinished(outcome.interrupted)
    if outcome.refuted or outcome.not_met:
        raise Unfinished(outcome.refuted or outcome.not_met)
    return DONE


def _compare(options: argparse.Namespace) -> int:
    from backprop_gui.present.comparing import Comparison, compare
    from backprop_gui.present.headless import interruptions

    request = Comparison(options.experiments, options.loss, options.iterations, options.until, options.quiet)
    with interruptions() as signals:
        troubles = compare(request, lambda: bool(signals))
    if troubles:
        raise Unfinished("; ".join(troubles))
    return DONE


def _benchmark(options: argparse.Namespace) -> int:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # all contestants work on one thread; before numpy is loaded
    from backprop_gui.present.speed import speed_report

    for line in speed_report(options.rounds, lambda text: print(text, file=sys.stderr)):
        print(line)
    return DONE


# --- commands with Qt -------------------------------------------------------------------------------------


def _open(options: argparse.Namespace) -> int:
    from backprop_gui.present.display import display_trouble

    if trouble := display_trouble():
        _read_first(options.experiment)
        raise Unfinished(trouble)
    gc.disable()  # until the window shows: a start makes a lot and drops next to nothing
    with _qt():
        from backprop_gui.app import open_window

        return int(open_window(options.experiment, reset_window=options.reset_window))


def _screenshot(options: argparse.Namespace) -> int:
    from backprop_gui.present.display import display_trouble

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if trouble := display_trouble():
        raise Unfinished(trouble)
    _read_first(options.experiment)
    with _qt():
        from backprop_gui.app import screenshot

        screenshot(
            options.experiment,
            options.output,
            step=options.step,
            iteration=options.iteration,
            theme=options.theme,
            size=options.size,
            focus=options.focus,
            view=options.view,
        )
    return DONE


def _read_first(preset_or_file: str | None) -> None:
    """A wrong file is told before anything of Qt is."""
    if preset_or_file is not None:
        from backprop_gui.experiment.presets import open_experiment
        from backprop_gui.steps.timeline import Timeline

        Timeline.of(open_experiment(preset_or_file)[0], preset_or_file)


@contextlib.contextmanager
def _qt() -> Iterator[None]:
    """A library that Qt can't load is named, with the remedy."""
    try:
        yield
    except ImportError as error:
        from backprop_gui.present.display import library_trouble

        raise Unfinished(library_trouble(str(error))) from error
