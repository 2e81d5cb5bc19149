/**
 * Suites of ONNX models against the reader: npm run test:onnx -- FOLDER [PATTERN] [--json FILE] [--at-least N] [--must FILE]
 *
 * FOLDER has ONNX's node tests (test_NAME folders, in it or in its folder node), or networks as exporters wrote them (a
 * cases.json); PATTERN is part of the names that are run. What did not pass is printed, and the counts: run, passed, wrong,
 * failed, refused by reason. `--json` writes how each case ended; with `--at-least` it is an error if fewer pass, with
 * `--must` if one of the names in a file, one a line, does not.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Case, Kind, Outcome } from './onnx-cases.ts';
import { exportedCases } from './onnx-exported.ts';
import { nodeTests } from './onnx-node-tests.ts';

const USAGE = 'usage: npm run test:onnx -- FOLDER [PATTERN] [--json FILE] [--at-least N] [--must FILE]';
const KINDS = ['passed', 'wrong', 'failed', 'refused'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, 'at-least': { type: 'string' }, must: { type: 'string' } },
});
const [folder, pattern = ''] = positionals;
if (folder === undefined || positionals.length > 2) throw new Error(USAGE);

const cases = casesIn(folder).filter(({ name }) => name.includes(pattern));
const results = new Map<string, Outcome>();
for (const [i, { name, run }] of cases.entries()) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${i + 1}/${cases.length} ${name}`);
  else if (i % 100 === 99) process.stderr.write(`${i + 1}/${cases.length}\n`);
  results.set(name, await run());
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
report(results);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summaryOf(results), null, 1)}\n`);
process.exit(missing(results).length === 0 ? 0 : 1);

function casesIn(of: string): Case[] {
  if (existsSync(join(of, 'cases.json'))) return exportedCases(of);
  return nodeTests(existsSync(join(of, 'node')) ? join(of, 'node') : of);
}

function report(of: ReadonlyMap<string, Outcome>): void {
  for (const kind of ['refused', 'failed', 'wrong'] as const) {
    for (const [name, outcome] of of) if (outcome.kind === kind) console.log(`${kind} ${name}: ${outcome.text}`);
  }
  for (const [reason, count] of reasonsOf(of)) console.log(`${count} refused: ${reason}`);
  const counts = KINDS.map((kind) => `${namesOf(of, kind).length} ${kind}`);
  console.log(`${of.size} run: ${counts.join(', ')}`);
  for (const text of missing(of)) console.error(text);
}

function namesOf(of: ReadonlyMap<string, Outcome>, kind: Kind): string[] {
  return [...of].filter(([, outcome]) => outcome.kind === kind).map(([name]) => name);
}

/** How many were refused for what, the most frequent first: the names of values and nodes are no part of a reason. */
function reasonsOf(of: ReadonlyMap<string, Outcome>): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { kind, text } of of.values()) {
    const reason = text
      .replace(/^model '[^']*': /, '')
      .replace(/^model: /, '')
      .replace(/(input|node|initializer|output) '[^']*'/g, '$1');
    if (kind === 'refused') counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

function summaryOf(of: ReadonlyMap<string, Outcome>) {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, namesOf(of, kind).length]));
  return { run: of.size, ...counts, refusedBy: Object.fromEntries(reasonsOf(of)), cases: Object.fromEntries(of) };
}

/** What should have passed and did not. */
function missing(of: ReadonlyMap<string, Outcome>): string[] {
  const passed = new Set(namesOf(of, 'passed'));
  const names = values.must === undefined ? [] : readFileSync(values.must, 'utf8').split(/\s+/).filter(Boolean);
  const lost = names.filter((name) => !passed.has(name)).map((name) => `${name} must pass, and did not`);
  const least = Number(values['at-least'] ?? 0);
  return passed.size >= least ? lost : [...lost, `${passed.size} passed, expected at least ${values['at-least']}`];
}
