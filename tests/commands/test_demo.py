"""The demonstration runs: made, measured and committed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aecore import presets
from aecore.presets import demonstrations as demo
from aecore.presets.demonstrations import Demonstration
from aecore.specs.map import MapSpec
from aecore.store import experiments, runs
from tests.commands.conftest import ROOT, SMALL, answer


def test_demonstrations_have_names_and_keys() -> None:
    keys = demo.keys()
    assert {"stacked", "linear", "sparse-kl", "sparse-baseline", "variational-2", "hashing"} <= set(keys)
    assert len(set(keys.values())) == len(demo.DEMONSTRATIONS)
    assert keys["stacked"] == runs.run_key(presets.get("stacked").spec)
    specs = {demonstration.name: demonstration.spec for demonstration in demo.DEMONSTRATIONS}
    methods = {
        demonstration.name: {spec.method for spec in demonstration.maps} for demonstration in demo.DEMONSTRATIONS
    }
    assert methods["recurrent"] == {"pca", "tsne", "umap"} and methods["variational-2"] > {"none"}
    assert all("umap" in found for name, found in methods.items() if name != "sparse-baseline")
    assert specs["variational-2"].coding_size == 2 and specs["sparse-baseline"].sparsity_weight == 0


def listed_by_git(folder: Path) -> set[str]:
    """The first two parts below cache/ of every file that `git add` would take."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    listing = ["git", "ls-files", "--others", "--exclude-standard", "cache"]
    lines = subprocess.run(listing, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    return {"/".join(Path(line).parts[1:3]) for line in lines}


def test_demonstrations_are_made_and_committed(
    cache: Path, trained: runs.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    first = Demonstration("small", "stacked", SMALL, (MapSpec(method="pca"),))
    other = Demonstration("other", "linear", {"dataset": "digits", "epochs": 1, "coding_size": 2}, ())
    shutil.copy(ROOT / ".gitignore", cache.parent / ".gitignore")

    def made(*demonstrations: Demonstration, prune: bool = False, code: int = 0) -> Any:
        monkeypatch.setattr(demo, "DEMONSTRATIONS", demonstrations)
        demo.keys.cache_clear()
        return answer(capsys, "demo", *(["--prune"] if prune else []), code=code)

    try:
        value = made(first)
        assert [(row["name"], row["cached"], row["maps"]) for row in value["runs"]] == [("small", True, ["pca"])]
        files = [path for path in (cache / "runs" / trained.key).rglob("*") if path.is_file()]
        assert len(files) > 15 and value["bytes"] == sum(path.stat().st_size for path in files)
        assert listed_by_git(cache.parent) == {"runs/.gitignore", f"runs/{first.key}"}
        assert made(other)["pruned"] == [] and (cache / "runs" / first.key).exists()
        assert listed_by_git(cache.parent) == {"runs/.gitignore", f"runs/{other.key}"}
        assert made(first, prune=True)["pruned"] == [other.key] and not (cache / "runs" / other.key).exists()
        monkeypatch.setattr(demo, "MAX_BYTES", 1000)
        made(first, code=1)
    finally:
        demo.keys.cache_clear()


def test_the_committed_demonstrations_are_those_of_the_list() -> None:
    folder = ROOT / "cache" / "runs"
    if not (folder / ".gitignore").exists():
        pytest.skip("make demo-runs was not run yet")
    assert demo.committed(folder) == sorted(demo.keys().values())
    for demonstration in demo.DEMONSTRATIONS:
        run = runs.open_run(demonstration.key, ROOT / "cache")
        assert run.state == "finished", demonstration.name
        for experiment in demonstration.pretrainings:
            assert experiments.experiment_of(experiment, ROOT / "cache").state == "finished", demonstration.name
        for spec in demonstration.maps:
            assert runs.ResultFolder(run.folder / "map" / spec.key(run.key)).state == "finished", demonstration.name
