"""Chromium and Python say the same about where a coding stands."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from playwright.sync_api import Browser, Error, Page

from aecore import datasets
from aecore.analysis import inference, off_manifold
from aecore.analysis.off_manifold import ReferenceSet
from aecore.presets import demonstrations
from aecore.store import runs
from pages.widgets.components.shared import bundle, packing

pytestmark = pytest.mark.browser

MAKE = """text => {
  %s
  const { header, arrays } = unpack(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)));
  window.where = makeWhere(header, arrays);
}""" % bundle.script("shared/unpack.js", "shared/where.js")  # noqa: UP031 - scripts are full of braces


@pytest.fixture
def page(browser: Browser) -> Page:
    page = browser.new_page()
    yield page
    page.close()


def make_where(page: Page, reference: ReferenceSet) -> None:
    header, arrays = off_manifold.header_and_arrays(reference)
    page.evaluate(MAKE, base64.b64encode(packing.pack(header, **arrays)).decode())


def compare(page: Page, reference: ReferenceSet, z: np.ndarray, encoded: np.ndarray) -> None:
    make_where(page, reference)
    z, encoded = z.astype(np.float32), encoded.astype(np.float32)
    found = page.evaluate(
        "([z, e]) => z.map((row, i) => where.at(Float32Array.from(row), Float32Array.from(e[i])))",
        [z.tolist(), encoded.tolist()],
    )
    places = off_manifold.diagnose_encoded(reference, z, encoded)
    for name, value in (
        ("distance", places.distance),
        ("distanceRatio", places.distance_ratio),
        ("drift", places.drift),
        ("driftRatio", places.drift_ratio),
        ("density", places.density),
    ):
        told = [place[name] for place in found]
        assert told == ([None] * len(z) if value is None else pytest.approx(value, rel=1e-4, abs=1e-4)), name
    assert [place["nearest"] for place in found] == places.nearest.tolist()
    assert [place["level"] for place in found] == places.level.tolist()
    assert [place["verdict"] for place in found] == [reference.verdicts[verdict] for verdict in places.verdict]
    assert len(set(places.level)) > 1
    assert page.evaluate("Array.from(where.codes)") == reference.codes.ravel().tolist()
    assert page.evaluate("Array.from(where.numbers)") == reference.numbers.tolist()


@pytest.mark.parametrize("name", ["variational-2", "stacked"])
def test_the_browser_judges_like_python(page: Page, name: str) -> None:
    run = runs.open_run(demonstrations.keys()[name])
    if not run.readable:
        pytest.skip(f"no demonstration run {name} here")
    reference = off_manifold.reference_set(run, datasets.load(run.spec.dataset))
    codings = np.asarray(run.array("codings")[:40], np.float32)
    z = np.concatenate([codings, 1.5 * codings, 6 * codings])
    compare(page, reference, z, inference.encode(run, inference.decode(run, z)))


def test_what_the_prior_hardly_draws_is_rare_beside_training_codes(page: Page) -> None:
    codes = np.array([[0, 0], [4, 0]], np.float32)
    reference = ReferenceSet(np.arange(2, dtype=np.int32), codes, None, np.ones(2, bool), 1.0, 1.0, 2)
    z = np.array([[0, 0.5], [4, 0.5], [4, 1.5], [4, 3]], np.float32)
    compare(page, reference, z, z)
    told = page.evaluate("z => z.map(row => where.at(Float32Array.from(row), null).verdict)", z.tolist())
    assert told == [reference.verdicts[verdict] for verdict in (0, off_manifold.RARE, 1, 2)]


@pytest.mark.parametrize(("size", "prior"), [(1, 1), (3, 2), (8, 7), (300, 300)])
def test_any_size_and_prior(page: Page, size: int, prior: int) -> None:
    draws = np.random.default_rng(0)
    codes = draws.normal(size=(60, size)).astype(np.float16).astype(np.float32)
    active = np.arange(size) < prior
    usual = 1.3 * np.sqrt(size)
    reference = ReferenceSet(np.arange(60, dtype=np.int32), codes, None, active, usual, usual, prior)
    z = codes * np.linspace(0, 5, 60)[:, None]
    compare(page, reference, z, z + draws.normal(size=z.shape) * 0.1)


def test_what_is_no_coding_is_refused(page: Page) -> None:
    codes = np.zeros((1, 2), np.float32)
    reference = ReferenceSet(np.zeros(1, np.int32), codes, None, np.ones(2, bool), 1.0, 1.0, None)
    make_where(page, reference)
    assert page.evaluate("where.at([1, 0], null)") == {
        "distance": 1,
        "distanceRatio": 1,
        "nearest": 0,
        "drift": None,
        "driftRatio": None,
        "density": None,
        "level": 0,
        "verdict": reference.verdicts[0],
    }
    assert page.evaluate("where.at([0, 0], [NaN, 0]).level") == 2
    for wrong in ("[NaN, 0]", "[Infinity, 0]", "[0]", "[0, 0, 0]"):
        with pytest.raises(Error, match="codings: got .*, allowed: "):
            page.evaluate(f"where.at({wrong}, null)")
