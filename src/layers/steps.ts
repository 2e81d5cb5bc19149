/**
 * The steps of the layers without weights: each is one kernel of the table, over the part of the data that falls to an
 * item. Items are coarse, because sharing one costs ten microseconds; what is smaller than one runs on the caller.
 */
import { activate } from '../algorithms/activate.ts';
import { COMBINATIONS, GATES } from '../kernels/table.ts';
import { defineStep } from '../threads/step.ts';

/** Elements that an item reads and writes: some tens of microseconds. */
export const ITEM_ELEMENTS = 65_536;

/** Rows and columns of an item of about ITEM_ELEMENTS, of rows of so many columns: a part of a row, or several rows. */
export function itemSize(columns: number): { readonly rows: number; readonly columns: number } {
  if (columns >= ITEM_ELEMENTS) return { rows: 1, columns: ITEM_ELEMENTS };
  return { rows: Math.ceil(ITEM_ELEMENTS / columns), columns };
}

/** Elements i …: y = clamp(x < 0 ? x · slope : x, low, high). */
export const activationStep = defineStep('activation', ['x', 'y', 'slope', 'low', 'high'], (thread, p, i, _j, n) => {
  const { kernels } = thread;
  const isLeaky = p.slope !== 1;
  if (isLeaky) kernels.leakyRelu(n, p.x + i, p.y + i, p.slope);
  if (p.low !== -Infinity || p.high !== Infinity) {
    kernels.clamp(n, (isLeaky ? p.y : p.x) + i, p.y + i, p.low, p.high);
  } else if (!isLeaky && p.x !== p.y) kernels.copyRows(1, n, p.x + i, n, 1, p.y + i, n);
});

/** Elements i …: y = activation(a + b). */
export const additionStep = defineStep('addition', ['a', 'b', 'y', 'slope', 'low', 'high'], (thread, p, i, _j, n) => {
  thread.kernels.add(n, p.a + i, 1, p.b + i, 1, p.y + i);
  activate(thread.kernels, n, p.y + i, p.slope, p.low, p.high);
});

/** Rows i …, columns j … of y = a ∘ b; a and b go on by `outer` with every group of `inner` rows, and by `inner` with each row. */
export const arithmeticStep = defineStep(
  'arithmetic',
  ['combination', 'inner', 'columns', 'a', 'aOuter', 'aInner', 'aStep', 'b', 'bOuter', 'bInner', 'bStep', 'y'],
  (thread, p, i, j, iCount, jCount) => {
    const { kernels } = thread;
    const combination = COMBINATIONS[p.combination];
    for (let row = i; row < i + iCount; row++) {
      const outer = Math.floor(row / p.inner);
      const inner = row - outer * p.inner;
      const a = p.a + outer * p.aOuter + inner * p.aInner + j * p.aStep;
      const b = p.b + outer * p.bOuter + inner * p.bInner + j * p.bStep;
      const y = p.y + row * p.columns + j;
      const isOne = p.aStep === 0 && p.bStep === 0;
      kernels[combination](isOne ? 1 : jCount, a, p.aStep, b, p.bStep, y);
      // A third value is what makes a row of it.
      if (isOne) kernels.fill(jCount, y, thread.memory.f32[y]);
    }
  },
);

/** Elements i …: y = gate(x). */
export const gateStep = defineStep('gate', ['gate', 'x', 'y', 'slope', 'offset'], ({ kernels }, p, i, _j, n) => {
  kernels[GATES[p.gate]](n, p.x + i, p.y + i, p.slope, p.offset);
});

/** Planes i … of all N × C, pixels j …: y = x · scale[c] + shift[c]. */
export const scaleShiftStep = defineStep(
  'scale and shift',
  ['channels', 'pixels', 'x', 'scale', 'shift', 'y'],
  (thread, p, i, j, iCount, jCount) => {
    const { f32 } = thread.memory;
    for (let plane = i; plane < i + iCount; plane++) {
      const c = plane % p.channels;
      const at = plane * p.pixels + j;
      thread.kernels.scaleShift(jCount, p.x + at, p.y + at, f32[p.scale + c], f32[p.shift + c]);
    }
  },
);

/** Rows i …, columns j … of one input, to where they belong in the output. */
export const concatenationStep = defineStep(
  'concatenation',
  ['x', 'xPitch', 'y', 'yPitch'],
  (thread, p, i, j, iCount, jCount) =>
    thread.kernels.copyRows(iCount, jCount, p.x + i * p.xPitch + j, p.xPitch, 1, p.y + i * p.yPitch + j, p.yPitch),
);

/** Images i …, pixels j …: softmax over the channels of each. */
export const softmaxStep = defineStep(
  'softmax',
  ['channels', 'pixels', 'x', 'y'],
  (thread, p, i, j, iCount, jCount) => {
    for (let image = i; image < i + iCount; image++) {
      const start = image * p.channels * p.pixels;
      for (let at = start + j; at < start + j + jCount; at++) {
        thread.kernels.softmax(p.channels, p.pixels, p.x + at, p.y + at);
      }
    }
  },
);

/** Images i …, pixels j … of all channels. */
export const localResponseStep = defineStep(
  'local response normalisation',
  ['channels', 'pixels', 'x', 'y', 'size', 'alpha', 'beta', 'bias'],
  (thread, p, i, j, iCount, jCount) => {
    for (let image = i; image < i + iCount; image++) {
      const at = image * p.channels * p.pixels + j;
      const { channels, pixels, size, alpha, beta, bias } = p;
      thread.kernels.localResponse(channels, jCount, pixels, p.x + at, p.y + at, size, alpha, beta, bias);
    }
  },
);

const WINDOW_FIELDS = [
  'inputHeight',
  'inputWidth',
  'outputHeight',
  'outputWidth',
  'poolHeight',
  'poolWidth',
  'strideHeight',
  'strideWidth',
  'paddingTop',
  'paddingLeft',
] as const;

/** Planes i … of all N × C; `indices` is −1 where none are asked for. */
export const maxPoolingStep = defineStep(
  'max pooling',
  [...WINDOW_FIELDS, 'x', 'y', 'indices'],
  (thread, p, i, _j, iCount) => {
    const inputs = p.inputHeight * p.inputWidth;
    const outputs = p.outputHeight * p.outputWidth;
    for (let plane = i; plane < i + iCount; plane++) {
      thread.kernels.maxPool(
        p.inputHeight,
        p.inputWidth,
        p.x + plane * inputs,
        p.outputHeight,
        p.outputWidth,
        p.y + plane * outputs,
        p.poolHeight,
        p.poolWidth,
        p.strideHeight,
        p.strideWidth,
        p.paddingTop,
        p.paddingLeft,
        p.indices < 0 ? -1 : p.indices + plane * outputs,
      );
    }
  },
);

/** Planes i … of all N × C. */
export const averagePoolingStep = defineStep(
  'average pooling',
  [...WINDOW_FIELDS, 'x', 'y', 'countPadding'],
  (thread, p, i, _j, iCount) => {
    for (let plane = i; plane < i + iCount; plane++) {
      thread.kernels.averagePool(
        p.inputHeight,
        p.inputWidth,
        p.x + plane * p.inputHeight * p.inputWidth,
        p.outputHeight,
        p.outputWidth,
        p.y + plane * p.outputHeight * p.outputWidth,
        p.poolHeight,
        p.poolWidth,
        p.strideHeight,
        p.strideWidth,
        p.paddingTop,
        p.paddingLeft,
        p.countPadding,
      );
    }
  },
);

/** Planes i … of all N × C; `bilinear` 0 takes the nearest. */
export const resizeStep = defineStep(
  'resize',
  ['inputHeight', 'inputWidth', 'outputHeight', 'outputWidth', 'bilinear', 'alignCorners', 'x', 'y'],
  (thread, p, i, _j, iCount) => {
    const { inputHeight, inputWidth, outputHeight, outputWidth } = p;
    for (let plane = i; plane < i + iCount; plane++) {
      const x = p.x + plane * inputHeight * inputWidth;
      const y = p.y + plane * outputHeight * outputWidth;
      if (p.bilinear === 0) thread.kernels.resizeNearest(inputHeight, inputWidth, x, outputHeight, outputWidth, y);
      else thread.kernels.resizeBilinear(inputHeight, inputWidth, x, outputHeight, outputWidth, y, p.alignCorners);
    }
  },
);

const PAD_FIELDS = ['inputHeight', 'inputWidth', 'outputHeight', 'outputWidth', 'top', 'left', 'x', 'y'] as const;

/** Planes i … of all N × C, a constant around each. */
export const surroundStep = defineStep('pad by a value', [...PAD_FIELDS, 'value'], ({ kernels }, p, i, _j, iCount) => {
  const inputs = p.inputHeight * p.inputWidth;
  const outputs = p.outputHeight * p.outputWidth;
  kernels.fill(iCount * outputs, p.y + i * outputs, p.value);
  for (let plane = i; plane < i + iCount; plane++) {
    const y = p.y + plane * outputs + p.top * p.outputWidth + p.left;
    kernels.copyRows(p.inputHeight, p.inputWidth, p.x + plane * inputs, p.inputWidth, 1, y, p.outputWidth);
  }
});

/** Planes i … of all N × C, around each its own rows and columns; `isReflected` 0 repeats the outermost. */
export const mirrorStep = defineStep(
  'pad by itself',
  [...PAD_FIELDS, 'isReflected'],
  ({ kernels }, p, i, _j, iCount) => {
    const { inputHeight, inputWidth, outputHeight, outputWidth } = p;
    for (let plane = i; plane < i + iCount; plane++) {
      const x = p.x + plane * inputHeight * inputWidth;
      const y = p.y + plane * outputHeight * outputWidth;
      const first = y + p.top * outputWidth; // the first row that has elements of the input
      kernels.copyRows(inputHeight, inputWidth, x, inputWidth, 1, first + p.left, outputWidth);
      for (let j = 0; j < outputWidth; j++) {
        const source = insideOf(j - p.left, inputWidth, p.isReflected);
        if (source !== j - p.left) kernels.copyRows(inputHeight, 1, x + source, inputWidth, 1, first + j, outputWidth);
      }
      // Whole rows of the output, so that corners come along.
      for (let row = 0; row < outputHeight; row++) {
        const source = insideOf(row - p.top, inputHeight, p.isReflected);
        if (source === row - p.top) continue;
        kernels.copyRows(
          1,
          outputWidth,
          first + source * outputWidth,
          outputWidth,
          1,
          y + row * outputWidth,
          outputWidth,
        );
      }
    }
  },
);

/** The place inside of `size` elements that one outside of them is a copy of: mirrored at the outermost, or that itself. */
function insideOf(place: number, size: number, isReflected: number): number {
  const outermost = Math.min(Math.max(place, 0), size - 1);
  // inside, both are the place itself
  return isReflected === 0 ? outermost : 2 * outermost - place;
}
