/** Runs a network, and shows how every layer ran; without a model it enlarges a picture twofold, the main job. */
import { basename, extname } from 'node:path';
import { ALGORITHM_NAMES, type AlgorithmName } from '../algorithms/algorithm.ts';
import { RULES, type Rule } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import { warmUp } from '../layers/warm-up.ts';
import type { Network } from '../networks/network.ts';
import { type PrepareOptions, prepareNetwork } from '../networks/prepare.ts';
import { makeTensor, sizeOf, type Tensor } from '../tensor/ndarray.ts';
import { randomArray, uniform } from '../tensor/random.ts';
import { type Context, createContext } from '../threads/context.ts';
import { fail, oneOf, positive, whole } from './arguments.ts';
import type { Command, Given } from './command.ts';
import { checkWritable } from './files.ts';
import { loadModel, type Model } from './model.ts';
import { type Picture, readPicture, writePng } from './picture.ts';
import { type Comparison, comparePictures, fromTensor, toTensor } from './pixels.ts';
import { progressBar } from './progress.ts';
import { greatestValues, printReport, type Report } from './run-report.ts';

/** The default bound on the memory of the network, in mebibytes; a larger picture runs in slices. */
const MEMORY = 512;

export const run: Command = {
  name: 'run',
  summary: 'Runs a network and shows how every layer ran; by default, enlarges a picture twofold.',
  positionals: '[picture]',
  most: 1,
  options: {
    model: {
      value: 'MODEL',
      help: 'a TensorFlow.js model.json, or a built-in network (a trained one that enlarges pictures)',
    },
    out: { value: 'FILE', help: "the PNG file to write (result.png, or the picture's name with -2x.png)" },
    batch: { value: 'N', help: 'images at once, for a built-in network (1)' },
    threads: { value: 'N', help: 'threads to compute with (as many as cores)' },
    memory: {
      value: 'MB',
      help: `mebibytes for the network (${MEMORY}, or all there is for a built-in one); larger work runs in parts`,
    },
    eligibility: {
      value: 'WHICH',
      help: 'documented or all: which layers may leave the default implementation (all)',
    },
    algorithm: { value: 'NAME', help: 'one algorithm for all convolutions' },
    rule: {
      value: 'NAME',
      help: "fastest, nnpack for NNPACK's own choices, or measured for a trial of each layer, which Ctrl-C does not stop (fastest)",
    },
    json: { help: 'print the report as JSON' },
    quiet: { help: 'print nothing but errors' },
  },
  examples: [
    ['nnpack-ts run', 'enlarge the sample picture, and compare with what is expected'],
    ['nnpack-ts run photo.jpg --out large.png', 'enlarge a picture of yours'],
    ['nnpack-ts run --model vgg-16 --batch 4', 'a built-in network, with random weights, on random images'],
    ['nnpack-ts run photo.png --model model.json', 'a model of yours'],
  ],
  async run(given, signal) {
    const settings = settingsOf(given);
    const model = await loadModel(settings.model);
    const job = await jobOf(model, given.positionals[0], settings);
    if (job.out !== null) await checkWritable(job.out);
    const context = await createContext({ threads: settings.threads });
    try {
      warmUp(context);
      const { output, report } = await compute(model.network, job, settings, context, signal);
      await finish(model, job, settings, output, report);
    } finally {
      context.dispose();
    }
  },
};

interface Settings {
  readonly model?: string;
  readonly out?: string;
  readonly batch?: number;
  readonly threads?: number;
  readonly memoryBytes?: number;
  readonly eligibility: 'documented' | 'all';
  readonly algorithm: 'auto' | AlgorithmName;
  readonly rule: Rule;
  readonly json: boolean;
  readonly quiet: boolean;
}

function settingsOf(given: Given): Settings {
  const { options } = given;
  const memory = positive(given, 'memory');
  return {
    model: options.get('model'),
    out: options.get('out'),
    batch: whole(given, 'batch'),
    threads: whole(given, 'threads'),
    memoryBytes: memory && memory * 2 ** 20,
    eligibility: oneOf(given, 'eligibility', ['documented', 'all'] as const) ?? 'all',
    algorithm: oneOf(given, 'algorithm', ['auto', ...ALGORITHM_NAMES] as const) ?? 'auto',
    rule: oneOf(given, 'rule', RULES) ?? 'fastest',
    json: options.has('json'),
    quiet: options.has('quiet'),
  };
}

/** What goes in, and where what comes out goes to. */
interface Job {
  /** `flower.jpg 640×480`, or what else the input is. */
  readonly from: string;
  readonly picture: Picture | null;
  readonly input: Tensor;
  readonly batch: number;
  readonly memoryBytes: number | undefined;
  /** null where the output is no picture. */
  readonly out: string | null;
  readonly expected: string | null;
}

async function jobOf(model: Model, given: string | undefined, settings: Settings): Promise<Job> {
  const { network, sample } = model;
  if (!model.isTrained) {
    if (given !== undefined) fail(`${network.name} has random weights and takes no picture, expected only options`);
    if (settings.out !== undefined) fail(`${network.name} gives no picture, expected no --out`);
    const batch = settings.batch ?? 1;
    const shape = [batch, ...(network.inputs[0].shape as number[])];
    const input = makeTensor(randomArray(sizeOf(shape), uniform(1)), shape);
    const from = batch === 1 ? 'a random image' : `${batch} random images`;
    return { from, picture: null, input, batch, memoryBytes: settings.memoryBytes, out: null, expected: null };
  }
  const path = given ?? sample?.picture;
  if (path === undefined) return fail('expected a picture for this model, got none');
  if (settings.batch !== undefined) fail('--batch expected a built-in network, got a picture');
  const picture = await readPicture(path);
  return {
    from: `${path} ${picture.width}×${picture.height}`,
    picture,
    input: toTensor(picture),
    batch: 1,
    memoryBytes: settings.memoryBytes ?? MEMORY * 2 ** 20,
    out: settings.out ?? defaultOut(given),
    expected: given === undefined && sample !== null ? sample.expected : null,
  };
}

/** `flower.jpg` becomes `flower-2x.png` beside the caller; the sample becomes `result.png`. */
function defaultOut(picture: string | undefined): string {
  return picture === undefined ? 'result.png' : `${basename(picture, extname(picture))}-2x.png`;
}

async function compute(
  network: Network,
  job: Job,
  settings: Settings,
  context: Context,
  signal: AbortSignal,
): Promise<{ output: Tensor; report: Report }> {
  const name = network.inputs[0].name;
  const base: PrepareOptions = {
    context,
    batch: job.batch,
    eligibility: settings.eligibility,
    memoryBytes: job.memoryBytes,
    inputs: { [name]: job.input.shape.slice(-3) },
  };
  const prepared = prepareNetwork(network, { ...base, algorithm: settings.algorithm, rule: settings.rule });
  const bar = progressBar(!settings.quiet && !settings.json);
  const input = { [name]: job.input };
  try {
    // What runs at once may take so little time that the first run still meets cold code.
    if (prepared.parts === 1) await prepared.runAsync(input, { signal });
    const outputs = await prepared.runAsync(input, {
      signal,
      progress: (done, of, node) => bar.update(done, of, node),
    });
    const output = outputs[network.outputs[0]];
    const layers = prepared.report();
    const part = [prepared.plan.shapes.batch, ...(prepared.plan.shapes.values.get(name) as readonly number[])];
    const bytes = prepared.bytes;
    prepared.dispose();
    bar.clear();
    const defaultMilliseconds = prepared.parts * (await timeDefault(network, part, context, signal));
    const milliseconds = layers.reduce((sum, layer) => sum + layer.milliseconds, 0);
    const multiplyAdds = layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
    const { threads, kernels, reasons } = context.describe();
    const report: Report = {
      machine: { node: process.version, threads, kernels, reasons },
      parts: prepared.parts,
      networkBytes: bytes,
      layers,
      milliseconds,
      gflops: (2 * multiplyAdds) / milliseconds / 1e6,
      defaultMilliseconds,
      ratio: defaultMilliseconds / milliseconds,
    };
    return { output, report };
  } finally {
    bar.clear();
  }
}

/** Milliseconds of one part with every convolution on the default implementation, warm. */
async function timeDefault(
  network: Network,
  part: readonly number[],
  context: Context,
  signal: AbortSignal,
): Promise<number> {
  const name = network.inputs[0].name;
  const plan = prepareNetwork(network, {
    context,
    algorithm: 'implicit-gemm',
    batch: part[0],
    inputs: { [name]: part.slice(1) },
  });
  try {
    const input = { [name]: makeTensor(randomArray(sizeOf(part), uniform(1)), part) };
    await plan.runAsync(input, { signal });
    await plan.runAsync(input, { signal });
    return plan.report().reduce((sum, layer) => sum + layer.milliseconds, 0);
  } finally {
    plan.dispose();
  }
}

/** Writes the picture, if there is one, and says what became of it all. */
async function finish(model: Model, job: Job, settings: Settings, output: Tensor, report: Report): Promise<void> {
  const isPicture = job.picture !== null && output.shape.length === 4 && output.shape[1] === 3;
  if (job.out !== null && !isPicture && settings.out !== undefined) {
    const got = `[${output.shape.join(', ')}]`;
    throw new NnpackError('invalid-model', `run: the network gives ${got}, expected [1, 3, H, W] for --out`);
  }
  const result = isPicture ? fromTensor(output, job.picture as Picture) : null;
  if (result !== null) await writePng(job.out as string, result);
  const expected =
    result !== null && job.expected !== null ? comparePictures(result, await readPicture(job.expected)) : null;
  const values = isPicture || !model.isTrained ? null : greatestValues(output);
  const to = result === null ? `[${output.shape.join(', ')}]` : `${job.out} ${result.width}×${result.height}`;
  if (settings.json) {
    const { rule } = settings;
    const found = { network: model.network.name, from: job.from, out: result === null ? null : job.out, rule };
    console.log(JSON.stringify({ ...found, ...report, expected, values }, null, 2));
  } else if (!settings.quiet) printReport(`${job.from} → ${to}`, report, values);
  if (expected !== null) checkExpected(expected, settings);
}

/** The sample must become the picture that belongs to it: 99.99 % of the values equal, none off by more than 1. */
function checkExpected({ values, equal, greatest }: Comparison, { json, quiet }: Settings): void {
  const percent = ((100 * equal) / values).toFixed(4);
  const text = `${equal} of ${values} values equal those of the expected picture (${percent} %), greatest difference ${greatest}`;
  if (equal < 0.9999 * values || greatest > 1)
    throw new NnpackError('invalid-model', `run: the result is not the expected picture: ${text}`);
  if (!json && !quiet) console.log(text);
}
