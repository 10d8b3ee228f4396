// Where things lie, seen from the compiled tests in dashboards/out/all/tests/dashboards.

import * as fs from 'node:fs';
import * as path from 'node:path';
import {fileURLToPath} from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../../..');
export const compiled = path.join(root, 'dashboards/out/all/dashboards');
export const rulesFolder = path.join(root, 'dashboards/rules');
export const jsonFolder = path.join(root, 'dashboards/json');

export function dashboardFiles(): string[] {
  return fs.readdirSync(jsonFolder).sort().map((name) => path.join(jsonFolder, name));
}
