"""The section of a hashing run: switches for the bits of a code, its picture, and images with similar codes.

The component `bits` draws the switches. The code is stored in the link as `bits=`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from aecore import datasets
from aecore.analysis import hashing, inference
from aecore.datasets import Data, as_float
from aecore.datasets.base import class_name
from aecore.errors import AecoreError
from aecore.figures.bits import bit_balance
from aecore.store import runs
from aecore.store.runs import Run
from aecore.text import counted, share_text
from pages.widgets.basics import charts, notice
from pages.widgets.basics.notice import plain
from pages.widgets.components import bits
from pages.widgets.components.bits import Codes
from pages.widgets.components.latent_walk import Walker
from pages.widgets.images import grid
from pages.widgets.server import render_lock, shared
from pages.widgets.session import controls, keys, link

DISTANCES = {0: "Same code", 1: "One bit away", 2: "Two bits away"}
SHOWN = 20  # images for each Hamming distance
A_ROW = 5
LARGEST = 10  # buckets shown, the largest first
EXAMPLES = ("one of them", "another", "a third")  # captions of a bucket's images
DECIDED = 0.9  # share of decided codings (`hashing.decided`) below which the page warns that they are no bits


def draw(run: Run, data: Data, walker: Walker) -> None:
    """Draw the section: the switches, images with similar codes, the bits' balance and the largest buckets."""
    if not run.spec.hashes:
        st.caption("Only noise before the codings makes bits of them: pick the hashing variant.")
        return
    try:
        codes = _codes(*shared.identity(run))
    except AecoreError as error:
        notice.warning(str(error))
        return
    if codes.decided < DECIDED:
        notice.warning(
            f"Only {100 * codes.decided:.0f} % of this run's codings lie near one of a bit's two values: as bits they "
            "lose much of what they say. More noise or more epochs decide them."
        )
    _walk(run, data, walker, codes)
    _balance(codes)
    _buckets(run, data, codes)


@st.cache_resource(show_spinner=False, max_entries=8)
def _codes(cache: str, key: str, modified: int) -> Codes:
    run = runs.open_run(key, shared.cache())
    stored = np.asarray(run.array("codings"), np.float32)
    codes = hashing.bits(stored, hashing.threshold(run.spec))
    codings = stored.reshape(codes.shape)
    levels = hashing.levels(run, codings, codes)
    _, first, counts = np.unique(hashing.pack_bits(codes), axis=0, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return Codes(codings, codes, levels, codes[first[order]], counts[order], hashing.decided(codings, levels))


@render_lock.fragment
def _walk(run: Run, data: Data, walker: Walker, codes: Codes) -> None:
    """Fragment that reruns when the component sends a new code."""
    first = int(datasets.watched(len(data.validation), data.validation_labels)[0])
    left, right = st.columns([1, 3], gap="large", vertical_alignment="bottom")
    sample = controls.number(
        left.number_input,
        f"Begin at validation {_noun(data)}",
        0,
        len(data.validation) - 1,
        first,
        key=keys.BITS_SAMPLE,
    )
    right.caption(_how(walker))
    start = f"{run.key} {sample}"
    sample_code = hashing.text(codes.bits[sample])
    start_code = _start_code(start, sample_code, codes.bits.shape[1])
    image, name = as_float(data.validation[sample]), data.captions_of([sample])[0]
    code = bits.draw(walker, codes, sample, image, start=start, code=start_code, name=name, noun=_noun(data))
    st.session_state[keys.BITS_CODE] = (start, code)
    usual = sample == first and code == sample_code
    if usual:
        st.query_params.pop(keys.BITS, None)
    elif st.query_params.get(keys.BITS) != code:
        st.query_params[keys.BITS] = code
    _alike(data, codes, hashing.parse(code, codes.bits.shape[1]))


def _how(walker: Walker) -> str:
    if walker.decoder is None:
        return f":material/dns: The server decodes each code that you come to rest at: {plain(walker.why_not)}"
    return (
        "Flip a bit and see. The decoder gets exactly the two values of a bit; the small picture is what flipping that "
        "bit would give, the bar below it how often the bit is set."
    )


def _start_code(start: str, sample_code: str, d: int) -> str:
    """The session's code for this `start`, initially the one in the link, else the sample's."""
    last = st.session_state.get(keys.BITS_CODE)
    linked = link.read(keys.BITS, lambda text: hashing.text(hashing.parse(text, d)))
    if last is None:
        return linked or sample_code
    return last[1] if last[0] == start else sample_code


def _noun(data: Data) -> str:
    return "image" if data.info.is_image else "sample"


def _alike(data: Data, codes: Codes, code: np.ndarray) -> None:
    """Draw images whose codes differ from `code` (d,) in no, one or two bits."""
    distances = hashing.hamming(code, codes.bits)
    nearest = int(distances.min())
    st.markdown(f"## {_noun(data).capitalize()}s with this code")
    if nearest > max(DISTANCES):
        _images(
            data,
            f"No {_noun(data)} within two bits; the nearest are {nearest} away",
            np.flatnonzero(distances == nearest),
            10,
        )
        return
    for column, (distance, title) in zip(st.columns(len(DISTANCES), gap="large"), DISTANCES.items(), strict=True):
        with column:
            _images(data, title, np.flatnonzero(distances == distance), A_ROW)


def _images(data: Data, title: str, members: np.ndarray, a_row: int) -> None:
    count = counted(len(members), _noun(data))
    caption = _shares(data, members) if len(members) else "None of the validation samples."
    st.markdown(f"**{title}** · {count}  \n:small[:gray[{caption}]]")
    if len(members):
        shown = members[:SHOWN]
        grid.thumbnails(data.validation[shown], data.captions_of(shown), a_row)


def _shares(data: Data, members: np.ndarray) -> str:
    """Text of the three most frequent classes of the validation images `members`, with their shares."""
    if data.validation_labels is None:
        return f"The first {min(SHOWN, len(members))}."
    labels, counts = np.unique(data.validation_labels[members], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:3]
    return " · ".join(
        f"{100 * counts[i] / len(members):.0f} % {plain(class_name(data.info.classes, int(labels[i])))}" for i in order
    )


def _balance(codes: Codes) -> None:
    st.markdown("## How often each bit is set")
    shares = codes.bits.mean(axis=0)
    charts.draw(
        lambda colours: bit_balance(shares, colours),
        of=(shares.tobytes(),),
        key="bit_balance",
        alt=f"How often each bit is set: from {share_text(shares.min())} to {share_text(shares.max())} of the images",
    )
    st.caption(
        "How often each bit is set. At one half (dotted) a bit divides the images best; one that is always or never "
        "set says nothing about an image."
    )


def _buckets(run: Run, data: Data, codes: Codes) -> None:
    buckets = hashing.statistics(codes.bits, data.validation_labels, LARGEST)
    st.markdown("## The most frequent codes")
    largest = buckets.buckets
    rows: list[tuple[str, Sequence[np.ndarray]]] = [
        (name, [data.validation[bucket.members[i % len(bucket.members)]] for bucket in largest])
        for i, name in enumerate(EXAMPLES)
    ]
    try:
        decoded = inference.decode(run, hashing.decodable(np.stack([bucket.code for bucket in largest]), codes.levels))
        rows.insert(0, ("decoded", list(decoded)))
    except AecoreError as error:
        notice.warning(str(error))
    names = [
        f"{len(bucket.members)} {_noun(data)}s" if bucket.label is None else class_name(data.info.classes, bucket.label)
        for bucket in largest
    ]
    shares = [
        hashing.text(bucket.code)[:8]
        if bucket.label is None
        else f"{100 * bucket.purity:.0f} % of {len(bucket.members)}"
        for bucket in largest
    ]
    grid.show(rows, names, ("code" if data.validation_labels is None else "of the class", shares), per_row=LARGEST)
    n, d = codes.bits.shape
    st.caption(
        f"The {len(largest)} most frequent of {buckets.distinct:,} codes that the {n:,} validation images have (of "
        f"{2**d:,} possible). "
        if d <= 20
        else f"The {len(largest)} most frequent of {buckets.distinct:,} codes that the {n:,} validation images have. "
    )
