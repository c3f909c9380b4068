"""Download of the data sets that Keras offers, where this machine has no copy. For workers only: it needs the
internet, and the time-out that Keras does not offer is set for all sockets of the process meanwhile."""

from __future__ import annotations

import socket

import keras

from aecore import datasets
from aecore.datasets import Data
from aecore.errors import DamagedError, DatasetError

CONNECT_SECONDS = 10.0  # behind a firewall that drops packets Keras would wait for ever
_LOADERS = {"fashion-mnist": keras.datasets.fashion_mnist.load_data, "mnist": keras.datasets.mnist.load_data}


def download(name: str) -> None:
    """Put the files of a data set into Keras's cache, where `datasets.load` finds them.

    Raises `DatasetError` for one that Keras does not have and when the download fails.
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
    """`datasets.load`, with a download before a second try where Keras has the data set.

    Raises `DatasetError` where neither helps: for a damaged copy that could not be replaced, what is wrong with it.
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
