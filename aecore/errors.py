"""The errors a person can do something about: each carries one line that says what was received and what is allowed."""


class AecoreError(ValueError):
    """Bad input or a missing thing. `str(error)` is one line fit for a page or for stderr."""


class SpecError(AecoreError):
    """A spec that cannot be trained, or a setting outside its range."""


class DatasetError(AecoreError):
    """An unknown data set, or one whose files are not on this machine."""


class DamagedError(DatasetError):
    """A data set whose files are there and hold something else than it does."""


class RunError(AecoreError):
    """An unknown, damaged or unfinished run."""
