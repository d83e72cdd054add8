"""values.schema.json: from the comments of values.yaml and the table of settings (JSON Schema draft 7)."""

import inspect
from collections.abc import Iterable
from typing import Any

from helm.values_file import Value
from sidecar.settings import OPTIONS
from sidecar.settings.option import Option

Schema = dict[str, Any]

# What the chart decides by other values, or fixes for its container.
OF_THE_CHART = {
    "CACHE_DIR": "cache",
    "CACHE_MAX_SIZE": "cache.size",
    "CONFIG": "configFile",
    "CONSOLE": "the log of the container",
    "DRAIN_DELAY": "shutdown.drainDelaySeconds",
    "HOST": "listen",
    "LOG_DIR": "the log of the container",
    "OPS_HOST": "ops.address",
    "OPS_PORT": "ops.port",
    "PORT": "listen.port",
    "ROUTING_RULES": "routingRules",
    "TLS_CERT": "tls",
    "TLS_KEY": "tls",
}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_GLOBAL = {"type": "object", "description": "What a parent chart shares with all of its charts; not used here."}


def schema_of(values: Iterable[Value]) -> Schema:
    """The schema of all values: unknown keys are refused at every level that is documented key by key."""
    properties = {value.path[-1]: _schema_of(value) for value in values}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart s3-sidecar",
        **_closed(properties | {"global": _GLOBAL}),
    }


def _schema_of(value: Value) -> Schema:
    described = {"description": value.description} if value.description else {}
    if value.members:
        return described | _closed({member.path[-1]: _schema_of(member) for member in value.members})
    if "$settings" in value.schema:
        return described | settings_schema()
    if "$secrets" in value.schema:
        return described | _secret_keys()
    return described | _typed(value)


def _typed(value: Value) -> Schema:
    choices = value.schema.get("enum")
    return ({} if choices else {"type": _TYPES[type(value.default)]}) | value.schema


def _closed(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def settings_schema() -> Schema:
    """One property for each setting that may be given in `settings`, by its first environment name."""
    free = (option for option in OPTIONS.values() if not option.is_secret and option.env[0] not in OF_THE_CHART)
    return _closed({option.env[0]: _setting(option) for option in sorted(free, key=lambda option: option.env[0])})


def _setting(option: Option) -> Schema:
    schema = {"description": option.help} | _kind(option)
    if option.is_repeatable:
        return schema | {"type": ["string", "array"], "items": {"type": "string"}}
    return schema


def _kind(option: Option) -> Schema:
    """What the setting's reader takes, as far as a schema can say it: its bounds and words are the reader's own."""
    if option.is_boolean:
        return {"type": "boolean"}
    maker = option.read.__qualname__.partition(".")[0]
    bounds = inspect.getclosurevars(option.read).nonlocals if inspect.isfunction(option.read) else {}
    if maker in {"whole_number", "seconds"}:
        kind = "integer" if maker == "whole_number" else "number"
        return {"type": kind, "minimum": bounds["lowest"], "maximum": bounds["highest"]}
    if maker == "size":
        return {"type": ["string", "integer"]}
    return {"enum": list(bounds["words"])} if maker == "choice" else {"type": "string"}


def secret_names() -> list[str]:
    """The environment names of settings that are secret."""
    return sorted(option.env[0] for option in OPTIONS.values() if option.is_secret)


def _secret_keys() -> Schema:
    name = {"enum": secret_names(), "description": "The environment name."}
    key = {"type": "string", "minLength": 1, "description": "Its key in the Secret, if that is another."}
    return {"type": "array", "items": _closed({"name": name, "key": key}) | {"required": ["name"]}}
