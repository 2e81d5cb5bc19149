/**
 * Suites of ONNX models against the reader: npm run test:onnx -- FOLDER [PATTERN] [--json FILE] [--at-least N] [--must FILE]
 *
 * FOLDER has ONNX's node tests (test_NAME folders, in it or in its folder node), or networks as exporters wrote them (a
 * cases.json); PATTERN is part of the names that are run. What did not pass is printed, and the counts: run, passed, wrong,
 * failed, refused by reason. `--json` writes how each case ended; with `--at-least` it is an error if fewer pass, with
 * `--must` if one of the names in a file, one a line, does not.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OnnxOutcome } from './onnx-cases.ts';
import { exportedCases } from './onnx-exported.ts';
import { nodeTests } from './onnx-node-tests.ts';
import {
  type Case,
  countsOf,
  namesOf,
  printCounts,
  printFailures,
  runAll,
  suiteArguments,
  writeJson,
} from './suite.ts';

type Outcomes = ReadonlyMap<string, OnnxOutcome>;

const { folder, pattern, values } = suiteArguments(
  'npm run test:onnx -- FOLDER [PATTERN] [--json FILE] [--at-least N] [--must FILE]',
  ['json', 'at-least', 'must'],
);
const outcomes = await runAll(casesIn(folder).filter(({ name }) => name.includes(pattern)));
printFailures(outcomes);
for (const [reason, count] of reasonsOf(outcomes)) console.log(`${count} refused: ${reason}`);
printCounts(outcomes);
for (const text of missing(outcomes)) console.error(text);
writeJson(values.json, summaryOf(outcomes));
process.exit(missing(outcomes).length === 0 ? 0 : 1);

function casesIn(of: string): Case<OnnxOutcome>[] {
  if (existsSync(join(of, 'cases.json'))) return exportedCases(of);
  return nodeTests(existsSync(join(of, 'node')) ? join(of, 'node') : of);
}

/** How many were refused for what, the most frequent first: the names of values and nodes are no part of a reason. */
function reasonsOf(of: Outcomes): (readonly [string, number])[] {
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

function summaryOf(of: Outcomes) {
  return { run: of.size, ...countsOf(of), refusedBy: Object.fromEntries(reasonsOf(of)), cases: Object.fromEntries(of) };
}

/** What should have passed and did not. */
function missing(of: Outcomes): string[] {
  const passed = new Set(namesOf(of, 'passed'));
  const names = values.must === undefined ? [] : readFileSync(values.must, 'utf8').split(/\s+/).filter(Boolean);
  const lost = names.filter((name) => !passed.has(name)).map((name) => `${name} must pass, and did not`);
  const least = Number(values['at-least'] ?? 0);
  return passed.size >= least ? lost : [...lost, `${passed.size} passed, expected at least ${values['at-least']}`];
}
