"""Writing an ONNX graph by hand, nearly as one writes NumPy.

::

    graph = Graph("doubler")
    x = graph.input("x", np.float32, ("n",))
    graph.output("y", x * 2)
    model = graph.model(opset=18)

For what a tracing exporter can't express: sizes that come in as tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Operand: TypeAlias = "Value | float | npt.NDArray[Any]"


class Value:
    """A tensor of a graph; numbers and arrays beside it become float32 constants.

    Args:
        graph: that it belongs to.
        name: in the graph.
    """

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def __add__(self, other: Operand) -> Value:
        return self.graph.op("Add", self, other)

    def __sub__(self, other: Operand) -> Value:
        return self.graph.op("Sub", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.graph.op("Sub", other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.graph.op("Mul", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Operand) -> Value:
        return self.graph.op("Div", self, other)

    def at_least(self, other: Operand) -> Value:
        """The larger of both, element by element."""
        return self.graph.op("Max", self, other)

    def at_most(self, other: Operand) -> Value:
        """The smaller of both, element by element."""
        return self.graph.op("Min", self, other)

    def square(self) -> Value:
        """Its product with itself."""
        return self * self

    def cast(self, dtype: npt.DTypeLike) -> Value:
        """The same numbers in another type."""
        return self.graph.op("Cast", self, to=_kind(dtype))

    def part(self, begin: int, end: int, axis: int) -> Value:
        """A slice along one axis."""
        limits = (np.array([number], np.int64) for number in (begin, end, axis))
        return self.graph.op("Slice", self, *limits)

    def shape(self, begin: int, end: int) -> Value:
        """Some of its sides, int64."""
        return self.graph.op("Shape", self, start=begin, end=end)


class Graph:
    """A graph under construction.

    Args:
        name: of the graph, and the beginning of all names in it.
    """

    def __init__(self, name: str) -> None:
        import onnx  # noqa: PLC0415 - extra train

        self._onnx: Any = onnx
        self.name = name
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def input(self, name: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> Value:
        """A tensor that is fed."""
        info = self._onnx.helper.make_tensor_value_info(name, _kind(dtype), list(shape))
        self._inputs.append(info)
        return Value(self, name)

    def output(
        self, name: str, value: Value, dtype: npt.DTypeLike, shape: Sequence[int | str]
    ) -> None:
        """A tensor that is answered."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value.name], [name]))
        info = self._onnx.helper.make_tensor_value_info(name, _kind(dtype), list(shape))
        self._outputs.append(info)

    def op(self, kind: str, *operands: Operand, **attributes: Any) -> Value:  # noqa: ANN401 - as in ONNX
        """A node with one answer."""
        names = [self._name(operand) for operand in operands]
        answer = self._new(kind)
        self._nodes.append(self._onnx.helper.make_node(kind, names, [answer], **attributes))
        return Value(self, answer)

    def model(self, opset: int) -> Any:  # noqa: ANN401 - onnx has no types
        """A checked model of that set of operators."""
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, self._constants
        )
        made = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", opset)],
            ir_version=10,
            producer_name="dashcam_pipeline",
        )
        self._onnx.checker.check_model(made)
        return made

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{self.name}.{kind}{self._count}"

    def _name(self, operand: Operand) -> str:
        if isinstance(operand, Value):
            return operand.name
        array = np.asarray(operand)
        if isinstance(operand, float | int):
            array = array.astype(np.float32)
        name = self._new("constant")
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name


def _kind(dtype: npt.DTypeLike) -> int:
    import onnx  # noqa: PLC0415 - extra train

    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
