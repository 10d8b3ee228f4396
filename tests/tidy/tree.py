"""The checkout as the tidy checks see it: tracked and untracked files that git does not ignore, and their text."""

import pathlib
import subprocess

SOURCE_ENDINGS = (".cc", ".h")


class Tree:
    """Files below `root` by path from it. Not under git: every file (the checks' own tests use that)."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = sorted(self._list())

    def _list(self):
        if not (self.root / ".git").exists():
            return [str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()]
        listed = subprocess.run(
            ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout
        return [p for p in listed.split("\0") if p and (self.root / p).is_file()]

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return self.text(path).splitlines()

    def sources(self):
        return [p for p in self.paths if p.endswith(SOURCE_ENDINGS)]
