/** What suites of models have in common: their arguments, cases that are run one after another, and what is told of them. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NnpackError } from '../src/errors.ts';

export const KINDS = ['passed', 'wrong', 'failed', 'refused'] as const;

export type Kind = (typeof KINDS)[number];

/** Refused is what is said to be unsupported; failed is every other error. */
export interface Outcome {
  readonly kind: Kind;
  readonly text: string;
}

export interface Case<Ended = Outcome> {
  readonly name: string;
  run(): Promise<Ended>;
}

/** FOLDER [PATTERN], and options with a value each; whoever gives others is told the usage. */
export function suiteArguments<Option extends string>(usage: string, options: readonly Option[]) {
  const types = Object.fromEntries(options.map((option) => [option, { type: 'string' as const }]));
  const { values, positionals } = parseArgs({ allowPositionals: true, options: types });
  const [folder, pattern = ''] = positionals;
  if (folder === undefined || positionals.length > 2) {
    console.error(`usage: ${usage}`);
    process.exit(2);
  }
  return { folder, pattern, values: values as Partial<Record<Option, string>> };
}

/** Runs cases in order, and tells which one: in one line of a terminal, or every so often in what is kept. */
export async function runAll<Ended>(cases: readonly Case<Ended>[]): Promise<ReadonlyMap<string, Ended>> {
  const ended = new Map<string, Ended>();
  for (const [i, { name, run }] of cases.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${i + 1}/${cases.length} ${name}`);
    else if (i % 50 === 49) process.stderr.write(`${i + 1}/${cases.length}\n`);
    ended.set(name, await run());
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return ended;
}

/** Runs a case that gives what is wrong, '' for nothing. */
export async function outcomeOf(run: () => string | Promise<string>): Promise<Outcome> {
  try {
    const text = await run();
    return { kind: text === '' ? 'passed' : 'wrong', text };
  } catch (error) {
    const isOurs = error instanceof NnpackError;
    const kind = isOurs && error.code === 'unsupported-layer' ? 'refused' : 'failed';
    return { kind, text: isOurs ? error.message : String(error instanceof Error ? error.stack : error) };
  }
}

export function namesOf(outcomes: ReadonlyMap<string, Outcome>, kind: Kind): string[] {
  return [...outcomes].filter(([, outcome]) => outcome.kind === kind).map(([name]) => name);
}

export function countsOf(outcomes: ReadonlyMap<string, Outcome>): Readonly<Record<Kind, number>> {
  return Object.fromEntries(KINDS.map((kind) => [kind, namesOf(outcomes, kind).length])) as Record<Kind, number>;
}

/** Prints all that did not pass. */
export function printFailures(outcomes: ReadonlyMap<string, Outcome>): void {
  for (const kind of ['refused', 'failed', 'wrong'] as const) {
    for (const name of namesOf(outcomes, kind)) console.log(`${kind} ${name}: ${outcomes.get(name)?.text}`);
  }
}

export function printCounts(outcomes: ReadonlyMap<string, Outcome>): void {
  const counts = countsOf(outcomes);
  console.log(`${outcomes.size} run: ${KINDS.map((kind) => `${counts[kind]} ${kind}`).join(', ')}`);
}

/** Where `--json` says. */
export function writeJson(path: string | undefined, value: unknown): void {
  if (path !== undefined) writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
}

interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** What an output has of another shape, or the first element that is not near; '' for nothing. */
export function differenceOf(got: Numbers, expected: Numbers, isNear: (x: number, y: number) => boolean): string {
  if (String(got.shape) !== String(expected.shape)) return `shape [${got.shape}], expected [${expected.shape}]`;
  const { data } = expected;
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Number(got.data[i]), Number(data[i])];
    if (!Object.is(x, y) && !isNear(x, y)) return `element ${i} is ${got.data[i]}, expected ${data[i]}`;
  }
  return '';
}
