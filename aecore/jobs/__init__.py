"""The queue of what takes long: trainings, maps and probes, one at a time in each of two worker processes.

`Queue` stays in the server: it knows who waits for what, in which order, and hands one job at a time to an executor.
A job fills a folder, and everything a page wants to know about it is read from there.
"""

from aecore.jobs.executors import make_executor
from aecore.jobs.lanes import Ticket
from aecore.jobs.queue import Queue
from aecore.jobs.tasks import MapTask, Outcome, PretrainTask, ProbeTask, StabilityTask, Task, TrainTask, execute
from aecore.store.lease import honest_state, honest_status

__all__ = [
    "MapTask",
    "Outcome",
    "PretrainTask",
    "ProbeTask",
    "Queue",
    "StabilityTask",
    "Task",
    "Ticket",
    "TrainTask",
    "execute",
    "honest_state",
    "honest_status",
    "make_executor",
]
