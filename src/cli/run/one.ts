/** One run of a model: warm, timed, and compared with the default implementation. */
import colors from 'picocolors';
import type { Context } from '../../context/context.ts';
import { NnpackError } from '../../errors.ts';
import type { Dtype } from '../../graph/values.ts';
import type { Network } from '../../networks/network.ts';
import type { TypedTensor } from '../../tensor/ndarray.ts';
import { fail } from '../arguments.ts';
import { type Output, outputOf } from '../output.ts';
import { readPicture } from '../picture.ts';
import { type Comparison, comparePictures } from '../pixels.ts';
import { progressBar } from '../progress.ts';
import { type Ranges, rangesText, USUAL } from '../range.ts';
import type { Arrays, Engine } from './engine.ts';
import type { Job } from './job.ts';
import { sizesText } from './named-files.ts';
import { randomImages } from './network-engine.ts';
import { type ReadInput, readInput } from './read-inputs.ts';
import { formatReport, greatestValues, type Report, reportOf } from './report.ts';
import type { Task } from './tasks.ts';
import { enlarged, type OutputFile, outputFiles, type Written, writeOutput } from './write-outputs.ts';

/** The files of a task, read, and what is to be written. */
interface Prepared {
  readonly read: readonly ReadInput[];
  readonly arrays: Arrays;
  readonly outputs: readonly OutputFile[];
  readonly ranges: Ranges;
  /** The first picture that goes in. */
  readonly first: ReadInput | null;
}

/** @param isSample whether what goes in is the model's own picture, and what comes out is known */
export async function runOne(job: Job, task: Task, isSample: boolean): Promise<void> {
  const { loaded, settings, given } = job;
  const prepared = await prepare(job, task, isSample);
  const output = await outputOf<object>(given, { files: prepared.outputs.map(({ path }) => path) });
  if (!settings.isQuiet) sayInputs(prepared.read, loaded.sample !== null || settings.pictures.ranges !== undefined);
  await job.start(prepared.first !== null, async (engine, context) => {
    const { outputs, report } = await timed(job, engine, prepared.arrays, context);
    const from = prepared.read.map(({ name, path, size }) => {
      return `${prepared.read.length > 1 ? `${name}=` : ''}${path} ${size}`;
    });
    await finish(job, prepared, from.join(', '), outputs, report, output, isSample ? loaded.sample : null);
  });
}

/** A built-in network has random weights: images are random as well. */
export async function runRandom(job: Job, network: Network): Promise<void> {
  const { batch = 1 } = job.settings;
  const output = await outputOf<object>(job.given);
  await job.start(false, async (engine, context) => {
    const arrays = randomImages(network, batch);
    const { outputs, report } = await timed(job, engine, arrays, context);
    const from = batch === 1 ? 'a random image' : `${batch} random images`;
    const prepared = { read: [], arrays, outputs: [], ranges: USUAL, first: null };
    await finish(job, prepared, from, outputs, report, output, null);
  });
}

async function prepare({ loaded, settings }: Job, task: Task, isSample: boolean): Promise<Prepared> {
  const { subject } = loaded;
  const read: ReadInput[] = [];
  for (const file of task.inputs) read.push(await readInput(subject, file, settings.pictures, loaded.hints(file.name)));
  const arrays = Object.fromEntries(read.map(({ name, tensor }) => [name, tensor]));
  const types = subject.typesFor(new Map(read.map(({ name, tensor }) => [name, tensor.shape])));
  const first = read.find(({ picture }) => picture !== null) ?? null;
  const fallback = isSample ? 'result.png' : first === null ? null : enlarged(first.path);
  const outputs = outputFiles([...subject.outputs.keys()], task.outputs, types, orderOf(subject, first), fallback);
  const { ranges } = settings.pictures;
  if (ranges !== undefined && first === null && !outputs.some(({ kind }) => kind === 'picture')) {
    fail('--range expected a picture that goes in or comes out, got none');
  }
  return { read, arrays, outputs, ranges: rangesOf(ranges, first), first };
}

/** Pictures come out as they went in, unless that was told. */
export function rangesOf(ranges: Ranges | undefined, first: ReadInput | null): Ranges {
  const taken = first?.form?.range ?? USUAL.in;
  return ranges ?? { in: taken, out: typeof taken === 'string' ? taken : USUAL.out };
}

export function orderOf(subject: { readonly isChannelsLast: boolean }, first: ReadInput | null) {
  return { isChannelsLast: first?.form?.isChannelsLast ?? subject.isChannelsLast, isBgr: first?.form?.isBgr ?? false };
}

/** What was done to pictures, and what is not known of them. */
export function sayInputs(read: readonly ReadInput[], isRangeTold: boolean): void {
  for (const { path, form, said } of read) {
    if (form === null) continue;
    const isTold = isRangeTold || said.some((text) => text.startsWith('values '));
    const untold = isTold ? [] : ['values 0..255, as the files of the model tell nothing else (--range)'];
    const all = [...said, ...untold];
    if (all.length > 0) console.error(`${colors.yellow('note')} ${path}: ${all.join('; ')}`);
  }
}

/** A run, twice where the first would meet cold code, and how long the default implementation takes. */
async function timed(
  { settings, signal }: Job,
  engine: Engine,
  arrays: Arrays,
  context: Context,
): Promise<{ outputs: Record<string, TypedTensor>; report: Report }> {
  const bar = progressBar(!settings.isQuiet);
  const progress = (done: number, of: number, node: string) => bar.update(done, of, node);
  try {
    let outputs = await engine.run(arrays, { signal, progress });
    const { parts, layers } = engine.report();
    const took = layers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    // What takes long was warm before it ended.
    if (parts === 1 && took < WARM_MS) outputs = await engine.run(arrays, { signal, progress });
    const found = engine.report();
    bar.clear();
    return { outputs, report: reportOf(found, await engine.timeDefault(arrays, signal), context) };
  } finally {
    bar.clear();
  }
}

const WARM_MS = 10_000;

/** Writes what comes out, and says what became of it all. */
async function finish(
  { loaded, settings, labels }: Job,
  { outputs: files, ranges, first }: Prepared,
  from: string,
  outputs: Record<string, TypedTensor>,
  report: Report,
  output: Output<object>,
  sample: Job['loaded']['sample'],
): Promise<void> {
  const { subject, isTrained } = loaded;
  const written: Written[] = [];
  for (const file of files) {
    const dtype = dtypeOf(outputs[file.name], subject.outputs.get(file.name)?.dtype ?? null);
    const order = orderOf(subject, first);
    written.push(await writeOutput(file, outputs[file.name], dtype, order, ranges, first?.picture ?? null));
  }
  const [name] = subject.outputs.keys();
  const picture = written.find((one) => one.name === name && one.kind === 'picture')?.picture ?? null;
  const expected =
    picture !== null && sample !== null ? comparePictures(picture, await readPicture(sample.expected)) : null;
  const isShown = settings.top !== undefined || (picture === null && isTrained);
  const values = isShown ? greatestValues(outputs[name], settings.top, labels) : null;
  const to =
    written.length === 0
      ? sizesText(outputs[name].shape)
      : written.map(({ path, size }) => `${path} ${size}`).join(', ');
  output.say(formatReport(`${from} → ${to}`, report, values));
  sayNotices(written);
  await output.write({
    ...{ network: subject.name, from, out: written[0]?.path ?? null, rule: settings.choice.rule },
    ...{ range: rangesText(ranges), ...report, expected, values },
  });
  if (expected !== null) output.say(expectedText(expected));
}

export function sayNotices(written: readonly Written[]): void {
  for (const { path, notice } of written) {
    if (notice !== null) console.error(`${colors.yellow('note')} ${path}: ${notice}`);
  }
}

const DTYPES: Readonly<Record<string, Dtype>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  BigInt64Array: 'int64',
  Int32Array: 'int32',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
};

/** The type that the files tell, else that of the numbers. */
export function dtypeOf({ data }: TypedTensor, told: Dtype | null): Dtype {
  return told ?? DTYPES[data.constructor.name];
}

/** The sample must become the picture that belongs to it: 99.99 % of the values equal, none off by more than 1. */
function expectedText({ values, equal, greatest }: Comparison): string {
  const percent = ((100 * equal) / values).toFixed(4);
  const text = `${equal} of ${values} values equal those of the expected picture (${percent} %), greatest difference ${greatest}`;
  if (equal < 0.9999 * values || greatest > 1)
    throw new NnpackError('invalid-model', `run: the result is not the expected picture: ${text}`);
  return text;
}
