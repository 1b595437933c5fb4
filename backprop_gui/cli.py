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
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from backprop_gui.errors import BackpropError, Diverged, InvalidExperiment

PROGRAM = "backprop-gui"
DONE, UNFINISHED, WRONG = 0, 1, 2


class WrongUse(BackpropError):
    """A command that can't be understood."""


class Unfinished(BackpropError):
    """Something that was begun and could not be brought to its end."""


# --- what may be typed ------------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """Tells a wrong use in one line, in place of a page."""

    def error(self, message: str) -> NoReturn:
        raise WrongUse(f"{message}; `{self.prog} --help` tells what is right")


def parser() -> Parser:
    """Commands and options."""
    top = Parser(
        PROGRAM,
        description="Watch, check and do backpropagation, one step at a time, forwards and back.",
        epilog="Without a command the window opens, with the preset or file named or the worked example.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_TellVersion, nargs=0, help="show the version and exit")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, help_text: str, details: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=help_text,
            description=help_text[0].upper() + help_text[1:] + ".",
            epilog=details,
            allow_abbrev=False,
        )
        made.set_defaults(command=globals()[f"_{name}"])
        return made

    one = command("open", "open the window with a preset or a file")
    one.add_argument("experiment", nargs="?", metavar="PRESET|FILE")
    one.add_argument(
        "--reset-window", action="store_true", help="forget where the window and its panels were"
    )
    command("presets", "list the experiments that ship with the program")
    command("show", "tell network, parameters, data, training and conventions of an experiment").add_argument(
        "experiment", metavar="PRESET|FILE"
    )
    command(
        "check",
        "check experiment files",
        "Exit code 0 when all are valid, else 2 with a line per fault on standard error: "
        "file: $.where: what is wrong; what would be right.",
    ).add_argument("experiments", nargs="+", metavar="FILE")
    _add_run_options(
        command(
            "run",
            "train an experiment and write its numbers to files",
            "Files are replaced whole, also when training breaks off: then they hold all that was "
            "finished. F may be - for standard output.",
        )
    )
    _add_screenshot_options(command("screenshot", "draw the window into a PNG file; needs no display"))
    command("schema", "print the JSON Schema of experiment files")
    return top


def _add_run_options(run: argparse.ArgumentParser) -> None:
    run.add_argument("experiment", metavar="PRESET|FILE")
    run.add_argument(
        "--iterations",
        type=_whole_number,
        metavar="N",
        help="exactly N updates (default: as the experiment says)",
    )
    run.add_argument("--gradients", metavar="F.csv", help="a row per iteration, sample and parameter")
    run.add_argument("--steps", metavar="F.csv", help="a row per operation step, with its arithmetic")
    run.add_argument("--loss", metavar="F.csv", help="the loss before each update, and after the last")
    run.add_argument("--save", metavar="F.json", help="the experiment as it stands at the end, to go on from")
    run.add_argument(
        "--check",
        action="store_true",
        help="compare each gradient of each iteration with finite differences (slow for large networks); "
        "exit code 1 when one is not confirmed",
    )
    run.add_argument("--quiet", action="store_true", help="no progress and no summary")


def _add_screenshot_options(screenshot: argparse.ArgumentParser) -> None:
    screenshot.add_argument("experiment", metavar="PRESET|FILE")
    screenshot.add_argument("-o", "--output", required=True, metavar="F.png", type=_png_file)
    screenshot.add_argument(
        "--step", type=_whole_number, metavar="P", help="how many steps are uncovered (default: all)"
    )
    screenshot.add_argument("--iteration", type=_whole_number, metavar="K", default=0)
    screenshot.add_argument("--theme", choices=("light", "dark"), default="light")
    screenshot.add_argument(
        "--size", type=_size, metavar="WxH", default=(1440, 900), help="default: 1440x900"
    )
    screenshot.add_argument(
        "--focus", metavar="w5", default="", help="a weight, a bias or a neuron such as h1[2]"
    )


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"\d{1,15}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not right; a whole number from 0 would be")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text.lower())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(200 <= length <= 16_000 for length in size):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size; two numbers from 200 to 16000 such as 1440x900 would be"
        )
    return size


def _png_file(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"'{text}' does not end in .png")
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"'{text}' can't be written: it needs the name of a file in a folder that exists"
        )
    return path


class _TellVersion(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than the rest of the parser."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        told = "(not installed)"
        with contextlib.suppress(PackageNotFoundError):
            told = version(PROGRAM)
        print(f"{PROGRAM} {told}")
        parser.exit()


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
        return int(options.command(options))
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
        if isinstance(error, OSError) and error.filename is None:
            raise  # standard output
        what = str(error).partition("\n")[0] or type(error).__name__
        return _told(f"something unexpected happened ({what}); BACKPROP_GUI_DEBUG=1 shows where", UNFINISHED)


def _with_command(words: list[str]) -> list[str]:
    """`open` in front where no command stands."""
    known = {"open", "presets", "show", "check", "run", "screenshot", "schema"}
    if words and (words[0] in known or words[0] in ("-h", "--help", "--version")):
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
    )
    with interruptions() as signals:
        outcome = carry_out(request, lambda: bool(signals))
    if outcome.interrupted:
        raise Unfinished(outcome.interrupted)
    if outcome.refuted:
        raise Unfinished(outcome.refuted)
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
