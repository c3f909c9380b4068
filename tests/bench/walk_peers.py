"""Four ways to decode under a moving hand, in Chromium: our own script, ONNX Runtime Web, TensorFlow.js, made sheets.

For a dense, two convolutional and a recurrent decoder, untrained (the time does not depend on the weights): the median
of one decode, what travels to the browser for it, as it is and gzipped, and the time from nothing to the first decoded
picture, library and network fetched from this machine. All on one thread, as on a page without cross-origin isolation,
and without a graphics card. `best-10` is left out for TensorFlow.js, whose layers know no GELU.

The libraries are not part of this project. Without a folder only our own script is measured; with one, in which
`npm install onnxruntime-web @tensorflow/tfjs @tensorflow/tfjs-backend-wasm` was run, all of them:

    python -m tests.bench.walk_peers [FOLDER]
"""

from __future__ import annotations

import functools
import gzip
import io
import mimetypes
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from PIL import Image
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from aecore import browser as network
from aecore import presets
from aecore.analysis import inference
from aecore.browser import lowering
from aecore.presets import demonstrations as demo
from aecore.store import runs
from pages.widgets.components.shared import bundle, packing
from tests.bench.common import demonstrations, print_table
from tests.browser.serve import chromium

NAMES = ("geron-stacked", "geron-convolutional", "best-10", "geron-recurrent")
SHAPE = (28, 28)
SIDE = 64  # of a made sheet, in pictures
ORT = "onnxruntime-web/dist"
TF, WASM = "@tensorflow/tfjs/dist", "@tensorflow/tfjs-backend-wasm/dist"
LIBRARIES = {
    "own": ["own.js"],
    "ort": [f"{ORT}/ort.wasm.min.js", f"{ORT}/ort-wasm-simd-threaded.mjs", f"{ORT}/ort-wasm-simd-threaded.wasm"],
    "tfjs": [f"{TF}/tf.es2017.min.js", f"{WASM}/tf-backend-wasm.es2017.min.js", f"{WASM}/tfjs-backend-wasm-simd.wasm"],
}
TITLES = {"own": "own script", "ort": "ONNX Runtime Web", "tfjs": "TensorFlow.js"}

# Each makes `decode(z)`; then all are measured alike. Thirty times ten decodes, for the clock ticks in 0.1 ms.
MEASURE = (
    """async ([kind, name, layers, size]) => {
  const begin = performance.now();
  const load = (source) => new Promise((done, failed) => {
    const tag = document.createElement("script");
    Object.assign(tag, { src: source, onload: done, onerror: () => failed(new Error(source)) });
    document.head.append(tag);
  });
  const make = {
    async own() {
      await load("/own.js");
      const part = unpack(new Uint8Array(await (await fetch(`/${name}.bin`)).arrayBuffer()));
      const network = makeNetwork(part.header, part.arrays);
      return (z) => network.run(z);
    },
    async ort() {
      await load("/ORT/ort.wasm.min.js");
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.wasmPaths = "/ORT/";
      const session = await ort.InferenceSession.create(`/${name}.onnx`, { executionProviders: ["wasm"] });
      const [input, output] = [session.inputNames[0], session.outputNames[0]];
      const tensor = (z) => new ort.Tensor("float32", z, [1, size]);
      return async (z) => (await session.run({ [input]: tensor(z) }, [output]))[output].data;
    },
    async tfjs() {
      await load("/TF/tf.es2017.min.js");
      await load("/WASM/tf-backend-wasm.es2017.min.js");
      tf.wasm.setWasmPaths("/WASM/");
      await tf.setBackend("wasm");
      await fetch(`/${name}.onnx`).then((answer) => answer.arrayBuffer());  // in place of weights of its own format
      const model = tf.sequential({ layers: layers.map(([layer, settings]) => tf.layers[layer](settings)) });
      return (z) => {
        const made = tf.tidy(() => model.predict(tf.tensor(z, [1, size])));
        const values = made.dataSync();
        made.dispose();
        return values;
      };
    },
  };
  const decode = await make[kind](), z = Float32Array.from({ length: size }, () => Math.random() - 0.5);
  await decode(z);
  const first = performance.now() - begin, times = [];
  for (let i = 0; i < 30; i++) {
    const clock = performance.now();
    for (let k = 0; k < 10; k++) await decode(z);
    times.push((performance.now() - clock) / 10);
  }
  return [times.sort((a, b) => a - b)[15], first];
}""".replace("/ORT", f"/node_modules/{ORT}")
    .replace("/TF", f"/node_modules/{TF}")
    .replace("/WASM", f"/node_modules/{WASM}")
)


def main() -> None:
    peers = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        root = Path(folder)
        if peers:
            (root / "node_modules").symlink_to(peers / "node_modules")
        export(root)
        (root / "own.js").write_text(bundle.script("shared/unpack.js", "shared/network.js"))
        rows = []
        with serving(root) as url:
            for name in NAMES:
                rows += [row(browser, url, root, kind, name) for kind in (TITLES if peers else ["own"])]
    print_table(
        "Decode one coding in Chromium", ("decoder", "by", "ms", "MB", "gzipped", "first, ms"), [r for r in rows if r]
    )
    sheets()


def export(root: Path) -> None:
    """`<name>.onnx` and `<name>.bin` of each decoder."""
    from aecore.worker.training.architectures import Autoencoder
    from aecore.worker.training.save import export_half, halves

    for name in NAMES:
        decoder = halves(Autoencoder(presets.get(name).spec, SHAPE))[1]
        decoder(np.zeros((1, *decoder.input_shape[1:]), np.float32))
        export_half(decoder, root / f"{name}.onnx")
        found = lowering.lower(onnx.load(root / f"{name}.onnx"))
        header, arrays = network.header_and_arrays(network.quantized(found) if found.nbytes > network.LIGHT else found)
        (root / f"{name}.bin").write_bytes(packing.pack(header, **arrays))


def row(browser: Browser, url: str, root: Path, kind: str, name: str) -> tuple[object, ...] | None:
    """One line of the table; None where TensorFlow.js has no such layers."""
    layers = LAYERS.get(name)
    if kind == "tfjs" and layers is None:
        return None
    size = onnx.load(root / f"{name}.onnx").graph.input[0].type.tensor_type.shape.dim[1].dim_value
    page = browser.new_page()
    page.goto(f"{url}/empty.html")
    try:
        median, first = page.evaluate(MEASURE, [kind, name, layers, size])
    except BrowserError as error:
        return name, TITLES[kind], str(error).splitlines()[0][:60], "", "", ""
    finally:
        page.close()
    files = (
        [root / name for name in LIBRARIES["own"]]
        if kind == "own"
        else [root / "node_modules" / library for library in LIBRARIES[kind]]
    )
    files.append(root / f"{name}.{'bin' if kind == 'own' else 'onnx'}")
    raw, zipped = (sum(f(path.read_bytes()) for path in files) / 1e6 for f in (len, gzipped))
    return name, TITLES[kind], f"{median:.2f}", f"{raw:.2f}", f"{zipped:.2f}", f"{first:.0f}"


def gzipped(data: bytes) -> int:
    return len(gzip.compress(data, 6))


def _conv(filters: int, **settings: Any) -> list[Any]:
    return ["conv2dTranspose", {"filters": filters, "kernelSize": 3, "strides": 2, **settings}]


# The decoders as TensorFlow.js is told of them.
LAYERS: dict[str, list[list[Any]]] = {
    "geron-stacked": [
        ["dense", {"units": 100, "activation": "selu", "inputShape": [30]}],
        ["dense", {"units": 784, "activation": "sigmoid"}],
    ],
    "geron-convolutional": [
        ["reshape", {"targetShape": [3, 3, 64], "inputShape": [576]}],
        _conv(32, padding="valid", activation="selu"),
        _conv(16, padding="same", activation="selu"),
        _conv(1, padding="same", activation="sigmoid"),
    ],
    "geron-recurrent": [
        ["repeatVector", {"n": 28, "inputShape": [30]}],
        ["lstm", {"units": 100, "returnSequences": True, "recurrentActivation": "sigmoid"}],
        ["dense", {"units": 28, "activation": "sigmoid"}],
    ],
}


def sheets() -> None:
    """What pictures made beforehand weigh, for the demonstration with two codings."""
    with demonstrations() as cache:
        found = [runs.open_run(key, cache) for key in demo.keys().values()]
        run = next(run for run in found if run.readable and run.metrics["coding_size"] == 2)
        low, high = np.quantile(run.array("codings"), (0.01, 0.99), axis=0)
        grid = np.stack(np.meshgrid(*np.linspace(low, high, SIDE, dtype=np.float32).T), axis=-1)
        pictures = np.clip(inference.decode(run, grid.reshape(-1, 2)) * 255, 0, 255).astype(np.uint8)
    height, width = pictures.shape[1:3]
    sheet = pictures.reshape(SIDE, SIDE, height, width).transpose(0, 2, 1, 3).reshape(SIDE * height, SIDE * width)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG", optimize=True)
    size = len(file.getvalue()) / 1e6
    more = f"three codings at that step are {size * SIDE:,.0f} MB, four {size * SIDE**2 / 1e3:,.0f} GB"
    print(
        f"\nMade sheets: {SIDE} × {SIDE} pictures of two codings are {size:.1f} MB as PNG; {more}.\n"
        "So a sheet shows one plane in steps, and is made anew whenever a coding outside the plane moves."
    )


@contextmanager
def serving(root: Path) -> Iterator[str]:
    mimetypes.add_type("text/javascript", ".mjs")
    mimetypes.add_type("application/wasm", ".wasm")
    (root / "empty.html").write_text("<!doctype html><title>empty</title>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *args: Any) -> None:
        return


if __name__ == "__main__":
    main()
