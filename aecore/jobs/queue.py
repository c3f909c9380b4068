"""`Queue`: who waits for what, in which order, and what becomes of it.

One key is one job, however many ask for it: they watch it together, and it is stopped when the last of them leaves.
What is done in the background (`Task.background`) belongs to nobody: it waits behind everything else in its lane, and
what of it is running when somebody asks for something stops and starts anew later.
"""

from __future__ import annotations

import contextlib

from aecore import settings
from aecore.errors import AecoreError
from aecore.jobs.dispatch import Dispatcher
from aecore.jobs.lanes import Job, Lane, Ticket, check_room
from aecore.jobs.tasks import Outcome, Task
from aecore.store import files, runs
from aecore.store.lease import alone, honest_state, writing
from aecore.store.runs import ResultFolder

BACKGROUND = ""  # the session that all background jobs belong to, which never leaves


class Queue(Dispatcher):
    """The queue of one server. All methods may be called from any thread and return at once.

    Parameters
    ----------
    cache : the folder that holds `runs/`.
    address : where jobs are done, see `make_executor`; with 'inline' `submit` returns when the job has ended.
    """

    def submit(self, task: Task, session: str) -> Ticket:
        """Ask for a task's result. What is there already is not done again; what others asked for is watched too.

        Raises
        ------
        AecoreError
            A task that cannot be done, a cache that cannot be written, too many waiting jobs: one line each.
        """
        ticket = self._ask(task, session)
        if self.address == "inline":
            self._drain()
            ticket = self.ticket(ticket.key) or ticket
        return ticket

    def join(self, key: str, session: str) -> None:
        """Watch what others asked for, while it runs or waits: no limit counts. Where there is no such job, nothing."""
        with self._changed:
            job = self._jobs.get(key)
            if job and not job.ended and not job.stopping:  # looking on revives nothing
                self._watch(job, session)

    def ticket(self, key: str) -> Ticket | None:
        """The job of that key, also for a while after it ended; None for one that nobody asked for."""
        with self._changed:
            job = self._jobs.get(key)
            return self._ticket(job) if job else None

    def tickets(self) -> dict[str, list[Ticket]]:
        """Every job that runs or waits, by lane: what runs first, then in the order of their turns."""
        with self._changed:
            return {
                name: [self._ticket(job) for job in [*lane.running, *lane.order()]]
                for name, lane in self._lanes.items()
            }

    def width(self, lane: str) -> int:
        """How many jobs of a lane run at once."""
        return self._lanes[lane].width

    def wait(self, key: str, timeout: float | None = None) -> Ticket | None:
        """Block until the job has ended, or `timeout` seconds; its ticket then. For scripts and tests, not pages."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._jobs or self._jobs[key].ended, timeout)
        return self.ticket(key)

    def stop(self, key: str, session: str) -> None:
        """The session wants the job no more. When it was the last one: a waiting job goes, a running one is stopped."""
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
                with contextlib.suppress(OSError), alone(job.folder) as mine:
                    if mine and ResultFolder(job.folder).state == "waiting":  # nobody else has filled it
                        files.set_aside(job.folder)
                self._end(job, Outcome("stopped"))
            else:
                self._interrupt(job)

    def leave(self, session: str) -> None:
        """A tab was closed: stop everything that only it was waiting for."""
        with self._changed:
            for key in [job.key for job in self._jobs.values() if session in job.watchers]:
                self.stop(key, session)
            for lane in self._lanes.values():
                lane.forget(session)

    def state_of(self, work: ResultFolder | str) -> str:
        """The true state of a run (or of any folder a task fills): never 'running' when nobody works on it."""
        folder = runs.open_run(work, self.cache) if isinstance(work, str) else work
        with self._changed:
            job = self._jobs.get(folder.key)
            if job and not job.ended:
                return job.state
        return honest_state(folder)

    def warm(self) -> None:
        """Start the workers and let them import what they need, in the background; `AECORE_WARM=0` leaves that out."""
        if self.address is None and settings.get("AECORE_WARM"):
            with self._changed:
                for lane in (cold := [lane for lane in self._lanes.values() if not lane.preload]):
                    lane.preload = True
                if cold:  # every page asks for this; threads are woken once
                    self._changed.notify_all()

    def _ask(self, task: Task, session: str) -> Ticket:
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
        """Ask for what comes after a finished job, unless it cannot be done: a page that misses it will say why."""
        task = job.task.follow_up()
        if task is not None:
            with contextlib.suppress(AecoreError):
                self._ask(task, BACKGROUND)

    # Under the lock.

    def _enqueue(self, task: Task, key: str, lane: Lane, session: str, expected: float | None) -> Job:
        folder = task.folder(self.cache)
        job = Job(task, key, folder, session, {session: None}, expected=expected)
        if ResultFolder(folder).state == "finished":
            return self._answer(job)
        budget = settings.get("AECORE_BUDGET")
        if expected and 0 < budget < expected and not task.background:
            raise AecoreError(task.over_budget(expected, budget, self.cache))
        check_room(task, session, lane, self._lanes.values())
        with writing(self.cache), alone(folder) as mine:
            if mine and ResultFolder(folder).state == "finished":  # another server was quicker
                return self._answer(job)
            if mine:
                ResultFolder(folder).clear()
                task.begin(folder)
        lane.waiting.append(job)
        self._jobs[key] = job
        self._log("waiting", job, session=session)
        if lane.full and not task.background:
            for other in lane.running:
                if other.task.background and not other.stopping:
                    self._interrupt(other)
                    break  # one makes room
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
            before = lane.before(job)
            position, expected = 1 + len(before), lane.expected_seconds(before)
        return Ticket(job.key, job.state, position, frozenset(job.watchers), job.folder, job.message, expected)
