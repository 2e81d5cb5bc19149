import { NnpackError } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { fullyConnectedProgram } from '../../layers/fully-connected-program.ts';
import { expectCount } from '../../tensor/convolution-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Compiled, Lowering } from '../compiled.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { type Size, shapeText } from '../values.ts';
import { at, type DoubleTensor, present } from './double.ts';
import { countedWindows, indicesOf } from './double-windows.ts';
import { expectVector, mayEqual, onFloats } from './inputs.ts';
import { lineAsPlane } from './line-as-plane.ts';
import type { Operation } from './operation.ts';
import { explicitPadding, planeAxes } from './plane-windows.ts';
import { kernelMultiplyAdds } from './weights.ts';
import {
  parseWindows,
  placesOfTaps,
  WINDOW_FIELDS,
  type WindowAttributes,
  type WindowsOver,
  windowAxes,
  windowCounts,
  windowsTogether,
} from './windows-nd.ts';

/**
 * y = kernel ∗ x + bias over any number of axes: x is [N, C, …], kernel is [K, C / groups, …]. Kernel and bias are values
 * like others; over planes, in floating point, it becomes a convolution.
 */
export interface ConvolutionNdAttributes extends WindowAttributes {
  readonly groups?: number;
}

type Node = OpNode<ConvolutionNdAttributes>;

export const convolutionNd: Operation<ConvolutionNdAttributes> = {
  inputs: { least: 2, most: 3 },
  fields: { ...WINDOW_FIELDS, groups: true },
  check(who, given) {
    const { groups = 1 } = given;
    expectCount(who, 'groups', groups, 'invalid-groups');
    return { ...parseWindows(who, given), groups };
  },
  infer: onFloats((node, inputs) => [shapeOf(node, inputs)]),
  specialise(node, types) {
    const [x, kernel] = types;
    const taps = kernel?.shape.slice(2) ?? [];
    if (x?.shape.length !== 4 || !taps.every((size) => typeof size === 'number')) return null;
    const padding = explicitPadding(windowsOver(node, taps), x.shape.slice(2));
    if (padding === null) return null;
    const { groups, stride, dilation } = node.attributes;
    const attributes = { groups, stride: planeAxes(stride), dilation: planeAxes(dilation), padding };
    return { op: 'convolution', inputs: node.inputs, attributes };
  },
  decompose: lineAsPlane,
  lower,
  reference,
  slicing: () => 'slices need the planes of a convolution',
  multiplyAdds: kernelMultiplyAdds,
  gradient: null,
};

function windowsOver(node: Node, taps: readonly number[]): WindowsOver {
  return { node, attributes: node.attributes, taps, mayHangOver: false, misfit: 'invalid-kernel-size' };
}

function shapeOf(node: Node, [x, kernel, bias]: readonly (readonly Size[] | null)[]): Sizes {
  const [batch, channels, ...sizes] = x ?? [];
  const [outputs, groupInputs, ...taps] = expectKernel(node, x, kernel);
  const { groups = 1 } = node.attributes;
  if (typeof outputs === 'number' && outputs % groups !== 0) {
    const text = `${groups} groups do not divide ${outputs} output channels`;
    throw new NnpackError('invalid-groups', `${whoIs(node)}: ${text}`);
  }
  if (typeof groupInputs === 'number' && !mayEqual(channels, groupInputs * groups)) {
    const what = `input has ${channels} channels, expected ${groupInputs * groups} (the kernel's, times the groups)`;
    throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${what}`);
  }
  expectVector(node, 'bias', bias, outputs, 'invalid-bias');
  // A kernel's own size may be computed as well.
  if (!taps.every((size) => typeof size === 'number')) return [batch, outputs, ...sizes.map(() => null)];
  return [batch, outputs, ...windowCounts(windowsOver(node, taps), sizes)];
}

/** @throws NnpackError unless input and kernel have as many axes, and some beside batch and channels */
export function expectKernel(
  node: Pick<OpNode<unknown>, 'name' | 'op'>,
  x: readonly Size[] | null | undefined,
  kernel: readonly Size[] | null | undefined,
): readonly Size[] {
  if (x && kernel && x.length > 2 && kernel.length === x.length) return kernel;
  const text = `input and kernel are ${shapeText(x ?? [])} and ${shapeText(kernel ?? [])}`;
  throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}, expected as many axes, and at least 3`);
}

/**
 * The elements under a block of windows, one row for each, and then a matrix product:
 *
 *     y[k, window] = Σ kernel[k, channel and tap] · patch[window, channel and tap]
 */
function lower({ node, inputs, outputs: [shape], context }: Lowering<ConvolutionNdAttributes>): Compiled {
  const [input, kernel] = [inputs[0] ?? [], inputs[1] ?? []];
  const { groups = 1 } = node.attributes;
  const [batch, channels, ...sizes] = input;
  const axes = windowAxes(windowsOver(node, kernel.slice(2)), sizes);
  const [plane, taps, windows] = [sizeOf(sizes), sizeOf(kernel.slice(2)), sizeOf(shape.slice(2))];
  const [groupInputs, rows] = [channels / groups, kernel[0] / groups];
  const row = groupInputs * taps;
  const together = windowsTogether(windows, row);
  const activation = checkActivation(whoIs(node), undefined);
  const productOf = (count: number) =>
    fullyConnectedProgram(
      { batch: rows, inputChannels: row, outputChannels: count, format: 'float32' },
      context,
      activation,
    );
  const [whole, last] = [productOf(together), productOf(windows % together || together)];
  const patchFloats = together * row;
  const productFloats = together * rows;

  function layPatches(x: number, places: Int32Array, count: number, patches: number): void {
    const { f32 } = context.arena;
    for (let window = 0; window < count; window++) {
      let to = patches + window * row;
      for (let c = 0; c < groupInputs; c++) {
        const from = x + c * plane;
        for (let t = 0; t < taps; t++) {
          const place = places[window * taps + t];
          f32[to++] = place < 0 ? 0 : f32[from + place];
        }
      }
    }
  }

  function putRows(from: number, count: number, bias: number, y: number): void {
    const { f32 } = context.arena;
    for (let k = 0; k < rows; k++) {
      const summand = bias < 0 ? 0 : f32[bias + k];
      for (let i = 0; i < count; i++) f32[y + k * windows + i] = f32[from + k * count + i] + summand;
    }
  }

  return {
    workspaceFloats: patchFloats + productFloats + Math.max(whole.workspaceFloats, last.workspaceFloats),
    load:
      (_place, profile) =>
      ([x, w, b = -1], [y], workspace) => {
        const products = workspace + patchFloats;
        for (let first = 0; first < windows; first += together) {
          const count = Math.min(together, windows - first);
          const places = placesOfTaps(axes, first, count);
          for (let i = 0; i < batch * groups; i++) {
            const g = i % groups;
            layPatches(x + i * groupInputs * plane, places, count, workspace);
            const product = count === together ? whole : last;
            product.run(w + g * rows * row, workspace, 0, products, products + productFloats, profile);
            putRows(products, count, b < 0 ? b : b + g * rows, y + i * rows * windows + first);
          }
        }
      },
  };
}

function reference(
  { attributes }: Node,
  [input, weights, bias]: readonly (DoubleTensor | null)[],
): readonly DoubleTensor[] {
  const [x, kernel] = [present(input), present(weights)];
  const [batch, , ...sizes] = x.shape;
  const [outputs, groupInputs, ...taps] = kernel.shape;
  const { counts, tapsOf } = countedWindows(attributes, taps, sizes, false);
  const perGroup = outputs / (attributes.groups ?? 1);
  const windows = indicesOf(counts);
  const data = new Float64Array(batch * outputs * windows.length);
  for (const [w, window] of windows.entries()) {
    const taps = tapsOf(window).filter(({ isInside }) => isInside);
    for (let row = 0; row < batch * outputs; row++) {
      const [n, k] = [Math.floor(row / outputs), row % outputs];
      const first = Math.floor(k / perGroup) * groupInputs;
      let total = bias?.data[k] ?? 0;
      for (const { tap, place } of taps) {
        for (let c = 0; c < groupInputs; c++) total += at(x, [n, first + c, ...place]) * at(kernel, [k, c, ...tap]);
      }
      data[row * windows.length + w] = total;
    }
  }
  return [{ shape: [batch, outputs, ...counts], data }];
}
