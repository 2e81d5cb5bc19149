/** Many files through one model: each result whole or not at all, and a file that fails keeps no other from its own. */
import colors from 'picocolors';
import { NnpackError } from '../../errors.ts';
import { fail } from '../arguments.ts';
import { checkWritable } from '../files.ts';
import { outputOf } from '../output.ts';
import { progressBar } from '../progress.ts';
import type { Engine } from './engine.ts';
import type { Job } from './job.ts';
import { dtypeOf, orderOf, rangesOf, sayInputs, sayNotices } from './one.ts';
import { type ReadInput, readInput } from './read-inputs.ts';
import { greatestValues, type PlacedValue, valuesText } from './report.ts';
import type { Task, Tasks } from './tasks.ts';
import { outputFiles, type Written, writeOutput } from './write-outputs.ts';

/** What became of one file. */
interface Done {
  readonly from: string;
  readonly outputs: readonly string[];
  readonly values: readonly PlacedValue[] | null;
  /** Why nothing did. */
  readonly error: string | null;
}

export async function runMany(job: Job, { list, passedOver }: Tasks): Promise<void> {
  const { settings, given, loaded, signal } = job;
  if (settings.top === undefined && settings.files.outputs.length === 0 && !given.options.has('json')) {
    fail('many files expected --output FOLDER, --top or --json, got none of them');
  }
  for (const { outputs } of list) for (const { path } of outputs) await checkWritable(path);
  const output = await outputOf<object>(given);
  const bar = progressBar(!settings.isQuiet);
  const done: Done[] = [];
  await job.start(true, async (engine) => {
    for (const [i, task] of list.entries()) {
      signal.throwIfAborted();
      bar.update(i, list.length, task.inputs[0].path);
      const one = await attempt(job, engine, task, i === 0, () => bar.clear());
      bar.clear();
      if (one.values !== null) output.say(`${one.from}: ${valuesText(one.values)}`);
      if (one.error !== null) console.error(`${colors.red('error')} ${one.error}`);
      done.push(one);
    }
  });
  const failed = done.filter(({ error }) => error !== null).length;
  const past = passedOver === 0 ? '' : `, ${passedOver} were there`;
  output.say(`${done.length - failed} of ${list.length} files done${past}${failed === 0 ? '' : `, ${failed} failed`}`);
  await output.write({ network: loaded.subject.name, done: done.length - failed, failed, passedOver, files: done });
  if (failed > 0) process.exitCode = 2;
}

/** One file; what is wrong with it is its own affair, and everything else ends the work. */
async function attempt(job: Job, engine: Engine, task: Task, isFirst: boolean, clear: () => void): Promise<Done> {
  const from = task.inputs[0].path;
  try {
    return await through(job, engine, task, isFirst, clear);
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    return { from, outputs: [], values: null, error: `${from}: ${error.message}` };
  }
}

async function through(
  { loaded, settings, labels, signal }: Job,
  engine: Engine,
  task: Task,
  isFirst: boolean,
  clear: () => void,
): Promise<Done> {
  const { subject } = loaded;
  const read: ReadInput[] = [];
  for (const file of task.inputs) read.push(await readInput(subject, file, settings.pictures, loaded.hints(file.name)));
  clear();
  if (isFirst && !settings.isQuiet) sayInputs(read, loaded.sample !== null || settings.pictures.ranges !== undefined);
  const first = read.find(({ picture }) => picture !== null) ?? null;
  const order = orderOf(subject, first);
  const types = subject.typesFor(new Map(read.map(({ name, tensor }) => [name, tensor.shape])));
  const names = [...subject.outputs.keys()];
  const files = outputFiles(names, task.outputs, types, order, null);
  const results = await engine.run(Object.fromEntries(read.map(({ name, tensor }) => [name, tensor])), { signal });
  const ranges = rangesOf(settings.pictures.ranges, first);
  const written: Written[] = [];
  for (const file of files) {
    const dtype = dtypeOf(results[file.name], subject.outputs.get(file.name)?.dtype ?? null);
    written.push(await writeOutput(file, results[file.name], dtype, order, ranges, first?.picture ?? null));
  }
  sayNotices(written);
  const values = settings.top === undefined ? null : greatestValues(results[names[0]], settings.top, labels);
  return { from: task.inputs[0].path, outputs: written.map(({ path }) => path), values, error: null };
}
