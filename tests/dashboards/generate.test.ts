// The committed JSON is what the source generates, and the compiler refuses what no field or enum of Grafana has.

import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {after, test} from 'node:test';
import ts from 'typescript';

import {compiled, dashboardFiles, jsonFolder, root} from './tree.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'crosscall-dashboards-'));
after(() => fs.rmSync(folder, {recursive: true}));
const generator = path.join(compiled, 'src/main.js');

test('generating again changes nothing', () => {
  execFileSync(process.execPath, [generator, '--out', folder]);
  assert.deepEqual(fs.readdirSync(folder).sort(), fs.readdirSync(jsonFolder).sort());
  for (const file of dashboardFiles()) {
    const again = fs.readFileSync(path.join(folder, path.basename(file)), 'utf8');
    assert.equal(again, fs.readFileSync(file, 'utf8'), `${path.basename(file)} is not what the source says: npm run generate`);
  }
});

test('days are those of the zone that is asked for', () => {
  const there = path.join(folder, 'berlin');
  execFileSync(process.execPath, [generator, '--out', there, '--timezone', 'Europe/Berlin']);
  const overview = JSON.parse(fs.readFileSync(path.join(there, 'crosscall-overview.json'), 'utf8'));
  assert.equal(overview.timezone, 'Europe/Berlin');
});

test('an unknown option is bad use', () => {
  const {status, stderr} = spawnSync(process.execPath, [generator, '--uot', folder], {encoding: 'utf8'});
  assert.equal(status, 2);
  assert.match(stderr, /--uot/);
});

// Parsed once: the compiler's libraries and the SDK are most of the work.
const sources = new Map<string, ts.SourceFile | undefined>();

// What tsc says of the generator when `from` in one of its files reads `to`.
function compiledWith(file: string, from: string, to: string): string[] {
  const settings = path.join(root, 'dashboards/tsconfig.json');
  const {config} = ts.readConfigFile(settings, ts.sys.readFile);
  const {options} = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(settings), undefined, settings);
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile;
  const planted = path.join(root, 'dashboards/src', file);
  host.getSourceFile = (name, version) => {
    if (path.resolve(name) === planted) {
      const text = fs.readFileSync(name, 'utf8');
      assert.ok(text.includes(from), `${file} has no "${from}" any more: plant the fault elsewhere`);
      return ts.createSourceFile(name, text.replace(from, to), version);
    }
    if (!sources.has(name)) sources.set(name, getSourceFile(name, version));
    return sources.get(name);
  };
  const program = ts.createProgram([planted], {...options, noEmit: true}, host);
  return ts.getPreEmitDiagnostics(program).map((each) => ts.flattenDiagnosticMessageText(each.messageText, '\n'));
}

test('the generator compiles as it is', () => {
  assert.deepEqual(compiledWith('panels.ts', '.fillOpacity(0)', '.fillOpacity(0)'), []);
});

test('the compiler refuses a misspelt option', () => {
  assert.match(compiledWith('panels.ts', '.fillOpacity(0)', '.filOpacity(0)').join('\n'), /filOpacity/);
});

test('the compiler refuses a value that is in no enum', () => {
  assert.match(compiledWith('panels.ts', 'GraphDrawStyle.Line', 'GraphDrawStyle.Lines').join('\n'), /Lines/);
});
