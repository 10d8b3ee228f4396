"""Each check must convict a planted fault and acquit its mended twin: a check that passes everything checks nothing."""

import pathlib
import tempfile
import unittest

import arrows
import rules
import tree


class CheckTest(unittest.TestCase):
    def problems(self, check, files):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                target = pathlib.Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            return check(tree.Tree(folder))

    def convicts(self, check, bad, good):
        self.assertTrue(self.problems(check, bad), f"{check.__name__} passed the planted fault")
        self.assertEqual(self.problems(check, good), [])

    def test_arrows_between_folders(self):
        self.convicts(arrows.check, {"agent/core/a.h": '#include "agent/ports/b.h"\n'},
                      {"agent/ports/a.h": '#include "agent/core/b.h"\n'})
        self.convicts(arrows.check, {"controller/api/a.cc": '#include "agent/core/b.h"\n'},
                      {"controller/api/a.cc": '#include "controller/dispatch/b.h"\n'})
        self.convicts(arrows.check, {"agent/supervisor/a.cc": '#include "agent/measure/b.h"\n'},
                      {"agent/supervisor/a.cc": '#include "agent/worker/frames.h"\n'})
        self.convicts(arrows.check, {"agent/worker/frames.cc": '#include "agent/measure/b.h"\n'},
                      {"agent/worker/frames.cc": '#include "agent/worker/frames.h"\n'})

    def test_core_includes_no_library_header(self):
        self.convicts(arrows.check, {"agent/core/a.h": "#include <atomic>\n"}, {"agent/ports/a.h": "#include <atomic>\n"})

    def test_library_edges(self):
        self.convicts(arrows.check, {"controller/scheduler/a.cc": "#include <sqlite3.h>\n"},
                      {"controller/store/a.cc": "#include <sqlite3.h>\n"})

    def test_sizes(self):
        self.convicts(rules.sizes, {"agent/a.cc": "\n" * 501}, {"agent/a.cc": "\n" * 500})

    def test_functions(self):
        def body(lines):
            return ("namespace a {\nint F(int x,\n      int y) {\n" + "  ++x;\n" * lines + "}\n}  // namespace a\n")
        self.convicts(rules.functions, {"agent/a.cc": body(80)}, {"agent/a.cc": body(60)})
        many = "class A {\n" + "  int F() {\n    return 1;\n  }\n" * 40 + "};\n"
        self.assertEqual(self.problems(rules.functions, {"agent/a.h": many}), [])
        templated = "template <class T>\nclass alignas(64) A {\n" + "  int F() { return '{'; }  // {\n" * 90 + "};\n"
        self.assertEqual(self.problems(rules.functions, {"agent/a.h": templated}), [])

    def test_leftovers(self):
        self.convicts(rules.leftovers, {"agent/a.cc": "// TO" + "DO: later\n"}, {"agent/a.cc": "// done\n"})
        self.convicts(rules.leftovers, {"a.sh": "cd /wo" + "rk/main\n"}, {"a.sh": "cd net/wo" + "rk/main\n"})

    def test_sleeps(self):
        call = "std::this_thread::sleep_for(1s);\n"
        self.convicts(rules.sleeps, {"tests/a_test.cc": call}, {"tests/a_test.cc": "// sleeps on purpose: victim\n" + call})

    def test_sources_outside_the_build(self):
        self.convicts(rules.outside_build, {"agent/core/a.cc": "", "agent/core/CMakeLists.txt": "add(ab.cc aa.cc)"},
                      {"agent/core/a.cc": "", "agent/core/CMakeLists.txt": "add(a.cc)"})
        self.convicts(rules.outside_build, {"CMakeLists.txt": "file(GLOB x *.cc)"}, {"CMakeLists.txt": "file(READ x)"})

    def test_mirror(self):
        self.convicts(rules.mirrored, {"tests/agent/cor/a_test.cc": "", "agent/core/a.cc": ""},
                      {"tests/agent/core/a_test.cc": "", "agent/core/a.cc": ""})

    def test_top_level(self):
        self.convicts(rules.top_level, {"docs/a.md": ""}, {".ci/run": "", "agent/a": ""})

    def test_guards(self):
        self.convicts(rules.guards, {"agent/a.h": "#ifndef A_H\n"}, {"agent/a.h": "#ifndef AGENT_A_H_\n"})


if __name__ == "__main__":
    unittest.main()
