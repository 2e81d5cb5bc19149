import type { AlgorithmName, ConvolutionProgram, WeightSizes } from '../../algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../../algorithms/list.ts';
import type { Context } from '../../context/context.ts';
import type { Candidate } from '../../dispatch/candidate.ts';
import { estimateCost } from '../../dispatch/cost.ts';
import { describeShape } from '../../dispatch/explain.ts';
import { contenders, timeThatCounts } from '../../dispatch/measure.ts';
import { selectAlgorithm } from '../../dispatch/select.ts';
import { NnpackError, show } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { convolutionShape, expectCount, type Padding, type PerAxis } from '../../tensor/convolution-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { reachOf } from '../../tensor/windows.ts';
import { type Activation, axesOf, sidesOf } from '../attributes.ts';
import {
  type Alternative,
  type Compiled,
  type CompiledNode,
  compiledNode,
  type DenseArray,
  type Lowering,
  loadConstant,
  type Way,
  wholeLines,
} from '../compiled.ts';
import { type InputTypes, type OpNode, type Sizes, whoIs } from '../node.ts';
import { parseActivation, parsePadding, parsePerAxis } from '../parse-values.ts';
import { copyNumbers, eachPiece, isStored, sourceOf } from '../stored.ts';
import type { Size } from '../values.ts';
import { withActivation } from './activation.ts';
import { activated, around, type DoubleTensor, pair, present, sameAxis, validAxis } from './double.ts';
import { expectPlanes, expectVector, onFloats } from './inputs.ts';
import type { Given, Operation } from './operation.ts';
import { windowSlicing } from './slicing.ts';
import { BIAS, kernelMultiplyAdds, requiredWeight, scaledKernel } from './weights.ts';
import { type Window, windowedShape, windowsOf } from './windows.ts';

/** kernel is [K, C / groups, R, S]. Padding 'same' is TensorFlow's: ⌈H / stride⌉ outputs, the odd zero below and right. */
export interface ConvolutionAttributes {
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
  readonly padding?: Padding | 'same';
  readonly activation?: Activation;
}

type ConvolutionNode = OpNode<ConvolutionAttributes>;

export const convolution: Operation<ConvolutionAttributes> = {
  inputs: { least: 2, most: 3 },
  weights: [{ name: 'kernel', axes: ['K', 'C / groups', 'R', 'S'], role: 'weight' }, BIAS],
  fields: { stride: true, dilation: true, groups: true, padding: true, activation: true },
  check,
  infer: onFloats((node, inputs) => [shapeOf(node, inputs)]),
  lower,
  reference,
  slicing: (node, inputs) => windowSlicing(convolutionWindow(node, kernelSizeOf(inputs))),
  takeScaleShift: scaledKernel,
  takeActivation: withActivation,
  multiplyAdds: kernelMultiplyAdds,
  gradient: null,
};

function check(who: string, given: Given): ConvolutionAttributes {
  const { groups = 1, padding } = given;
  expectCount(who, 'groups', groups, 'invalid-groups');
  if (typeof padding === 'string' && padding !== 'same') {
    const expected = `'same', a whole number of at least 0, or one for each side`;
    throw new NnpackError('invalid-input-padding', `${who}: padding is ${show(padding)}, expected ${expected}`);
  }
  return {
    stride: parsePerAxis(who, 'stride', given.stride, 'invalid-stride'),
    dilation: parsePerAxis(who, 'dilation', given.dilation, 'invalid-dilation'),
    groups,
    padding: padding === 'same' ? padding : parsePadding(who, padding),
    activation: parseActivation(who, given.activation),
  };
}

function shapeOf(node: ConvolutionNode, [x, kernel, bias]: readonly (readonly Size[] | null)[]): Sizes {
  const [, channels] = expectPlanes(node, x);
  const [outputs, groupInputs, height, width] = kernel ?? [];
  const { groups = 1 } = node.attributes;
  if (typeof outputs === 'number' && outputs % groups !== 0) {
    const text = `${groups} groups do not divide ${outputs} output channels`;
    throw new NnpackError('invalid-groups', `${whoIs(node)}: ${text}`);
  }
  expectVector(node, 'bias', bias, outputs, 'invalid-bias');
  if (typeof channels === 'number' && typeof groupInputs === 'number' && channels !== groupInputs * groups) {
    const what = `input has ${channels} channels, expected ${groupInputs * groups} (the kernel's, times the groups)`;
    throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
  }
  return windowedShape(convolutionWindow(node, knownSize(node, height, width)), x, outputs);
}

/** @throws NnpackError where a kernel's own size is not known: no window follows from that */
function knownSize(node: ConvolutionNode, height: Size, width: Size): readonly [number, number] {
  if (typeof height === 'number' && typeof width === 'number') return [height, width];
  const text = `the kernel's size is ${height} × ${width}, expected two numbers`;
  throw new NnpackError('unsupported-layer', `${whoIs(node)}: ${text}`);
}

function kernelSizeOf([, kernel]: InputTypes): readonly [number, number] {
  const [height, width] = (kernel?.shape ?? []).slice(2).map(Number);
  return [height, width];
}

export function convolutionWindow(
  node: ConvolutionNode,
  [height, width]: readonly [height: number, width: number],
): Window {
  const { padding = 0, dilation = 1, stride = 1 } = node.attributes;
  const [dilationHeight, dilationWidth] = axesOf(dilation);
  return {
    node,
    span: [reachOf(height, dilationHeight), reachOf(width, dilationWidth)],
    stride: axesOf(stride),
    padding: sidesOf(padding === 'same' ? 0 : padding),
    convention: padding === 'same' ? 'same' : 'valid',
    misfit: 'invalid-kernel-size',
  };
}

function lower(call: Lowering<ConvolutionAttributes>): Compiled {
  const { node, options, context, weights } = call;
  const who = whoIs(node);
  const input = call.inputs[0] ?? [];
  const kernel = requiredWeight(weights, 0);
  const bias = weights[1]?.data;
  const { padding } = windowsOf(convolutionWindow(node, [kernel.shape[2], kernel.shape[3]]), input[2], input[3]);
  const shape = convolutionShape(who, input, kernel.shape, { ...node.attributes, padding });
  const hasBias = bias !== undefined;
  // An algorithm that is asked for by name computes the convolutions that it can.
  const { algorithm = 'auto' } = options;
  const named = ALGORITHMS.find(({ name }) => name === algorithm);
  const refusal = named?.supports(shape, 'forward') ?? null;
  const choice = refusal !== null ? { ...options, algorithm: 'auto' as const } : options;
  const isFree = (choice.algorithm ?? 'auto') === 'auto' && choice.rule !== 'nnpack';
  const isOpen = options.isSizing === true && choice.rule === 'measured' && isFree;
  const rule = isOpen ? 'fastest' : choice.rule;
  const greatest = weightSizesOf(kernel, bias, context, options.isSizing === true);
  const selection = selectAlgorithm(who, shape, hasBias, 'inference', false, { ...choice, rule }, context, greatest);
  const open = isOpen ? contenders(selection.candidates, false).map(wayOf) : [];
  const eligible = selection.candidates.filter(
    (candidate) => candidate.refusal === null && candidate.algorithm !== 'reference',
  );
  const { name } = selection.algorithm;
  return {
    ...byAlgorithm(name, selection.why),
    // A batch-invariant choice stays, however much memory there is.
    alternatives:
      isFree && !context.batchInvariant
        ? eligible.filter((candidate) => candidate.algorithm !== name).map(alternativeOf)
        : [],
  };

  /** What a candidate takes; of a choice that is still to be measured, the most that it may take. */
  function wayOf(candidate: Candidate): Way {
    const { measured } = candidate;
    const { work, cost } = context.batchInvariant ? ofBatch(candidate.algorithm) : candidate;
    const biasFloats = bias?.length ?? 0;
    return {
      workspaceFloats: (work?.workspaceBytes ?? 0) / 4,
      constantFloats: wholeLines((work?.packedBytes ?? 0) / 4) + wholeLines(biasFloats),
      milliseconds: timeThatCounts(measured ?? cost, false),
    };
  }

  /** What all images take, of an algorithm that was chosen as for one. */
  function ofBatch(name: AlgorithmName): Pick<Candidate, 'work' | 'cost'> {
    const work = algorithmNamed(name).workload(shape, 'forward', context);
    return { work, cost: estimateCost(context.kernels, name, work) };
  }

  function alternativeOf(candidate: Candidate): Alternative {
    const compiled = (why: string): CompiledNode => ({
      ...compiledNode(node, describeShape(shape)),
      ...byAlgorithm(candidate.algorithm, why),
    });
    return { ...wayOf(candidate), compile: compiled };
  }

  function byAlgorithm(name: AlgorithmName, why: string): Compiled {
    const activation = checkActivation(who, node.attributes.activation);
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
        packedFloats + wholeLines(bias?.length ?? 0),
        ...open.map(({ constantFloats }) => constantFloats),
      ),
      milliseconds: own === undefined ? 0 : wayOf(own).milliseconds,
      stagedFloats: sizeOf(kernel.shape),
      load({ constants, staging }, profile) {
        const biasAt = loadConstant(context, bias, constants + packedFloats);
        copyNumbers(kernel, context.arena.f32, staging);
        program.pack(staging, constants, profile);
        return ([x], [y], workspace) => program.run(x, constants, biasAt, y, workspace, profile);
      },
    };
  }
}

/** What was found of kernels: sizing lowers the same nodes many times, and stored numbers are read for it. */
const knownSizes = new WeakMap<object, number>();

/** The greatest |w| and |b|. */
function weightSizesOf(
  kernel: DenseArray,
  bias: Float32Array | undefined,
  { kernels }: Context,
  isSizing: boolean,
): WeightSizes {
  const source = sourceOf(kernel);
  let greatest = isSizing || isStored(kernel) ? knownSizes.get(source) : undefined;
  if (greatest === undefined) {
    greatest = 0;
    eachPiece(kernel, (piece) => {
      greatest = Math.max(greatest as number, kernels.greatestOf(piece));
    });
    knownSizes.set(source, greatest);
  }
  return { kernel: greatest, bias: bias === undefined ? 0 : kernels.greatestOf(bias) };
}

/**
 * x is (N, C, H, W), kernel is (K, C / groups, R, S). One tap after the other is added to all outputs that read it, so that each
 * output is its sum in the order of the taps, and the innermost loop asks nothing.
 */
function reference(
  { attributes }: ConvolutionNode,
  [input, weights, bias]: readonly (DoubleTensor | null)[],
): readonly DoubleTensor[] {
  const [x, w] = [present(input), present(weights)];
  const { stride = 1, dilation = 1, groups = 1, padding = 0 } = attributes;
  const [batch, channels, height, width] = x.shape;
  const [outputs, groupInputs, r, s] = w.shape;
  const [strideH, strideW] = pair(stride);
  const [dilationH, dilationW] = pair(dilation);
  const same = padding === 'same';
  const sides = around(same ? 0 : padding);
  const spanH = (r - 1) * dilationH + 1;
  const spanW = (s - 1) * dilationW + 1;
  const [top, outH] = same
    ? sameAxis(height, spanH, strideH)
    : validAxis(height, sides.top, sides.bottom, spanH, strideH);
  const [left, outW] = same
    ? sameAxis(width, spanW, strideW)
    : validAxis(width, sides.left, sides.right, spanW, strideW);

  const rows = Array.from({ length: r }, (_, p) => readersOf(p * dilationH - top, strideH, height, outH));
  const columns = Array.from({ length: s }, (_, q) => readersOf(q * dilationW - left, strideW, width, outW));
  const y = new Float64Array(batch * outputs * outH * outW);
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const firstChannel = Math.floor(k / (outputs / groups)) * groupInputs;
      const plane = y.subarray((n * outputs + k) * outH * outW, (n * outputs + k + 1) * outH * outW);
      plane.fill(bias?.data[k] ?? 0);
      for (let c = 0; c < groupInputs; c++) {
        const from = (n * channels + firstChannel + c) * height * width;
        for (let p = 0; p < r; p++) {
          const [firstRow, endRow] = rows[p];
          for (let q = 0; q < s; q++) {
            const [first, end] = columns[q];
            const weight = w.data[((k * groupInputs + c) * r + p) * s + q];
            for (let i = firstRow; i < endRow; i++) {
              const row = from + (i * strideH - top + p * dilationH) * width - left + q * dilationW;
              for (let j = first; j < end; j++) plane[i * outW + j] += x.data[row + j * strideW] * weight;
            }
          }
        }
      }
    }
  }
  return [{ shape: [batch, outputs, outH, outW], data: y.map((total) => activated(total, attributes.activation)) }];
}

/** The outputs along an axis whose tap is no padding; output o reads element o · stride + offset. */
function readersOf(
  offset: number,
  stride: number,
  size: number,
  outputs: number,
): readonly [first: number, end: number] {
  const first = Math.max(0, Math.ceil(-offset / stride));
  return [first, Math.min(outputs, Math.floor((size - 1 - offset) / stride) + 1)];
}
