"""Bad input and a bad environment, through the real programs: a clear text, a documented exit status, nothing lost."""

import os
import pathlib
import socket
import sqlite3
import subprocess
import unittest

from kill_test import rows
from rig import Rig, until

BAD_USE, REFUSED, UNREACHABLE = 2, 3, 4
GOOD = "--scenario single-call --implementation per_target/spin/mask_all --calls 100 --no-realtime".split()


class RefusalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rig = Rig()
        cls.rig.start_controller()
        cls.rig.start_agent()
        cls.rig.wait_for_board()

    @classmethod
    def tearDownClass(cls):
        cls.rig.__exit__(None, None, None)

    def refused(self, arguments, status, *texts):
        done = subprocess.run([self.rig.bin / "crosscallctl", "--controller", self.rig.address, *map(str, arguments)],
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        for text in texts:
            self.assertIn(text, done.stderr, arguments)
        self.assertEqual(done.stdout, "", "no data on standard output")

    def run_with(self, *extra):
        return ["sweep", "run", *GOOD, *extra]

    def test_unknown_things_name_what_there_is(self):
        self.refused(self.run_with("--implementation", "generic_2009"), REFUSED, "generic_2009", "generic_2008")
        self.refused(["sweep", "run", "--scenario", "no-such", "--implementation", "*"], REFUSED, "no-such", "mutual-masked")
        self.refused(self.run_with("--board", "nobody"), REFUSED, "nobody", "rig")
        self.refused(self.run_with("--label", "rack=9"), REFUSED, "rack=9", "rig")
        self.refused(["sweep", "show", "nothing"], REFUSED, "nothing")

    def test_cpus_that_are_not_there(self):
        self.refused(self.run_with("--cpus", "0,4000"), REFUSED, "4000")
        self.refused(self.run_with("--cpus", "1,1"), BAD_USE, "twice")
        many = ["sweep", "run", "--scenario", "ring", "--implementation", "per_target", "--cpus", "0"]
        self.refused(many, REFUSED, "CPU")

    def test_bad_spans_and_products(self):
        self.refused(self.run_with("--deadline", "0s"), BAD_USE, "deadline")
        self.refused(self.run_with("--implementation", "*", "--repetitions", "99999"), BAD_USE, "99999", "100000")

    def test_malformed_yaml_has_a_position(self):
        path = self.rig.folder / "bad.yaml"
        path.write_text("scenarios: [single-call]\nimplementations: [x\n")
        self.refused(["sweep", "run", path], BAD_USE, "bad.yaml:")
        path.write_text("scenarios: [single-call]\nimplementation: ['*']\nrepetition: 3\n")
        self.refused(["sweep", "run", path], BAD_USE, "bad.yaml:3:1", "repetition")

    def test_no_controller_there(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            done = subprocess.run([self.rig.bin / "crosscallctl", "--controller", "127.0.0.1:%d" % unused.getsockname()[1],
                                   "--timeout", "1s", "boards", "list"], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, UNREACHABLE, done.stderr)

    def controller(self, *flags):
        return subprocess.run([self.rig.bin / "crosscall-controller", "--insecure", *map(str, flags)], capture_output=True, text=True,
                              check=False, timeout=60)

    def test_controller_refuses_a_bad_environment(self):
        fresh = self.rig.folder / "fresh"
        done = self.controller("--state-dir", self.rig.folder / "controller", "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        done = self.controller("--state-dir", fresh, "--listen", self.rig.address, "--metrics-listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn(self.rig.address, done.stderr)
        done = self.controller("--state-dir", fresh, "--listen", "0.0.0.0:0", "--metrics-listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn("loopback", done.stderr)
        done = self.controller("--no-such-flag")
        self.assertEqual(done.returncode, BAD_USE, done.stderr)

    def test_controller_refuses_a_newer_store(self):
        folder = self.rig.folder / "newer"
        folder.mkdir(mode=0o700)
        current = next((self.rig.folder / "controller").glob("*.db"))
        with sqlite3.connect(f"file:{current}?mode=ro", uri=True) as source, sqlite3.connect(folder / current.name) as copy:
            source.backup(copy)
            copy.execute("PRAGMA user_version = 999")
        done = self.controller("--state-dir", folder, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn("999", done.stderr)

    def test_second_agent_in_the_same_folder_is_refused(self):
        done = subprocess.run([self.rig.bin / "crosscall-agent", "--controller", self.rig.address, "--board", "other",
                               "--state-dir", self.rig.folder / "agent-rig"], capture_output=True, text=True, check=False, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("agent-rig", done.stderr)


class SecondAgentTest(unittest.TestCase):
    def test_newcomer_takes_the_board_and_the_old_agent_leaves(self):
        with Rig() as rig:
            rig.start_controller()
            first = rig.start_agent()
            rig.wait_for_board()
            second = rig.start_agent(state=rig.folder / "other")
            until(lambda: not first.running(), "the fenced agent leaves")
            self.assertNotEqual(first.popen.returncode, 0)
            rig.wait_for_board()
            rig.ctl("sweep", "run", *GOOD, "--wait")
            self.assertTrue(second.running())


@unittest.skipUnless(os.geteuid() == 0, "a full disk is a small tmpfs, and mounting one needs root")
class FullDiskTest(unittest.TestCase):
    def test_full_store_is_refused_loudly_and_nothing_acknowledged_is_lost(self):
        with Rig() as rig:
            state = rig.folder / "controller"
            state.mkdir(mode=0o700)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", state], check=True)
            try:
                rig.start_controller()
                rig.start_agent()
                rig.wait_for_board()
                rig.ctl("sweep", "run", *GOOD, "--id", "before", "--wait")
                ballast = state / "ballast"
                with open(ballast, "wb", buffering=0) as file:
                    try:
                        while file.write(b"x" * 4096):
                            pass
                    except OSError:
                        pass
                done = subprocess.run([rig.bin / "crosscallctl", "--controller", rig.address, "sweep", "run", *GOOD,
                                       "--repetitions", "2000"], capture_output=True, text=True, check=False, timeout=120)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("full", done.stderr)
                ballast.unlink()
                rig.ctl("sweep", "run", *GOOD, "--id", "after", "--wait")
                self.assertEqual(rows(rig, "SELECT count(*) FROM trials WHERE state = 3")[0][0], 2)
                rig.controller.kill()
                rig.start_controller()
                self.assertEqual(rig.sweep("before")["state"], "STATE_SUCCEEDED")
                self.assertEqual(pathlib.Path(state).is_mount(), True)
                rig.controller.stop()
            finally:
                if rig.controller is not None and rig.controller.running():
                    rig.controller.kill()
                subprocess.run(["umount", state], check=True)


if __name__ == "__main__":
    unittest.main()
