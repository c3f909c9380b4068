"""Base class of all specs, and the declaration of their fields.

A spec is a frozen dataclass. Each field is declared by `setting(default, help, …)`, which stores choices, range, label
and help in the field's metadata. Reading of JSON and text, validation, canonical JSON and keys, the sidebar's widgets,
`--set` and `--help` of the command line, and the tests' strategies all read that metadata.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Self, get_origin, get_type_hints

from aecore.errors import SpecError
from aecore.specs.fields import coerced, did_you_mean, plain, require, unknown

KEY_LENGTH = 16
MAX_SEED = 2**31 - 1
_METADATA = "setting"


@dataclass(frozen=True)
class Setting:
    """Declaration of a spec's field: type, default, allowed values, and the texts of its widget and `--help`.

    Attributes
    ----------
    name, kind, default : of the dataclass field; `kind` is its type, such as float or tuple[int, ...].
    help : the field's meaning, in one line without a full stop, for `--help`.
    label : title of its widget; by default the name with spaces.
    tooltip : help of its widget; "" for none.
    disabled_tooltip : why its widget is disabled while the other fields leave it without effect.
    choices : the allowed texts; () for a field that is not a choice.
    low, high : the allowed range of a number, or of each number of a tuple; None for any.
    above_low : True if `low` itself is refused.
    min_items, max_items : allowed lengths of a tuple.
    max_length : largest length of free text, whose case is preserved; 0 for text that is converted to lower case.
    stops, step : the usual values on a slider, or the step of a number input.
    off_at_0 : the fields without effect while this one is 0 ("off"); None if 0 is an ordinary value.
    read : (value) -> field's value, instead of reading by `kind`; raises `SpecError`.
    """

    default: Any
    help: str
    label: str = ""
    tooltip: str = ""
    disabled_tooltip: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above_low: bool = False
    min_items: int = 0
    max_items: int = 0
    max_length: int = 0
    stops: tuple[float, ...] = ()
    step: float | None = None
    off_at_0: tuple[str, ...] | None = None
    read: Callable[[Any], Any] | None = None
    name: str = ""
    kind: Any = str

    def parse(self, value: Any) -> Any:
        """The field's value from a JSON type, a NumPy value or text; raises `SpecError` with the allowed values."""
        if self.read:
            return self.read(plain(value))
        if self.max_length:
            value = plain(value)
            require(isinstance(value, str) and len(value) <= self.max_length, self.name, value, self.allowed)
            return value.strip()
        span = self.allowed if self.kind in (int, float) else ""
        written, value = value, coerced(self.name, self.kind, value, span)
        if self.choices and value not in self.choices:
            raise SpecError(unknown(self.name, value, self.choices))
        as_written = written if isinstance(value, tuple) and isinstance(written, str) else value
        require(self._fits(value), self.name, as_written, self.allowed)
        return value

    @property
    def allowed(self) -> str:
        """The allowed values in words; "" if only `read` defines them."""
        if self.choices:
            return ", ".join(self.choices)
        if self.max_length:
            return f"text of up to {self.max_length} characters"
        if get_origin(self.kind) is tuple and self.max_items:
            number = f"{self.min_items} to {self.max_items} numbers"
            return f"{number}{f' of {span}' if (span := self._span()) else ''}, such as 300,100"
        if self.low is not None:
            return self._span()
        return "true or false" if self.kind is bool else ""

    def _span(self) -> str:
        """The range in words; "" without one."""
        if self.low is None:
            return ""
        low, high = f"{self.low:,.12g}", f"{self.high:,.12g}"
        return f"above {low}, up to {high}" if self.above_low else f"{low} to {high}"

    def _fits(self, value: Any) -> bool:
        if isinstance(value, tuple):
            return self.min_items <= len(value) <= self.max_items and all(map(self._in_range, value))
        return self._in_range(value)

    def _in_range(self, number: Any) -> bool:
        if self.low is None or self.high is None:
            return True
        return self.low <= number <= self.high and not (self.above_low and number == self.low)


def setting(default: Any, help: str, *, factory: Callable[[], Any] | None = None, **declared: Any) -> Any:
    """A dataclass field with its `Setting` as metadata.

    `default` is `MISSING` for a required field; `factory` creates a mutable default instead. `declared` are further
    attributes of `Setting`.
    """
    metadata = {_METADATA: Setting(default, help, **declared)}
    if factory is not None:
        return dataclasses.field(default_factory=factory, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Spec:
    """A frozen dataclass of settings. Construction reads and validates each field and raises `SpecError` in one line.

    Defaults are frozen as well: canonical JSON, from which keys are made, omits the fields that equal them.
    `kind` names the spec in messages.
    """

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        for name, declared in self.settings().items():
            self._set(name, declared.parse(getattr(self, name)))

    def _set(self, name: str, value: Any) -> None:
        """Set a field while the frozen dataclass is constructed."""
        object.__setattr__(self, name, value)

    @classmethod
    def settings(cls) -> Mapping[str, Setting]:
        """{name: declaration} of the fields made by `setting`, in their order."""
        return _settings_of(cls)  # type: ignore[arg-type]  # a class is hashable, which mypy does not see here

    @classmethod
    def parse(cls, name: str, value: Any) -> Any:
        """The value of field `name` from a JSON type or text, validated separately; raises `SpecError`."""
        cls.refuse_unknown((name,))
        return cls.settings()[name].parse(value)

    @classmethod
    def refuse_unknown(cls, names: Iterable[str]) -> None:
        """Raise `SpecError` for the first of `names` that is not a field."""
        for name in names:
            if name not in cls.settings():
                names = tuple(cls.settings())
                near = did_you_mean(name, names)
                raise SpecError(f"unknown {cls.kind} setting {name!r}; allowed: {', '.join(names)}{near}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A spec from JSON types or text; unknown or missing names and invalid values raise `SpecError`."""
        cls.refuse_unknown(values)
        for name, declared in cls.settings().items():
            if declared.default is MISSING and name not in values:
                raise SpecError(f"{name}: got nothing, allowed: {declared.allowed}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Every setting, as JSON types. `from_dict` is its inverse."""
        return {name: _as_json(getattr(self, name)) for name in self.settings()}

    def replace(self, **changes: Any) -> Self:
        """A copy with some settings changed. Text is accepted for any (`coding_size="2"`, `hidden="300,100"`)."""
        self.refuse_unknown(changes)
        return dataclasses.replace(self, **changes)

    def canonical_json(self) -> str:
        """JSON of the settings that differ from their frozen defaults: sorted, without spaces."""
        return _canonical_json(self)


@dataclass(frozen=True)
class Derived(Spec):
    """Spec of a result that is computed from a run and stored in `runs/<run>/<kind>/<key>/`.

    `edition` is part of the key. It is raised when the same settings give another result, so that older results are
    computed anew; None for a computation that never changed.
    """

    edition: ClassVar[int | None] = None

    def key(self, run_key: str) -> str:
        """The result's name: 16 hexadecimal digits of the spec and the run's key."""
        edition = () if self.edition is None else (f"edition {self.edition}",)
        return digest(self.kind, *edition, self.canonical_json(), run_key)


def digest(*parts: str) -> str:
    """16 hexadecimal digits of SHA-256 over the parts; all keys of the project are computed by this function."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:KEY_LENGTH]


@cache
def _settings_of(cls: type[Spec]) -> Mapping[str, Setting]:
    kinds = get_type_hints(cls)
    settings = {}
    for field in dataclasses.fields(cls):
        if declared := field.metadata.get(_METADATA):
            label = declared.label or field.name.replace("_", " ").capitalize()
            settings[field.name] = dataclasses.replace(declared, name=field.name, kind=kinds[field.name], label=label)
    return MappingProxyType(settings)


@lru_cache(maxsize=1000)
def _canonical_json(spec: Spec) -> str:
    defaults = {name: declared.default for name, declared in spec.settings().items()}
    changed = {name: value for name, value in spec.to_dict().items() if getattr(spec, name) != defaults[name]}
    return json.dumps(changed, sort_keys=True, separators=(",", ":"))


def _as_json(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.canonical_json()
    if isinstance(value, Mapping):
        return {name: _as_json(one) for name, one in value.items()}
    return [_as_json(one) for one in value] if isinstance(value, tuple | list) else value
