"""Writing an ONNX graph by hand, nearly as one writes NumPy.

::

    graph = Graph("doubler")
    x = graph.input("x", np.float32, ("n",))
    graph.output("y", x * 2)
    model = graph.model(opset=18)

For what a tracing exporter can't express: sizes and repeat counts that come in as tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

    def reduced(self, kind: str, axes: Sequence[int]) -> Value:
        """``ReduceSum``, ``ReduceMax``, ... over axes that stay with a length of 1."""
        return self.graph.op(kind, self, np.array(axes, np.int64), keepdims=1)

    def part(self, begin: int, end: int, axis: int, step: int = 1) -> Value:
        """A slice along one axis."""
        limits = (np.array([number], np.int64) for number in (begin, end, axis, step))
        return self.graph.op("Slice", self, *limits)

    def shape(self, begin: int, end: int) -> Value:
        """Some of its sides, int64."""
        return self.graph.op("Shape", self, start=begin, end=end)

    def reshape(self, *sides: int | Value) -> Value:
        """The same numbers in another shape; 0 keeps a side, -1 is worked out."""
        parts = [s if isinstance(s, Value) else np.array([s], np.int64) for s in sides]
        return self.graph.op("Reshape", self, self.graph.op("Concat", *parts, axis=0))

    def repeated(self, times: Value, step: Callable[[Value], Value]) -> Value:
        """What comes out if a step is done so many times over.

        Args:
            times: int64 scalar, 0 or more.
            step: from a float32 tensor to one of the same rank; may use no value from outside.
        """
        return self.graph.repeat(self, times, step)


class Graph:
    """A graph under construction.

    Args:
        name: of the graph, and the beginning of all names in it.
    """

    def __init__(self, name: str) -> None:
        import onnx  # noqa: PLC0415 - extra train

        self._onnx: Any = onnx
        self.name = name
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def input(self, name: str, dtype: npt.DTypeLike, shape: Sequence[int | str | None]) -> Value:
        """A tensor that is fed."""
        info = self._onnx.helper.make_tensor_value_info(name, _kind(dtype), list(shape))
        self._inputs.append(info)
        return Value(self, name)

    def output(
        self, name: str, value: Value, dtype: npt.DTypeLike, shape: Sequence[int | str | None]
    ) -> None:
        """A tensor that is answered."""
        self.nodes.append(self._onnx.helper.make_node("Identity", [value.name], [name]))
        info = self._onnx.helper.make_tensor_value_info(name, _kind(dtype), list(shape))
        self._outputs.append(info)

    def op(self, kind: str, *operands: Operand, **attributes: Any) -> Value:  # noqa: ANN401 - as in ONNX
        """A node with one answer."""
        return self.ops(kind, 1, *operands, **attributes)[0]

    def ops(self, kind: str, answers: int, *operands: Operand, **attributes: Any) -> list[Value]:  # noqa: ANN401 - as in ONNX
        """A node with several answers."""
        names = [self._name(operand) for operand in operands]
        outputs = [self._new(kind) for _ in range(answers)]
        self.nodes.append(self._onnx.helper.make_node(kind, names, outputs, **attributes))
        return [Value(self, name) for name in outputs]

    def repeat(self, value: Value, times: Value, step: Callable[[Value], Value]) -> Value:
        """See ``Value.repeated``."""
        body = self._inner("repeat")
        body.input(f"{body.name}.round", np.int64, ())
        proceed = body.input(f"{body.name}.proceed", np.bool_, ())
        before = body.input(f"{body.name}.before", np.float32, (None,) * 4)
        after = step(before)
        body.output(f"{body.name}.on", proceed, np.bool_, ())
        body.output(f"{body.name}.after", after, np.float32, (None,) * 4)
        always = np.ones((), np.bool_)
        return self.op("Loop", times, always, value, body=body.proto())

    def scan(
        self, state: Value, rows: Sequence[Value], step: Callable[[Value, list[Value]], Value]
    ) -> tuple[Value, Value]:
        """Go along the first axis with a memory.

        Args:
            state: float32 tensor of rank 3 before the first row.
            rows: float32 tensors of rank 4, one row a step.
            step: from the state and one row of each to the next state.

        Returns:
            the last state, and all of them along a new first axis.
        """
        body = self._inner("scan")
        before = body.input(f"{body.name}.before", np.float32, (None,) * 3)
        names = [f"{body.name}.row{number}" for number in range(len(rows))]
        own = [body.input(name, np.float32, (None,) * 3) for name in names]
        after = step(before, own)
        body.output(f"{body.name}.after", after, np.float32, (None,) * 3)
        body.output(f"{body.name}.each", after, np.float32, (None,) * 3)
        last, every = self.ops(
            "Scan", 2, state, *rows, body=body.proto(), num_scan_inputs=len(rows)
        )
        return last, every

    def insert(self, model: Any, value: Value) -> Value:  # noqa: ANN401 - onnx has no types
        """Put a whole model of one input and one output in here; its names get a prefix.

        Args:
            model: an ``onnx.ModelProto`` without functions of its own.
            value: what its input is.

        Raises:
            ValueError: it has local functions, or more inputs or outputs.
        """
        inner = self._onnx.compose.add_prefix(model, f"{self.name}.net.").graph
        if model.functions or len(inner.input) != 1 or len(inner.output) != 1:
            raise ValueError("only a model of one input and one output, without functions, fits in")
        identity = self._onnx.helper.make_node("Identity", [value.name], [inner.input[0].name])
        known = {identity.output[0], *(tensor.name for tensor in inner.initializer)}
        self.nodes += [identity, *_sorted(inner.node, known)]
        self.initializers += inner.initializer
        return Value(self, inner.output[0].name)

    def proto(self) -> Any:  # noqa: ANN401 - onnx has no types
        """The graph as protobuf."""
        return self._onnx.helper.make_graph(
            self.nodes, self.name, self._inputs, self._outputs, self.initializers
        )

    def model(self, opsets: Sequence[Any], facts: dict[str, str]) -> Any:  # noqa: ANN401 - onnx has no types
        """A checked model.

        Args:
            opsets: imported sets of operators.
            facts: metadata of the file.
        """
        made = self._onnx.helper.make_model(
            self.proto(),
            opset_imports=list(opsets),
            ir_version=10,
            producer_name="dashcam_pipeline",
        )
        self._onnx.helper.set_model_props(made, facts)
        self._onnx.checker.check_model(made)
        return made

    def constant(self, array: npt.NDArray[Any]) -> Value:
        """An array that is always the same."""
        return Value(self, self._name(array))

    def _inner(self, kind: str) -> Self:
        self._count += 1
        return type(self)(f"{self.name}.{kind}{self._count}")

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
        self.initializers.append(self._onnx.numpy_helper.from_array(array, name))
        return name


def _sorted(nodes: Sequence[Any], known: set[str]) -> list[Any]:
    """Nodes behind those whose answers they need; converters don't always keep them so.

    Args:
        nodes: without graphs inside.
        known: names that are there from the start.
    """
    done: list[Any] = []
    known, waiting = {"", *known}, list(nodes)
    while waiting:
        ready = [node for node in waiting if known.issuperset(node.input)]
        if not ready:
            raise ValueError(f"{waiting[0].name} needs what no node of the model gives")
        known.update(name for node in ready for name in node.output)
        done += ready
        waiting = [node for node in waiting if not known.issuperset(node.output)]
    return done


def _kind(dtype: npt.DTypeLike) -> int:
    import onnx  # noqa: PLC0415 - extra train

    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
