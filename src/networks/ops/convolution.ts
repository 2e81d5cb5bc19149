import type { AlgorithmName, ConvolutionProgram, WeightSizes } from '../../algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../../algorithms/list.ts';
import type { Context } from '../../context/context.ts';
import type { Candidate } from '../../dispatch/candidate.ts';
import { describeShape } from '../../dispatch/explain.ts';
import { contenders, timeThatCounts } from '../../dispatch/measure.ts';
import { nnpackEntry } from '../../dispatch/nnpack-rule.ts';
import { selectAlgorithm } from '../../dispatch/select.ts';
import { NnpackError, show } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { convolutionShape, expectCount } from '../../tensor/convolution-shape.ts';
import {
  type Alternative,
  type Compiled,
  type CompiledNode,
  type CompileOptions,
  compiledNode,
  loadConstant,
  type Way,
  wholeLines,
} from '../compiled.ts';
import { axesOf, type ConvolutionNode, type Shape, sidesOf, whoIs } from '../network.ts';
import { parseActivation, parseArray, parseBias, parsePadding, parsePerAxis } from '../parse-values.ts';
import { activated, around, type DoubleTensor, pair, sameAxis, validAxis } from './double.ts';
import { expectRank3 } from './inputs.ts';
import { type Given, ONE_INPUT, type Operation, type OwnFields } from './operation.ts';
import { windowSlicing } from './slicing.ts';
import { kernelMultiplyAdds, kernelParameters, scaledKernel, withActivation } from './weights.ts';
import { type Window, windowedShape, windowsOf } from './windows.ts';

export const convolution: Operation<ConvolutionNode> = {
  inputs: ONE_INPUT,
  fields: {
    kernel: true,
    bias: true,
    stride: true,
    dilation: true,
    groups: true,
    padding: true,
    activation: true,
  },
  parse,
  infer(node, [input]) {
    const [channels] = expectRank3(node, input);
    const expected = node.kernel.shape[1] * (node.groups ?? 1);
    if (channels !== null && channels !== expected) {
      const what = `input has ${channels} channels, expected ${expected} (the kernel's, times the groups)`;
      throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
    }
    return windowedShape(convolutionWindow(node), input, node.kernel.shape[0]);
  },
  compile: (node, [input], options, context) => compile(node, input, options, context),
  reference,
  slicing: (node) => windowSlicing(convolutionWindow(node)),
  takeScaleShift: scaledKernel,
  takeActivation: withActivation,
  multiplyAdds: kernelMultiplyAdds,
  parameters: kernelParameters,
  gradient: null,
};

function parse(who: string, given: Given): OwnFields<ConvolutionNode> {
  const kernel = parseArray(who, 'kernel', given.kernel, ['K', 'C / groups', 'R', 'S']);
  const [outputChannels] = kernel.shape;
  const { groups = 1, padding } = given;
  expectCount(who, 'groups', groups, 'invalid-groups');
  if (outputChannels % groups !== 0) {
    const got = `${outputChannels} output channels`;
    throw new NnpackError('invalid-groups', `${who}: ${groups} groups do not divide ${got}`);
  }
  if (typeof padding === 'string' && padding !== 'same') {
    const expected = `'same', a whole number of at least 0, or one for each side`;
    throw new NnpackError('invalid-input-padding', `${who}: padding is ${show(padding)}, expected ${expected}`);
  }
  return {
    kernel,
    bias: parseBias(who, given.bias, outputChannels),
    stride: parsePerAxis(who, 'stride', given.stride, 'invalid-stride'),
    dilation: parsePerAxis(who, 'dilation', given.dilation, 'invalid-dilation'),
    groups,
    padding: padding === 'same' ? padding : parsePadding(who, padding),
    activation: parseActivation(who, given.activation),
  };
}

export function convolutionWindow(node: ConvolutionNode): Window {
  const { kernel, padding = 0 } = node;
  const [dilationHeight, dilationWidth] = axesOf(node.dilation ?? 1);
  return {
    node,
    span: [dilationHeight * (kernel.shape[2] - 1) + 1, dilationWidth * (kernel.shape[3] - 1) + 1],
    stride: axesOf(node.stride ?? 1),
    padding: sidesOf(padding === 'same' ? 0 : padding),
    convention: padding === 'same' ? 'same' : 'valid',
    misfit: 'invalid-kernel-size',
  };
}

function compile(node: ConvolutionNode, input: Shape, options: CompileOptions, context: Context): Compiled {
  const who = whoIs(node);
  const { padding } = windowsOf(convolutionWindow(node), input[2], input[3]);
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

/** x is (N, C, H, W), kernel is (K, C / groups, R, S) */
function reference(node: ConvolutionNode, [x]: readonly DoubleTensor[]): DoubleTensor {
  const [batch, channels, height, width] = x.shape;
  const [outputs, groupInputs, r, s] = node.kernel.shape;
  const [strideH, strideW] = pair(node.stride ?? 1);
  const [dilationH, dilationW] = pair(node.dilation ?? 1);
  const groups = node.groups ?? 1;
  const padding = node.padding ?? 0;
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

  const kernel = Float64Array.from(node.kernel.data);
  const y = new Float64Array(batch * outputs * outH * outW);
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const firstChannel = Math.floor(k / (outputs / groups)) * groupInputs;
      for (let i = 0; i < outH; i++) {
        for (let j = 0; j < outW; j++) {
          let total = node.bias ? node.bias[k] : 0;
          for (let c = 0; c < groupInputs; c++) {
            for (let p = 0; p < r; p++) {
              const row = i * strideH - top + p * dilationH;
              if (row < 0 || row >= height) continue;
              const xRow = ((n * channels + firstChannel + c) * height + row) * width;
              const kRow = ((k * groupInputs + c) * r + p) * s;
              for (let q = 0; q < s; q++) {
                const column = j * strideW - left + q * dilationW;
                if (column < 0 || column >= width) continue;
                total += x.data[xRow + column] * kernel[kRow + q];
              }
            }
          }
          y[((n * outputs + k) * outH + i) * outW + j] = activated(total, node.activation);
        }
      }
    }
  }
  return { shape: [batch, outputs, outH, outW], data: y };
}
