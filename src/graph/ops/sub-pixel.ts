/**
 * A transposed convolution of stride s is a convolution that makes s · s times as many channels, whose outputs are the
 * pixels of blocks. With y[q] = Σ w[t] · x[i] over q = i · s + t along each axis, and q = m · s + φ, t = u · s + φ:
 *
 *     y[m · s + φ]  =  Σ_u w[u · s + φ] · x[m − u]      for each phase φ < s, u < U = ⌈R / s⌉
 *
 * So phase φ is a convolution with every s-th tap, turned round, and taps behind the last are 0; depth-to-space lays the
 * phases side by side, and a slice takes away what the padding does. All three have kernels, and every algorithm serves.
 * Where s does not divide R, an x that is not finite reaches all pixels of its blocks: 0 · ∞ is no number.
 *
 * Source: Shi et al., Is the deconvolution layer the same as a convolutional layer? (2016).
 */
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Parameter } from '../values.ts';
import type { Parts, SpecialNode } from './operation.ts';
import type { WindowAxis } from './windows-nd.ts';

/** A transposed convolution over planes whose kernel and sizes are known. */
export interface PhasedConvolution {
  readonly input: string | null;
  readonly groups: number;
  readonly stride: number;
  /** Of the input. */
  readonly sizes: readonly [height: number, width: number];
  readonly kernel: Parameter;
  readonly bias: Parameter | null;
  readonly axes: readonly [height: WindowAxis, width: WindowAxis];
}

/** Taps of each phase, and zeros around the input, along an axis. */
interface PhaseAxis {
  readonly taps: number;
  readonly before: number;
  readonly after: number;
}

/** A stride that is longer than the kernel makes mostly zeros: so many for each number of the kernel, and so many more. */
const MOST_TIMES = 4;
const MOST_BESIDE = 2 ** 22;

/** null where the kernels of the phases would be many more numbers than the kernel. */
export function inPhases(known: PhasedConvolution, parts: Parts): SpecialNode | null {
  const { stride, sizes, axes, groups, input } = known;
  const [high, wide] = axes.map((axis, a) => phaseAxis(axis, stride, sizes[a]));
  const [channels, outputs] = known.kernel.type.shape;
  const numbers = channels * outputs * stride ** 2 * high.taps * wide.taps;
  if (numbers > MOST_TIMES * sizeOf(known.kernel.type.shape) + MOST_BESIDE) return null;
  const weights = [parts.parameter('kernel', phaseKernels(known, high.taps, wide.taps))];
  if (known.bias !== null) weights.push(parts.parameter('bias', phaseBias(known.bias, stride)));
  const padding = { top: high.before, bottom: high.after, left: wide.before, right: wide.after };
  const phases = parts.value('phases', 'convolution', [input, ...weights], { groups, padding });
  const blocks = parts.value('blocks', 'depth-to-space', [phases], { blockSize: stride, order: 'channel-first' });
  const list = (what: string, numbers: readonly number[]) =>
    parts.parameter(what, {
      ...{ type: { dtype: 'int64', shape: [numbers.length] }, data: BigInt64Array.from(numbers, BigInt) },
      role: 'constant',
    });
  const starts = list(
    'starts',
    axes.map(({ before }) => before),
  );
  const ends = list(
    'ends',
    axes.map(({ before, size }) => before + size),
  );
  return { op: 'slice', inputs: [blocks, starts, ends, list('axes', [2, 3])], attributes: {} };
}

function phaseAxis({ taps, size, before }: WindowAxis, stride: number, inputs: number): PhaseAxis {
  const own = Math.ceil(taps / stride);
  // m goes from 0 to the last one that a pixel of the output is of.
  const count = Math.ceil((before + size) / stride);
  return { taps: own, before: own - 1, after: Math.max(0, count - inputs) };
}

/** w[c, k, t] as [(k, φ), c, taps turned round], group by group. */
function phaseKernels({ kernel, stride, groups }: PhasedConvolution, high: number, wide: number): Parameter {
  const [channels, outputs, height, width] = kernel.type.shape;
  const groupInputs = channels / groups;
  const shape = [groups * outputs * stride ** 2, groupInputs, high, wide];
  const data = new Float32Array(sizeOf(shape));
  // Stored numbers are read each time that somebody asks for them.
  const { data: w } = kernel;
  for (let c = 0; c < channels; c++) {
    const first = Math.floor(c / groupInputs) * outputs;
    for (let k = 0; k < outputs; k++) {
      for (let r = 0; r < height; r++) {
        for (let s = 0; s < width; s++) {
          const phase = (r % stride) * stride + (s % stride);
          const row = high - 1 - Math.floor(r / stride);
          const column = wide - 1 - Math.floor(s / stride);
          const to = (((first + k) * stride ** 2 + phase) * groupInputs + (c % groupInputs)) * high + row;
          data[to * wide + column] = Number(w[((c * outputs + k) * height + r) * width + s]);
        }
      }
    }
  }
  return { type: { dtype: 'float32', shape }, data, role: kernel.role };
}

function phaseBias({ data, role }: Parameter, stride: number): Parameter {
  const numbers = Float32Array.from({ length: data.length * stride ** 2 }, (_, i) =>
    Number(data[Math.floor(i / stride ** 2)]),
  );
  return { type: { dtype: 'float32', shape: [numbers.length] }, data: numbers, role };
}
