/** A node of a network with its sizes known, as something to run: the algorithm, its memory, and a function of offsets. */
import {
  type AlgorithmName,
  type ConvolutionProgram,
  IDENTITY,
  type Profile,
  type WeightSizes,
} from '../algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../algorithms/list.ts';
import type { Context } from '../context/context.ts';
import type { Candidate } from '../dispatch/candidate.ts';
import { describeShape } from '../dispatch/explain.ts';
import { contenders, timeThatCounts } from '../dispatch/measure.ts';
import { nnpackEntry } from '../dispatch/nnpack-rule.ts';
import { applyRules, FULLY_CONNECTED_RULES, POOLING_RULES, type RuleResult } from '../dispatch/rules.ts';
import { type SelectionOptions, selectAlgorithm } from '../dispatch/select.ts';
import { checkActivation } from '../layers/activation.ts';
import { runAddition } from '../layers/addition.ts';
import { planesOf } from '../layers/call.ts';
import { checkConcatenation, runConcatenation } from '../layers/concatenation.ts';
import { fullyConnectedProgram } from '../layers/fully-connected-program.ts';
import { runLocalResponseNormalisation, runScaleShift } from '../layers/normalisation.ts';
import { runAveragePooling, runMaxPooling } from '../layers/pooling.ts';
import { globalPoolingShape, poolingShape } from '../layers/pooling-shape.ts';
import { runActivation } from '../layers/relu.ts';
import { checkResize, runResize } from '../layers/resize.ts';
import { runSoftmax } from '../layers/softmax.ts';
import { convolutionShape } from '../tensor/convolution-shape.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { wholeLines } from './memory-plan.ts';
import { type ConvolutionNode, type FullyConnectedNode, type NetworkNode, type PoolingNode, whoIs } from './network.ts';
import { scaleShiftOf } from './optimize.ts';
import { type Shape, windowsOf } from './shapes.ts';

/** A run of one node: where its inputs, its output and the shared workspace begin. */
export type RunNode = (inputs: readonly number[], output: number, workspace: number) => void;

/** One way to compute a node: what it takes, and its estimated milliseconds where there is an estimate. */
export interface Way {
  readonly workspaceFloats: number;
  /** Of the packed weights. */
  readonly constantFloats: number;
  readonly milliseconds: number;
}

/** Another way than the one that was chosen. */
export interface Alternative extends Way {
  compile(why: string): CompiledNode;
}

export interface CompiledNode extends Way {
  readonly name: string;
  readonly op: NetworkNode['op'];
  /** `1×64×56×56 * 128×64×3×3 → …`, or the sizes of what goes in and comes out. */
  readonly description: string;
  /** The documented rules as they apply here; null for operations that they say nothing of. */
  readonly rules: readonly RuleResult[] | null;
  readonly algorithm: AlgorithmName | 'dots' | 'gemm' | null;
  readonly why: string;
  /** Of the kernel as it is given, which lies somewhere while it is packed. */
  readonly stagedFloats: number;
  /** Ways that `'auto'` may fall back to where memory is short; none where the choice was made by name or by NNPACK's rule. */
  readonly alternatives: readonly Alternative[];
  /** Puts the node's weights into memory, packed; the profile takes the time of kernel transforms and of each run. */
  load(place: Place, profile: Profile): RunNode;
}

/** Where a node's weights go: `constantFloats` for good, and `stagedFloats` for the time of packing. */
export interface Place {
  readonly constants: number;
  readonly staging: number;
}

export interface CompileOptions extends SelectionOptions {
  /**
   * For its memory alone, not to be run: nothing is measured, and a convolution that would be counts with the most that
   * any of those tried may take.
   */
  readonly isSizing?: boolean;
}

/** What a node is before its name and sizes are added. */
type Compiled = Pick<CompiledNode, 'load'> & Partial<CompiledNode>;

/** @param inputs shapes with the batch in front */
export function compileNode(
  node: NetworkNode,
  inputs: readonly Shape[],
  output: Shape,
  options: CompileOptions,
  context: Context,
): CompiledNode {
  const sizes = `${inputs.map((shape) => shape.join('×')).join(', ')} → ${output.join('×')}`;
  return { ...compiledNode(node, sizes), ...compile(node, inputs, options, context) };
}

/** What holds of most nodes. */
function compiledNode({ name, op }: NetworkNode, description: string): Omit<CompiledNode, 'load'> {
  return {
    name,
    op,
    description,
    rules: null,
    algorithm: null,
    why: '',
    workspaceFloats: 0,
    constantFloats: 0,
    milliseconds: 0,
    stagedFloats: 0,
    alternatives: [],
  };
}

function compile(node: NetworkNode, inputs: readonly Shape[], options: CompileOptions, context: Context): Compiled {
  const who = whoIs(node);
  const [input] = inputs;
  const size = sizeOf(input);
  const elementwise = (run: RunNode): Compiled => ({ load: () => run });
  switch (node.op) {
    case 'convolution':
      return compileConvolution(node, input, options, context);
    case 'fully-connected':
      return compileFullyConnected(node, input, context);
    case 'max-pooling':
    case 'average-pooling':
      return compilePooling(node, input, context);
    case 'global-average-pooling': {
      const shape = globalPoolingShape(who, input);
      return elementwise(([x], y) => runAveragePooling(context, shape, x, y, false));
    }
    case 'relu': {
      const slope = node.negativeSlope ?? 0;
      const activation = checkActivation(who, slope === 0 ? 'relu' : { type: 'leaky', slope });
      return elementwise(([x], y) => runActivation(context, size, x, y, activation));
    }
    case 'clamp': {
      const activation = checkActivation(who, { type: 'clamp', min: node.min, max: node.max });
      return elementwise(([x], y) => runActivation(context, size, x, y, activation));
    }
    case 'softmax': {
      const planes = planesOf(who, 'input', input);
      return elementwise(([x], y) => runSoftmax(context, planes, x, y));
    }
    case 'local-response-normalisation': {
      const planes = planesOf(who, 'input', input);
      return elementwise(([x], y) => runLocalResponseNormalisation(context, planes, node, x, y));
    }
    case 'batch-normalisation':
      return compileScaleShift(who, scaleShiftOf(node), input, context);
    case 'scale-shift':
      return compileScaleShift(who, node, input, context);
    case 'concatenation': {
      const problem = checkConcatenation(
        who,
        inputs.map((shape) => ({ shape })),
        undefined,
      );
      return elementwise((xs, y) => runConcatenation(context, problem, xs, y));
    }
    case 'addition': {
      const activation = checkActivation(who, node.activation);
      return elementwise((xs, y) => addAll(context, size, xs, y, activation));
    }
    case 'resize': {
      const shape = checkResize(who, input, { mode: node.mode, scale: node.scale });
      return elementwise(([x], y) => runResize(context, shape, x, y));
    }
    case 'dropout':
    case 'flatten':
      // The memory plan gives both names one place; only an input that lives on leaves something to copy.
      return elementwise(([x], y) => {
        if (x !== y) context.kernels.copyRows(1, size, x, size, 1, y, size);
      });
  }
}

function compileConvolution(node: ConvolutionNode, input: Shape, options: CompileOptions, context: Context): Compiled {
  const who = whoIs(node);
  const { padding } = windowsOf(node, input[2], input[3]);
  const shape = convolutionShape(who, input, node.kernel.shape, { ...node, padding });
  const hasBias = node.bias !== undefined;
  // An algorithm that is asked for by name computes the convolutions that it can.
  const { algorithm = 'auto' } = options;
  const named = ALGORITHMS.find(({ name }) => name === algorithm);
  const refusal = named?.supports(shape, 'forward') ?? null;
  const choice = refusal !== null ? { ...options, algorithm: 'auto' as const } : options;
  const entry = nnpackEntry('inference', shape.batch);
  const isFree = (choice.algorithm ?? 'auto') === 'auto' && choice.rule !== 'nnpack';
  const isOpen = options.isSizing === true && choice.rule === 'measured' && isFree;
  const rule = isOpen ? 'fastest' : choice.rule;
  const weights = weightSizesOf(node, context, options.isSizing === true);
  const selection = selectAlgorithm(who, shape, hasBias, entry, false, { ...choice, rule }, context, weights);
  const open = isOpen ? contenders(selection.candidates, false).map(wayOf) : [];
  const eligible = selection.candidates.filter(
    (candidate) => candidate.refusal === null && candidate.algorithm !== 'reference',
  );
  const { name } = selection.algorithm;
  return {
    ...byAlgorithm(name, selection.why),
    alternatives: isFree ? eligible.filter((candidate) => candidate.algorithm !== name).map(alternativeOf) : [],
  };

  /** What a candidate takes; of a choice that is still to be measured, the most that it may take. */
  function wayOf(candidate: Candidate): Way {
    const { work, cost, measured } = candidate;
    const biasFloats = node.bias?.length ?? 0;
    return {
      workspaceFloats: (work?.workspaceBytes ?? 0) / 4,
      constantFloats: wholeLines((work?.packedBytes ?? 0) / 4) + wholeLines(biasFloats),
      milliseconds: timeThatCounts(measured ?? cost, false),
    };
  }

  function alternativeOf(candidate: Candidate): Alternative {
    const compiled = (why: string): CompiledNode => ({
      ...compiledNode(node, describeShape(shape)),
      ...byAlgorithm(candidate.algorithm, why),
    });
    return { ...wayOf(candidate), compile: compiled };
  }

  function byAlgorithm(name: AlgorithmName, why: string): Compiled {
    const activation = checkActivation(who, node.activation);
    const program: ConvolutionProgram = algorithmNamed(name).plan(shape, 'forward', context, activation);
    const packedFloats = wholeLines(program.packedFloats);
    const own = selection.candidates.find((candidate) => candidate.algorithm === name);
    return {
      description: describeShape(shape),
      rules: selection.rules,
      algorithm: name,
      why,
      workspaceFloats: Math.max(program.workspaceFloats, ...open.map(({ workspaceFloats }) => workspaceFloats)),
      constantFloats: Math.max(
        packedFloats + wholeLines(node.bias?.length ?? 0),
        ...open.map(({ constantFloats }) => constantFloats),
      ),
      milliseconds: own === undefined ? 0 : wayOf(own).milliseconds,
      stagedFloats: node.kernel.data.length,
      load({ constants, staging }, profile) {
        const bias = loadConstant(context, node.bias, constants + packedFloats);
        context.arena.f32.set(node.kernel.data, staging);
        program.pack(staging, constants, profile);
        return ([x], y, workspace) => program.run(x, constants, bias, y, workspace, profile);
      },
    };
  }
}

/** What was found of a node's weights: sizing compiles the same nodes many times. */
const knownSizes = new WeakMap<ConvolutionNode, WeightSizes>();

/** The greatest |w| and |b| of a node. */
function weightSizesOf(node: ConvolutionNode, { kernels }: Context, isSizing: boolean): WeightSizes {
  const known = knownSizes.get(node);
  if (isSizing && known !== undefined) return known;
  const bias = node.bias === undefined ? 0 : kernels.greatestOf(node.bias);
  const sizes = { kernel: kernels.greatestOf(node.kernel.data), bias };
  knownSizes.set(node, sizes);
  return sizes;
}

function compileFullyConnected(node: FullyConnectedNode, input: Shape, context: Context): Compiled {
  const who = whoIs(node);
  const [outputChannels, inputChannels] = node.kernel.shape;
  const shape = { batch: input[0], inputChannels, outputChannels, format: 'float32' } as const;
  const program = fullyConnectedProgram(shape, context, checkActivation(who, node.activation));
  return {
    description: `${shape.batch}×${inputChannels} * ${outputChannels}×${inputChannels} → ${shape.batch}×${outputChannels}`,
    rules: applyRules(FULLY_CONNECTED_RULES, shape),
    algorithm: program.method,
    why: program.method === 'dots' ? 'few images: dot products' : 'many images: matrix product',
    workspaceFloats: program.workspaceFloats,
    constantFloats: wholeLines(node.kernel.data.length) + wholeLines(node.bias?.length ?? 0),
    load({ constants }, profile) {
      const weights = loadConstant(context, node.kernel.data, constants);
      context.kernels.flush(node.kernel.data.length, weights, weights);
      const bias = loadConstant(context, node.bias, constants + wholeLines(node.kernel.data.length));
      return ([x], y, workspace) => program.run(x, weights, bias, y, workspace, profile);
    },
  };
}

function compilePooling(node: PoolingNode, input: Shape, context: Context): Compiled {
  const shape = poolingShape(whoIs(node), input, node);
  const type = node.op === 'max-pooling' ? 'max' : 'average';
  const countPadding = node.op === 'average-pooling' && node.countPadding === true;
  const rules = applyRules(POOLING_RULES, { type, ...shape });
  const run: RunNode =
    type === 'max'
      ? ([x], y) => runMaxPooling(context, shape, x, y)
      : ([x], y) => runAveragePooling(context, shape, x, y, countPadding);
  return { rules, load: () => run };
}

function compileScaleShift(
  who: string,
  { scale, shift }: { scale: Float32Array; shift: Float32Array },
  input: Shape,
  context: Context,
): Compiled {
  const planes = planesOf(who, 'input', input);
  return {
    constantFloats: wholeLines(scale.length) + wholeLines(shift.length),
    load({ constants }) {
      const scaleAt = loadConstant(context, scale, constants);
      const shiftAt = loadConstant(context, shift, constants + wholeLines(scale.length));
      return ([x], y) => runScaleShift(context, planes, x, scaleAt, shiftAt, y);
    },
  };
}

/**
 * y = activation(x₀ + x₁ + …), from the left, wherever the values lie; y may be x₀ or x₁, unless a later one lies there too.
 */
function addAll(
  context: Context,
  size: number,
  [first, ...others]: readonly number[],
  y: number,
  activation: ReturnType<typeof checkActivation>,
): void {
  others.forEach((x, i) => {
    const isLast = i === others.length - 1;
    runAddition(context, size, i === 0 ? first : y, x, y, isLast ? activation : IDENTITY);
  });
}

/** Copies constant numbers to their place in the context's memory, and returns it; 0 for none. */
function loadConstant(context: Context, data: Float32Array | undefined, at: number): number {
  if (data === undefined) return 0;
  context.arena.f32.set(data, at);
  return at;
}
