"""Reading and writing experiment files: bytes to a checked document, and back, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from backprop_gui.errors import FileTrouble, InvalidExperiment
from backprop_gui.experiment.document import FORMAT, Experiment

LARGEST_FILE = 64 * 1024 * 1024  # bytes; bounded before memory is taken


def read_experiment(path: Path) -> Experiment:
    """The document in a file. Raises FileTrouble or InvalidExperiment."""
    try:
        if path.is_dir():
            raise FileTrouble(f"{path}: is a folder; an experiment is a .json file")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise FileTrouble(f"{path}: has {size:,} bytes; an experiment may have {LARGEST_FILE:,}")
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileTrouble(
            f"{path}: there is no such file; `backprop-gui presets` lists what is built in"
        ) from None
    except OSError as error:
        raise FileTrouble(f"{path}: can't be read ({error.strerror or error}); choose another file") from None
    return decode(data, str(path))


def decode(data: bytes, source: str = "") -> Experiment:
    """The document in `data`; `source` names it in faults."""
    try:
        version = msgspec.json.decode(data, type=_Version).format
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidExperiment([_json_fault(data, str(error))], source) from None
    if version > FORMAT:
        fault = f"$.format: {version} is newer than this program reads; it reads up to {FORMAT}, so update it"
        raise InvalidExperiment([fault], source)
    if version < 1:
        raise InvalidExperiment([f"$.format: {version} is no format; the format is {FORMAT}"], source)
    try:
        return msgspec.json.decode(data, type=Experiment)
    except msgspec.ValidationError as error:
        raise InvalidExperiment([_located(str(error))], source) from None


class _Version(msgspec.Struct):
    format: int


def _located(message: str) -> str:
    """msgspec's `what - at `$.where`` turned round, with what would be right."""
    found = re.fullmatch(r"(.*) - at `(.*)`", message, re.DOTALL)
    what, where = found.groups() if found else (message, "$")
    what = what.replace("Object missing required field", "the field is missing:")
    what = what.replace("Object contains unknown field", "there is an unknown field:")
    if expected := re.fullmatch(r"Expected `(.*)`, got `(.*)`", what):
        wanted, given = (_in_words(kind) for kind in expected.groups())
        return f"{where}: holds {given}; it should be {wanted}"
    if wrong := re.fullmatch(r"Invalid value '(.*)'", what):
        known = _known_values(where)
        return f"{where}: '{wrong[1]}' is unknown" + (f"; it should be {known}" if known else "")
    if what.startswith("Invalid enum value"):
        return (
            f"{where}: {what[0].lower()}{what[1:]}; {_known_values(where) or 'see the schema'} would be right"
        )
    remedy = "remove it, or mind the spelling" if "unknown field" in what else "add it"
    return f"{where}: {what}; {remedy}"


def _known_values(where: str) -> str:
    """What may stand at a place whose value is one of a few words."""
    if where.endswith(".op"):
        return "dense"
    if where.endswith(".init"):
        return "zeros, constant, uniform, normal, xavier or he"
    if where.endswith(".style"):
        return "numbered"
    return ""


def _in_words(kinds: str) -> str:
    names = {
        "str": "a text",
        "int": "a whole number",
        "float": "a number",
        "array": "a list",
        "object": "an object {…}",
        "bool": "true or false",
        "null": "null",
    }
    return " or ".join(names.get(kind.strip(), kind.strip()) for kind in kinds.split("|"))


def _json_fault(data: bytes, message: str) -> str:
    """Where in the text the JSON breaks off, and how."""
    if "missing required field `format`" in message:
        return f'$.format: the field is missing; an experiment begins with {{"format": {FORMAT}, …}}'
    if "Expected" in message and "at `$.format`" in message:
        return _located(message)
    if "Expected" in message and "`object`" in message:
        return "$: holds no experiment; it should be an object {…}"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"$: byte {error.start} is not UTF-8; save the file as UTF-8 text"
    if odd := re.search(r"(?<![\w\"])(-?NaN|-?Infinity)(?![\w\"])", text):
        line = text.count("\n", 0, odd.start()) + 1
        return f"$: line {line} holds {odd[1]}; every number in an experiment is finite"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"$: line {error.lineno}, column {error.colno}: this is no JSON ({error.msg}); mend the text there"
    except RecursionError:
        return "$: is nested too deeply; an experiment has a few levels"
    return f"$: this is no JSON ({message}); mend the text"


def encode(experiment: Experiment) -> bytes:
    """The document as indented JSON that keeps lists of numbers on one line."""
    return (_indented(msgspec.to_builtins(experiment), 0) + "\n").encode("utf-8")


def _indented(value: Any, depth: int) -> str:
    """JSON text with one space a level; what holds no object stands on one line."""
    if not _holds_object(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    pad = "\n" + " " * (depth + 1)
    if isinstance(value, dict):
        entries = (
            f"{json.dumps(key, ensure_ascii=False)}: {_indented(v, depth + 1)}" for key, v in value.items()
        )
        return "{" + pad + ("," + pad).join(entries) + "}"
    return "[" + pad + ("," + pad).join(_indented(v, depth + 1) for v in value) + "]"


def _holds_object(value: Any) -> bool:
    """Whether an object is worth several lines: it has objects or many entries in it."""
    if isinstance(value, list):
        return any(isinstance(v, dict) for v in value)
    return isinstance(value, dict) and (
        any(isinstance(v, dict | list) for v in value.values()) or len(value) > 3
    )


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file by `data`, or leave it as it was. Raises FileTrouble."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, _mode_for(path))
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileTrouble(f"{path}: can't be written ({reason}); choose another place") from None


def _mode_for(path: Path) -> int:
    """The permissions of the file that is replaced, else what a new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def schema() -> dict[str, object]:
    """The JSON Schema of experiment files."""
    return msgspec.json.schema(Experiment)
