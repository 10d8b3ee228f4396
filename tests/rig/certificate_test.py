"""Certificates that turn bad, or are another lab's, while a sweep runs: the board concerned is out, the others finish."""

import shutil
import unittest

from kill_test import rows
from lab import BOARDS, QUICK, sweep_text
from rig import LIMIT_S, until
from security_test import NO_CERTIFICATE, SecureRig


class CertificateTest(unittest.TestCase):
    def setUp(self):
        self.rig = self.enterContext(SecureRig(QUICK))

    def enrol(self, *boards):
        for board in boards:
            self.rig.secure_agent(board, self.rig.token("--board", board))
        for board in boards:
            self.rig.wait_for_board(board)

    def test_a_board_that_is_revoked_in_a_sweep_is_out_and_the_others_finish(self):
        rig = self.rig
        self.enrol(*BOARDS)
        rig.create_sweep("revoked", sweep_text(3, deadline="2s"))
        worker = until(lambda: rig.worker_of("a"), "the trial runs")
        rig.ctl("revoke", "--board", "a", "--reason", "sold")
        until(lambda: "is revoked" in rig.agents["a"].text(), "the agent is told")
        until(lambda: not rig.is_online("a"), "the board is silent")
        until(lambda: rows(rig, "SELECT count(*) FROM trials WHERE board NOT LIKE '%a' AND state = 3")[0][0] == 6, "the others finish")
        until(lambda: rows(rig, "SELECT count(*) FROM attempts WHERE end_time = 0")[0][0] == 0, "its lease has ended")
        self.assertNotEqual(rig.worker_of("a"), worker, "its worker has ended with the lease")
        taken = rows(rig, "SELECT count(*) FROM trials WHERE board LIKE '%a' AND state = 3")[0][0]
        rig.ctl("boards", "forget", "a", "--reason", "sold")
        self.assertEqual(rig.wait_for_end("revoked")["state"], "STATE_FAILED")
        self.assertEqual(rows(rig, "SELECT count(*) FROM trials WHERE board LIKE '%a' AND state = 3")[0][0], taken,
                         "nothing of it was taken after that")
        refused = [e for e in rig.objects("audit") if "agent/a is revoked" in e["detail"]]
        self.assertTrue(refused, "the refusals are on record")

    def test_agents_of_another_lab_are_refused_and_trust_no_other_controller(self):
        rig = self.rig
        self.enrol("a")
        other = self.enterContext(SecureRig(QUICK))
        other.secure_agent("b", other.token("--board", "b"))
        other.wait_for_board("b")
        other.agents["b"].stop()

        # With the other lab's authority to trust: the agent refuses, after half a minute of trying, and its token stays
        # unused.
        token = rig.token("--board", "c")
        misled = rig.start_agent("c", state=rig.folder / "misled", extra=["--ca", other.admin / "ca.pem", "--join-token-file", token])

        # With the other lab's certificate, and this lab's authority to trust: the controller refuses.
        stranger = rig.folder / "stranger"
        shutil.copytree(other.folder / "agent-b", stranger)
        agent = rig.secure_agent("b", state=stranger)
        until(lambda: "not one that the authority of lab lab" in agent.text(), "the stranger is told")
        self.assertFalse(rig.is_online("b"))
        self.assertTrue([e for e in rig.objects("audit") if "not one that the authority" in e["detail"]], "and it is on record")

        self.assertEqual(misled.popen.wait(timeout=LIMIT_S), NO_CERTIFICATE)
        self.assertIn("did its lab's authority make the file given as --ca?", misled.text())
        rig.secure_agent("c", token)
        rig.wait_for_board("c")


if __name__ == "__main__":
    unittest.main()
