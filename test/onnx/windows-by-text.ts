/** Convolutions and poolings by ONNX's text, as loops over every axis: nothing is shared with what they judge. */

export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before each axis, then after each. */
  readonly pads: readonly number[];
  readonly autoPad: 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';
  readonly ceilMode: boolean;
}

/** Of one axis: where windows begin, and what is padded around the input. */
interface Axis {
  readonly size: number;
  readonly before: number;
  readonly after: number;
  readonly out: number;
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** All places of a shape, the last axis fastest. */
export function places(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((at) => Array.from({ length: size }, (_, i) => [...at, i])),
    [[]],
  );
}

export const offsetOf = (at: readonly number[], shape: readonly number[]) =>
  at.reduce((offset, i, axis) => offset * shape[axis] + i, 0);

export function axisOf(
  { kernel, strides, dilations, pads, autoPad, ceilMode }: Windows,
  axis: number,
  size: number,
): Axis {
  const [stride, extent] = [strides[axis], (kernel[axis] - 1) * dilations[axis] + 1];
  if (autoPad === 'VALID') return { size, before: 0, after: 0, out: Math.ceil((size - extent + 1) / stride) };
  if (autoPad !== 'NOTSET') {
    const out = Math.ceil(size / stride);
    const total = Math.max((out - 1) * stride + extent - size, 0);
    const before = autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
    return { size, before, after: total - before, out };
  }
  const [before, after] = [pads[axis], pads[axis + kernel.length]];
  const steps = (size + before + after - extent) / stride;
  let out = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would begin in the padding behind the input is left out.
  if (ceilMode && (out - 1) * stride >= size + before) out--;
  return { size, before, after, out };
}

/** Calls for each output place with what its window has: element and tap, and how many places are padded or real. */
export function overWindows(
  windows: Windows,
  sizes: readonly number[],
  visit: (out: number[], taps: { at: number[]; tap: number[] }[], padded: number) => void,
): number[] {
  const axes = sizes.map((size, axis) => axisOf(windows, axis, size));
  const outs = axes.map(({ out }) => out);
  for (const out of places(outs)) {
    let padded = 0;
    const taps: { at: number[]; tap: number[] }[] = [];
    for (const tap of places(windows.kernel)) {
      const at = out.map((o, i) => o * windows.strides[i] + tap[i] * windows.dilations[i] - axes[i].before);
      if (at.every((a, i) => a >= -axes[i].before && a < axes[i].size + axes[i].after)) padded++;
      if (at.every((a, i) => a >= 0 && a < axes[i].size)) taps.push({ at, tap });
    }
    visit(out, taps, padded);
  }
  return outs;
}

/** y[n, k] = Σ x · w + b, groups beside one another. */
export function convolved(
  windows: Windows,
  groups: number,
  x: number[],
  xShape: number[],
  w: number[],
  wShape: number[],
  b: number[],
) {
  const [batch, , ...sizes] = xShape;
  const [outputs, groupInputs] = wShape;
  const rows: { at: number[]; value: number }[] = [];
  let outs: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < outputs; k++) {
      const group = Math.floor(k / (outputs / groups));
      outs = overWindows(windows, sizes, (out, taps) => {
        let sum = b[k];
        for (let c = 0; c < groupInputs; c++) {
          for (const { at, tap } of taps) {
            sum += x[offsetOf([n, group * groupInputs + c, ...at], xShape)] * w[offsetOf([k, c, ...tap], wShape)];
          }
        }
        rows.push({ at: [n, k, ...out], value: sum });
      });
    }
  }
  return { shape: [batch, outputs, ...outs], numbers: rows.map(({ value }) => value) };
}

/** Each channel by itself; `of` makes a number of a window's elements and of how many places it has with the padding. */
export function pooled(
  windows: Windows,
  x: number[],
  xShape: number[],
  of: (elements: number[], padded: number) => number,
) {
  const [batch, channels, ...sizes] = xShape;
  const numbers: number[] = [];
  let outs: number[] = [];
  for (const place of places([batch, channels])) {
    outs = overWindows(windows, sizes, (_, taps, padded) => {
      numbers.push(
        of(
          taps.map(({ at }) => x[offsetOf([...place, ...at], xShape)]),
          padded,
        ),
      );
    });
  }
  return { shape: [batch, channels, ...outs], numbers };
}

export interface Transposed extends Omit<Windows, 'ceilMode'> {
  readonly outputPadding: readonly number[];
  readonly outputShape?: readonly number[];
}

/** What is cut off before, and how long the axis becomes. */
export function transposedAxis(
  of: Transposed,
  axis: number,
  size: number,
): { before: number; out: number; total: number } {
  const extent = (of.kernel[axis] - 1) * of.dilations[axis] + 1;
  const whole = of.strides[axis] * (size - 1) + of.outputPadding[axis] + extent;
  const isSame = of.autoPad === 'SAME_UPPER' || of.autoPad === 'SAME_LOWER';
  const told = of.outputShape?.[axis] ?? (isSame ? size * of.strides[axis] : undefined);
  if (told === undefined) {
    const [before, after] = of.autoPad === 'VALID' ? [0, 0] : [of.pads[axis], of.pads[axis + of.kernel.length]];
    return { before, out: whole - before - after, total: before + after };
  }
  const total = whole - told;
  const half = Math.trunc(total / 2);
  return { before: of.autoPad === 'SAME_UPPER' ? half : total - half, out: told, total };
}

/** Each element is spread over the output; what lies outside is cut off. */
export function transposed(
  of: Transposed,
  groups: number,
  x: number[],
  xShape: number[],
  w: number[],
  wShape: number[],
  b: number[],
) {
  const [batch, inputs, ...sizes] = xShape;
  const groupOutputs = wShape[1];
  const axes = sizes.map((size, axis) => transposedAxis(of, axis, size));
  const shape = [batch, groupOutputs * groups, ...axes.map(({ out }) => out)];
  const numbers = places(shape).map(([, k]) => b[k]);
  for (const [n, c, ...at] of places(xShape)) {
    const group = Math.floor(c / (inputs / groups));
    for (const [k, ...tap] of places(wShape.slice(1))) {
      const to = at.map((a, i) => a * of.strides[i] + tap[i] * of.dilations[i] - axes[i].before);
      if (!to.every((t, i) => t >= 0 && t < axes[i].out)) continue;
      numbers[offsetOf([n, group * groupOutputs + k, ...to], shape)] +=
        x[offsetOf([n, c, ...at], xShape)] * w[offsetOf([c, k, ...tap], wShape)];
    }
  }
  return { shape, numbers };
}
