"""Download of data sets that Keras offers and this machine lacks.

For workers only, because it sets a socket time-out for the whole process, which Keras's download lacks.
"""

from __future__ import annotations

import socket

import keras

from aecore import datasets
from aecore.datasets import Data
from aecore.errors import DamagedError, DatasetError

CONNECT_SECONDS = 10.0  # time-out, since Keras would wait forever behind a firewall that drops packets
_LOADERS = {"fashion-mnist": keras.datasets.fashion_mnist.load_data, "mnist": keras.datasets.mnist.load_data}


def download(name: str) -> None:
    """Download the files of a data set into Keras's cache, from which `datasets.load` reads them.

    Raises `DatasetError` for a data set that Keras does not have and for a failed download.
    """
    if name not in _LOADERS:
        raise DatasetError(f"download: got {name!r}, allowed: {', '.join(_LOADERS)}")
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(CONNECT_SECONDS)
    try:
        _LOADERS[name]()
    except Exception as error:  # Keras raises bare Exception, URLError, OSError, … whichever step fails
        reason = " ".join(str(error).split())
        raise DatasetError(f"{name}: no copy on this machine, and downloading one failed ({reason})") from None
    finally:
        socket.setdefaulttimeout(before)


def fetch(name: str) -> Data:
    """The arrays of `datasets.load`; if that fails, those after a download of the data set.

    Raises `DatasetError` if both fail; for a damaged copy with the damage as its message.
    """
    try:
        return datasets.load(name)
    except DatasetError as error:
        if name not in _LOADERS:
            raise
        try:
            download(name)
        except DatasetError:
            if isinstance(error, DamagedError):
                raise error from None
            raise
    return datasets.load(name)
