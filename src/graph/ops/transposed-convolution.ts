import { NnpackError } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { fullyConnectedProgram } from '../../layers/fully-connected-program.ts';
import { expectCount } from '../../tensor/convolution-shape.ts';
import { denseStrides, sizeOf } from '../../tensor/ndarray.ts';
import { copyIn } from '../../tensor/tensor.ts';
import { reachOf } from '../../tensor/windows.ts';
import type { Compiled, Lowering } from '../compiled.ts';
import { type InputTypes, type OpNode, type Sizes, whoIs } from '../node.ts';
import { isTensorType, type Size } from '../values.ts';
import { expectKernel } from './convolution-nd.ts';
import { at, type DoubleTensor, present } from './double.ts';
import { indicesOf } from './double-windows.ts';
import { expectVector, mayEqual, onFloats } from './inputs.ts';
import type { Given, Operation, Parts, SpecialNode, Weights } from './operation.ts';
import { inPhases } from './sub-pixel.ts';
import {
  expectForEachAxis,
  halves,
  parseCounts,
  parseWindows,
  placesOfTaps,
  WINDOW_FIELDS,
  type WindowAttributes,
  type WindowAxis,
  windowsTogether,
} from './windows-nd.ts';

/**
 * What a convolution of y would read of each x, added up: y[k, i · stride + t · dilation − before] sums kernel[c, k, t] · x[c, i].
 * x is [N, C, …], kernel is [C, K / groups, …]. There are (size − 1) · stride + reach + outputPadding − before − after
 * elements along an axis, of which the padding takes some away; or size · stride with padding that is 'same', which then
 * takes away what is too much.
 */
export interface TransposedConvolutionAttributes extends WindowAttributes {
  readonly groups?: number;
  /** More elements after the output. */
  readonly outputPadding?: readonly number[];
  /** The sizes of the output, in place of size · stride, for padding that is 'same'. */
  readonly outputSize?: readonly number[];
}

type Node = OpNode<TransposedConvolutionAttributes>;

export const transposedConvolution: Operation<TransposedConvolutionAttributes> = {
  inputs: { least: 2, most: 3 },
  fields: { ...WINDOW_FIELDS, groups: true, outputPadding: true, outputSize: true },
  check,
  infer: onFloats((node, inputs) => [shapeOf(node, inputs)]),
  decompose,
  lower,
  reference,
  slicing: () => 'slices need the output at the place of the input',
  // Each element of the input is multiplied with the kernels of its group.
  multiplyAdds: ([x, kernel]) => sizeOf(x ?? []) * sizeOf(kernel?.slice(1) ?? []),
  gradient: null,
};

function check(who: string, given: Given): TransposedConvolutionAttributes {
  const { groups = 1 } = given;
  expectCount(who, 'groups', groups, 'invalid-groups');
  const windows = parseWindows(who, given);
  const outputPadding = parseCounts(who, 'outputPadding', given.outputPadding, 0, 'invalid-input-padding');
  const outputSize = parseCounts(who, 'outputSize', given.outputSize, 1, 'invalid-input-size');
  if (outputSize === undefined || typeof windows.padding === 'string') {
    return { ...windows, groups, outputPadding, outputSize };
  }
  const text = 'outputSize is given, expected padding that is same or same-lower with it';
  throw new NnpackError('invalid-input-padding', `${who}: ${text}`);
}

function shapeOf(node: Node, [x, kernel, bias]: readonly (readonly Size[] | null)[]): Sizes {
  const [batch, channels, ...sizes] = x ?? [];
  const [kernelInputs, groupOutputs, ...taps] = expectKernel(node, x, kernel);
  const { groups = 1 } = node.attributes;
  if (!mayEqual(channels, kernelInputs)) {
    const what = `input has ${channels} channels, expected ${kernelInputs} (the kernel's)`;
    throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
  }
  if (typeof kernelInputs === 'number' && kernelInputs % groups !== 0) {
    const text = `${groups} groups do not divide ${kernelInputs} input channels`;
    throw new NnpackError('invalid-groups', `${whoIs(node)}: ${text}`);
  }
  const outputs = typeof groupOutputs === 'number' ? groupOutputs * groups : null;
  if (outputs !== null) expectVector(node, 'bias', bias, outputs, 'invalid-bias');
  const { stride, dilation, outputPadding, outputSize } = node.attributes;
  const lists = { stride, dilation, outputPadding, outputSize };
  for (const [what, list] of Object.entries(lists)) expectForEachAxis(node, what, list, sizes);
  const isKnown = (size: Size | undefined): size is number => typeof size === 'number';
  return [
    batch,
    outputs,
    ...sizes.map((size, axis) => {
      if (outputSize !== undefined) return outputSize[axis];
      const tap = taps[axis];
      return isKnown(size) && isKnown(tap) ? outputAxis(node, size, tap, axis).size : null;
    }),
  ];
}

/** The windows of a convolution that reads the output of this along an axis. */
function outputAxis(node: Node, count: number, taps: number, axis: number): WindowAxis {
  const { padding, outputPadding, outputSize } = node.attributes;
  const stride = node.attributes.stride?.[axis] ?? 1;
  const dilation = node.attributes.dilation?.[axis] ?? 1;
  const whole = (count - 1) * stride + reachOf(taps, dilation) + (outputPadding?.[axis] ?? 0);
  const own = { taps, stride, dilation, count };
  if (typeof padding === 'string') {
    const size = outputSize?.[axis] ?? count * stride;
    return { ...own, size, ...halves(padding, Math.max(whole - size, 0)) };
  }
  const [before, after] = [padding?.before[axis] ?? 0, padding?.after[axis] ?? 0];
  const size = whole - before - after;
  if (size >= 1) return { ...own, size, before, after };
  const text = `padding of ${before} and ${after} leaves nothing of an output of ${whole}`;
  throw new NnpackError('invalid-input-padding', `${whoIs(node)}: ${text}`);
}

/** Over planes, with a known kernel and one stride of 2 or more: a stride of 1 is a convolution already. */
function decompose(node: Node, [x]: InputTypes, [, kernel, bias]: Weights, parts: Parts): SpecialNode | null {
  const { groups = 1, stride: [stride = 1, across = stride] = [], dilation = [] } = node.attributes;
  const isOfPlanes = x?.shape.length === 4 && x.dtype === 'float32' && isTensorType(x);
  const isKnown = kernel?.type.dtype === 'float32' && (typeof node.inputs[2] !== 'string' || bias);
  if (!isOfPlanes || !isKnown || !kernel || stride !== across || stride < 2) return null;
  if (dilation.some((step) => step !== 1)) return null;
  const [, , height, width] = x.shape;
  const axisOf = (axis: number) => outputAxis(node, x.shape[2 + axis], kernel.type.shape[2 + axis], axis);
  return inPhases(
    {
      ...{ input: node.inputs[0], groups, stride, kernel, bias: bias ?? null },
      sizes: [height, width],
      axes: [axisOf(0), axisOf(1)],
    },
    parts,
  );
}

/**
 * A matrix product, and then each of its elements goes where it belongs:
 *
 *     product[channel and tap, window] = Σ kernel[c, channel and tap] · x[c, window]
 */
function lower({ node, inputs, outputs: [shape], context }: Lowering<TransposedConvolutionAttributes>): Compiled {
  const [input, kernel] = [inputs[0] ?? [], inputs[1] ?? []];
  const { groups = 1 } = node.attributes;
  const [batch, channels, ...sizes] = input;
  const axes = sizes.map((size, axis) => outputAxis(node, size, kernel[2 + axis], axis));
  const [plane, taps, windows] = [sizeOf(shape.slice(2)), sizeOf(kernel.slice(2)), sizeOf(sizes)];
  const [groupInputs, groupOutputs] = [channels / groups, kernel[1]];
  const rows = groupOutputs * taps;
  const together = windowsTogether(windows, Math.max(rows, groupInputs));
  const activation = checkActivation(whoIs(node), undefined);
  const productOf = (count: number) =>
    fullyConnectedProgram(
      { batch: rows, inputChannels: groupInputs, outputChannels: count, format: 'float32' },
      context,
      activation,
    );
  const [whole, last] = [productOf(together), productOf(windows % together || together)];
  // The kernel of a group and a block of the input, each with its channels innermost, and the product.
  const [kernelFloats, blockFloats, productFloats] = [rows * groupInputs, together * groupInputs, rows * together];

  /** to[j, i] = from[i, j] */
  function turn(from: number, pitch: number, i: number, j: number, to: number): void {
    const { f32 } = context.arena;
    copyIn({ data: f32, shape: [j, i], stride: [1, pitch], offset: from }, f32, to);
  }

  function addProducts(from: number, places: Int32Array, count: number, y: number): void {
    const { f32 } = context.arena;
    for (let row = 0; row < rows; row++) {
      const to = y + Math.floor(row / taps) * plane;
      const tap = row % taps;
      for (let i = 0; i < count; i++) {
        const place = places[i * taps + tap];
        if (place >= 0) f32[to + place] += f32[from + row * count + i];
      }
    }
  }

  return {
    workspaceFloats: kernelFloats + blockFloats + productFloats + Math.max(whole.workspaceFloats, last.workspaceFloats),
    load:
      (_place, profile) =>
      ([x, w, b = -1], [y], workspace) => {
        const { f32 } = context.arena;
        const [block, product] = [workspace + kernelFloats, workspace + kernelFloats + blockFloats];
        const [outputs, strides] = [groups * groupOutputs, denseStrides([batch, channels, windows])];
        for (let i = 0; i < batch * outputs; i++) {
          f32.fill(b < 0 ? 0 : f32[b + (i % outputs)], y + i * plane, y + (i + 1) * plane);
        }
        for (let g = 0; g < groups; g++) {
          turn(w + g * groupInputs * rows, rows, groupInputs, rows, workspace);
          for (let first = 0; first < windows; first += together) {
            const count = Math.min(together, windows - first);
            const places = placesOfTaps(axes, first, count);
            const program = count === together ? whole : last;
            for (let n = 0; n < batch; n++) {
              turn(x + n * strides[0] + g * groupInputs * windows + first, windows, groupInputs, count, block);
              program.run(workspace, block, 0, product, product + productFloats, profile);
              addProducts(product, places, count, y + (n * groups + g) * groupOutputs * plane);
            }
          }
        }
      },
  };
}

function reference(node: Node, [input, weights, bias]: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  const [x, kernel] = [present(input), present(weights)];
  const { stride, dilation, groups = 1 } = node.attributes;
  const [batch, channels, ...sizes] = x.shape;
  const [, groupOutputs, ...taps] = kernel.shape;
  const along = sizes.map((size, axis) => referenceAxis(node, size, taps[axis], axis));
  const shape = [batch, groups * groupOutputs, ...along.map(({ size }) => size)];
  const strides = denseStrides(shape);
  const plane = strides[1];
  const data = Float64Array.from({ length: batch * strides[0] }, (_, i) => {
    return bias?.data[Math.floor(i / plane) % shape[1]] ?? 0;
  });
  for (const [n, c, ...index] of indicesOf(x.shape)) {
    const first = Math.floor(c / (channels / groups)) * groupOutputs;
    for (const tap of indicesOf(taps)) {
      const place = index.map((i, axis) => {
        return i * (stride?.[axis] ?? 1) + tap[axis] * (dilation?.[axis] ?? 1) - along[axis].before;
      });
      if (place.some((p, axis) => p < 0 || p >= along[axis].size)) continue;
      for (let k = 0; k < groupOutputs; k++) {
        const to = [n, first + k, ...place].reduce((sum, p, axis) => sum + p * strides[axis], 0);
        data[to] += at(x, [n, c, ...index]) * at(kernel, [c, k, ...tap]);
      }
    }
  }
  return [{ shape, data }];
}

/** How long the output is along an axis, and where it begins in what all windows cover. */
function referenceAxis({ attributes }: Node, size: number, taps: number, axis: number) {
  const { stride, dilation, padding, outputPadding, outputSize } = attributes;
  const [step, spread] = [stride?.[axis] ?? 1, dilation?.[axis] ?? 1];
  const covered = (size - 1) * step + (taps - 1) * spread + 1 + (outputPadding?.[axis] ?? 0);
  if (typeof padding !== 'string') {
    const [before, after] = [padding?.before[axis] ?? 0, padding?.after[axis] ?? 0];
    return { size: covered - before - after, before };
  }
  const wanted = outputSize?.[axis] ?? size * step;
  const taken = covered > wanted ? covered - wanted : 0;
  const odd = taken % 2;
  return { size: wanted, before: (taken - odd) / 2 + (padding === 'same-lower' ? odd : 0) };
}
