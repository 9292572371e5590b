"""Every control, declared once; and the state that holds their values, validated in one place."""

from visualizer.parameters.declared_output import OUTPUTS
from visualizer.parameters.parameter import Curve, Kind, Parameter, Value, from_share, to_share
from visualizer.parameters.registry import (
    PANIC_GROUPS,
    PARAMETERS,
    calm,
    changes_of_shaders,
    declare,
    defaults,
    find,
    on_declared,
    parse_assignment,
)
from visualizer.parameters.state import Change, ParameterState, fingerprint

__all__ = [
    "OUTPUTS",
    "PANIC_GROUPS",
    "PARAMETERS",
    "Change",
    "Curve",
    "Kind",
    "Parameter",
    "ParameterState",
    "Value",
    "calm",
    "changes_of_shaders",
    "declare",
    "defaults",
    "find",
    "fingerprint",
    "from_share",
    "on_declared",
    "parse_assignment",
    "to_share",
]
