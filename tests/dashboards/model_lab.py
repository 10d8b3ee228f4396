"""A model of a lab that exports every metric of the catalogue at the level of detail "full", as a function of time alone.

It stands in for the controller where a test needs a Prometheus with a past: what it exports at a moment is the same whether it is
scraped then or written as history afterwards. Tests may also break something: the attributes that say what is wrong can be set at any time.
"""

import dataclasses
import http.server
import threading

DAY_S = 86400
NIGHT_BEGINS_S = 5400
NIGHT_LASTS_S = 7200

IMPLEMENTATIONS = ("generic_2008/poll_completion/mask_all", "per_target/spin/ipi_open", "call_lock/open_window/mask_all")
SCENARIOS = ("ping-pong", "mutual-masked")
TARGET_SYSTEM = "signal"
OUTCOMES = ("completed", "hung", "crashed", "wedged", "refused", "invalid")
STATS = {"p50": 1.0, "p99": 4.0, "p999": 9.0, "max": 20.0}
BUCKETS = tuple(float(f"{digit}e{power}") for power in range(-7, -1) for digit in (1, 2, 5))[1:] + (0.1,)

CONTROLLER, RESULTS = "/metrics", "/metrics/results"


@dataclasses.dataclass
class Family:
    """Samples of one name: (suffix, labels, value)."""
    endpoint: str
    name: str
    kind: str
    samples: list


def nights(now):
    """How many nights of work have passed; a part of one while it goes on."""
    begin = now - NIGHT_BEGINS_S
    return begin // DAY_S + min(1.0, begin % DAY_S / NIGHT_LASTS_S)


class ModelLab:
    """`epoch` is when history ends and the test begins; `without` are metrics that this lab's controller does not export."""

    def __init__(self, epoch, without=()):
        self.epoch = epoch
        self.without = frozenset(without)
        self.boards = [f"b{number}" for number in range(1, 9)]
        self.models = {board: "rack-server" if number % 2 else "single-board" for number, board in enumerate(self.boards)}
        self.hangs = [(epoch - 1500 - k * DAY_S, self.boards[2 + k % 3], IMPLEMENTATIONS[k % 3]) for k in range(5)]
        self.wedges = [(epoch - 2100, "b3"), (epoch - 2 * DAY_S, "b7")]
        self.down_since = {"b8": epoch - 2400}
        self.quarantined = {"b7"}
        self.regressed = {("b2", IMPLEMENTATIONS[1], SCENARIOS[0]): 1.35}
        self.last_success = {"nightly": epoch - 0.4 * DAY_S, "weekly": epoch - 3 * DAY_S}
        self.certificate_ends = {"server": epoch + 200 * DAY_S, "ca": epoch + 3000 * DAY_S}

    def healthy(self):
        """Nothing is wrong; returns the lab."""
        self.hangs, self.wedges, self.down_since, self.quarantined, self.regressed = [], [], {}, set(), {}
        return self

    def families(self, now):
        every = [*self._inventory(now), *self._happenings(now), *self._latencies(now), *self._histograms(now), *self._sweeps(now), *self._intake(now),
                 *self._store(now), *self._exporter(now)]
        return [family for family in every if family.name not in self.without]

    def _each_board(self, name, value, kind="gauge"):
        samples = [("", {"board": board}, value(board)) for board in self.boards]
        return Family(RESULTS, name, kind, [sample for sample in samples if sample[2] is not None])

    def _is_up(self, board, now):
        return board not in self.down_since or now < self.down_since[board]

    def _inventory(self, now):
        info = [("", {"board": board, "model": self.models[board], "arch": "x86_64", "cpus": "8", "kernel": "6.1.0", "agent_version": "0.1.0",
                      "pool": "none"}, 1) for board in self.boards]
        return [
            Family(RESULTS, "crosscall_board_info", "gauge", info),
            self._each_board("crosscall_board_up", lambda board: int(self._is_up(board, now))),
            self._each_board("crosscall_board_quarantined", lambda board: int(board in self.quarantined)),
            self._each_board("crosscall_board_last_seen_timestamp_seconds",
                             lambda board: now if self._is_up(board, now) else self.down_since[board]),
            self._each_board("crosscall_board_last_trial_timestamp_seconds",
                             lambda board: min(now, (now - NIGHT_BEGINS_S) // DAY_S * DAY_S + NIGHT_BEGINS_S + NIGHT_LASTS_S)),
            self._each_board("crosscall_board_clock_offset_seconds", lambda board: 0.001 * len(board)),
            self._each_board("crosscall_board_certificate_not_after_timestamp_seconds", lambda board: now + 5 * DAY_S),
        ]

    def _happenings(self, now):
        hung = [event for event in self.hangs if event[0] <= now]
        wedged = [event for event in self.wedges if event[0] <= now]

        def last(events, board):
            return max((event[0] for event in events if event[1] == board), default=None)

        def hangs(board, implementation):
            return sum(1 for event in hung if event[1:] == (board, implementation))

        trials = [("", {"board": board, "outcome": outcome}, int(nights(now) * (100 if outcome == "completed" else 1)))
                  for board in self.boards for outcome in OUTCOMES]
        counts = [("", {"board": board, "implementation": implementation}, hangs(board, implementation))
                  for board in self.boards for implementation in (*IMPLEMENTATIONS, "other")]
        return [
            self._each_board("crosscall_board_last_hang_timestamp_seconds", lambda board: last(hung, board)),
            self._each_board("crosscall_board_last_wedge_timestamp_seconds", lambda board: last(wedged, board)),
            Family(RESULTS, "crosscall_board_trials_total", "counter", trials),
            Family(RESULTS, "crosscall_board_hangs_total", "counter", counts),
            self._each_board("crosscall_board_wedges_total", lambda board: sum(1 for event in wedged if event[1] == board), "counter"),
        ]

    def _latencies(self, now):
        points = [(board, implementation, scenario) for board in self.boards for implementation in IMPLEMENTATIONS for scenario in SCENARIOS]

        def labels(board, implementation, scenario, **more):
            return {"board": board, "implementation": implementation, "scenario": scenario, "target_system": TARGET_SYSTEM, **more}

        def base(implementation, scenario):
            return 2e-6 * (1 + IMPLEMENTATIONS.index(implementation)) * (1 + SCENARIOS.index(scenario))

        latest = [("", labels(*point, stat=stat), base(*point[1:]) * factor * self.regressed.get(point, 1 + 0.01 * (nights(now) % 3)))
                  for point in points for stat, factor in STATS.items()]
        baseline = [("", labels(*point, stat=stat), base(*point[1:]) * STATS[stat]) for point in points for stat in ("p50", "p99")]
        worse = [("", labels(*point), ratio) for point, ratio in self.regressed.items()]
        boards = [("", {k: v for k, v in labels("", implementation, scenario).items() if k != "board"},
                   sum(1 for point in self.regressed if point[1:] == (implementation, scenario)))
                  for implementation in IMPLEMENTATIONS for scenario in SCENARIOS]
        return [
            Family(RESULTS, "crosscall_last_trial_latency_seconds", "gauge", latest),
            Family(RESULTS, "crosscall_baseline_latency_seconds", "gauge", baseline),
            Family(RESULTS, "crosscall_last_trial_regression_ratio", "gauge", worse),
            Family(RESULTS, "crosscall_regressed_boards", "gauge", boards),
        ]

    @staticmethod
    def _histogram(endpoint, name, each, count, seconds):
        """Cumulative buckets: half the observations at `seconds`, the rest in the decade above."""
        samples = []
        for labels in each:
            for bound in (*BUCKETS, float("inf")):
                share = 0 if bound < seconds else 0.5 if bound < 4 * seconds else 0.99 if bound < 10 * seconds else 1
                samples.append(("_bucket", {**labels, "le": "+Inf" if bound == float("inf") else f"{bound:g}"}, int(count * share)))
            samples += [("_count", labels, count), ("_sum", labels, count * seconds * 2)]
        return Family(endpoint, name, "histogram", samples)

    def _histograms(self, now):
        calls = [{"model": model, "implementation": implementation, "scenario": scenario, "target_system": TARGET_SYSTEM}
                 for model in sorted(set(self.models.values())) for implementation in IMPLEMENTATIONS for scenario in SCENARIOS]
        past = int(now - self.epoch + 30 * DAY_S)
        return [
            self._histogram(RESULTS, "crosscall_call_latency_seconds", calls, int(nights(now) * 10000), 4e-6),
            self._histogram(CONTROLLER, "crosscall_dispatch_latency_seconds", [{}], past, 2e-3),
            self._histogram(CONTROLLER, "crosscall_store_operation_duration_seconds", [{"operation": "commit"}, {"operation": "read"}], past, 1e-3),
        ]

    def _sweeps(self, now):
        def sweeps(name, values):
            return Family(CONTROLLER, name, "gauge", [("", {"sweep": sweep}, value) for sweep, value in values.items()])

        ended = {"completed": len(self.boards) - 2, "hung": 1, "crashed": 0, "invalid": 0, "refused": 0, "missing": 1}
        return [
            sweeps("crosscall_sweep_last_start_timestamp_seconds", {sweep: min(now, when - 7200) for sweep, when in self.last_success.items()}),
            sweeps("crosscall_sweep_last_completion_timestamp_seconds", self.last_success),
            sweeps("crosscall_sweep_last_success_timestamp_seconds", self.last_success),
            sweeps("crosscall_sweep_period_seconds", {"nightly": DAY_S, "weekly": 7 * DAY_S}),
            sweeps("crosscall_sweep_last_duration_seconds", {"nightly": 7000, "weekly": 7100}),
            sweeps("crosscall_sweep_in_progress", {"nightly": 0, "weekly": 0}),
            Family(CONTROLLER, "crosscall_sweep_last_boards", "gauge",
                   [("", {"sweep": "nightly", "outcome": outcome}, count) for outcome, count in ended.items()]),
            Family(CONTROLLER, "crosscall_schedule_overdue", "gauge", [("", {"schedule": "nightly"}, 0)]),
        ]

    def _intake(self, now):
        past = int(now - self.epoch + 30 * DAY_S)
        requests = [("", {"grpc_method": "/crosscall.v1.BoardService/Synchronize", "grpc_code": code}, past // every)
                    for code, every in (("OK", 1), ("UNAVAILABLE", 7))]
        return [
            Family(CONTROLLER, "crosscall_grpc_requests_total", "counter", requests),
            Family(CONTROLLER, "crosscall_results_received_total", "counter", [("", {}, past)]),
            Family(CONTROLLER, "crosscall_results_rejected_total", "counter",
                   [("", {"reason": "duplicate"}, past // 3), ("", {"reason": "unknown_attempt"}, 0)]),
            Family(CONTROLLER, "crosscall_ingest_queue_length", "gauge", [("", {}, 3)]),
            Family(CONTROLLER, "crosscall_ingest_queue_capacity", "gauge", [("", {}, 1024)]),
            Family(CONTROLLER, "crosscall_boards_registered", "gauge", [("", {}, len(self.boards))]),
            Family(CONTROLLER, "crosscall_agents_connected", "gauge", [("", {}, sum(self._is_up(board, now) for board in self.boards))]),
            Family(CONTROLLER, "crosscall_power_cycles_total", "counter", [("", {}, len(self.wedges))]),
            Family(CONTROLLER, "crosscall_power_cycle_failures_total", "counter", [("", {}, 0)]),
        ]

    def _store(self, now):
        past = int(now - self.epoch + 30 * DAY_S)
        operations = ("commit", "read")
        return [
            Family(CONTROLLER, "crosscall_store_operations_total", "counter", [("", {"operation": each}, past) for each in operations]),
            Family(CONTROLLER, "crosscall_store_operation_failures_total", "counter", [("", {"operation": each}, 0) for each in operations]),
            Family(CONTROLLER, "crosscall_store_size_bytes", "gauge", [("", {}, 1e9 + past)]),
            Family(CONTROLLER, "crosscall_store_free_bytes", "gauge", [("", {}, 5e10 - past)]),
            Family(CONTROLLER, "crosscall_retention_removed_total", "counter", [("", {"kind": "events"}, 0)]),
        ]

    def _exporter(self, now):
        def about(endpoint, seconds, series, limit):
            values = {"collect_duration_seconds": seconds, "series": series, "series_limit": limit, "dropped_series": 0}
            return [Family(endpoint, f"crosscall_exporter_{name}", "gauge", [("", {"endpoint": endpoint}, value)]) for name, value in values.items()]

        return [
            Family(CONTROLLER, "crosscall_build_info", "gauge", [("", {"version": "0.1.0", "revision": "unknown", "grpc_version": "1.51.1"}, 1)]),
            Family(CONTROLLER, "crosscall_tls_certificate_not_after_timestamp_seconds", "gauge",
                   [("", {"certificate": name}, ends) for name, ends in self.certificate_ends.items()]),
            *about(CONTROLLER, 0.001, 200, 10000),
            *about(RESULTS, 0.02, 700, 500000),
            Family(CONTROLLER, "process_cpu_seconds_total", "counter", [("", {}, 0.05 * (now - self.epoch + 30 * DAY_S))]),
            Family(CONTROLLER, "process_resident_memory_bytes", "gauge", [("", {}, 9e7)]),
            Family(CONTROLLER, "process_start_time_seconds", "gauge", [("", {}, self.epoch - 30 * DAY_S)]),
            Family(CONTROLLER, "process_open_fds", "gauge", [("", {}, 40)]),
            Family(CONTROLLER, "process_max_fds", "gauge", [("", {}, 1024)]),
        ]


def _series(name, labels):
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{inside}}}"


def exposition(lab, endpoint, now):
    """What a scrape of `endpoint` gets, in Prometheus's text format."""
    lines = []
    for family in lab.families(now):
        if family.endpoint != endpoint:
            continue
        lines += [f"# HELP {family.name} Of the model lab.", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{_series(family.name + suffix, labels)} {value!r}" for suffix, labels, value in family.samples]
    return "\n".join(lines) + "\n"


def history(lab, targets, begin, end, step, out):
    """Writes what scrapes would have stored, in OpenMetrics' text format; `targets` are the labels by endpoint."""
    samples = {}
    for now in range(int(begin), int(end), int(step)):
        for family in lab.families(now):
            for suffix, labels, value in family.samples:
                series = _series(family.name + suffix, {**labels, **targets[family.endpoint]})
                samples.setdefault(series, []).append(f"{series} {value!r} {now}\n")
    for lines in samples.values():
        out.writelines(lines)
    out.write("# EOF\n")
    return sum(map(len, samples.values()))


class Exporter:
    """Serves a lab on loopback, at a port that the kernel chooses. Use as a context manager.

    With `tls`, an ssl.SSLContext, by HTTPS; with `authorization`, only to those who send that header.
    """

    def __init__(self, lab, clock, tls=None, authorization=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802, the name is the library's
                if self.path not in (CONTROLLER, RESULTS):
                    self.send_error(404)
                    return
                if authorization and self.headers["Authorization"] != authorization:
                    self.send_error(401)
                    return
                body = exposition(lab, self.path, clock()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
