"""What every page says of a job that waits its turn."""

from __future__ import annotations

from pages.widgets.server import shared


def told(key: str) -> str:
    """'waiting, place 3 in the queue, about 40 s'; '' for a job that does not wait."""
    ticket = shared.queue().ticket(key)
    if ticket is None or not ticket.position:
        return ""
    seconds = ticket.expected_seconds
    if ticket.position == 1 and seconds == 0:  # nothing is before it
        return "about to start"
    about = "" if seconds is None else f", about {seconds:.0f} s"
    why = f" ({ticket.message})" if ticket.message else ""
    return f"waiting, place {ticket.position} in the queue{about}{why}"
