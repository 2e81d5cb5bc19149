/** Why a layer or a network runs as it does; sizes alone are needed, no data. */
import { ALGORITHM_NAMES } from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import { RULES } from '../dispatch/rule-names.ts';
import { show } from '../errors.ts';
import { KERNEL_TABLES } from '../kernels/table.ts';
import type { Padding, PerAxis } from '../tensor/convolution-shape.ts';
import { fail, oneOf, positive, readWhole, whole } from './arguments.ts';
import type { Command, Given } from './command.ts';
import { JSON_OPTION, outputOf } from './output.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'Tells why a layer or a network runs as it does: rules, algorithms, costs, memory, error bounds.',
  positionals: '[network]',
  most: 1,
  options: {
    input: { value: 'CxHxW', help: 'the input of one image; CxW for one dimension, C for fully-connected' },
    kernel: { value: 'KxRxS', help: 'a convolution of K output channels; KxS for one dimension' },
    pooling: { value: 'RxS', help: 'a pooling by windows of R×S' },
    'fully-connected': { value: 'K', help: 'a fully-connected layer of K outputs' },
    batch: { value: 'N', help: 'images at once (1)' },
    padding: { value: 'P', help: 'zeros around the image: on all sides, or top,right,bottom,left (0)' },
    stride: { value: 'S', help: 'on both axes, or HxW (1; a pooling: its size)' },
    dilation: { value: 'D', help: 'on both axes, or HxW (1)' },
    groups: { value: 'G', help: 'groups of channels (1)' },
    'no-bias': { help: 'the convolution has no bias' },
    average: { help: 'average pooling instead of max' },
    convention: { value: 'NAME', help: 'of a pooling: valid, full or same (valid)' },
    algorithm: { value: 'NAME', help: 'ask for one algorithm' },
    rule: { value: 'NAME', help: "fastest, nnpack for NNPACK's own choice, or measured for a trial here (fastest)" },
    eligibility: { value: 'WHICH', help: 'documented or all: which calls may leave the default implementation (all)' },
    accuracy: { value: 'NAME', help: 'default or relaxed' },
    'max-error': { value: 'E', help: 'the greatest error allowed, relative to the sum of |x|·|w|' },
    of: { value: 'WHAT', help: 'a convolution: plan, or call, which packs the kernel each time (plan)' },
    threads: { value: 'N', help: 'threads to plan for (as many as cores)' },
    kernels: { value: 'NAME', help: `the kernel table: auto, ${KERNEL_TABLES.join(', ')} (auto)` },
    json: JSON_OPTION,
  },
  examples: [
    ['nnpack-ts explain --input 64x56x56 --kernel 128x3x3 --padding 1 --batch 4', 'a convolution'],
    [
      'nnpack-ts explain --input 64x56x56 --kernel 128x3x3 --padding 1 --rule measured',
      'the same, each algorithm tried',
    ],
    ['nnpack-ts explain --input 64x55x55 --pooling 2x2 --convention full', 'a pooling'],
    ['nnpack-ts explain --input 25088 --fully-connected 4096 --batch 3', 'a fully-connected layer'],
    ['nnpack-ts explain inception-bn --batch 2 --eligibility documented', 'every node of a network'],
  ],
  async run(given) {
    // Every argument is read before a network is built.
    const explainer = explainerOf(given);
    const kernels = oneOf(given, 'kernels', ['auto', ...KERNEL_TABLES] as const);
    const threads = whole(given, 'threads');
    const output = await outputOf(given);
    const { createContext } = await import('../context/context.ts');
    const context = await createContext({ threads, kernels });
    try {
      const explanation = await explainer(context);
      output.say(String(explanation));
      await output.write(explanation);
    } finally {
      context.dispose();
    }
  },
};

const SELECTION = ['algorithm', 'rule', 'eligibility', 'accuracy', 'max-error'];
/** What each kind of subject has besides; the rest would be ignored, so it is refused. */
const APPLY: Readonly<Record<string, readonly string[]>> = {
  network: ['input', ...SELECTION],
  kernel: ['input', 'padding', 'stride', 'dilation', 'groups', 'no-bias', 'of', ...SELECTION],
  pooling: ['input', 'padding', 'stride', 'average', 'convention'],
  'fully-connected': ['input'],
};
const ALWAYS = ['batch', 'threads', 'kernels', 'json'];

type Explainer = (context: Context) => Promise<object>;

/** What is to be explained: a network by its name, or the one layer that the options describe. */
function explainerOf(given: Given): Explainer {
  const kinds = ['kernel', 'pooling', 'fully-connected'].filter((kind) => given.options.has(kind));
  const [network] = given.positionals;
  if (network !== undefined) kinds.push('network');
  if (kinds.length !== 1) {
    const got = kinds.length === 0 ? 'none' : kinds.join(' and ');
    fail(`expected one of a network, --kernel, --pooling and --fully-connected, got ${got}`);
  }
  const [kind] = kinds;
  for (const option of given.options.keys()) {
    if (option === kind || ALWAYS.includes(option) || APPLY[kind].includes(option)) continue;
    const subject = kind === 'network' ? 'a network' : `--${kind}`;
    fail(
      `--${option} says nothing of ${subject}, expected ${[...APPLY[kind], ...ALWAYS].map((name) => `--${name}`).join(', ')}`,
    );
  }
  if (network !== undefined) return networkExplainer(network, given);
  if (kind === 'kernel') return convolutionExplainer(given);
  return kind === 'pooling' ? poolingExplainer(given) : fullyConnectedExplainer(given);
}

function networkExplainer(name: string, given: Given): Explainer {
  const selection = selectionOf(given);
  const batch = whole(given, 'batch');
  const input = given.options.has('input') ? sizes(given, 'input', [1, 3]) : undefined;
  return async (context) => {
    const [{ loadModel }, { explainNetwork }] = await Promise.all([
      import('./model.ts'),
      import('../networks/explain.ts'),
    ]);
    const { network } = await loadModel(name, 'the network');
    const inputs = input === undefined ? undefined : { [network.inputs[0].name]: input };
    return explainNetwork(network, { context, batch, inputs, ...selection });
  };
}

function convolutionExplainer(given: Given): Explainer {
  const input = sizes(given, 'input', [2, 3]);
  const kernel = sizes(given, 'kernel', [2, 3]);
  if (kernel.length !== input.length) {
    fail(`--kernel expected ${input.length} sizes, as --input has, got ${show(given.options.get('kernel'))}`);
  }
  const groups = whole(given, 'groups') ?? 1;
  if (input[0] % groups !== 0) fail(`--groups expected a divisor of the ${input[0]} input channels, got ${groups}`);
  // One dimension is an image of height 1.
  const image = input.length === 2 ? [input[0], 1, input[1]] : input;
  const taps = kernel.length === 2 ? [1, kernel[1]] : kernel.slice(1);
  const shapes = {
    input: { shape: [whole(given, 'batch') ?? 1, ...image] },
    kernel: { shape: [kernel[0], image[0] / groups, ...taps] },
    ...(given.options.has('no-bias') ? {} : { bias: { shape: [kernel[0]] } }),
  };
  const geometry = {
    padding: padding(given),
    stride: perAxis(given, 'stride'),
    dilation: perAxis(given, 'dilation'),
    groups,
  };
  const of = oneOf(given, 'of', ['plan', 'call'] as const);
  const selection = selectionOf(given);
  return async (context) => {
    const { explainConvolution } = await import('../layers/convolution.ts');
    return explainConvolution({ ...shapes, ...geometry, ...selection, of, context });
  };
}

function poolingExplainer(given: Given): Explainer {
  const options = {
    input: { shape: [whole(given, 'batch') ?? 1, ...sizes(given, 'input', [3])] },
    poolingSize: perAxis(given, 'pooling') as PerAxis,
    stride: perAxis(given, 'stride'),
    padding: padding(given),
    convention: oneOf(given, 'convention', ['valid', 'full', 'same'] as const),
    type: given.options.has('average') ? ('average' as const) : ('max' as const),
  };
  return async () => (await import('../layers/pooling.ts')).explainPooling(options);
}

function fullyConnectedExplainer(given: Given): Explainer {
  const channels = sizes(given, 'input', [1, 3]).reduce((product, size) => product * size, 1);
  const outputs = whole(given, 'fully-connected') as number;
  const options = { input: { shape: [whole(given, 'batch') ?? 1, channels] }, kernel: { shape: [outputs, channels] } };
  return async () => (await import('../layers/fully-connected.ts')).explainFullyConnected(options);
}

function selectionOf(given: Given) {
  return {
    algorithm: oneOf(given, 'algorithm', ['auto', ...ALGORITHM_NAMES] as const),
    rule: oneOf(given, 'rule', RULES),
    eligibility: oneOf(given, 'eligibility', ['documented', 'all'] as const),
    accuracy: oneOf(given, 'accuracy', ['default', 'relaxed'] as const),
    maxError: positive(given, 'max-error'),
  };
}

/** `64x56x56` as numbers; × serves as well as x. */
function sizes(given: Given, option: string, counts: readonly number[]): number[] {
  const text = given.options.get(option);
  const expected = `${counts.join(' or ')} sizes joined by x`;
  if (text === undefined) return fail(`--${option} expected ${expected}, got none`);
  const parts = text.split(/[x×]/);
  if (!counts.includes(parts.length)) fail(`--${option} expected ${expected}, got ${show(text)}`);
  return parts.map((part) => readWhole(part, `--${option}`));
}

function perAxis(given: Given, option: string): PerAxis | undefined {
  if (!given.options.has(option)) return undefined;
  const [height, width = height] = sizes(given, option, [1, 2]);
  return { height, width };
}

/** Zero is a padding as well, unlike a size. */
function padding(given: Given): Padding | undefined {
  const text = given.options.get('padding');
  if (text === undefined) return undefined;
  const sides = text.split(',').map((side) => (/^\d+$/.test(side) ? Number(side) : Number.NaN));
  if (sides.some(Number.isNaN) || (sides.length !== 1 && sides.length !== 4)) {
    fail(`--padding expected a whole number, or four as top,right,bottom,left, got ${show(text)}`);
  }
  const [top, right = top, bottom = top, left = right] = sides;
  return { top, right, bottom, left };
}
