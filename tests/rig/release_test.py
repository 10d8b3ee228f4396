"""A lab in the middle of its upgrade: a controller three releases ahead of this one, and agents of five releases."""

import os
import pathlib
import re
import unittest

from rig import Rig, until

AHEAD = pathlib.Path(os.environ["CROSSCALL_AHEAD"])
# Releases ahead of this one, by the name of the board; the controller is three ahead.
SERVED = {"n-2": 1, "n-1": 2, "n": 3}
NOT_SERVED = {"n-3": 0, "later": 4}
SWEEP = """
scenarios: [single-call]
implementations: [per_target/spin/mask_all]
target_system: explore
"""


class AheadRig(Rig):
    """Its controller is three releases ahead, and has agents of any."""

    def program(self, name, ahead):
        return self.bin / name if ahead == 0 else AHEAD / f"{name}-ahead-{ahead}"

    def start_all(self):
        self.start_controller(program=self.program("crosscall-controller", 3))
        for board, ahead in {**SERVED, **NOT_SERVED}.items():
            self.start(board, ahead)
        for board in (*SERVED, *NOT_SERVED):
            self.wait_for_board(board)

    def start(self, board, ahead):
        worker = self.bin / "crosscall-worker"
        self.start_agent(board, program=self.program("crosscall-agent", ahead), extra=("--worker", worker))

    def trials(self, sweep):
        return self.objects("trials", sweep)

    def release_of(self, board):
        return int(re.search(r"release (\d+)", self.ctl("boards", "show", board)).group(1))


class ReleaseTest(unittest.TestCase):
    def test_three_releases_work_and_the_others_are_seen_and_told_why(self):
        with AheadRig() as rig:
            rig.start_all()
            this = rig.release_of("n-3")
            for board, ahead in {**SERVED, **NOT_SERVED}.items():
                self.assertEqual(rig.release_of(board), this + ahead, board)

            # Who is not named and cannot be served takes no part; who is served does all of it.
            for board in SERVED:
                rig.create_sweep(f"on-{board}", SWEEP + f"boards: [{board}]\n")
            for board in SERVED:
                self.assertEqual(rig.wait_for_end(f"on-{board}")["state"], "STATE_SUCCEEDED")

            for board in NOT_SERVED:
                rig.create_sweep(f"on-{board}", SWEEP + f"boards: [{board}]\n")
                why = rig.ctl("sweep", "why", f"on-{board}")
                self.assertIn(f"this controller serves releases {this + 1} to {this + 3}", why)
                self.assertIn("upgrade the agent" if board == "n-3" else "upgrade the controller", why)
                told = rig.agents[board]
                until(lambda: "gives no lease to this board: it has an agent of release" in told.text(), "the agent is told why")
                self.assertTrue(rig.is_online(board))
                self.assertIsNone(rig.worker_of(board))
            for board in SERVED:
                self.assertNotIn("gives no lease", rig.agents[board].text())

            # The agent is upgraded: the sweep that waited for it is done.
            rig.agents["n-3"].stop()
            rig.start("n-3", 1)
            self.assertEqual(rig.wait_for_end("on-n-3")["state"], "STATE_SUCCEEDED")
            self.assertEqual(rig.sweep("on-later")["state"], "STATE_PENDING")


if __name__ == "__main__":
    unittest.main()
