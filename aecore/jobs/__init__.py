"""The queue of long jobs: trainings and experiments in one worker process, maps and probes in a second one.

`Queue` runs in the server: it orders the jobs of all sessions and hands one at a time to each worker. A job fills a
result folder, from which pages read its progress and its result.
"""

from aecore.jobs.data_task import DataTask
from aecore.jobs.execution import Outcome, execute
from aecore.jobs.executors import make_executor
from aecore.jobs.lanes import Ticket
from aecore.jobs.queue import Queue
from aecore.jobs.tasks import AnomalyTask, MapTask, PretrainTask, ProbeTask, StabilityTask, Task, TrainTask
from aecore.store.lease import actual_state, actual_status

__all__ = [
    "AnomalyTask",
    "DataTask",
    "MapTask",
    "Outcome",
    "PretrainTask",
    "ProbeTask",
    "Queue",
    "StabilityTask",
    "Task",
    "Ticket",
    "TrainTask",
    "actual_state",
    "actual_status",
    "execute",
    "make_executor",
]
