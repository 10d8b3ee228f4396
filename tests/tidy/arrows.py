"""Who may include whom. The table is the architecture; the check reads every #include of the tree."""

import re

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')

# Folder -> folders whose headers it may include besides its own. The longest matching folder decides.
ALLOWED = {
    "proto/shared": ["crosscall"],
    "agent/core": [],
    "agent/ports": ["agent/core", "proto/shared"],
    "agent/scenario": ["agent/core", "proto/shared", "crosscall"],
    "agent/explore": ["agent/core", "agent/scenario", "proto/shared", "crosscall"],
    "agent/measure": ["agent/core", "agent/ports", "agent/scenario", "proto/shared", "crosscall"],
    "agent/watchdog": ["agent/core/stage.h", "agent/core/types.h", "proto/shared", "crosscall"],
    "agent/worker": ["agent/measure", "agent/explore", "agent/scenario", "agent/watchdog", "agent/ports/flight_region.h", "proto/shared", "crosscall"],
    "agent/worker/frames": ["proto/shared", "crosscall"],
    "agent/supervisor": ["agent/watchdog", "agent/worker/frames.h", "agent/core/stage.h", "agent/core/types.h",
                         "proto/shared", "crosscall"],
    "agent/tool": ["agent/supervisor/trial_process.h", "agent/explore", "agent/scenario", "agent/core", "agent/measure", "proto/shared",
                   "crosscall"],
    "agent": ["agent/supervisor", "agent/worker", "agent/tool", "agent/measure", "proto/shared", "crosscall"],
    "controller/scheduler": ["proto/shared", "crosscall"],
    "controller/store": ["proto/shared", "crosscall"],
    "controller/power": ["proto/shared"],
    "controller/dispatch": ["controller/scheduler", "controller/store", "proto/shared", "crosscall"],
    "controller/access": ["controller/dispatch", "controller/store", "proto/shared", "crosscall"],
    "controller/api": ["controller/access", "controller/dispatch", "controller/store", "proto/shared", "crosscall"],
    "controller/metrics": ["controller/dispatch", "controller/store", "proto/shared", "crosscall"],
    "controller/cli": ["controller/metrics/catalogue.h", "controller/metrics/detail.h", "controller/report", "proto/shared", "crosscall"],
    "controller/report": ["controller/cli/units.h", "proto/shared", "crosscall"],
    "controller": ["controller/access", "controller/api", "controller/cli", "controller/dispatch", "controller/metrics", "controller/power", "controller/report",
                   "controller/store", "controller/certificate_commands.h", "controller/console_command.h", "controller/maintenance_commands.h",
                   "controller/metrics_commands.h", "controller/metrics_sources.h", "controller/pages.h",
                   "controller/power_commands.h", "controller/protection.h", "controller/revision.h", "proto/shared", "crosscall"],
    "tests": ["agent", "controller", "proto/shared", "crosscall", "tests"],
}

# Library headers that only some folders may see: the edges that make code testable, or loadable, elsewhere.
LIBRARIES = {
    "grpc": ["agent/supervisor", "controller/api", "controller/cli", "controller", "agent", "tests"],
    "sqlite3.h": ["controller/store", "tests"],
    "prometheus/": ["controller/metrics", "tests"],
    "httplib.h": ["controller/metrics", "tests"],
    "yaml-cpp/": ["agent/scenario", "controller/cli", "tests"],
}

# Freestanding: no library header at all, since they are also linked into a kernel module.
FREESTANDING = ["agent/core/", "agent/scenario/ops.h", "agent/scenario/interpreter"]

OURS = ("agent/", "controller/", "proto/", "crosscall/", "tests/")


def owner(path, table):
    """The longest key of `table` that is a prefix of `path` at a folder or file-name boundary."""
    matches = [k for k in table if path == k or path.startswith(k + "/") or path.startswith(k + ".")]
    return max(matches, key=len) if matches else None


def allowed(path, header):
    key = owner(path, ALLOWED)
    if key is None:
        return False
    own = key if key != "agent/worker/frames" else "agent/worker/frames.h"
    targets = ALLOWED[key] + ([own] if key not in ("agent", "controller") else [])
    return any(header == t or header.startswith(t + "/") for t in targets)


def library_allowed(path, header):
    for library, folders in LIBRARIES.items():
        if header.startswith(library):
            return any(path.startswith(f + "/") for f in folders)
    return True


def check(tree):
    problems = []
    for path in tree.sources():
        freestanding = any(path.startswith(f) for f in FREESTANDING)
        for number, line in enumerate(tree.lines(path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, header = match.groups()
            ours = header.startswith(OURS)
            if ours and kind == "<":
                problems.append(f"{path}:{number}: our own {header} in angle brackets")
            elif ours and not allowed(path, header):
                problems.append(f"{path}:{number}: {owner(path, ALLOWED)} may not depend on {header}")
            elif not ours and freestanding:
                problems.append(f"{path}:{number}: freestanding code includes {header}")
            elif not ours and not library_allowed(path, header):
                problems.append(f"{path}:{number}: {header} may only be seen by its edge folders")
    return problems
