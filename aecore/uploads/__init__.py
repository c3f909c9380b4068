"""Reading of uploaded files: images, arrays, tables and sequences become `Samples`, and these a `PreparedData`.

The files come from strangers. They are read by their content, never by their name's ending; nothing is unpickled or
unpacked to disk; sizes are checked before memory is allocated. Whatever a file holds, the readers raise no other error
than `UploadError`, in one line.
"""

from aecore.uploads.files import UploadedFile
from aecore.uploads.prepare import PreparedData, prepare
from aecore.uploads.reading import read
from aecore.uploads.samples import Samples

__all__ = ["PreparedData", "Samples", "UploadedFile", "prepare", "read"]
