"""The sidebar: every knob once, Train and Stop on top, and the runs of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice

import streamlit as st

from aecore import datasets, presets
from aecore.presets.names import run_label
from aecore.specs import run as spec
from aecore.store import listing
from aecore.text import duration_text
from pages.widgets.basics.notice import plain
from pages.widgets.server import shared
from pages.widgets.session import active_run, keys, knobs, lesson

RECENT = 10
# Why a knob stands still that the composition does not use.
STILL = {
    "coding_size": "Here the codings are feature maps: their number follows from the filters.",
    "activation": "Not here: no hidden layer, or LSTM cells, which bring their own.",
    "normalization": "Not here: no hidden layer, or LSTM cells.",
    "coding_activation": "Not here: the codings of a variational autoencoder have none.",
    "noise": "Not here: the noise rate is off.",
    "sparsity": "Not here: the sparsity weight is off.",
    "sparsity_target": "Not here: the penalty has no target, or its weight is off.",
}


def draw() -> None:
    """Draw the sidebar. Runs before every page, so that its widgets keep their state between pages."""
    with st.sidebar:
        buttons = st.container()
        _pick()
        _main_knobs()
        _advanced()
        if not lesson.covered():  # the errors of runs would tell the answer
            _recent()
        with buttons:
            st.session_state[keys.BUTTONS] = _buttons()
            _train_and_stop(st.session_state[keys.BUTTONS])


@dataclass(frozen=True)
class Buttons:
    """What Train and Stop would do as the knobs stand."""

    want: active_run.Wanted
    finished: bool
    busy: bool
    trains_this: bool
    is_shown: bool

    @property
    def shows(self) -> bool:
        """Train would only open what is trained already."""
        return self.finished and not self.is_shown

    @property
    def label(self) -> str:
        return "Show" if self.shows else "Train"

    @property
    def trains(self) -> bool:
        """Train can be pressed."""
        return self.want.spec is not None and not self.trains_this and not self.is_shown


def _buttons() -> Buttons:
    want, busy = active_run.wanted(), active_run.pending()
    trains_this = busy is not None and want.run is not None and busy.key == want.run.key
    finished = want.finished
    is_shown = finished and want.run is not None and want.run.key == active_run.shown_key()
    return Buttons(want, finished, busy is not None, trains_this, is_shown)


def _train_and_stop(can: Buttons) -> None:
    """The two buttons and what Train will do."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            can.label,
            key="train",
            type="primary",
            icon=":material/visibility:" if can.shows else ":material/play_arrow:",
            width="stretch",
            disabled=not can.trains,
            on_click=active_run.train,
        )
        st.button("Stop", key="stop", width=84, disabled=not can.busy, on_click=active_run.stop)
    st.caption(_what_train_does(can))


def _what_train_does(can: Buttons) -> str:
    if can.want.spec is None:
        return f":red[{plain(can.want.error)}]"
    if can.trains_this:
        return "training what the knobs say"
    if can.is_shown:
        return "this is the picture; turn a knob (another seed will do) to train anew"
    if can.finished:
        return "trained already: Show opens it"
    seconds = active_run.expected_seconds(can.want.spec)
    return f"about {duration_text(seconds)} on this machine" if seconds else "not trained yet on this machine"


def _pick() -> None:
    start = knobs.variant()
    names = list(presets.PRESETS)
    st.selectbox(
        "Variant",
        names,
        index=names.index(knobs.DEFAULT_VARIANT),
        format_func=partial(knobs.in_words, "variant"),
        key=keys.VARIANT,
        bind="query-params",
        disabled=lesson.locks("variant"),
        on_change=knobs.use_variant,
    )
    st.caption(presets.get(start).description)
    sets = datasets.names()
    default = presets.get(start).spec.dataset
    st.selectbox(
        "Data set",
        sets,
        index=sets.index(default),
        format_func=partial(knobs.in_words, "dataset"),
        key=keys.DATASET,
        bind="query-params",
        disabled=lesson.locks("dataset"),
        help="Real images unless it says otherwise. The full sets need a copy on this machine or a download.",
    )


def _main_knobs() -> None:
    preset, still = presets.get(knobs.variant()).spec, knobs.unused()
    st.select_slider(
        "Coding size",
        knobs.options("coding_size", knobs.CODING_SIZES, preset.coding_size),
        value=preset.coding_size,
        key="coding_size",
        bind="query-params",
        disabled="coding_size" in still or lesson.locks("coding_size"),
        help=_help("coding_size", "How many numbers stand for one image.", still),
    )
    on_coding = preset.noise_on == "coding"
    _stops(
        "noise_rate",
        "Noise rate",
        knobs.CODING_NOISE_RATES if on_coding else knobs.NOISE_RATES,
        preset,
        help="Corruption while training: standard deviation of the noise, or share of inputs dropped. "
        + ("Here it hits what enters the codings." if on_coding else "The target stays clean. Off for a plain one."),
    )
    _stops(
        "sparsity_weight",
        "Sparsity weight",
        knobs.SPARSITY_WEIGHTS,
        preset,
        help="How much an active coding costs. The kind of penalty stands under Advanced.",
    )
    if preset.penalty != "none":
        _stops(
            "penalty_weight",
            f"{preset.penalty.capitalize()} penalty weight",
            knobs.PENALTY_WEIGHTS,
            preset,
            help="How much this variant's own price on the codings counts; off for a plain one.",
        )
    if preset.coding == "variational":
        _stops(
            "kl_weight",
            knobs.LABELS["kl_weight"],
            knobs.KL_WEIGHTS,
            preset,
            help="How much it costs that codings stray from the normal distribution: 1 is the evidence lower bound; "
            "with more, fewer codings tell something.",
        )
    with st.container(horizontal=True, wrap=False, gap="small"):
        for name, low, high in (("epochs", 1, spec.MAX_EPOCHS), ("seed", 0, 2**31 - 1)):
            st.number_input(
                knobs.LABELS[name],
                low,
                high,
                getattr(preset, name),
                key=name,
                bind="query-params",
                disabled=lesson.locks(name),
            )


def _stops(name: str, label: str, stops: tuple[float, ...], preset: spec.RunSpec, *, help: str) -> None:
    """A slider over a setting that 0 turns off."""
    default = getattr(preset, name)
    st.select_slider(
        label,
        knobs.options(name, stops, default),
        value=default,
        format_func=partial(knobs.in_words, name),
        key=name,
        bind="query-params",
        disabled=lesson.locks(name),
        help=help,
    )


def _advanced() -> None:
    """Drawn when it is opened, or where a knob in it was turned, which then stands in the link: sixteen widgets that
    hardly anybody looks at would be a fifth of what every page of every visitor costs."""
    box = st.expander("Advanced", key="advanced", on_change="rerun")
    start = knobs.defaults(knobs.variant())
    if box.open or any(st.session_state.get(name, start[name]) != start[name] for name in knobs.ADVANCED):
        with box:
            _advanced_knobs()


def _advanced_knobs() -> None:
    preset, still = presets.get(knobs.variant()).spec, knobs.unused()
    _hidden(preset)
    _choice("activation", spec.ACTIVATIONS, preset, still)
    _choice("coding_activation", spec.ACTIVATIONS, preset, still)
    _choice("output_activation", spec.OUTPUT_ACTIVATIONS, preset, still)
    _choice("loss", spec.LOSSES, preset, still, help="Binary cross-entropy wants data in 0 to 1 and a sigmoid output.")
    _choice(
        "optimizer",
        spec.OPTIMIZERS,
        preset,
        still,
        help="Muon moves every direction of a matrix of weights alike: often as far in one epoch as others in five. It "
        "wants a learning rate near .02.",
    )
    _number("learning_rate", 1e-5, spec.MAX_LEARNING_RATE, preset, still, step=0.001, format="%g")
    st.text_input(
        knobs.LABELS["optimizer_arguments"],
        preset.optimizer_arguments,
        key="optimizer_arguments",
        bind="query-params",
        max_chars=80,
        disabled=lesson.locks("optimizer_arguments"),
        help="As Keras calls them, such as momentum=0.9 nesterov=1. Empty: Keras's own.",
    )
    _choice("decay", spec.DECAYS, preset, still, help="Cosine: down to 0 at the end of the training.")
    _number(
        "warmup",
        0.0,
        spec.MAX_WARMUP,
        preset,
        still,
        step=0.05,
        format="%g",
        help="The share of the training during which the learning rate rises from 0.",
    )
    st.number_input(
        knobs.LABELS["batch_size"],
        1,
        spec.MAX_BATCH_SIZE,
        preset.batch_size,
        key="batch_size",
        bind="query-params",
        disabled=lesson.locks("batch_size"),
    )
    _choice(
        "normalization",
        spec.NORMALIZATIONS,
        preset,
        still,
        disabled=preset.schedule == "layerwise",
        help="Of each hidden layer's sums, before the activation: deeper networks train faster. Not layer by layer.",
    )
    _choice("noise", spec.NOISES, preset, still)
    _choice("sparsity", spec.SPARSITIES, preset, still, help="KL compares probabilities: it needs sigmoid codings.")
    _number("sparsity_target", 0.001, 0.999, preset, still, step=0.05, format="%g", help="KL and MSE only.")


def _hidden(preset: spec.RunSpec) -> None:
    st.text_input(
        knobs.LABELS["hidden"],
        knobs.widget_value("hidden", preset.hidden),
        key="hidden",
        bind="query-params",
        max_chars=80,
        disabled=lesson.locks("hidden"),
        help="Units, filters or LSTM cells of the encoder, such as 300, 100. The decoder mirrors them.",
    )


def _help(name: str, text: str, still: set[str]) -> str | None:
    """What a knob does and, where it does nothing, why."""
    return f"{text} {STILL[name]}".strip() if name in still else text or None


def _choice(
    name: str,
    options: tuple[str, ...],
    preset: spec.RunSpec,
    still: set[str],
    *,
    disabled: bool = False,
    help: str = "",
) -> None:
    st.selectbox(
        knobs.LABELS[name],
        options,
        index=options.index(getattr(preset, name)),
        key=name,
        bind="query-params",
        disabled=disabled or name in still or lesson.locks(name),
        help=_help(name, help, still),
    )


def _number(
    name: str,
    low: float,
    high: float,
    preset: spec.RunSpec,
    still: set[str],
    *,
    step: float,
    format: str,
    help: str = "",
) -> None:
    st.number_input(
        knobs.LABELS[name],
        low,
        high,
        getattr(preset, name),
        step=step,
        format=format,
        key=name,
        bind="query-params",
        disabled=name in still or lesson.locks(name),
        help=_help(name, help, still),
    )


def _recent() -> None:
    box = st.expander("Recent runs", key="recent", on_change="rerun")
    if not box.open:
        return
    with box:
        recent = list(islice(listing.recent_runs(shared.cache()), RECENT))
        for run in recent:
            st.button(
                plain(run_label(run)),
                key=f"recent_{run.key}",
                type="tertiary",
                on_click=active_run.open_run_of,
                args=(run.key,),
                wrap=True,
            )
        if not recent:
            st.caption("None yet: what is trained here appears here.")
