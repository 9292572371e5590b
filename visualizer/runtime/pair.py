"""Two graphs run one after the other as one network, so that the first can be computed more precisely."""

from __future__ import annotations

from collections.abc import Mapping

from visualizer.runtime.base import Array, Runtime


class Pair:
    """A `Runtime` of two: what the first gives, the second takes by the same names. Belongs to one thread."""

    def __init__(self, first: Runtime, second: Runtime) -> None:
        self._first, self._second = first, second
        self.name = second.name
        self.reason = second.reason
        inner = {name: shape for name, shape in second.inputs.items() if name not in first.outputs}
        self.inputs = {**first.inputs, **inner}
        self.outputs = second.outputs

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As `Runtime.run`."""
        if inputs.keys() != self.inputs.keys():
            raise ValueError(
                f"this network takes {', '.join(self.inputs)}, not {', '.join(inputs) or 'nothing'}"
            )
        made = self._first.run({name: inputs[name] for name in self._first.inputs})
        given = {name: made[name] if name in made else inputs[name] for name in self._second.inputs}
        return self._second.run(given)

    def close(self) -> None:
        """As `Runtime.close`."""
        self._first.close()
        self._second.close()
