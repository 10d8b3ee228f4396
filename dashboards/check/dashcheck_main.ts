// The command line of dashcheck.

import * as fs from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import {dashcheck, durationSeconds, Report, RightlyEmpty} from './dashcheck.js';
import {load} from './document.js';

const usage = `usage: node out/check/dashcheck_main.js URL FILE... [options]
Runs every query of the dashboards FILE, and every rule of crosscall that is loaded, on the Prometheus at URL.
  --range DURATION            instead of each dashboard's own, such as 3d
  --scrape-interval DURATION  as in the data source (default: 15s)
  --var NAME=VALUE            of a variable that takes one value (default: the first there is); may be repeated
  --rightly-empty FILE        what may have no data, and why (default: rightly_empty.json beside the source)
Exit status: 0 no problem, 1 some, 2 bad use.`;

const besides = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../check/rightly_empty.json');

function read(): {values: Record<string, string | string[] | undefined>; positionals: string[]} {
  return parseArgs({
    allowPositionals: true,
    options: {
      'range': {type: 'string'},
      'scrape-interval': {type: 'string', default: '15s'},
      'var': {type: 'string', multiple: true, default: []},
      'rightly-empty': {type: 'string', default: besides},
    },
  });
}

function print(report: Report, dashboards: number): void {
  for (const {place, reason} of report.empty) console.log(`rightly empty: ${place}: ${reason}`);
  for (const problem of report.problems) console.log(`problem: ${problem}`);
  console.log(`dashcheck: ${dashboards} dashboards with ${report.panels} panels, ${report.rules} rules, ${report.expressions} expressions: ` +
    `${report.withData} with data, ${report.empty.length} rightly empty, ${report.problems.length} problems`);
}

async function main(): Promise<number> {
  let dashboards, url, options;
  try {
    const {values, positionals} = read();
    const [first, ...files] = positionals;
    if (first === undefined || files.length === 0) throw new Error('a URL and at least one FILE are needed');
    url = first.replace(/\/$/, '');
    dashboards = files.map(load);
    options = {
      end: Date.now() / 1000,
      ...(values.range !== undefined && {rangeSeconds: durationSeconds(values.range as string)}),
      scrapeIntervalSeconds: durationSeconds(values['scrape-interval'] as string),
      variables: new Map((values.var as string[]).map((each) => [each.split('=')[0]!, each.slice(each.indexOf('=') + 1)])),
      rightlyEmpty: JSON.parse(fs.readFileSync(values['rightly-empty'] as string, 'utf8')) as RightlyEmpty[],
    };
  } catch (error) {
    console.error(`dashcheck: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  const report = await dashcheck(url, dashboards, options);
  print(report, dashboards.length);
  return report.problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
