"""Links of a lab that are cut, carry one way only, or are slow and lossy: the board concerned is silent in the stated time,
the others go on as before, and when all is healed each trial has its result exactly once."""

import pathlib
import statistics
import sys
import time
import unittest

from kill_test import rows
from lab import ASKING_S, BOARDS, HOLD_BUSY_S, HOLD_IDLE_S, SILENT_S, LabRig, check_each_result_once, cycles_s, main
from rig import until

OTHERS = ("b", "c")
PADDED_WORKER = pathlib.Path(__file__).with_name("padded_worker.py")
# Of 16 chunks.
LARGE_BYTES = 4 << 20
LARGE = """
scenarios: [single-call]
implementations: [per_target/spin/mask_all]
target_system: explore
boards: [a]
"""


class CutTest(unittest.TestCase):
    def test_a_board_that_is_cut_off_delays_nobody_and_comes_back(self):
        with LabRig() as rig:
            rig.create("cut", 40)
            start = time.time_ns()
            rig.wait_for_more(BOARDS, 8)
            rig.network.cut("a")
            cut = time.time_ns()
            rig.wait_for_silence("a")
            silent_s = (time.time_ns() - cut) / 1e9
            self.assertLessEqual(silent_s, SILENT_S + ASKING_S)
            rig.run_more("meanwhile", OTHERS, 8)
            self.assertFalse(rig.is_online("a"))
            healed = time.time_ns()
            rig.network.heal("a")
            rig.wait_for_board("a")
            self.assertEqual(rig.wait_for_end("cut")["state"], "STATE_SUCCEEDED")
            print(f"silent after {silent_s:.1f} s;", check_each_result_once(self, rig))
            before, during = (median_of(rig, *span) for span in ((start, cut), (cut, healed)))
            print(f"a trial of the others every {before:.3f} s before, {during:.3f} s while one board was cut off")
            self.assertLessEqual(during, 1.2 * before + 0.05)

    def test_a_controller_restarted_while_two_links_are_down(self):
        with LabRig() as rig:
            rig.create("restart", 16)
            rig.wait_for_more(BOARDS, 2)
            for board in ("a", "b"):
                rig.network.cut(board)
            rig.run_more("one-left", ("c",), 2)
            rig.controller.kill()
            rig.start_controller()
            rig.run_more("restarted", ("c",), 3)
            for board in ("a", "b"):
                self.assertFalse(rig.is_online(board))
                rig.network.heal(board)
            self.assertEqual(rig.wait_for_end("restart")["state"], "STATE_SUCCEEDED")
            print("restarted behind two cut links:", check_each_result_once(self, rig))


class OneWayTest(unittest.TestCase):
    def test_no_worker_outlives_its_lease_behind_a_link_that_carries_one_way(self):
        """Of `a` nothing arrives at the controller, of the controller nothing arrives at `b`."""
        with LabRig() as rig:
            # Longer than a lease, so that the lease must be renewed while the trial runs.
            rig.create("one-way", 2, deadline="4s")
            until(lambda: all(rig.worker_of(board) for board in BOARDS), "all boards work")
            rig.network.mute("a")
            rig.network.deafen("b")
            for board in ("a", "b"):
                self.check_lost_and_stopped(rig, board)
            rig.run_more("meanwhile", ("c",), 1)
            rig.network.unmute("a")
            rig.network.undeafen("b")
            self.assertEqual(rig.wait_for_end("one-way")["state"], "STATE_SUCCEEDED")
            print("links of one way:", check_each_result_once(self, rig))
            lost = {board[-1] for board, in rows(rig, "SELECT DISTINCT board FROM attempts WHERE outcome = 6")}
            self.assertEqual(lost, {"a", "b"}, "the third board lost nothing")

    def check_lost_and_stopped(self, rig, board):
        until(lambda: rows(rig, f"SELECT 1 FROM attempts WHERE board LIKE '%{board}' AND end_time <> 0"), f"the lease of {board} ends")
        self.assertIn("stop sweeps/one-way/", rig.agents[board].text(), f"{board} has stopped its worker before that")
        # A process that was killed is there for a moment yet.
        until(lambda: rig.worker_of(board) is None, f"the worker of {board} is gone")
        rig.wait_for_silence(board)


class SlowTest(unittest.TestCase):
    def test_delay_and_loss_cost_time_and_nothing_else(self):
        """200 ms each way and 5 % of the frames: enrolment, sweep and uploads of a board on such a link."""
        with LabRig(controller_flags=[], slow={"b": (0.2, 0.05, 2008)}) as rig:
            rig.create("slow", 10)
            self.assertEqual(rig.wait_for_end("slow")["state"], "STATE_SUCCEEDED")
            print("slow link:", check_each_result_once(self, rig, lost_allowed=False))
            self.assertEqual(rows(rig, "SELECT count(*) FROM sessions")[0][0], len(BOARDS), "no agent began anew")
            wire = rig.network.wires[0]
            self.assertGreater(wire.lost, 0)
            print(f"frames: {wire.carried} carried, {wire.lost} lost")


class UploadTest(unittest.TestCase):
    def test_a_link_that_dies_in_the_middle_of_a_large_upload(self):
        """The transport is full of what it cannot send, so its own pings wait as well: the board is silent by its reports."""
        flags = ["--hold-idle", f"{HOLD_IDLE_S}s", "--hold-busy", f"{HOLD_BUSY_S}s", "--reconnect-grace", "1s",
                 "--first-term", "120s", "--lease-term", "120s"]
        with LabRig(controller_flags=flags, boards=("a", "b"), slow={"a": (0.1, 0, 2008)}) as rig:
            self.pad_results_of(rig, "a")
            wire = rig.network.wires[0]
            rig.create_sweep("large", LARGE)
            spool = rig.folder / "agent-a" / "spool"
            until(lambda: any(file.stat().st_size > LARGE_BYTES for file in spool.iterdir()), "the result is spooled")
            start = wire.carried_bytes
            until(lambda: wire.carried_bytes > start + LARGE_BYTES / 4, "a part of it has been sent")
            rig.network.cut("a")
            cut = time.monotonic()
            sent = wire.carried_bytes - start
            self.assertEqual(rows(rig, "SELECT count(*) FROM results"), [(0,)], "it is in the middle")
            rig.wait_for_silence("a")
            silent_s = time.monotonic() - cut
            self.assertLessEqual(silent_s, SILENT_S + ASKING_S)
            rig.run_more("meanwhile", ("b",), 3)
            self.assertEqual(rig.sweep("large")["state"], "STATE_RUNNING")
            rig.network.heal("a")
            self.assertEqual(rig.wait_for_end("large")["state"], "STATE_SUCCEEDED")
            self.assertEqual(rows(rig, "SELECT attempt_count FROM trials t JOIN sweeps s ON s.number = t.sweep WHERE s.name = 'sweeps/large'"),
                             [(1,)], "nothing was run again")
            sizes = rows(rig, f"SELECT length(payload) FROM payloads WHERE length(payload) > {LARGE_BYTES}")
            self.assertEqual(len(sizes), 1, "it is there, once")
            until(lambda: not any(spool.iterdir()), "the spool is empty")
            print(f"silent {silent_s:.1f} s after the link died after {sent >> 10} of {LARGE_BYTES >> 10} KiB;",
                  check_each_result_once(self, rig, lost_allowed=False))

    def pad_results_of(self, rig, board):
        worker = rig.folder / "padded-worker"
        worker.write_text(f'#!/bin/sh\nexec {sys.executable} {PADDED_WORKER} {LARGE_BYTES} {rig.bin}/crosscall-worker "$@"\n')
        worker.chmod(0o700)
        rig.agents[board].stop()
        rig.start_agent(board, extra=["--ca", rig.admin / "ca.pem", "--worker", worker])
        rig.wait_for_board(board)


def median_of(rig, start, end):
    return statistics.median(span for board in OTHERS for span in cycles_s(rig, board, start, end))


if __name__ == "__main__":
    main()
