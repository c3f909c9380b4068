"""Servers and workers that are killed, leave, or share one cache."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from aecore.jobs import Queue, actual_state, actual_status
from aecore.store import files, lease
from aecore.store.runs import ResultFolder
from tests.jobs.fakes import PATIENCE, Fake, ended, names, until

ROOT = Path(__file__).resolve().parents[2]

SERVER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.jobs.fakes import Fake
from aecore.jobs import Queue
queue = Queue(Path({cache!r}))
queue.submit(Fake("a", {log!r}, {gate!r}), "ann")
while not Path({log!r}).read_text():
    time.sleep(0.02)
print("running", flush=True)
{then}
"""


def server(tmp_path: Path, log: str, then: str) -> tuple[subprocess.Popen, int]:
    """Another server with a running job, and its worker's process id."""
    values = {"root": str(ROOT), "cache": str(tmp_path / "cache"), "log": log}
    script = SERVER.format(**values, gate=str(tmp_path / "gate"), then=then)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "running\n"
    return process, int(Path(log).read_text().split()[1])


def gone(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_worker_leaves_with_its_killed_server_and_the_folder_says_so(tmp_path: Path, log: str) -> None:
    process, worker = server(tmp_path, log, "time.sleep(600)")
    queue = Queue(tmp_path / "cache")
    task = Fake("a", log, str(tmp_path / "gate"))
    # Two servers, one cache: ours does not do it again but looks on.
    queue.submit(task, "bob")
    until(lambda: queue.state_of(task.key) == "running")
    assert names(log) == ["a"]
    queue.submit(Fake("b", log), "bob")
    ended(queue, Fake("b", log))
    process.kill()
    process.wait()
    until(lambda: gone(worker))
    # The dead server's lease runs out, and ours takes over.
    (tmp_path / "gate").touch()
    assert ended(queue, task).state == "finished" and names(log) == ["a", "b", "a"]
    queue.close()


def test_an_ended_server_does_not_wait_for_its_jobs(tmp_path: Path, log: str) -> None:
    process, worker = server(tmp_path, log, "")
    process.wait(timeout=PATIENCE)
    until(lambda: gone(worker))
    folder = ResultFolder(Fake("a", log).folder(tmp_path / "cache"))
    assert actual_state(folder) == "failed" and "interrupted" in actual_status(folder)["message"]


def test_what_another_server_finished_is_finished_here(tmp_path: Path, log: str) -> None:
    process, _ = server(tmp_path, log, "queue.wait(next(iter(queue._jobs)))")
    queue = Queue(tmp_path / "cache")
    task = Fake("a", log, str(tmp_path / "gate"))
    queue.submit(task, "bob")
    (tmp_path / "gate").touch()
    assert ended(queue, task).state == "finished" and names(log) == ["a"]
    process.wait(timeout=PATIENCE)
    queue.close()


def test_nobody_runs_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "runs" / ("0" * 16)
    folder.mkdir(parents=True)
    queue = Queue(tmp_path, "inline")
    for state, later in (("running", "failed"), ("waiting", "missing")):
        ResultFolder(folder).write_status(state=state)
        assert queue.state_of(folder.name) == state
        with monkeypatch.context() as patch:
            patch.setattr(lease, "STALE_SECONDS", -1.0)
            assert queue.state_of(folder.name) == actual_state(ResultFolder(folder)) == later
    held = lease.Lease(folder)
    assert held.acquire() and not held.acquire()
    os.utime(held.path, (time.time() - 60,) * 2)
    assert held.acquire()
    held.beat()
    assert lease.is_held(folder)
    held.release()
    held.release()


RIVAL = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from aecore.store.lease import Lease
runs, own, other = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
own.touch()
while not other.exists():
    pass
for number in range({tries}):
    folder = runs / f"{{number:016x}}"
    while not (folder / "DONE").exists():
        lease = Lease(folder)
        if lease.acquire():
            if not (folder / "DONE").exists():
                print(number, flush=True)
                (folder / "DONE").touch()
            lease.release()
"""


def test_two_servers_that_ask_at_once_do_hundreds_of_jobs_once(tmp_path: Path) -> None:
    tries = 300
    runs = tmp_path / "runs"
    for number in range(tries):
        folder = runs / f"{number:016x}"
        folder.mkdir(parents=True)
        if number % 2:  # somebody died here
            left = folder.with_name(f".lease-{folder.name}")
            left.write_text("{}")
            os.utime(left, (time.time() - 60,) * 2)
    script = RIVAL.format(root=str(ROOT), tries=tries)
    ends = [str(tmp_path / name) for name in "ab"]
    rivals = [
        subprocess.Popen([sys.executable, "-c", script, str(runs), *order], stdout=subprocess.PIPE, text=True)
        for order in (ends, ends[::-1])
    ]
    done = [int(line) for rival in rivals for line in rival.communicate(timeout=4 * PATIENCE)[0].split()]
    assert sorted(done) == list(range(tries))


def test_a_clock_that_goes_back_neither_frees_nor_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "runs" / ("0" * 16)
    mine = lease.Lease(folder)
    assert mine.acquire()
    os.utime(mine.path, (time.time() + 3600,) * 2)
    assert lease.is_held(folder)
    monkeypatch.setattr(psutil, "pid_exists", lambda pid: False)
    assert not lease.is_held(folder) and mine.acquire()


def test_one_that_died_while_taking_blocks_for_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / ("0" * 16)
    folder.mkdir(parents=True)
    taking = folder.with_name(f".taking-{folder.name}")
    taking.touch()
    assert not lease.Lease(folder).acquire() and taking.exists()
    os.utime(taking, (time.time() - 60,) * 2)
    assert not lease.Lease(folder).acquire()
    assert lease.Lease(folder).acquire() and not taking.exists()


ASKING = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.jobs.fakes import Fake
from aecore.jobs import Queue
cache, log, own, other = sys.argv[1:]
queue = Queue(Path(cache), "inline")
for number in range({tries}):
    Path(f"{{own}}-{{number}}").touch()
    while not Path(f"{{other}}-{{number}}").exists():
        pass
    while queue.submit(Fake(f"{{number}}.", log), f"session {{number}}").state != "finished":
        time.sleep(0.001)
"""


def test_two_servers_that_are_asked_at_once_train_hundreds_of_specs_once(tmp_path: Path, log: str) -> None:
    tries = 300
    script = ASKING.format(root=str(ROOT), tries=tries)
    ends = [str(tmp_path / name) for name in "ab"]
    cache = str(tmp_path / "cache")
    servers = [
        subprocess.Popen([sys.executable, "-c", script, cache, log, *order], stdout=subprocess.DEVNULL)
        for order in (ends, ends[::-1])
    ]
    try:
        assert [each.wait(timeout=8 * PATIENCE) for each in servers] == [0, 0]
    finally:
        for each in servers:
            each.kill()
    assert sorted(names(log)) == sorted(f"{number}." for number in range(tries))


@pytest.mark.parametrize("state", ["running", "finished"])
def test_who_stops_waiting_leaves_what_another_server_made_of_it(
    queue: Queue, log: str, tmp_path: Path, state: str
) -> None:
    busy, task = Fake("busy", log, str(tmp_path / "never")), Fake("a", log)
    queue.submit(busy, "ann")
    until(lambda: names(log))
    folder = ResultFolder(queue.submit(task, "ann").folder)
    other = lease.Lease(folder.folder)
    assert other.acquire()
    folder.write_status(state="running")
    files.write_json(folder.folder / "metrics.json", {})
    if state == "finished":
        folder.mark("DONE")
        other.release()
    queue.stop(task.key, "ann")
    assert ended(queue, task).state == "stopped" and folder.state == state


def test_a_server_that_was_silent_for_too_long_gives_way(queue: Queue, log: str, tmp_path: Path) -> None:
    task = Fake("a", log, str(tmp_path / "gate"))
    folder = ResultFolder(queue.submit(task, "ann").folder)
    until(lambda: names(log))
    worker = int(Path(log).read_text().split()[1])
    job = queue._jobs[task.key]
    first, other = job.lease, lease.Lease(folder.folder)
    assert first is not None

    def taken() -> bool:
        os.utime(other.path, (time.time() - 2 * lease.STALE_SECONDS,) * 2)
        return other.acquire()

    until(taken)
    until(lambda: gone(worker) and job.elsewhere)  # it writes no more into what is another's now
    first.release()
    assert other.beat() and not first.beat()
    files.write_json(folder.folder / "metrics.json", {})
    folder.mark("DONE")
    other.release()
    assert not other.beat()
    assert ended(queue, task).state == "finished" and names(log) == ["a"]


def test_nonsense_in_a_lease_or_a_status_holds_nothing(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "runs" / ("0" * 16))
    folder.folder.mkdir(parents=True)
    files.write_json(folder.folder / "status.json", {"state": "running", "updated": "today"})
    assert actual_state(folder) == "failed"
    left = lease.Lease(folder.folder)
    files.write_json(left.path, {"host": socket.gethostname(), "pid": "mine"})
    os.utime(left.path, (time.time() - 2 * lease.ORPHAN_SECONDS,) * 2)
    assert left.acquire()
