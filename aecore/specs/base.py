"""A value computed from a run: what the specs of maps and probes have in common."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from aecore.errors import SpecError
from aecore.specs.run import digest


@dataclass(frozen=True)
class Derived:
    """What to compute from a run: a frozen dataclass whose defaults are frozen too, since they are left out of keys.

    `kind` names it in messages, keys and folders: `runs/<run>/<kind>/<key>/`.
    """

    kind: ClassVar[str]

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """{field: default}."""
        return {field.name: field.default for field in dataclasses.fields(cls)}

    def to_dict(self) -> dict[str, Any]:
        """Every field, as JSON types. `from_dict` is its inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build a spec from JSON types or text; unknown names and bad values raise `SpecError`."""
        for name in values:
            if name not in cls.defaults():
                raise SpecError(f"unknown {cls.kind} setting {name!r}; allowed: {', '.join(cls.defaults())}")
        return cls(**values)

    def canonical_json(self) -> str:
        """JSON of the fields that differ from their frozen defaults: sorted, without spaces."""
        defaults = self.defaults()
        changed = {name: value for name, value in self.to_dict().items() if value != defaults[name]}
        return json.dumps(changed, sort_keys=True, separators=(",", ":"))

    def key(self, run_key: str) -> str:
        """The result's name: 16 hexadecimal digits of the spec and the run's key."""
        return digest(self.kind, self.canonical_json(), run_key)
