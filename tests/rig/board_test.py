"""A board's way through the lab: checked before work, drained while it works, released through another check, and all of
it still so after the controller was killed."""

import unittest

from rig import Rig, until

SWEEP = """
scenarios: [single-call]
implementations: [per_target/poll_completion/mask_all]
calls: 2000
repetitions: 60
"""


class BoardTest(unittest.TestCase):
    def test_checked_drained_and_released(self):
        with Rig(controller_flags=["--health-period", "24h", "--hold-idle", "2s"], agent_flags=[]) as rig:
            rig.start_controller()
            rig.start_agent()
            until(lambda: state(rig) == "STATE_ACTIVE", "the board passes its health trial")
            checks = [s["sweep"] for s in rig.objects("sweep", "list")]
            self.assertEqual(checks, ["check-1"])
            self.assertEqual(board(rig)["state_reason"], "passed its health trial sweeps/check-1")

            rig.create_sweep("work", SWEEP)
            until(lambda: int(rig.sweep("work")["progress"]["completed_count"]) > 0, "some trials have run")
            rig.ctl("boards", "drain", "rig", "--reason", "new fan")
            until(lambda: state(rig) == "STATE_DRAINED", "what it runs ends")
            waiting = rig.sweep("work")["progress"]
            self.assertGreater(int(waiting["pending_count"]), 0, "it was drained in the middle of the sweep")
            self.assertEqual(int(waiting["running_count"]), 0)

            rig.controller.kill()
            rig.start_controller()
            rig.wait_for_board()
            self.assertEqual(state(rig), "STATE_DRAINED")
            self.assertIn("new fan", board(rig)["waiting_reason"])
            self.assertEqual(rig.sweep("work")["progress"]["pending_count"], waiting["pending_count"])

            rig.ctl("boards", "release", "rig")
            self.assertEqual(rig.wait_for_end("work")["state"], "STATE_SUCCEEDED")
            self.assertEqual(state(rig), "STATE_ACTIVE")
            shown = rig.ctl("boards", "show", "rig")
            for event in ("first session", "checking", "active", "draining", "drained"):
                self.assertIn(event, shown)

            rig.ctl("boards", "forget", "rig", "--reason", "end of the test")
            until(lambda: not rig.agents["rig"].running(), "the agent of a retired board exits")
            self.assertEqual(rig.boards(), [])


def board(rig):
    return rig.objects("boards", "show", "rig", status=(0, 4))[0] if rig.boards() else {"state": ""}


def state(rig):
    return board(rig)["state"]


if __name__ == "__main__":
    unittest.main()
