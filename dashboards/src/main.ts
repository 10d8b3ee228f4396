// Writes the dashboards as Grafana's classic JSON.

import * as fs from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import {boardPage} from './board.js';
import {controllerPage} from './controller.js';
import {hangsPage} from './hangs.js';
import {implementationsPage} from './implementations.js';
import {overviewPage} from './overview.js';
import {build} from './page.js';

const usage = `usage: node out/src/main.js [--out FOLDER] [--timezone ZONE]
  --out       where to write (default: json, beside the source)
  --timezone  the lab's, such as Europe/Berlin: columns of a day are its days (default: utc)`;

function main(): number {
  const beside = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../json');
  let options;
  try {
    options = parseArgs({
      options: {out: {type: 'string', default: beside}, timezone: {type: 'string', default: 'utc'}, help: {type: 'boolean', default: false}},
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  fs.mkdirSync(options.out!, {recursive: true});
  for (const page of [overviewPage, implementationsPage, boardPage, hangsPage, controllerPage]) {
    fs.writeFileSync(path.join(options.out!, `${page.uid}.json`), `${JSON.stringify(build(page, options.timezone!), null, 2)}\n`);
  }
  return 0;
}

process.exitCode = main();
