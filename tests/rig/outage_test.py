"""Agents and the controller of a lab killed and stopped, each on a machine of its own as far as the network is concerned."""

import os
import random
import signal
import statistics
import time
import unittest

from kill_test import SEED, rows
from lab import ASKING_S, BOARDS, HOLD_BUSY_S, HOLD_IDLE_S, LabRig, SILENT_S, check_each_result_once, cycles_s, main
from rig import until

KILLS = int(os.environ.get("CROSSCALL_LAB_KILLS", "3"))
PHASES = 3
OTHERS = ("b", "c")
HUNG = 2
HANG_AFTER_S = 2.0
ENDLESS = f"""
scenarios: [single-call]
implementations: [per_target/spin/mask_all]
time: 60s
deadline: {HANG_AFTER_S}s
no_realtime: true
"""


class KillTest(unittest.TestCase):
    def test_every_result_exactly_once(self):
        chance = random.Random(SEED)
        victims = [*BOARDS, "controller"] * KILLS
        chance.shuffle(victims)
        with LabRig() as rig:
            sweeps = []
            for victim in victims:
                self.keep_busy(rig, sweeps)
                # The moment of the kill is the experiment, not a wait for anything.
                time.sleep(chance.uniform(0, 0.4))
                if victim == "controller":
                    rig.controller.kill()
                    rig.start_controller()
                else:
                    rig.agents[victim].kill()
                    rig.again(victim)
            for sweep in sweeps:
                self.assertEqual(rig.wait_for_end(sweep)["state"], "STATE_SUCCEEDED")
            print(f"seed {SEED}, {len(victims)} kills:", check_each_result_once(self, rig))

    def keep_busy(self, rig, sweeps):
        """Every kill hits running sweeps, and few trials are left when the last one is over."""
        if rows(rig, "SELECT count(*) FROM trials WHERE state IN (1, 2)")[0][0] < 4 * len(BOARDS):
            sweeps.append(f"kills-{len(sweeps)}")
            rig.create(sweeps[-1], 8)


class StopTest(unittest.TestCase):
    def test_a_stopped_agent_is_silent_in_time_and_its_trial_is_leased_again(self):
        with LabRig() as rig:
            rig.create("stopped", 1, deadline="4s", boards=("a",))
            until(lambda: rig.worker_of("a"), "the trial runs")
            stopped = time.monotonic()
            rig.agents["a"].signal(signal.SIGSTOP)
            rig.wait_for_silence("a")
            silent_s = time.monotonic() - stopped
            # At most one hold passed between its last call and the stop.
            self.assertGreaterEqual(silent_s, 2 * HOLD_BUSY_S - 0.1)
            self.assertLessEqual(silent_s, SILENT_S + ASKING_S)
            until(lambda: rows(rig, "SELECT 1 FROM attempts WHERE attempt = 1 AND end_time <> 0"), "the lease has ended")
            rig.agents["a"].signal(signal.SIGCONT)
            self.assertEqual(rig.wait_for_end("stopped")["state"], "STATE_SUCCEEDED")
            print(f"silent after {silent_s:.2f} s (holds of {HOLD_BUSY_S} s, idle {HOLD_IDLE_S} s);", check_each_result_once(self, rig))

    def test_a_stopped_agent_changes_nothing_for_the_others(self):
        """Stopped and continued in turns, so that what else the machine does meanwhile is shared by both."""
        with LabRig() as rig:
            rig.create("others", 1000)
            rig.wait_for_more(BOARDS, 3)
            running, stopped = [], []
            for _ in range(PHASES):
                running += self.phase(rig)
                rig.agents["a"].signal(signal.SIGSTOP)
                rig.wait_for_silence("a")
                stopped += self.phase(rig)
                rig.agents["a"].signal(signal.SIGCONT)
                rig.wait_for_board("a")
            rig.ctl("sweep", "cancel", "others")
            rig.wait_for_end("others")
            for name, spans in (("running", running), ("stopped", stopped)):
                print(f"one agent {name}: a trial every {statistics.median(spans):.3f} s, p90 {quantile(spans, 0.9):.3f} s, "
                      f"p99 {quantile(spans, 0.99):.3f} s ({len(spans)} trials of the others)")
            self.assertLessEqual(statistics.median(stopped), 1.2 * statistics.median(running))
            self.assertLessEqual(quantile(stopped, 0.9), 1.2 * quantile(running, 0.9))

    def phase(self, rig):
        start = time.time_ns()
        rig.wait_for_more(OTHERS, 12)
        return [span for board in OTHERS for span in cycles_s(rig, board, start, time.time_ns())]

    def test_a_stopped_worker_is_a_hang_and_not_a_silent_board(self):
        with LabRig(boards=("a",)) as rig:
            rig.create_sweep("hang", ENDLESS)
            worker = until(lambda: rig.worker_of("a"), "there is a worker")
            # It spins on two CPUs; what it does before takes a fraction of that.
            until(lambda: cpu_s(worker) > 2, "it makes its calls")
            os.kill(worker, signal.SIGSTOP)
            stopped = time.monotonic()
            while not (done := rows(rig, "SELECT outcome FROM attempts WHERE end_time <> 0")):
                self.assertTrue(rig.is_online("a"), "its agent goes on")
            hung_s = time.monotonic() - stopped
            self.assertEqual(done, [(HUNG,)])
            self.assertRegex(rig.objects("hangs", "hang")[0]["fingerprint"], "^stopped / ")
            # What is added is the inquiry, which takes a second, and the upload.
            self.assertGreaterEqual(hung_s, HANG_AFTER_S - 0.1)
            self.assertLessEqual(hung_s, HANG_AFTER_S + 1 + ASKING_S)
            print(f"hung {hung_s:.2f} s after the worker was stopped")


def cpu_s(pid):
    """CPU time of the process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def quantile(spans, share):
    ordered = sorted(spans)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
