"""Reading of uploaded files: images, arrays, tables and sequences become `Samples` (`read` in
`reading.py`), and these a `PreparedData` (`prepare`).

The files come from strangers. They are read by their content, never by their name's ending; nothing is unpickled or
unpacked to disk; sizes are checked before memory is allocated. Whatever a file holds, the readers raise no other error
than `UploadError`, in one line.
"""
