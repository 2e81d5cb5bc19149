/** Runs a network, and shows how every layer ran; without a model it enlarges a picture twofold, the main job. */
import colors from 'picocolors';
import { ALGORITHM_NAMES, type AlgorithmName } from '../algorithms/algorithm.ts';
import { type Context, createContext } from '../context/context.ts';
import { RULES, type Rule } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import { warmUp } from '../layers/warm-up.ts';
import type { Network } from '../networks/network.ts';
import { type PreparedNetwork, type PrepareOptions, prepareNetwork } from '../networks/prepare.ts';
import type { Shape } from '../networks/shapes.ts';
import { makeTensor, sizeOf, type Tensor } from '../tensor/ndarray.ts';
import { randomArray, uniform } from '../tensor/random.ts';
import { fail, oneOf, positive, whole } from './arguments.ts';
import type { Command, Given } from './command.ts';
import { isModelName, loadModel, type Model } from './model.ts';
import { JSON_OPTION, type Output, outputOf } from './output.ts';
import { readPicture } from './picture.ts';
import { type Comparison, comparePictures } from './pixels.ts';
import { progressBar } from './progress.ts';
import { RANGES, rangesText, readRanges, USUAL } from './range.ts';
import { type Files, imageShapes, type Job, jobOf, sizesText, type Written, writeOutput } from './run-job.ts';
import { formatReport, greatestValues, type Report } from './run-report.ts';

/** The default bound on the memory of a network that takes a picture, in mebibytes; a larger one runs in slices. */
const MEMORY = 512;

export const run: Command = {
  name: 'run',
  summary: 'Runs a network and shows how every layer ran; by default, enlarges a picture twofold.',
  positionals: '[MODEL | picture]',
  most: 1,
  options: {
    model: {
      value: 'MODEL',
      help: 'the model beside a picture: a TensorFlow.js model.json, or a built-in network (a trained one that enlarges pictures)',
    },
    input: {
      value: 'NAME=FILE',
      help: "what goes in, a .npy file in the model's own layout (N H W C, or N C) or a PNG or JPEG picture; once for each input of the model, and only FILE where it has one",
      repeats: true,
    },
    output: {
      value: 'NAME=FILE',
      help: 'where what comes out goes to, a .npy file or a .png picture; once for each output that is wanted, and only FILE where there is one',
      repeats: true,
    },
    out: {
      value: 'FILE',
      help: "the same for the one output of a model (result.png, or the picture's name with -2x.png)",
    },
    range: {
      value: 'A..B',
      help: `${RANGES.join(', ')}: the values that the model takes and gives for black to white, in pictures; two joined by a comma where it gives others than it takes (${rangesText(USUAL)})`,
    },
    batch: { value: 'N', help: 'images at once, for a built-in network (1)' },
    threads: { value: 'N', help: 'threads to compute with (as many as cores)' },
    memory: {
      value: 'MB',
      help: `mebibytes for the network (${MEMORY} for a picture, else all there is); larger work runs in parts`,
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
    json: JSON_OPTION,
    quiet: { help: 'print nothing but errors, and what is odd about the result' },
  },
  examples: [
    ['nnpack-ts run', 'enlarge the sample picture, and compare with what is expected'],
    ['nnpack-ts run photo.jpg --out large.png', 'enlarge a picture of yours'],
    ['nnpack-ts run vgg-16 --batch 4', 'a built-in network, with random weights, on random images'],
    ['nnpack-ts run photo.png --model model.json --range 0..1', 'a model of yours, whose pictures are 0 … 1'],
    ['nnpack-ts run model.json --input x.npy --output y.npy', 'a model of yours on an array of NumPy'],
    ['nnpack-ts run model.json --input a=a.npy --input b=b.npy --output y.npy', 'one with two inputs'],
  ],
  async run(given, signal) {
    const settings = settingsOf(given);
    const model = await loadModel(settings.model, given.options.has('model') ? '--model' : 'the model');
    const job = await jobOf(model, settings);
    const output = await outputOf(given, { files: job.outputs.map(({ path }) => path) });
    const context = await createContext({ threads: settings.threads });
    try {
      warmUp(context);
      const { outputs, report } = await compute(model.network, job, settings, context, signal);
      await finish(model, job, settings, outputs, report, output);
    } finally {
      context.dispose();
    }
  },
};

interface Settings extends Files {
  readonly model?: string;
  readonly threads?: number;
  readonly memoryBytes?: number;
  readonly eligibility: 'documented' | 'all';
  readonly algorithm: 'auto' | AlgorithmName;
  readonly rule: Rule;
  readonly quiet: boolean;
}

function settingsOf(given: Given): Settings {
  const { options, repeated, positionals } = given;
  const memory = positive(given, 'memory');
  const out = options.get('out');
  const range = options.get('range');
  const outputs = repeated?.get('output') ?? [];
  if (out !== undefined && outputs.length > 0) fail('expected --out or --output, got both');
  const [first] = positionals;
  const isModel = first !== undefined && !options.has('model') && isModelName(first);
  return {
    model: isModel ? first : options.get('model'),
    picture: isModel ? undefined : first,
    inputs: repeated?.get('input') ?? [],
    outputs: out === undefined ? outputs : [out],
    ranges: range === undefined ? undefined : readRanges(range, '--range'),
    batch: whole(given, 'batch'),
    threads: whole(given, 'threads'),
    memoryBytes: memory && memory * 2 ** 20,
    eligibility: oneOf(given, 'eligibility', ['documented', 'all'] as const) ?? 'all',
    algorithm: oneOf(given, 'algorithm', ['auto', ...ALGORITHM_NAMES] as const) ?? 'auto',
    rule: oneOf(given, 'rule', RULES) ?? 'fastest',
    quiet: options.has('quiet'),
  };
}

/** What the network may take: no more than was said, or than the context has. */
function memoryOf({ picture }: Job, { memoryBytes }: Settings, { arena }: Context): number {
  const usual = picture === null ? Infinity : MEMORY * 2 ** 20;
  return Math.min(memoryBytes ?? usual, arena.availableBytes);
}

type Outputs = Readonly<Record<string, Tensor>>;

async function compute(
  network: Network,
  job: Job,
  settings: Settings,
  context: Context,
  signal: AbortSignal,
): Promise<{ outputs: Outputs; report: Report }> {
  const { inputs, batch } = job;
  const { eligibility, algorithm, rule, quiet } = settings;
  const prepared = prepareNetwork(network, {
    ...{ context, batch, eligibility, algorithm, rule },
    memoryBytes: memoryOf(job, settings, context),
    inputs: imageShapes(network, inputs),
  });
  const bar = progressBar(!quiet);
  try {
    // What runs at once may take so little time that the first run still meets cold code.
    if (prepared.parts === 1) await prepared.runAsync(inputs, { signal });
    const outputs = await prepared.runAsync(inputs, {
      signal,
      progress: (done, of, node) => bar.update(done, of, node),
    });
    const found = reportOf(prepared, context);
    const part: PrepareOptions = {
      context,
      batch: prepared.plan.shapes.batch,
      inputs: Object.fromEntries(
        network.inputs.map(({ name }) => [name, prepared.plan.shapes.values.get(name) as Shape] as const),
      ),
    };
    prepared.dispose();
    bar.clear();
    const defaultMilliseconds = found.parts * (await timeDefault(network, part, signal));
    return { outputs, report: { ...found, defaultMilliseconds, ratio: defaultMilliseconds / found.milliseconds } };
  } finally {
    bar.clear();
  }
}

function reportOf(prepared: PreparedNetwork, context: Context): Omit<Report, 'defaultMilliseconds' | 'ratio'> {
  const layers = prepared.report();
  const milliseconds = layers.reduce((sum, layer) => sum + layer.milliseconds, 0);
  const multiplyAdds = layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
  const { threads, kernels, reasons } = context.describe();
  return {
    machine: { node: process.version, threads, kernels, reasons },
    parts: prepared.parts,
    networkBytes: prepared.bytes,
    layers,
    milliseconds,
    gflops: (2 * multiplyAdds) / milliseconds / 1e6,
  };
}

/** Milliseconds of one part with every convolution on the default implementation, warm. */
async function timeDefault(network: Network, part: PrepareOptions, signal: AbortSignal): Promise<number> {
  const plan = prepareNetwork(network, { ...part, algorithm: 'implicit-gemm' });
  try {
    const inputs = Object.fromEntries(
      Object.entries(part.inputs ?? {}).map(([name, image]) => {
        const shape = [part.batch ?? 1, ...image];
        return [name, makeTensor(randomArray(sizeOf(shape), uniform(1)), shape)] as const;
      }),
    );
    await plan.runAsync(inputs, { signal });
    await plan.runAsync(inputs, { signal });
    return plan.report().reduce((sum, layer) => sum + layer.milliseconds, 0);
  } finally {
    plan.dispose();
  }
}

/** Writes what comes out, and says what became of it all. */
async function finish(
  { network, isTrained }: Model,
  job: Job,
  { rule }: Settings,
  outputs: Outputs,
  report: Report,
  output: Output<object>,
): Promise<void> {
  const written: Written[] = [];
  for (const file of job.outputs) written.push(await writeOutput(file, outputs[file.name], job));
  const [first] = network.outputs;
  const picture = written.find(({ name, kind }) => name === first && kind === 'picture')?.picture ?? null;
  const expected =
    picture !== null && job.expected !== null ? comparePictures(picture, await readPicture(job.expected)) : null;
  const values = picture !== null || !isTrained ? null : greatestValues(outputs[first]);
  const to = written.length === 0 ? sizesText(outputs[first].shape) : written.map(writtenText).join(', ');
  output.say(formatReport(`${job.from} → ${to}`, report, values));
  for (const { path, notice } of written) {
    if (notice !== null) console.error(`${colors.yellow('note')} ${path}: ${notice}`);
  }
  await output.write({
    ...{ network: network.name, from: job.from, out: written[0]?.path ?? null, rule, range: rangesText(job.ranges) },
    ...{ ...report, expected, values },
  });
  if (expected !== null) output.say(expectedText(expected));
}

function writtenText({ path, size }: Written): string {
  return `${path} ${size}`;
}

/** The sample must become the picture that belongs to it: 99.99 % of the values equal, none off by more than 1. */
function expectedText({ values, equal, greatest }: Comparison): string {
  const percent = ((100 * equal) / values).toFixed(4);
  const text = `${equal} of ${values} values equal those of the expected picture (${percent} %), greatest difference ${greatest}`;
  if (equal < 0.9999 * values || greatest > 1)
    throw new NnpackError('invalid-model', `run: the result is not the expected picture: ${text}`);
  return text;
}
