"""Rules of the house that a machine can check: sizes, left-overs, tests outside the build, machine paths."""

import re

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70

SIZED = (".cc", ".h", ".py", ".sh", ".proto", ".ts")
LEFTOVER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
# Paths of somebody's machine and hosts of package registries; assembled so that this file does not convict itself.
MACHINE_PATH = re.compile("(?<![A-Za-z0-9_.])/(" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot"]) + ")/" + r"|\bregistry\.npm" +
                          r"js|\bdeb\.deb" + r"ian\.org")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|absl::SleepFor|usleep|nanosleep|sleep)\s*\(")
AWAKE = re.compile(r"//.*(sleeps on purpose|looks again)", re.I)
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "proto", "agent", "controller", "dashboards",
             "deploy", "tests"}


def sizes(tree):
    problems = []
    for path in tree.paths:
        if path.endswith(SIZED):
            count = len(tree.lines(path))
            if count > MAX_FILE_LINES:
                problems.append(f"{path}: {count} lines, at most {MAX_FILE_LINES}")
    return problems


NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.S | re.M)
SCOPE = re.compile(r"^\s*(template\s*<.*>\s*)?(inline\s+)?(namespace|class|struct|union|enum|extern)\b|\bconcept\b|=\s*$", re.S)


def function_lengths(text):
    """(first line, lines) of each function body: an outermost pair of braces that no namespace, type or initialiser owns."""
    code = NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    found = []
    scopes = []  # True for namespaces and types
    head = 0
    line = 1
    for position, character in enumerate(code):
        if character == "\n":
            line += 1
        elif character == "{":
            scopes.append((SCOPE.search(code[head:position]) is not None, line))
            head = position + 1
        elif character == "}" and scopes:
            is_scope, start = scopes.pop()
            if not is_scope and all(outer for outer, _ in scopes):
                found.append((start, line - start + 1))
            head = position + 1
        elif character == ";":
            head = position + 1
    return found


def functions(tree):
    problems = []
    for path in tree.sources():
        for start, length in function_lengths(tree.text(path)):
            if length > MAX_FUNCTION_LINES:
                problems.append(f"{path}:{start}: function of {length} lines, at most {MAX_FUNCTION_LINES}")
    return problems


def leftovers(tree):
    problems = []
    for path in tree.paths:
        if path.endswith((".binpb", ".json")):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if LEFTOVER.search(line) and not path.endswith(".md"):
                problems.append(f"{path}:{number}: left-over: {line.strip()[:80]}")
            if MACHINE_PATH.search(line):
                problems.append(f"{path}:{number}: a machine's path or a registry's host: {line.strip()[:80]}")
    return problems


def sleeps(tree):
    """Tests wait for conditions. A loop that asks again after a moment says `looks again` in a comment just above, a victim
    that must be found asleep says `sleeps on purpose`."""
    problems = []
    for path in tree.sources():
        if not path.startswith("tests/") or path.startswith("tests/bench/"):
            continue
        lines = tree.lines(path)
        for number, line in enumerate(lines, 1):
            code = line.split("//")[0]
            if SLEEP.search(code) and not AWAKE.search("\n".join(lines[max(0, number - 4):number])):
                problems.append(f"{path}:{number}: sleep in a test; wait for the condition")
    return problems


def outside_build(tree):
    """Every source stands in some CMakeLists.txt of its folder or above; nothing is built because it lies around."""
    problems = []
    lists = {p: tree.text(p) for p in tree.paths if p.endswith("CMakeLists.txt")}
    for path in tree.paths:
        if path.endswith("CMakeLists.txt") and re.search(r"file\s*\(\s*GLOB", lists[path]):
            problems.append(f"{path}: globbed sources")
        if not path.endswith(".cc"):
            continue
        parts = path.split("/")
        named = False
        for depth in range(len(parts) - 1, -1, -1):
            text = lists.get("/".join(parts[:depth] + ["CMakeLists.txt"]))
            relative = "/".join(parts[depth:])
            if text and re.search(r"(?<![\w/])" + re.escape(relative) + r"(?!\w)", text):
                named = True
                break
        if not named:
            problems.append(f"{path}: in no CMakeLists.txt")
    return problems


def mirrored(tree):
    """A test of a source folder lies in the same path under tests/, and that folder exists."""
    folders = {p.rsplit("/", 1)[0] for p in tree.paths if "/" in p}
    problems = []
    for path in tree.paths:
        match = re.match(r"tests/((?:agent|controller|proto)/.*)/[^/]+_test\.cc$", path)
        if match and match.group(1) not in folders:
            problems.append(f"{path}: mirrors no folder {match.group(1)}")
    return problems


def top_level(tree):
    extra = sorted({p.split("/")[0] for p in tree.paths} - TOP_LEVEL)
    return [f"{name}: not in the given layout" for name in extra if not name.startswith(".")]


def guards(tree):
    problems = []
    for path in tree.sources():
        if path.endswith(".h"):
            guard = re.sub(r"[/.]", "_", path).upper() + "_"
            if f"#ifndef {guard}\n" not in tree.text(path):
                problems.append(f"{path}: include guard is not {guard}")
    return problems
