"""Base of the models of settings: a mistake is an error of this package, and fields are explained.

::

    Box(x=-1, y=0, width=8, height=8)  ->  UsageError: x = -1 is not possible; allowed: at least 0.
    help(Box)                          ->  x, y, width and height, and what they may be

Who reads settings from a file or the command line says how a field is called there (``checked``).
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from dashcam_pipeline.errors import ArgumentError, UsageError
from dashcam_pipeline.stages.explain import explain, field_help

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

_WIDTH: Final = 100
"""Columns of a docstring."""


class _Explaining(ModelMetaclass):
    """Turns what goes wrong while a model is made into a sentence.

    Of the class and not in ``__init__``: a model within a model is made without a call, so that the
    outer one's error still says where it lies.
    """

    if not TYPE_CHECKING:  # checkers know the arguments from the fields

        def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any model's
            try:
                return super().__call__(*args, **kwargs)
            except ValidationError as error:
                raise UsageError(explain(error, self)) from None


class Settings(BaseModel, metaclass=_Explaining):
    """Frozen; unknown keys and numbers that aren't finite are refused.

    Raises:
        UsageError: a wrong value, or an unknown name; says which, and what is allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def checked(
        cls,
        values: Mapping[str, Any],
        *,
        source: str = "",
        names: Mapping[str, str] | None = None,
        fault: type[UsageError] = UsageError,
        advice: str = "",
    ) -> Self:
        """Settings from values that somebody wrote.

        Args:
            values: by field name; text is read as on the command line.
            source: where they stand, for messages (a file's name).
            names: how the source calls a field (``{"strength": "--strength"}``), for messages.
            fault: what is raised.
            advice: that it gives.

        Raises:
            UsageError: a wrong value, or an unknown name.
        """
        try:
            return super().model_validate(values)
        except ValidationError as error:
            said = explain(error, cls, source=source, names=names)
            raise fault(said, advice=advice) from None

    @classmethod
    def model_validate(cls, obj: Any, **how: Any) -> Self:  # noqa: ANN401 - as pydantic's own
        """As pydantic's own, but for what it raises.

        Raises:
            UsageError: a wrong value, or an unknown name.
        """
        try:
            return super().model_validate(obj, **how)
        except ValidationError as error:
            raise UsageError(explain(error, cls)) from None

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 - any field's
        """Refuse it: what holds settings may have read them already.

        Raises:
            UsageError: always.
        """
        kind = type(self).__name__
        raise UsageError(
            f"{name} can't be set to {value!r}: a {kind} stays as it was made.",
            advice=f"Make another one: {kind}({name}={value!r}, ...).",
        )

    @classmethod
    def of(cls, given: Self | Mapping[str, Any] | None) -> Self:
        """Settings that a caller gave: themselves, or their fields by name, or None for defaults.

        Raises:
            UsageError: a wrong value, or an unknown name.
            ArgumentError: another type.
        """
        if isinstance(given, cls):
            return given
        if given is not None and not isinstance(given, Mapping):
            raise ArgumentError(
                f"{cls.__name__} is wanted, or a mapping of its fields, not {given!r}.",
                advice=f"help({cls.__name__}) lists them.",
            )
        return cls(**given or {})

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - as pydantic's own
        """Add the fields to the docstring: it is what ``help`` shows."""
        super().__pydantic_init_subclass__(**kwargs)
        rows = [f"    {name}: {field_help(field)}" for name, field in cls.model_fields.items()]
        if rows and cls.__doc__:
            wrapped = (textwrap.fill(row, _WIDTH, subsequent_indent=" " * 8) for row in rows)
            cls.__doc__ = "\n".join([inspect.cleandoc(cls.__doc__), "", "Args:", *wrapped])
