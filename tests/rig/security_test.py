"""Certificates through the real programs, over TLS on loopback: enrolment, roles, renewal in a sweep, revocation."""

import os
import pathlib
import stat
import subprocess
import unittest

from kill_test import rows
from rig import LIMIT_S, Rig, until

BAD_USE, REFUSED = 2, 3
NO_CERTIFICATE = 6
POINT = "--scenario single-call --implementation per_target/spin/mask_all".split()
# A search comes out the same on a busy machine; a measurement may not.
GOOD = [*POINT, "--target-system", "explore"]


class SecureRig(Rig):
    """A rig with certificates; `ctl` calls as the administrator."""

    def __init__(self, controller_flags=(), init_flags=()):
        super().__init__(controller_flags)
        self.state = self.folder / "controller"
        self.admin = self.folder / "admin"
        self.console("init", "--out", self.admin, *init_flags)
        self.start_controller()

    def security_flags(self):
        return []

    def console(self, *arguments, status=0):
        done = subprocess.run([*self.at("controller"), self.bin / "crosscall-controller", *map(str, arguments), "--state-dir", self.state],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == status, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stderr

    def call_as(self, folder, *arguments, ca=None):
        """crosscallctl with the identity in `folder`, or without one."""
        identity = [] if folder is None else ["--cert", folder / "identity.pem"]
        return subprocess.run([*self.at("desk"), self.bin / "crosscallctl", "--controller", self.address,
                               "--ca", ca or self.admin / "ca.pem", *identity, "--timeout", "60s", *map(str, arguments)],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def ctl(self, *arguments, status=(0,)):
        done = self.call_as(self.admin, *arguments)
        assert done.returncode in status, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout

    def token(self, *who):
        path = self.folder / "-".join(["token", *who]).replace("--", "")
        path.touch(mode=0o600)
        path.write_text(self.ctl("join-token", "create", *who))
        return path

    def person(self, role, name, *rights):
        out = self.folder / name
        token = self.token(f"--{role}", name, *(word for right in rights for word in ("--right", right)))
        done = self.call_as(None, "enrol", f"{role}/{name}", "--join-token-file", token, "--out", out)
        assert done.returncode == 0, done.stderr
        return out

    def secure_agent(self, board, token=None, state=None):
        extra = ["--ca", self.admin / "ca.pem", *(["--join-token-file", token] if token else [])]
        return self.start_agent(board, state=state, extra=extra)


class SecurityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rig = SecureRig()
        cls.rig.secure_agent("a", cls.rig.token("--board", "a"))
        cls.rig.wait_for_board("a")

    @classmethod
    def tearDownClass(cls):
        cls.rig.__exit__(None, None, None)

    def refused(self, done, status, *texts):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)

    def agent_refused(self, process, *texts):
        self.assertEqual(process.popen.wait(timeout=LIMIT_S), NO_CERTIFICATE, process.text())
        for text in texts:
            self.assertIn(text, process.text())

    def test_a_sweep_runs(self):
        self.rig.ctl("sweep", "run", *GOOD, "--board", "a", "--wait")

    def test_each_role_may_what_it_may(self):
        viewer, operator = self.rig.person("viewer", "vic"), self.rig.person("operator", "oda")
        self.assertEqual(self.rig.call_as(viewer, "boards").returncode, 0)
        self.refused(self.rig.call_as(viewer, "sweep", "run", *GOOD), REFUSED, "role operator or admin", "viewer")
        self.assertEqual(self.rig.call_as(operator, "sweep", "run", *GOOD, "--board", "a").returncode, 0)
        self.refused(self.rig.call_as(operator, "audit"), REFUSED, "role admin", "operator")
        self.refused(self.rig.call_as(None, "boards"), REFUSED, "none was shown")
        audit = self.rig.objects("audit")
        self.assertTrue(any(e["actor"] == "crosscall://lab/operator/oda" and e["action"] == "SweepService/CreateSweep"
                            and e["outcome"] == "OK" for e in audit))
        self.assertTrue(any(e["actor"] == "crosscall://lab/viewer/vic" and e["outcome"] == "PERMISSION_DENIED" for e in audit))

    def test_an_operators_rights_come_with_his_token(self):
        plain, keeper = self.rig.person("operator", "pat"), self.rig.person("operator", "kim", "board")
        label = ("boards", "label", "a", "site=berlin")
        self.refused(self.rig.call_as(plain, *label), REFUSED, "operator (with right board)", "--right board")
        self.assertEqual(self.rig.call_as(keeper, *label).returncode, 0)
        self.assertEqual(self.rig.call_as(keeper, "sweep", "run", *GOOD, "--board", "a", "--id", "keepers").returncode, 0)
        self.refused(self.rig.call_as(plain, "sweep", "cancel", "keepers"), REFUSED, "was asked for by crosscall://")
        self.assertTrue(any(e["identity"].endswith("operator/kim") and e["rights"] == "board"
                            for e in self.rig.objects("certificates")))
        self.refused(self.rig.call_as(self.rig.admin, "join-token", "create", "--viewer", "vi", "--right", "board"), 2,
                     "are for operators")

    def test_an_agents_certificate_is_no_persons_and_no_other_boards(self):
        self.refused(self.rig.call_as(self.rig.folder / "agent-a", "boards"), REFUSED, "is agent")
        stolen = self.rig.folder / "stolen"
        stolen.mkdir()
        (stolen / "identity.pem").write_bytes((self.rig.folder / "agent-a" / "identity.pem").read_bytes())
        os.chmod(stolen / "identity.pem", 0o600)
        self.agent_refused(self.rig.secure_agent("thief", state=stolen), "not the identity of crosscall://lab/agent/thief")

    def test_tokens_are_for_one_board_and_one_use(self):
        token = self.rig.token("--board", "b")
        self.agent_refused(self.rig.secure_agent("c", token), "the join token is for crosscall://lab/agent/b")
        self.rig.secure_agent("b", token)
        self.rig.wait_for_board("b")
        self.agent_refused(self.rig.secure_agent("b2", token), "used for certificate")
        self.agent_refused(self.rig.secure_agent("d"), "identity.pem")
        identity = self.rig.folder / "agent-b" / "identity.pem"
        self.assertEqual(stat.S_IMODE(identity.stat().st_mode), 0o600)
        secret = token.read_text().strip()
        self.assertEqual(rows(self.rig, f"SELECT count(*) FROM join_tokens WHERE sha256 LIKE '%{secret}%'")[0][0], 0)
        self.assertNotIn(secret, self.rig.logs())

    def test_secrets_that_others_may_read_are_refused(self):
        token = self.rig.token("--board", "e")
        os.chmod(token, 0o644)
        self.agent_refused(self.rig.secure_agent("e", token), "chmod go=")

    def test_another_labs_authority_is_unknown_to_both_sides(self):
        other = self.rig.folder / "other"
        done = subprocess.run([self.rig.bin / "crosscall-controller", "init", "--state-dir", self.rig.folder / "other-state",
                               "--out", other], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.refused(self.rig.call_as(other, "boards"), REFUSED, "not one that the authority of lab lab")
        self.assertNotEqual(self.rig.call_as(other, "boards", ca=other / "ca.pem").returncode, 0)

    def test_init_is_done_once(self):
        folder = self.rig.folder / "twice"
        arguments = [self.rig.bin / "crosscall-controller", "init", "--state-dir", folder]
        self.assertEqual(subprocess.run(arguments, capture_output=True, timeout=LIMIT_S, check=False).returncode, 0)
        again = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(again.returncode, REFUSED)
        self.assertIn("is there already", again.stderr)
        for path in pathlib.Path(folder).rglob("*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)

    def test_without_certificates_it_does_not_start(self):
        done = subprocess.run([self.rig.bin / "crosscall-controller", "--state-dir", self.rig.folder / "none", "--listen",
                               "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("--insecure", done.stderr)

    def test_plain_text_goes_to_this_machine_only(self):
        done = subprocess.run([self.rig.bin / "crosscallctl", "--controller", "controller.example:7000", "boards"],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.refused(done, REFUSED, "plain text")
        done = subprocess.run([self.rig.bin / "crosscall-agent", "--controller", "controller.example:7000", "--board", "x",
                               "--state-dir", self.rig.folder / "x"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.refused(done, BAD_USE, "plain text")


class RevocationTest(unittest.TestCase):
    def test_a_revoked_board_is_out_at_once_and_back_with_a_new_token(self):
        with SecureRig(["--hold-idle", "1s"]) as rig:
            agent = rig.secure_agent("a", rig.token("--board", "a"))
            rig.wait_for_board("a")
            rig.ctl("revoke", "--board", "a", "--reason", "lost")
            until(lambda: "is revoked" in agent.text(), "the agent is told")
            until(lambda: not rig.boards()[0]["online"], "the board is silent")
            agent.stop()
            rig.controller.kill()
            rig.start_controller()
            agent = rig.secure_agent("a")
            until(lambda: agent.text().count("is revoked") >= 2, "a restarted controller knows it")
            agent.stop()
            (rig.folder / "agent-a" / "identity.pem").unlink()
            rig.secure_agent("a", rig.token("--board", "a"))
            rig.wait_for_board("a")


class RenewalTest(unittest.TestCase):
    def test_certificates_are_renewed_in_a_sweep_and_nothing_is_lost(self):
        # Two thirds of (life + 5 minutes of tolerance) before its end: a life of 160 s is renewed after 7 s.
        with SecureRig(["--certificate-life", "160s"]) as rig:
            agent = rig.secure_agent("a", rig.token("--board", "a"))
            rig.wait_for_board("a")
            # Longer than two renewals, however fast the machine.
            rig.ctl("sweep", "run", *POINT, "--calls", "100", "--no-realtime", "--repetitions", "10000", "--id", "long")
            until(lambda: agent.text().count("the certificate was renewed") >= 2, "renewed twice")
            rig.ctl("sweep", "cancel", "long")
            rig.wait_for_end("long")
            rig.ctl("sweep", "run", *GOOD, "--wait")
            issued = [c for c in rig.objects("certificates") if c["identity"] == "crosscall://lab/agent/a"]
            self.assertGreaterEqual(len(issued), 3)
            self.assertEqual(rows(rig, "SELECT count(*) FROM attempts WHERE outcome = 6")[0][0], 0, "no attempt is lost")
            self.assertEqual(rows(rig, "SELECT count(DISTINCT incarnation) FROM sessions")[0][0], 1)


if __name__ == "__main__":
    unittest.main()
