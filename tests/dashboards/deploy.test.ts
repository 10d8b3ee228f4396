// The examples of deploy agree with the dashboards and rules: names of jobs, intervals, and what Grafana reads of its own files.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {test} from 'node:test';
import {parse} from 'yaml';

import {load} from '../../dashboards/check/document.js';
import {dashboardFiles, root, rulesFolder} from './tree.js';

function read(file: string): any {
  return parse(fs.readFileSync(path.join(root, 'deploy', file), 'utf8'));
}

function keysOf(value: object, allowed: readonly string[]): void {
  for (const key of Object.keys(value)) assert.ok(allowed.includes(key), `Grafana reads no "${key}" there`);
}

test('jobs are called what dashboards and rules look for', () => {
  const jobs = read('prometheus/prometheus.yml').scrape_configs.map((each: {job_name: string}) => each.job_name);
  assert.deepEqual(jobs, ['crosscall-controller', 'crosscall-results']);
  const rules = fs.readdirSync(rulesFolder).map((name) => fs.readFileSync(path.join(rulesFolder, name), 'utf8')).join('\n');
  const asked = [...rules.matchAll(/job=~?"([^"]+)"/g)];
  assert.ok(asked.length > 0);
  for (const [, pattern] of asked) assert.ok(jobs.some((job: string) => new RegExp(`^${pattern}$`).test(job)), `no job is called ${pattern}`);
  for (const dashboard of dashboardFiles().map(load)) {
    const query = JSON.stringify(dashboard.templating.list!.find((each) => each.name === 'job'));
    assert.match(query, /crosscall-\.\+/);
  }
});

test('the data source knows how often the controller is scraped', () => {
  const {datasources, apiVersion, ...rest} = read('grafana/provisioning/datasources/crosscall.yml');
  assert.deepEqual([apiVersion, rest], [1, {}]);
  const [source] = datasources;
  keysOf(source, ['name', 'type', 'access', 'url', 'uid', 'orgId', 'isDefault', 'editable', 'jsonData', 'secureJsonData', 'basicAuth', 'basicAuthUser']);
  keysOf(source.jsonData, ['timeInterval', 'httpMethod', 'queryTimeout', 'prometheusType', 'prometheusVersion', 'cacheLevel', 'manageAlerts']);
  assert.equal(source.type, 'prometheus');
  assert.equal(source.jsonData.timeInterval, read('prometheus/prometheus.yml').global.scrape_interval);
});

test('dashboards come from a folder and stay as they are', () => {
  const {providers, apiVersion, ...rest} = read('grafana/provisioning/dashboards/crosscall.yml');
  assert.deepEqual([apiVersion, rest], [1, {}]);
  const [provider] = providers;
  keysOf(provider, ['name', 'orgId', 'folder', 'folderUid', 'type', 'disableDeletion', 'updateIntervalSeconds', 'allowUiUpdates', 'options']);
  keysOf(provider.options, ['path', 'foldersFromFilesStructure']);
  assert.equal(provider.type, 'file');
  assert.equal(provider.allowUiUpdates, false);
});
