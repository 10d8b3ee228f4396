"""Wall clocks of a lab that jump while it works: nothing is counted on them but the lives of certificates.

CROSSCALL_WALL_CLOCK is the library of wall_clock.cc.
"""

import os
import pathlib
import struct
import unittest

from kill_test import rows
from lab import BOARDS, QUICK, LabRig, check_each_result_once, main
from rig import until

DAY_S = 86400
REFUSED = 3


class ClockRig(LabRig):
    """Every place but the desk has a clock of its own, ahead of the machine's by what `set_clock` said last."""

    def __init__(self, ahead_s=0, **settings):
        self.ahead_s = ahead_s
        self.clocks = {}
        super().__init__(**settings)

    def at(self, place):
        if place == "desk":
            return super().at(place)
        if place not in self.clocks:
            self.clocks[place] = self.folder / f"clock-{place}"
            self.set_clock(place, self.ahead_s)
        library = pathlib.Path(os.environ["CROSSCALL_WALL_CLOCK"])
        return [*super().at(place), "env", f"LD_PRELOAD={library}", f"CROSSCALL_TEST_CLOCK={self.clocks[place]}"]

    def set_clock(self, place, ahead_s):
        with open(self.clocks[place], "r+b" if self.clocks[place].exists() else "wb", buffering=0) as clock:
            clock.write(struct.pack("=q", int(ahead_s * 1e9)))


class JumpTest(unittest.TestCase):
    def test_jumps_by_a_day_lose_nothing(self):
        """The lab is two days old, so that its certificates are good a day before, too."""
        with ClockRig(ahead_s=-2 * DAY_S) as rig:
            rig.create("jumps", 1000)
            for board in BOARDS:
                self.jump(rig, board, 0)
            self.jump(rig, "controller", 0)
            for place in ("a", "controller"):
                for ahead_s in (DAY_S, -DAY_S, 0):
                    self.jump(rig, place, ahead_s)
            rig.ctl("sweep", "cancel", "jumps")
            rig.wait_for_end("jumps")
            self.assertEqual(rows(rig, "SELECT board, cause FROM attempts WHERE outcome = 6"), [], "no attempt is lost")
            self.assertEqual(rows(rig, "SELECT count(*) FROM sessions")[0][0], len(BOARDS), "no agent began anew")
            self.check_idle(rig)

    def jump(self, rig, place, ahead_s):
        rig.set_clock(place, ahead_s)
        rig.wait_for_more(BOARDS, 2)

    def check_idle(self, rig):
        """Held calls are answered in time also when nothing but time wakes the controller."""
        for place, ahead_s in (("controller", -DAY_S), ("a", -DAY_S), ("controller", 0), ("a", 0)):
            rig.set_clock(place, ahead_s)
            goal = answered(rig) + 4 * len(BOARDS)
            until(lambda goal=goal: self.all_online(rig) and answered(rig) >= goal, "held calls are answered", limit_s=30)

    def all_online(self, rig):
        self.assertEqual({b["board"] for b in rig.boards() if b["online"]}, set(BOARDS))
        return True


class CertificateTimeTest(unittest.TestCase):
    def test_a_controller_whose_clock_is_before_its_certificates_says_so_and_goes_on_once_it_is_set(self):
        with ClockRig(boards=("a",)) as rig:
            rig.create("early", 12, boards=("a",))
            rig.wait_for_more(("a",), 2)
            rig.set_clock("controller", -DAY_S)
            # The first is the call that was held, which was let in before.
            until(lambda: rig.agents["a"].text().count("is valid only from") >= 2, "the agent is told")
            self.assertIn("by the clock of the controller: set the clock that is wrong", rig.agents["a"].text())
            rig.set_clock("controller", 0)
            self.assertEqual(rig.wait_for_end("early")["state"], "STATE_SUCCEEDED")
            print("controller a day early:", check_each_result_once(self, rig))
            self.assertTrue([e for e in rig.objects("audit") if "is valid only from" in e["detail"]], "and it is on record")

    def test_an_agent_whose_clock_is_far_ahead_does_not_renew_again_and_again(self):
        """By its clock each new certificate has ended: it asks at the pace of its back-off, and works on."""
        with ClockRig(controller_flags=[*QUICK, "--certificate-life", "1h"], boards=("a",)) as rig:
            rig.set_clock("a", DAY_S)
            until(lambda: rig.agents["a"].text().count("the certificate was renewed") >= 2, "it renews")
            rig.create("ahead", 10, boards=("a",))
            self.assertEqual(rig.wait_for_end("ahead")["state"], "STATE_SUCCEEDED")
            issued = len([c for c in rig.objects("certificates") if c["identity"].endswith("/agent/a")])
            print(f"{issued} certificates while ten trials ran")
            self.assertLessEqual(issued, 10)


class ExpiredTest(unittest.TestCase):
    def test_who_was_away_for_longer_than_his_certificate_lives_is_told_so(self):
        with ClockRig(boards=("a",)) as rig:
            agent = rig.agents["a"]
            rig.set_clock("controller", 8 * DAY_S)
            # As above.
            until(lambda: agent.text().count("expired at") >= 2, "the agent is told")
            agent.stop()
            # The administrator's certificate is good for a year.
            rig.set_clock("controller", 400 * DAY_S)
            # Abseil's clock, which goes by the CPU's counter, may take a second or two to notice.
            done = until(lambda: refused(rig.call_as(rig.admin, "boards")), "the administrator is refused")
            self.assertIn("expired at", done.stderr)
            rig.set_clock("controller", 8 * DAY_S)
            until(lambda: not refused(rig.call_as(rig.admin, "boards")), "the administrator is let in")
            actions = {e["action"] for e in rig.objects("audit") if "expired at" in e["detail"]}
            self.assertLessEqual({"BoardService/Synchronize", "BoardService/ListBoards"}, actions)
            (rig.folder / "agent-a" / "identity.pem").unlink()
            rig.secure_agent("a", rig.token("--board", "a"))
            rig.wait_for_board("a")


def refused(done):
    return done if done.returncode == REFUSED else None


def answered(rig):
    return rig.metric('crosscall_grpc_requests_total{grpc_method="BoardService/Synchronize",grpc_code="OK"')


if __name__ == "__main__":
    if "CROSSCALL_WALL_CLOCK" not in os.environ:
        print("skipped: sanitizers and a preloaded clock do not go together")
        raise SystemExit(77)
    main()
