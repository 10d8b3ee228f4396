"""A real Prometheus and a real Alertmanager on loopback, at ports that the kernel chooses, ended by their ids.

PYTHONPATH must lead to tests/rig, for its processes and its waiting.
"""

import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

from rig import Process, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "dashboards" / "rules"


class Server:
    """A process that serves HTTP and says in its log where."""

    def __init__(self, arguments, log):
        self.process = Process(arguments, log)

        def address():
            found = re.search(r'msg="Listening on" address=(\S+)', self.process.text())
            if not found and not self.process.running():
                raise AssertionError(f"{arguments[0]} ended: {self.process.text()}")
            return found and found.group(1)

        self.address = until(address, f"{arguments[0]} listens")
        self.url = f"http://{self.address}"
        try:
            until(self.ready, f"{arguments[0]} is ready")
        except BaseException:
            self.process.kill()
            raise

    def ready(self):
        try:
            urllib.request.urlopen(f"{self.url}/-/ready", timeout=60).close()
        except urllib.error.HTTPError:
            return False
        return True

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(self.process.text()[-4000:])
        if self.process.running():
            self.process.stop()

    def get(self, path, **parameters):
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=60) as answer:
            return json.load(answer)

    def post(self, path):
        urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", method="POST"), timeout=60).close()


class Prometheus(Server):
    def __init__(self, folder, config):
        super().__init__(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=60d",
                          # History has a sample every quarter of an hour.
                          "--query.lookback-delta=20m",
                          # What was said before the Alertmanager was known is said again at once.
                          "--rules.alert.resend-delay=1s", "--web.listen-address=127.0.0.1:0", "--web.enable-lifecycle"], folder / "prometheus.log")

    def query(self, expression):
        return self.get("/api/v1/query", query=expression)["data"]["result"]

    def rules(self):
        return [{**rule, "group": group["name"]} for group in self.get("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]


class Alertmanager(Server):
    def __init__(self, folder, config, name="alertmanager"):
        super().__init__(["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / name}", "--log.level=debug",
                          "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="], folder / f"{name}.log")


def scrape_config(address, rules, alertmanagers=()):
    """As deploy/prometheus/prometheus.yml, but every second, from `address` and without TLS."""
    targets = "".join(f"""
  - job_name: crosscall-{job}
    metrics_path: {path}
    static_configs: [{{targets: ['{address}']}}]""" for job, path in (("controller", "/metrics"), ("results", "/metrics/results")))
    managers = ", ".join(f"'{each}'" for each in alertmanagers)
    return f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: {json.dumps([str(path) for path in rules])}
alerting: {{alertmanagers: [{{static_configs: [{{targets: [{managers}]}}]}}]}}
scrape_configs:{targets}
"""
