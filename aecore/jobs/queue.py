"""`Queue`: the jobs that browser sessions request, watch and stop.

A key has at most one job. All sessions that request it watch the same job; it is stopped when the last one leaves.
Background jobs (`Task.background`) belong to no session: they run when nothing else waits in their lane, and a running
one is stopped and queued again when a session requests a job.
"""

from __future__ import annotations

import contextlib

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.dispatch import Dispatcher
from aecore.jobs.execution import Outcome
from aecore.jobs.lanes import Job, Lane, Ticket, check_capacity
from aecore.jobs.tasks import Task
from aecore.store import files, runs
from aecore.store.lease import actual_state, translate_os_errors, try_lease
from aecore.store.runs import ResultFolder

BACKGROUND = ""  # the session of all background jobs; it never leaves


class Queue(Dispatcher):
    """The queue of one server. All methods may be called from any thread and return at once.

    Parameters
    ----------
    cache : the folder that holds `runs/`.
    address : where jobs run, see `make_executor`; with 'inline' `submit` returns when the job has ended.
    """

    def submit(self, task: Task, session: str) -> Ticket:
        """Request a task's result: finished at once if it exists, else its job is watched or newly queued.

        Raises
        ------
        AecoreError
            An invalid task, a cache that cannot be written, too many waiting jobs: one line each.
        """
        ticket = self._request(task, session)
        if self.address == "inline":
            self._run_all_inline()
            ticket = self.ticket(ticket.key) or ticket
        return ticket

    def join(self, key: str, session: str) -> None:
        """Watch a running or waiting job of another session; no limits apply. Without such a job, does nothing."""
        with self._changed:
            job = self._jobs.get(key)
            if job and not job.ended and not job.stopping:  # watching does not revive a job that stops
                self._watch(job, session)

    def ticket(self, key: str) -> Ticket | None:
        """The ticket of that key's job, for a while after its end too; None without such a job."""
        with self._changed:
            job = self._jobs.get(key)
            return self._ticket(job) if job else None

    def tickets(self) -> dict[str, list[Ticket]]:
        """The tickets of all running, then all waiting jobs of each lane, in the order of their turns."""
        with self._changed:
            return {
                name: [self._ticket(job) for job in [*lane.running, *lane.order()]]
                for name, lane in self._lanes.items()
            }

    def width(self, lane: str) -> int:
        """The number of jobs of a lane that run at once."""
        return self._lanes[lane].width

    def wait(self, key: str, timeout: float | None = None) -> Ticket | None:
        """Block until the job has ended, at most `timeout` seconds, and return its ticket. For scripts and tests."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._jobs or self._jobs[key].ended, timeout)
        return self.ticket(key)

    def stop(self, key: str, session: str) -> None:
        """Stop watching a job. Without any session left, a waiting job is removed and a running one is stopped."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.ended or session not in job.watchers:
                return
            del job.watchers[session]
            if job.watchers:
                job.owner = job.owner if job.owner in job.watchers else next(iter(job.watchers))
                self._log("left", job, session=session)
            elif job in (lane := self._lanes[job.task.lane]).waiting:
                lane.waiting.remove(job)
                with contextlib.suppress(OSError), try_lease(job.folder) as acquired:
                    if acquired and ResultFolder(job.folder).state == "waiting":  # not filled by another server
                        files.set_aside(job.folder)
                self._end(job, Outcome("stopped"))
            else:
                self._interrupt(job)

    def leave(self, session: str) -> None:
        """A browser session has ended: stop the jobs that only it was watching."""
        with self._changed:
            for key in [job.key for job in self._jobs.values() if session in job.watchers]:
                self.stop(key, session)
            for lane in self._lanes.values():
                lane.forget(session)

    def state_of(self, result: ResultFolder | str) -> str:
        """The state of a run (or of any result folder), reconciled with the queue and the lease: 'running' only with a
        live worker."""
        folder = runs.open_run(result, self.cache) if isinstance(result, str) else result
        with self._changed:
            job = self._jobs.get(folder.key)
            if job and not job.ended:
                return job.state
        return actual_state(folder)

    def warm(self) -> None:
        """Start the workers and their imports ahead of the first job, in the background, unless `AECORE_WARM=0`."""
        if self.address is None and settings.get("AECORE_WARM"):
            with self._changed:
                for lane in (cold := [lane for lane in self._lanes.values() if not lane.preload]):
                    lane.preload = True
                if cold:  # every page calls this; threads are woken once
                    self._changed.notify_all()

    def _request(self, task: Task, session: str) -> Ticket:
        key, session = task.key, BACKGROUND if task.background else session
        task.validate(self.cache)
        expected = task.expected_seconds(self.cache)
        with self._changed:
            if self._closed:
                raise AecoreError("the queue is closed")
            job = self._jobs.get(key)
            if job is None or job.ended:
                job = self._enqueue(task, key, self._lanes[task.lane], session, expected)
            else:
                self._watch(job, session)
            return self._ticket(job)

    def _finished(self, job: Job) -> None:
        """Request the follow-up of a finished job; errors are ignored, the page that needs it will report them."""
        task = job.task.follow_up()
        if task is not None:
            with contextlib.suppress(AecoreError):
                self._request(task, BACKGROUND)

    # The methods below need the lock `_changed`.

    def _enqueue(self, task: Task, key: str, lane: Lane, session: str, expected: float | None) -> Job:
        folder = task.folder(self.cache)
        job = Job(task, key, folder, session, {session: None}, expected=expected)
        if ResultFolder(folder).state == "finished":
            return self._answer(job)
        budget = settings.get("AECORE_BUDGET")
        if expected and 0 < budget < expected and not task.background:
            raise AecoreError(task.over_budget(expected, budget, self.cache))
        check_capacity(task, session, lane, self._lanes.values())
        with translate_os_errors(self.cache), try_lease(folder) as acquired:
            if acquired and ResultFolder(folder).state == "finished":  # by another server meanwhile
                return self._answer(job)
            if acquired:
                ResultFolder(folder).clear()
                task.begin(folder)
        lane.waiting.append(job)
        self._jobs[key] = job
        self._log("waiting", job, session=session)
        if lane.full and not task.background:
            for other in lane.running:
                if other.task.background and not other.stopping:
                    self._interrupt(other)
                    break  # one is enough
        self._changed.notify_all()
        return job

    def _watch(self, job: Job, session: str) -> None:
        if session not in job.watchers:
            job.watchers[session] = None
            self._log("joined", job, session=session)

    def _answer(self, job: Job) -> Job:
        self._jobs[job.key] = job
        self._end(job, Outcome("finished"))
        return job

    def _ticket(self, job: Job) -> Ticket:
        lane = self._lanes[job.task.lane]
        if job.elsewhere and not job.ended and ResultFolder(job.folder).state == "finished":
            lane.waiting.remove(job)
            self._end(job, Outcome("finished"))
        position, expected = 0, None
        if job.state == "waiting":
            ahead = lane.ahead_of(job)
            position, expected = 1 + len(ahead), lane.expected_seconds(ahead)
        return Ticket(job.key, job.state, position, frozenset(job.watchers), job.folder, job.message, expected)
