"""A receiver of Alertmanager's notifications on loopback, at a port that the kernel chooses."""

import http.server
import json
import threading


class Webhook:
    """Keeps every notification by the name of its receiver. Use as a context manager."""

    def __init__(self):
        self._lock = threading.Lock()
        self._notifications = []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802, the name is the library's
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                webhook._keep(self.path.strip("/"), body)  # pylint: disable=protected-access
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _keep(self, receiver, body):
        with self._lock:
            self._notifications.append((receiver, body))

    def notifications(self, receiver):
        with self._lock:
            return [body for name, body in self._notifications if name == receiver]

    def alerts(self, receiver):
        """The labels of every firing alert that was delivered to it, each time it was."""
        return [alert["labels"] for body in self.notifications(receiver) for alert in body["alerts"] if alert["status"] == "firing"]
