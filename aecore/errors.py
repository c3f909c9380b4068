"""Exceptions with messages for the user: one line with the received value and the allowed ones, or with the remedy."""


class AecoreError(ValueError):
    """Bad input or a missing file. `str(error)` is one line for a page or for stderr."""


class SpecError(AecoreError):
    """A spec that cannot be trained, or a setting outside its range."""


class DatasetError(AecoreError):
    """An unknown data set, or one whose files are missing on this machine."""


class DamagedError(DatasetError):
    """A data set whose files exist but have another content than expected."""


class UploadError(AecoreError):
    """An uploaded file that cannot become a data set."""


class RunError(AecoreError):
    """An unknown, damaged or unfinished run."""
