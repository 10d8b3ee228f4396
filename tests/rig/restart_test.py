"""What a restart must not change: running trials, counters; and what a watcher is told when an agent dies."""

import json
import unittest

from kill_test import FINISHED, LOST, rows
from lab import BOARDS, sweep_text
from rig import Process, Rig, until

ENDLESS = """
scenarios: [single-call]
implementations: [per_target/spin/mask_all]
time: 60s
deadline: 5s
no_realtime: true
"""


class RestartTest(unittest.TestCase):
    def test_running_trials_go_on_through_a_restart_and_counters_too(self):
        with Rig() as rig:
            rig.start_controller()
            for board in BOARDS:
                rig.start_agent(board)
            for board in BOARDS:
                rig.wait_for_board(board)
            rig.create_sweep("short", sweep_text(2))
            rig.wait_for_end("short")
            counted = rig.metric("crosscall_board_trials_total")
            self.assertGreaterEqual(counted, 2 * len(BOARDS))

            rig.create_sweep("long", sweep_text(1, deadline="4s"))
            workers = until(lambda: all_workers(rig), "all boards work")
            attempts = rows(rig, "SELECT trial, attempt FROM attempts ORDER BY trial, attempt")
            rig.controller.kill()
            rig.start_controller()
            for board in BOARDS:
                rig.wait_for_board(board)
            self.assertEqual(rows(rig, "SELECT trial, attempt FROM attempts ORDER BY trial, attempt"), attempts, "no attempt number grows")
            self.assertEqual(all_workers(rig), workers, "the same workers go on")
            self.assertEqual(rig.metric("crosscall_board_trials_total"), counted, "counters go on where they were")
            self.assertEqual(rig.wait_for_end("long")["state"], "STATE_SUCCEEDED")
            self.assertEqual(rows(rig, f"SELECT count(*) FROM attempts WHERE outcome = {LOST}")[0][0], 0)
            self.assertEqual(rows(rig, f"SELECT count(*) FROM trials WHERE state = {FINISHED}")[0][0], 3 * len(BOARDS))


class WatchTest(unittest.TestCase):
    def test_the_lease_of_a_killed_agent_ends_and_a_watcher_is_told(self):
        with Rig(controller_flags=["--first-term", "2s", "--lease-term", "2s", "--hold-busy", "300ms"]) as rig:
            rig.start_controller()
            agent = rig.start_agent()
            rig.wait_for_board()
            rig.create_sweep("watched", ENDLESS)
            worker = until(rig.worker_of, "the trial runs")
            watcher = Process([rig.bin / "crosscallctl", "--controller", rig.address, "--json", "sweep", "watch", "watched"], rig.folder / "watcher.log")
            try:
                until(lambda: told(watcher, "running_count"), "the watcher sees it run")
                agent.kill()
                until(lambda: told(watcher, "lost_attempt_count"), "the watcher is told of the lost attempt")
                self.assertTrue(rows(rig, f"SELECT 1 FROM attempts WHERE attempt = 1 AND outcome = {LOST}"))
                until(lambda: not is_alive(worker), "its worker has ended with it")
                rig.ctl("sweep", "cancel", "watched")
                watcher.popen.wait(timeout=60)
                self.assertEqual(states(watcher)[-1]["state"], "STATE_CANCELLED")
            finally:
                watcher.kill()


def all_workers(rig):
    """The worker of each board; None until all have one."""
    workers = [rig.worker_of(board) for board in BOARDS]
    return workers if all(workers) else None


def states(watcher):
    """What was told so far; the last line may be under way."""
    return [json.loads(line) for line in watcher.text().splitlines() if line.startswith("{") and line.endswith("}")]


def told(watcher, count):
    return any(int(state.get("progress", {}).get(count, 0)) > 0 for state in states(watcher))


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    unittest.main()
