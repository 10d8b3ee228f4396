// usage: node out/check/lint_main.js FILE...   Prints every problem; exit status 1 if there is one, 2 for bad use.

import {load} from './document.js';
import {lint, lintTogether} from './lint.js';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: node out/check/lint_main.js FILE...');
  process.exit(2);
}
const dashboards = files.map(load);
const problems = dashboards.flatMap((dashboard) => lint(dashboard).map((problem) => `${dashboard.uid}: ${problem}`)).concat(lintTogether(dashboards));
for (const problem of problems) console.log(problem);
console.log(`lint: ${files.length} dashboards, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
