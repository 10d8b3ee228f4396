#!/usr/bin/env python3
"""The example of deploy/prometheus scrapes both endpoints by HTTPS, with a client certificate and a password; and is refused without."""

import base64
import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest

import model_lab
from rig import until
from stack import ROOT, RULES, Prometheus

EXAMPLE = ROOT / "deploy" / "prometheus" / "prometheus.yml"
PLACE = "/etc/prometheus/crosscall/"


def make_certificates(folder):
    """An authority, and by it a server of 127.0.0.1 and a client."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2")
    for name in ("server", "client"):
        openssl("req", *key, "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-out", f"{name}.pem", "-days", "2",
                "-copy_extensions", "copy", "-CAcreateserial")


class ScrapeExample(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crosscall-scrape-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        make_certificates(self.folder)
        (self.folder / "password").write_text("let me in")
        for path in RULES.glob("*.yml"):
            shutil.copy(path, self.folder)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.folder / "server.pem", self.folder / "server-key.pem")
        tls.load_verify_locations(self.folder / "ca.pem")
        tls.verify_mode = ssl.CERT_REQUIRED
        credentials = base64.b64encode(b"prometheus:let me in").decode()
        lab = model_lab.ModelLab(time.time())
        self.exporter = self.enterContext(model_lab.Exporter(lab, time.time, tls, f"Basic {credentials}"))

    def example(self, name):
        """The example with the test's files and address, and scraped every second."""
        text = EXAMPLE.read_text().replace(PLACE, f"{self.folder}/").replace("controller.example:7001", self.exporter.address)
        text = re.sub(r"(scrape_interval|scrape_timeout|evaluation_interval): \w+", r"\1: 1s", text)
        # Its own folder for rules, since Prometheus's own files lie there, too.
        text = text.replace(f"{self.folder}/*.yml", f"{self.folder}/crosscall.*.yml")
        path = self.folder / name
        path.write_text(text)
        return path

    @staticmethod
    def await_refusal(prometheus, reason):
        def refused():
            errors = [each["lastError"] for each in prometheus.get("/api/v1/targets")["data"]["activeTargets"]]
            return len(errors) == 2 and all(reason in error for error in errors)

        until(refused, f"both scrapes are refused: {reason}")

    def test_scrapes_both_endpoints_with_certificate_and_password(self):
        config = self.example("prometheus.yml")
        subprocess.run(["promtool", "check", "config", str(config)], check=True, capture_output=True)
        with Prometheus(self.folder, config) as prometheus:
            until(lambda: len(prometheus.query('up{job=~"crosscall-.+"} == 1')) == 2, "both endpoints are scraped")
            self.assertEqual(len(prometheus.query("crosscall_build_info")), 1)
            self.assertEqual(len(prometheus.query("crosscall_board_up")), 8)
            self.assertEqual(len(prometheus.rules()), 29)

    def test_is_refused_with_a_wrong_password(self):
        (self.folder / "password").write_text("let me out")
        with Prometheus(self.folder, self.example("prometheus.yml")) as prometheus:
            self.await_refusal(prometheus, "401")

    def test_is_refused_without_a_certificate(self):
        config = self.example("prometheus.yml")
        config.write_text(re.sub(r"(?m)^ *(cert|key)_file: .*\n", "", config.read_text()))
        with Prometheus(self.folder, config) as prometheus:
            self.await_refusal(prometheus, "certificate required")


if __name__ == "__main__":
    unittest.main(verbosity=2)
