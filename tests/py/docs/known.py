"""What there is: flags, environment names, commands, metrics, alerts, values. And what a text names beyond it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import yaml
from click import Command, Group
from click import Option as CommandOption
from docs.pages import ROOT, Page

from docs import foreign
from helm.values_file import read_values
from ops.cli.program import program
from ops.metrics.catalogue import METRICS
from ops.metrics.metric import Kind
from sidecar.settings import OPTIONS

S3PROXY_FLAGS = {flag for option in OPTIONS.values() for flag in option.flags} | {"--help", "--version"}
VALUES = {leaf.name for value in read_values(ROOT / "helm" / "s3-sidecar" / "values.yaml") for leaf in value.leaves()}

_PROGRAMS = {"s3proxy", "s3ops", *foreign.FLAGS}
_ENDS = frozenset({"|", "||", "&&", ";", "&"})
_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def commands_below(command: Command) -> Iterator[Command]:
    """A command, and all below it."""
    yield command
    if isinstance(command, Group):
        for child in command.commands.values():
            yield from commands_below(child)


def options_of(*commands: Command) -> set[str]:
    """The flags of these commands."""
    options = [
        parameter for command in commands for parameter in command.params if isinstance(parameter, CommandOption)
    ]
    return {flag for option in options for flag in option.opts} | {"--help"}


def environment_names() -> set[str]:
    """What may be set in the environment of s3proxy and s3ops."""
    names = {name for option in OPTIONS.values() for name in option.env}
    files = {f"{name}_FILE" for option in OPTIONS.values() if option.is_secret for name in option.env}
    given = {
        str(parameter.envvar) for command in commands_below(program) for parameter in command.params if parameter.envvar
    }
    return names | files | given


def unknown_commands(line: str) -> set[str]:
    """The flags in a command line that their program has not, and commands that s3ops has not."""
    unknown: set[str] = set()
    for name, words in _runs(line.split()):
        if name == "s3ops":
            unknown |= _unknown_to_s3ops(words)
        else:
            known = S3PROXY_FLAGS if name == "s3proxy" else foreign.FLAGS.get(name, _lone_flags())
            unknown |= {f"{name} {flag}".strip() for flag in _flags(words) if flag not in known}
    return unknown


def unknown_names(page: Page) -> set[str]:
    """The names of environment variables in a page's code that nobody reads."""
    text = "\n".join([*page.spans, *(block for language, block in page.blocks if language in {"sh", "dockerfile"})])
    long = re.findall(r"(?<![\w%])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*])", text)
    assigned = re.findall(r"(?<![\w.$%-])([A-Z][A-Z0-9]+)=", text)
    alone = [span for span in page.spans if re.fullmatch(r"[A-Z][A-Z0-9]{2,}", span)]
    known = environment_names() | foreign.NAMES.keys() | foreign.WORDS
    return {name for name in (*long, *assigned, *alone) if name not in known and not name.startswith(foreign.PREFIXES)}


def unknown_metrics(text: str) -> set[str]:
    """Metrics, recorded series and alerts that nobody makes."""
    rules = [rule for name in ("recording", "alerts") for rule in _rules(name)]
    made = {rule.get("record", rule.get("alert")) for rule in rules} | foreign.METRICS.keys()
    metrics = {metric.full_name: metric.kind for metric in METRICS.values()}

    def is_known(name: str) -> bool:
        of_histogram = metrics.get(_HISTOGRAM.sub("", name)) is Kind.HISTOGRAM
        return name in made or name in metrics or of_histogram

    return {name for name in re.findall(r"s3_sidecar[_:][\w:]*\w|S3Sidecar[A-Z]\w+", text) if not is_known(name)}


def unknown_values(spans: Sequence[str]) -> set[str]:
    """Values of the chart that it has not. What is below a value of any shape is its own affair."""
    tops = {name.partition(".")[0] for name in VALUES}
    named = {span.partition(":")[0] for span in spans if re.match(r"[a-z]\w*(\.\w+)+(:|$)", span)}
    return {name for name in named if name.partition(".")[0] in tops and not _is_value(name)}


def _is_value(name: str) -> bool:
    is_group = any(leaf.startswith(f"{name}.") for leaf in VALUES)
    return name in VALUES or is_group or any(name.startswith(f"{leaf}.") for leaf in VALUES)


def _runs(tokens: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each program that is named, with the words up to the next; flags without one belong to a nameless one."""
    name, words = "", list[str]()
    for token in (token.strip("'\"()[]$") for token in tokens):
        program_name = PurePosixPath(token).name
        if program_name in _PROGRAMS or token in _ENDS:
            yield name, words
            name, words = program_name if program_name in _PROGRAMS else "", []
        else:
            words.append(token)
    yield name, words


def _flags(words: Sequence[str]) -> list[str]:
    return [found[0] for word in words if (found := re.match(r"--[a-z][\w-]*", word))]


def _lone_flags() -> set[str]:
    return S3PROXY_FLAGS | options_of(*commands_below(program)) | foreign.LONE_FLAGS.keys()


def _unknown_to_s3ops(words: Sequence[str]) -> set[str]:
    command: Command = program
    path = "s3ops"
    for word in words:
        if not isinstance(command, Group) or not re.fullmatch(r"[a-z]+", word):
            break
        path = f"{path} {word}"
        if word not in command.commands:
            return {path}
        command = command.commands[word]
    # A page may speak of an option of all commands, without naming one.
    known = options_of(*commands_below(program)) if command is program else options_of(command)
    return {f"{path} {flag}" for flag in _flags(words) if flag not in known}


def _rules(name: str) -> list[dict[str, str]]:
    groups = yaml.safe_load((ROOT / "ops" / "prometheus" / f"{name}.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]
