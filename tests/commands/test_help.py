"""The settings in `--help`: every field of the spec, with what is allowed."""

from __future__ import annotations

import pytest

from aecore.__main__ import main
from aecore.specs.anomalies import AnomalySpec
from aecore.specs.base import Spec
from aecore.specs.map import MapSpec
from aecore.specs.pretraining import PretrainSpec
from aecore.specs.probe import ProbeSpec
from aecore.specs.run import RunSpec


@pytest.mark.parametrize(
    ("command", "spec", "apart"),
    [
        ("train", RunSpec, set()),
        ("project", MapSpec, {"method", "layer"}),
        ("probe", ProbeSpec, set()),
        ("anomalies", AnomalySpec, {"against", "label", "dataset"}),
        ("pretrain", PretrainSpec, set()),
    ],
)
def test_help_lists_every_setting(
    command: str, spec: type[Spec], apart: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = capsys.readouterr().out.split("\nsettings:\n")[1]
    names = [line.split()[0] for line in text.splitlines() if line[:3].strip()]
    assert names == [name for name in spec.settings() if name not in apart]
    words = " ".join(text.split())
    for name in names:
        declared = spec.settings()[name]
        assert declared.help in words and declared.allowed in words
    assert all(len(line) <= 110 for line in text.splitlines())
