#!/usr/bin/env python3
"""Runs one tidy check, or all, over the checkout and prints every problem. Exit status 1 if there is one."""

import pathlib
import sys

import arrows
import rules
import tree

CHECKS = {
    "arrows": arrows.check,
    "build": rules.outside_build,
    "functions": rules.functions,
    "guards": rules.guards,
    "leftovers": rules.leftovers,
    "mirror": rules.mirrored,
    "sizes": rules.sizes,
    "sleeps": rules.sleeps,
    "top-level": rules.top_level,
}


def main():
    names = sys.argv[1:] or list(CHECKS)
    unknown = [n for n in names if n not in CHECKS]
    if unknown:
        print(f"unknown check {unknown[0]}; known: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    checkout = tree.Tree(pathlib.Path(__file__).resolve().parents[2])
    count = 0
    for name in names:
        for problem in CHECKS[name](checkout):
            print(f"{name}: {problem}")
            count += 1
    print(f"tidy: {len(names)} checks over {len(checkout.paths)} files, {count} problems")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
