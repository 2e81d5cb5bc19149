/** Why a layer or a model runs as it does; sizes alone are needed, no data. */
import { ALGORITHM_NAMES } from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import { RULES } from '../dispatch/rule-names.ts';
import { show } from '../errors.ts';
import { KERNEL_TABLES } from '../kernels/table.ts';
import type { Network } from '../networks/network.ts';
import type { Padding, PerAxis } from '../tensor/convolution-shape.ts';
import { fail, oneOf, positive, readSizes, whole } from './arguments.ts';
import type { Command, Given } from './command.ts';
import { BUILT_IN, isPath, loadFile, loadModel, MODEL_FILES, PARAMS_OPTION } from './model.ts';
import { JSON_OPTION, outputOf } from './output.ts';
import { SHAPE_OPTION, shapesOption } from './shapes.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'Tells why a layer or a model runs as it does: rules, algorithms, costs, memory, error bounds.',
  positionals: { '[MODEL]': `${MODEL_FILES}; or ${BUILT_IN}` },
  most: 1,
  options: {
    input: { value: 'CxHxW', help: 'one image of a layer or network; CxW for one dimension, C for fully-connected' },
    kernel: { value: 'KxRxS', help: 'a convolution of K output channels; KxS for one dimension' },
    pooling: { value: 'RxS', help: 'a pooling by windows of R×S' },
    'fully-connected': { value: 'K', help: 'a fully-connected layer of K outputs' },
    batch: { value: 'N', help: 'images at once (1)' },
    shape: SHAPE_OPTION,
    params: PARAMS_OPTION,
    padding: { value: 'P', help: 'zeros around the image: on all sides, or top,right,bottom,left (0)' },
    stride: { value: 'S', help: 'on both axes, or HxW (1; a pooling: its size)' },
    dilation: { value: 'D', help: 'on both axes, or HxW (1)' },
    groups: { value: 'G', help: 'groups of channels (1)' },
    'no-bias': { help: 'the convolution has no bias' },
    average: { help: 'average pooling instead of max' },
    convention: { value: 'NAME', help: 'of a pooling: valid, full or same (valid)' },
    algorithm: { value: 'NAME', help: `one for all convolutions, of ${ALGORITHM_NAMES.join(', ')} (auto)` },
    rule: { value: 'NAME', help: "fastest, nnpack for NNPACK's own choice, or measured for a trial here (fastest)" },
    eligibility: { value: 'WHICH', help: 'documented or all: which calls may leave the default implementation (all)' },
    accuracy: { value: 'NAME', help: 'default, or relaxed for algorithms that err more (default)' },
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
    ['nnpack-ts explain inception-bn --batch 2 --eligibility documented', 'every node of a built-in network'],
    ['nnpack-ts explain model.onnx --shape 1x3x224x224', 'every node of a model of yours'],
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
  model: ['shape', 'params', 'input', 'batch', ...SELECTION],
  kernel: ['input', 'batch', 'padding', 'stride', 'dilation', 'groups', 'no-bias', 'of', ...SELECTION],
  pooling: ['input', 'batch', 'padding', 'stride', 'average', 'convention'],
  'fully-connected': ['input', 'batch'],
};
/** Networks are told by the sizes of one image, other models by the shapes of their inputs. */
const OF_NETWORKS = ['input', 'batch'];
const OF_OTHERS = ['shape', 'params'];
const ALWAYS = ['threads', 'kernels', 'json'];

type Explainer = (context: Context) => Promise<object>;

/** What is to be explained: a model by its name, or the one layer that the options describe. */
function explainerOf(given: Given): Explainer {
  const kinds = ['kernel', 'pooling', 'fully-connected'].filter((kind) => given.options.has(kind));
  const [model] = given.positionals;
  if (model !== undefined) kinds.push('model');
  if (kinds.length !== 1) {
    const got = kinds.length === 0 ? 'none' : kinds.join(' and ');
    fail(`expected one of a model, --kernel, --pooling and --fully-connected, got ${got}`);
  }
  const [kind] = kinds;
  expectOnly(given, kind === 'model' ? 'a model' : `--${kind}`, [kind, ...APPLY[kind], ...ALWAYS]);
  if (model !== undefined) return isPath(model) ? fileExplainer(model, given) : builtInExplainer(model, given);
  if (kind === 'kernel') return convolutionExplainer(given);
  return kind === 'pooling' ? poolingExplainer(given) : fullyConnectedExplainer(given);
}

function expectOnly({ options }: Given, subject: string, names: readonly string[]): void {
  const other = [...options.keys()].find((option) => !names.includes(option));
  if (other === undefined) return;
  const expected = names.filter((name) => !options.has(name)).map((name) => `--${name}`);
  fail(`--${other} says nothing of ${subject}, expected ${expected.join(', ')}`);
}

function builtInExplainer(name: string, given: Given): Explainer {
  expectOnly(given, 'a network', [...OF_NETWORKS, ...SELECTION, ...ALWAYS]);
  const explainer = networkExplainer(given);
  return async (context) => explainer((await loadModel(name, 'the model')).network, context);
}

/** A file is seen as `run` sees it: some layers models are networks. */
function fileExplainer(path: string, given: Given): Explainer {
  const ofNetwork = networkExplainer(given);
  const selection = selectionOf(given);
  return async (context) => {
    const found = await loadFile(path, given.options.get('params'));
    if ('network' in found) {
      expectOnly(given, 'a network', [...OF_NETWORKS, ...SELECTION, ...ALWAYS]);
      return ofNetwork(found.network, context);
    }
    expectOnly(given, 'this model', [...OF_OTHERS, ...SELECTION, ...ALWAYS]);
    const [{ Model }, { parseSelection }] = await Promise.all([
      import('../models/model.ts'),
      import('../dispatch/select.ts'),
    ]);
    const model = new Model(found, parseSelection('explain', selection), context);
    return model.explain(Object.fromEntries(shapesOption(given, found.inputs)));
  };
}

function networkExplainer(given: Given): (network: Network, context: Context) => Promise<object> {
  const selection = selectionOf(given);
  const batch = whole(given, 'batch');
  const input = given.options.has('input') ? sizes(given, 'input', [1, 3]) : undefined;
  return async (network, context) => {
    const { explainNetwork } = await import('../networks/explain.ts');
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

function sizes(given: Given, option: string, counts: readonly number[]): number[] {
  const text = given.options.get(option);
  const expected = `${counts.join(' or ')} sizes joined by x`;
  if (text === undefined) return fail(`--${option} expected ${expected}, got none`);
  if (!counts.includes(text.split(/[x×]/).length)) fail(`--${option} expected ${expected}, got ${show(text)}`);
  return readSizes(text, `--${option}`);
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
