"""A graph in the making: its nodes, and initialisers that point into a safetensors file."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Graph:
    """Nodes and initialisers so far; every node has one output, named after its place."""

    def __init__(self, weights: Path) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._weights = weights
        self._entries, self._base = _read_header(weights)

    def add(self, operator: str, inputs: Sequence[str], output: str = "", domain: str = "", **attributes: Any) -> str:
        """A node with one output; gives the output's name."""
        return self.add_split(operator, inputs, [output or f"{operator}_{len(self.nodes)}"], domain, **attributes)[0]

    def add_split(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Any
    ) -> Sequence[str]:
        """A node with several outputs; gives their names."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs

    def constants(self, **values: Array) -> None:
        """Values that are part of the model, by name."""
        from onnx import numpy_helper

        self.initializers.extend(numpy_helper.from_array(value, name) for name, value in values.items())

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file as an initialiser with external data."""
        from onnx import TensorProto

        entry = self._entries[name]
        begin, end = entry["data_offsets"]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=entry["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", self._weights.name), ("offset", self._base + begin), ("length", end - begin)):
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)
        return name

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """The numbers of a tensor of the safetensors file."""
        entry = self._entries[name]
        offset = self._base + entry["data_offsets"][0]
        return np.memmap(self._weights, dtype="<f4", mode="r", offset=offset, shape=tuple(entry["shape"]))


def _read_header(weights: Path) -> tuple[dict[str, Any], int]:
    """Entries by tensor name, and where the data starts: 8 bytes of length, that much JSON, data."""
    with weights.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        return json.loads(stream.read(length)), 8 + length
