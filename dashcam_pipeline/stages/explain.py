"""Validation errors as sentences: which key, which value, what is allowed.

pydantic's own text is for programmers; the people who write ``pipeline.toml`` need the key as they
wrote it, the value they gave and the range that would have been right.
"""

from __future__ import annotations

import difflib
import types
import typing
from typing import TYPE_CHECKING, Any, Final

import annotated_types

from dashcam_pipeline.translation import _, for_messages, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from dashcam_pipeline.translation import Message

_MANY: Final = {tuple, list, dict}
_LISTS: Final = {"tuple_type", "dict_type"}
_ITEMS: Final = {"model_type"}
"""Mistakes in what is written in a form of its own, which its option shows."""

_OF_TEXT: Final = {"string_pattern_mismatch", "string_type", "string_too_short"}
"""Mistakes in a text, for which the field's description says what it may be."""


_WANTED: Final = {
    **dict.fromkeys(("float_type", "float_parsing"), _("a number")),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _("a whole number")),
    **dict.fromkeys(("bool_type", "bool_parsing"), _("yes or no")),
    "finite_number": _("a finite number"),
    "string_type": _("text"),
    "model_type": _("a table of settings"),
    "dict_type": _("a table of settings"),
    "tuple_type": _("a list"),
}
"""What should stand there, by the kind of pydantic's error; of others, its own words."""

_PART: Final = 3
"""Letters from which on a part of a word is taken to mean it; fewer must be its beginning."""


def near(word: str, known: Iterable[str]) -> list[str]:
    """Words that a misspelt or shortened one may mean, the likeliest first.

    Args:
        word: as it was written.
        known: what there is.
    """
    words = list(known)
    lowered = {name.lower(): name for name in words}
    spelt = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if spelt:
        return [lowered[spelt[0]]]
    if len(word) < _PART:
        return [name for name in words if word and name.lower().startswith(word.lower())]
    holding = [name for name in words if word.lower() in name.lower()]
    return sorted(holding, key=lambda name: not name.lower().endswith(word.lower()))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt or shortened word; empty where nothing is near."""
    words = near(word, known)
    return _("Did you mean {words}?", words=_or(words)) if words else ""


def _or(words: Sequence[str]) -> str:
    """``a, b or c``."""
    if len(words) == 1:
        return words[0]
    return _("{others} or {last}", others=", ".join(words[:-1]), last=words[-1])


def plain_type(annotation: Any) -> Any:  # noqa: ANN401 - annotations have no common type
    """The type without ``Annotated`` and without ``| None``."""
    if typing.get_origin(annotation) is typing.Annotated:
        return plain_type(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        kinds = [arg for arg in typing.get_args(annotation) if arg is not types.NoneType]
        return plain_type(kinds[0])
    return annotation


def choices(field: FieldInfo) -> tuple[str, ...]:
    """The values of a ``Literal`` field; empty for any other."""
    kind = plain_type(field.annotation)
    if typing.get_origin(kind) is typing.Literal:
        return tuple(str(arg) for arg in typing.get_args(kind))
    return ()


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words: ``0 to 1``, ``fast, balanced or best``, ``at least 0``."""
    words = choices(field)
    if words:
        return _or(words)
    return _bounds(field) or (_("yes or no") if plain_type(field.annotation) is bool else "")


def _bounds(field: FieldInfo) -> str:
    """What numbers a field takes, in words; empty where all."""
    low = high = ""
    above = below = False
    for rule in _rules(field):
        match rule:
            case annotated_types.Ge(ge=bound):
                low = f"{bound:g}"
            case annotated_types.Gt(gt=bound):
                low, above = f"{bound:g}", True
            case annotated_types.Le(le=bound):
                high = f"{bound:g}"
            case annotated_types.Lt(lt=bound):
                high, below = f"{bound:g}", True
            case _:
                pass
    lowest = _("more than {low}", low=low) if above else low
    highest = _("less than {high}", high=high) if below else high
    if low and high:
        return _("{low} to {high}", low=lowest, high=highest)
    if low:
        return lowest if above else _("at least {low}", low=low)
    if high:
        return highest if below else _("at most {high}", high=high)
    return ""


def field_help(field: FieldInfo) -> str:
    """What a field means, what it takes and its default, for ``help``."""
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, tuple):
        default = [str(part) for part in default]
    notes = [allowed(field)] if plain_type(field.annotation) is not bool and allowed(field) else []
    if not field.is_required():
        notes.append(f"default: {default!r}")
    return f"{field.description or ''} ({'; '.join(notes)})" if notes else field.description or ""


def _rules(field: FieldInfo) -> list[Any]:
    """Constraints of a field, also those inside ``X | None``."""
    rules = list(field.metadata)
    for arg in typing.get_args(field.annotation):
        if typing.get_origin(arg) is typing.Annotated:
            rules += [
                rule
                for extra in typing.get_args(arg)[1:]
                for rule in getattr(extra, "metadata", [extra])
            ]
    return rules


def _location(detail: ErrorDetails) -> tuple[int | str, ...]:
    """Where an error is, without the (names) of the kinds that a value may be of."""
    return tuple(part for part in detail["loc"] if not str(part).startswith("("))


def _field_at(model: type[BaseModel], location: tuple[int | str, ...]) -> FieldInfo | None:
    """The field that an error's location leads to, through lists and models within models."""
    field: FieldInfo | None = None
    inner: Any = model
    for part in location:
        if isinstance(part, int):  # a place in a list: its items are what comes next
            continue
        field = getattr(inner, "model_fields", {}).get(part)
        if field is None:
            return None
        inner = plain_type(field.annotation)
        if typing.get_origin(inner) is tuple:
            inner = plain_type(typing.get_args(inner)[0])
    return None if location and isinstance(location[-1], int) else field


def _form(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """How a value of a field is written (``X,Y,W,H``), where its option says so."""
    field = _field_at(model, tuple(part for part in location if isinstance(part, str)))
    extra = field.json_schema_extra if field is not None else None
    return str(extra.get("metavar") or "") if isinstance(extra, dict) else ""


def _sentence(detail: ErrorDetails, model: type[BaseModel], name: str) -> Message:
    """One error in one or two sentences."""
    location = _location(detail)
    if detail["type"] == "extra_forbidden":
        return _unknown(name, str(location[-1]), model)
    if detail["type"] == "missing":
        return _("{name} is missing.", name=name)
    value = detail.get("input")
    field = _field_at(model, location)
    repeatable = field is not None and typing.get_origin(plain_type(field.annotation)) in _MANY
    if repeatable and isinstance(value, list | tuple) and len(value) == 1:  # given once
        value = value[0]
    given = {"name": name, "value": repr(value)}
    if detail["type"] == "value_error":
        error = detail.get("ctx", {}).get("error")
        reason = error.args[0] if isinstance(error, ValueError) else detail["msg"]
        sentence = _("{name} = {value}: {reason}.", **given, reason=reason)
        return sentence if location else _("{reason}.", reason=_capital(reason))
    if field is not None and (limits := allowed(field)):
        return _("{name} = {value} is not possible; allowed: {limits}.", **given, limits=limits)
    if field is not None and detail["type"] in _OF_TEXT:
        meaning = _(field.description) if field.description else ""
        return _("{name} = {value} is not possible. {meaning}", **given, meaning=meaning)
    wanted = _WANTED.get(detail["type"], detail["msg"].removeprefix("Input should be "))
    if (form := _form(model, location)) and detail["type"] in _LISTS | _ITEMS:
        wanted = _("a list of {form}", form=form) if detail["type"] in _LISTS else form
    return _("{name} = {value} is not possible; it should be {wanted}.", **given, wanted=wanted)


def _unknown(name: str, key: str, model: type[BaseModel]) -> Message:
    """What to say of a name that no field has."""
    hint = did_you_mean(key, model.model_fields)
    if hint:
        return _("{name} is not known. {hint}", name=name, hint=hint)
    known = ", ".join(model.model_fields)
    return _("{name} is not known. Known: {known}.", name=name, known=known)


@for_messages
def _capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]


def explain(
    error: ValidationError,
    model: type[BaseModel],
    *,
    source: str = "",
    names: Mapping[str, str] | None = None,
) -> str:
    """All errors of a validation, a line each.

    Args:
        error: what pydantic found.
        model: the model that was validated.
        source: prefix of each line, such as the file's name.
        names: how the source calls a field (``{"strength": "--strength"}``).
    """
    lines = []
    for detail in error.errors(include_url=False):
        location = _location(detail)
        first, *rest = [str(part) for part in location] or [""]
        name = (names or {}).get(first, first)
        for part in rest:
            name += f"[{int(part) + 1}]" if part.isdigit() else f".{part}"
        sentence = _sentence(detail, model, name)
        lines.append(joined(": ", (source, sentence)) if source else sentence)
    return joined("\n", lines)
