/** Running small layers until the engine has compiled the kernels, on every thread. */
import { ALGORITHM_NAMES, type AlgorithmName } from '../algorithms/algorithm.ts';
import { algorithmNamed } from '../algorithms/list.ts';
import { expectOneOf, type FieldsOf, reading, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { WINOGRAD_TILES } from '../maths/tiles.ts';
import { convolutionShape } from '../tensor/convolution-shape.ts';
import { makeTensor } from '../tensor/ndarray.ts';
import { planConvolution } from './convolution-plan.ts';
import { type Staging, staged } from './staging.ts';

/** So many runs bring all kernels of a layer to their final code; more buy nothing. */
const RUNS = 40;

const CHANNELS = 24;
const SIZE = 26;

/** Layers that an algorithm may be run on. */
const LAYERS = [
  { kernelSize: 3, stride: 1, groups: 1 },
  { kernelSize: 5, stride: 1, groups: 1 },
  { kernelSize: 1, stride: 1, groups: 1 },
  { kernelSize: 3, stride: 2, groups: 1 },
  { kernelSize: 3, stride: 1, groups: CHANNELS },
] as const;

type Layer = (typeof LAYERS)[number];

/** What a call meets that does not ask for less accuracy: those that serve 1×1, 3×3 and 5×5. */
const USUAL: readonly AlgorithmName[] = [
  'direct',
  'implicit-gemm',
  ...WINOGRAD_TILES.filter(({ accuracy }) => accuracy === 'default').map(({ name }) => name),
  'ft8x8',
  'ft16x16',
];

/** What shall be ready. */
export interface WarmUpOptions {
  /** The algorithms whose kernels are emitted and run; those that layers of 1×1, 3×3 and 5×5 use when not given. */
  readonly algorithms?: readonly AlgorithmName[];
}

const FIELDS: FieldsOf<WarmUpOptions> = { algorithms: true };

/**
 * Lets the engine compile the kernels of algorithms before the first call that matters, which otherwise takes about
 * twice as long as a later one. Takes some tenths of a second for the usual ones, and less for those that are named.
 *
 * @throws NnpackError `out-of-memory` where the context has no room for the layers; it is left as it was
 * @throws NnpackError `invalid-algorithm` for a name that is none
 * @example
 * const context = await createContext();
 * warmUp(context, { algorithms: ['wt8x8', 'direct'] });
 */
export function warmUp(context: Context, options: WarmUpOptions = {}): void {
  const who = 'warmUp';
  const checked = contextOf(who, context);
  const { algorithms } = readOptions<WarmUpOptions>(who, options, FIELDS);
  const names = algorithms === undefined ? USUAL : parseNames(who, algorithms);
  staged(checked, who, (staging) => {
    for (const name of names) runOften(checked, staging, name);
  });
}

function parseNames(who: string, algorithms: unknown): readonly AlgorithmName[] {
  if (!isArray(algorithms)) {
    const expected = `an array of names of algorithms`;
    throw new NnpackError('invalid-argument', `${who}: algorithms are ${show(algorithms)}, expected ${expected}`);
  }
  const names = reading(who, 'algorithms', 'invalid-argument', () => Array.from(algorithms));
  return names.map((name, i) => expectOneOf(who, `algorithms[${i}]`, name, ALGORITHM_NAMES, 'invalid-algorithm'));
}

/** The first of the layers that an algorithm computes; each algorithm computes one of them. */
function layerOf(name: AlgorithmName): Layer {
  const { supports } = algorithmNamed(name);
  const isServed = ({ kernelSize, stride, groups }: Layer): boolean => {
    const sizes = { stride, groups, padding: (kernelSize - 1) / 2 };
    const kernel = [CHANNELS, CHANNELS / groups, kernelSize, kernelSize];
    return supports(convolutionShape('warmUp', [1, CHANNELS, SIZE, SIZE], kernel, sizes), 'forward') === null;
  };
  return LAYERS.find(isServed) as Layer;
}

function runOften(context: Context, staging: Staging, algorithm: AlgorithmName): void {
  const { kernelSize, stride, groups } = layerOf(algorithm);
  const kernelShape = [CHANNELS, CHANNELS / groups, kernelSize, kernelSize];
  const taps = kernelShape.reduce((product, extent) => product * extent);
  const kernel = makeTensor(new Float32Array(taps).fill(0.01), kernelShape);
  const bias = makeTensor(new Float32Array(CHANNELS), [CHANNELS]);
  const input = staging.tensor([1, CHANNELS, SIZE, SIZE]);
  const output = staging.tensor([1, CHANNELS, SIZE / stride, SIZE / stride]);
  const padding = (kernelSize - 1) / 2;
  const layer = { input, kernel, bias, padding, stride, groups, context, algorithm, activation: 'relu' } as const;
  const plan = planConvolution(layer);
  try {
    for (let run = 0; run < RUNS; run++) plan.run(input, output);
  } finally {
    plan.dispose();
  }
}
