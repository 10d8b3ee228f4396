"""An agent that stops for longer than its lease: the trial is leased again, and the late result is evidence, no second count."""

import signal
import unittest

from kill_test import rows
from rig import Rig, until

SWEEP = """
scenarios: [single-call]
implementations: [per_target/spin/mask_all]
calls: 400000
time: 2s
deadline: 2s
no_realtime: true
"""


class LateResultTest(unittest.TestCase):
    def test_stopped_agent_loses_its_lease_and_its_late_result_counts_once(self):
        flags = ["--first-term", "2s", "--lease-term", "2s", "--hold-idle", "1s", "--hold-busy", "300ms", "--reconnect-grace", "1s"]
        with Rig(controller_flags=flags) as rig:
            rig.start_controller()
            stopped = rig.start_agent()
            rig.wait_for_board()
            rig.create_sweep("late", SWEEP)
            until(rig.worker_of, "the trial runs")
            stopped.signal(signal.SIGSTOP)
            until(lambda: rows(rig, "SELECT 1 FROM attempts WHERE attempt = 1 AND end_time <> 0"), "the first lease has ended")
            self.assertFalse([b for b in rig.boards() if b["online"]], "a silent board is not online")
            stopped.signal(signal.SIGCONT)
            sweep = rig.wait_for_end("late")
            self.assertEqual(sweep["state"], "STATE_SUCCEEDED", sweep)
            trials = rows(rig, "SELECT state, outcome, attempt_count FROM trials")
            self.assertEqual(len(trials), 1)
            self.assertGreaterEqual(trials[0][2], 2, "the trial was leased again")
            results = rows(rig, "SELECT attempt, evidence, outcome FROM results ORDER BY id")
            self.assertEqual(len([r for r in results if r[1] == 0 and r[2] == 1]), 1, results)
            self.assertEqual(rows(rig, "SELECT count(*) FROM attempts WHERE end_time = 0")[0][0], 0)
            print("attempts (attempt, lease, outcome):", rows(rig, "SELECT attempt, lease_state, outcome FROM attempts"),
                  "results (attempt, evidence, outcome):", results)


if __name__ == "__main__":
    unittest.main()
