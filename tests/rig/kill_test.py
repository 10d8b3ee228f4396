"""kill -9 of worker, agent and controller at random moments of running sweeps: every trial's result exactly once.

The seed decides whom and when; CROSSCALL_RIG_SEED replays it, CROSSCALL_RIG_KILLS sets how often each is killed.
"""

import os
import random
import signal
import sqlite3
import time
import unittest

from rig import Rig, until

KILLS = int(os.environ.get("CROSSCALL_RIG_KILLS", "20"))
SEED = int(os.environ.get("CROSSCALL_RIG_SEED", "2008"))
TRIALS_PER_SWEEP = 40

SWEEP = """
scenarios: [single-call]
implementations: [call_lock/spin/mask_all, per_target/spin/mask_all]
repetitions: %d
calls: 500
deadline: 2s
no_realtime: true
seed: %d
"""

COMPLETED, CRASHED, INVALID, LOST = 1, 3, 5, 6
FINISHED, FAILED = 3, 4


def rows(rig, query):
    """Read beside the running controller: the file itself must tell the truth."""
    store = sqlite3.connect(f"file:{next((rig.folder / 'controller').glob('*.db'))}?mode=ro", uri=True)
    try:
        return store.execute(query).fetchall()
    finally:
        store.close()


class KillTest(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.sweeps = []

    def new_sweep(self, rig):
        name = f"kills-{len(self.sweeps)}"
        rig.create_sweep(name, SWEEP % (TRIALS_PER_SWEEP // 2, SEED + len(self.sweeps)))
        self.sweeps.append(name)

    def keep_busy(self, rig):
        """Every kill hits a running sweep."""
        open_trials = rows(rig, "SELECT count(*) FROM trials WHERE state IN (1, 2)")[0][0]
        if open_trials < 5:
            self.new_sweep(rig)

    def kill(self, rig, victim):
        if victim == "worker":
            until(lambda: self.kill_worker(rig), "a worker is killed")
        elif victim == "agent":
            rig.agents["rig"].kill()
            rig.start_agent()
        else:
            rig.controller.kill()
            rig.start_controller()

    def kill_worker(self, rig):
        """False if there was none, or it ended by itself before it was hit."""
        self.keep_busy(rig)
        pid = rig.worker_of()
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def test_every_result_exactly_once(self):
        victims = ["worker", "agent", "controller"] * KILLS
        self.random.shuffle(victims)
        with Rig(controller_flags=["--spooled-result-wait", "5s"]) as rig:
            rig.start_controller()
            rig.start_agent()
            rig.wait_for_board()
            self.new_sweep(rig)
            for victim in victims:
                self.keep_busy(rig)
                # The moment of the kill is the experiment, not a wait for anything.
                time.sleep(self.random.uniform(0, 0.4))
                self.kill(rig, victim)
            for name in self.sweeps:
                rig.wait_for_end(name)
            self.check(rig)

    def check(self, rig):
        total = TRIALS_PER_SWEEP * len(self.sweeps)
        trials = rows(rig, "SELECT id, state, outcome FROM trials")
        self.assertEqual(len(trials), total)
        ended = {trial: state for trial, state, _ in trials}
        self.assertEqual({s for s in ended.values()}, {FINISHED}, rows(
            rig, f"SELECT name, state, state_reason FROM trials WHERE state <> {FINISHED}"))
        findings = rows(rig, "SELECT trial, count(*) FROM results WHERE evidence = 0 AND outcome NOT IN "
                             f"({INVALID}, {LOST}) GROUP BY trial")
        self.assertEqual(sorted(t for t, _ in findings), sorted(ended), "every trial has a result")
        self.assertEqual({count for _, count in findings}, {1}, "and none has two")
        crashed = rows(rig, f"SELECT count(*) FROM trials WHERE outcome = {CRASHED}")[0][0]
        self.assertLessEqual(crashed, KILLS, "only killed workers crash")
        self.assertEqual(rows(rig, "SELECT count(*) FROM attempts WHERE end_time = 0")[0][0], 0, "no lease is left open")
        until(lambda: not list((rig.folder / "agent-rig").glob("**/*.result")), "the spool is empty")
        print(f"seed {SEED}: {3 * KILLS} kills, {total} trials in {len(self.sweeps)} sweeps, {crashed} crashed, "
              f"{rows(rig, 'SELECT count(*) FROM attempts')[0][0]} attempts, "
              f"{rows(rig, 'SELECT count(*) FROM results WHERE evidence = 1')[0][0]} late results kept as evidence")


if __name__ == "__main__":
    unittest.main()
