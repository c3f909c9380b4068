"""`one_line`: why a job failed, as text for pages."""

from __future__ import annotations

import errno

from aecore.errors import AecoreError

MESSAGE_LENGTH = 300


def one_line(error: BaseException) -> str:
    """An exception's message as one line, for pages."""
    text = " ".join(str(error).split())[:MESSAGE_LENGTH]
    if isinstance(error, AecoreError):
        return text
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "not enough memory for this job: try smaller layers, smaller batches or fewer points"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: free some space and start again"
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return "the disk is read-only: nothing new can be made; existing results can still be viewed"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
