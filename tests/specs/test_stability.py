"""StabilitySpec: its keys never change, and what it refuses."""

from __future__ import annotations

import pytest

from aecore.errors import SpecError
from aecore.specs.map import MapSpec
from aecore.specs.stability import StabilitySpec

RUN = "0123456789abcdef"


def test_golden_keys() -> None:
    """Keys name folders: these must never change."""
    assert StabilitySpec(MapSpec("umap")).key(RUN) == "351f9dff99a89a1b"
    tsne = StabilitySpec(MapSpec("tsne", n=5000, perplexity=20), seeds=3)
    assert tsne.key(RUN) == "1206109802e87587"
    assert tsne.to_dict() == {"drawing": '{"method":"tsne","perplexity":20.0}', "seeds": 3}


def test_without_a_map_it_is_refused() -> None:
    with pytest.raises(SpecError, match="^drawing: got nothing"):
        StabilitySpec.from_dict({"seeds": 3})
