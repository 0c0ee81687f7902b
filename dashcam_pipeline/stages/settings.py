"""Base of the models of settings: a mistake is an error of this package, and fields are explained.

::

    Box(x=-1, y=0, width=8, height=8)  ->  UsageError: x = -1 is not possible; allowed: at least 0.
    help(Box)                          ->  x, y, width and height, and what they may be

pydantic's own error stays where settings are read from a file or the command line
(``model_validate``): who reads them knows better how to call a field.
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
