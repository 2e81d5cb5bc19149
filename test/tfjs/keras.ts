/**
 * Keras layers as their documentation defines them: over H W C pictures with kernels R S C K, one element at a time, in
 * double precision. The oracle of the reader, which turns all of this round.
 */
export interface Picture {
  /** [H, W, C] or [C] */
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface KerasLayer {
  readonly class_name: string;
  // biome-ignore lint/suspicious/noExplicitAny: configurations are JSON
  readonly config: Record<string, any>;
  readonly inbound_nodes?: unknown;
}

export type Weights = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

export function runLayer({ class_name, config }: KerasLayer, inputs: readonly Picture[], weights: Weights): Picture {
  const [x] = inputs;
  const w = (name: string) => weights[`${config.name}/${name}`];
  switch (class_name) {
    case 'Conv2D':
      return activated(config, convolve(x, w('kernel'), w('bias')?.data, config));
    case 'DepthwiseConv2D':
      return activated(config, depthwise(x, w('depthwise_kernel'), w('bias')?.data, config));
    case 'SeparableConv2D': {
      const spread = depthwise(x, w('depthwise_kernel'), undefined, config);
      return activated(config, convolve(spread, w('pointwise_kernel'), w('bias')?.data, { kernel_size: [1, 1] }));
    }
    case 'Dense':
      return activated(config, dense(x, w('kernel'), w('bias')?.data));
    case 'Activation':
      return activated(config, x);
    case 'ReLU': {
      const { max_value = null, negative_slope = 0 } = config;
      return map(x, (v) => (v < 0 ? v * negative_slope : max_value === null ? v : Math.min(v, max_value)));
    }
    case 'LeakyReLU':
      return map(x, (v) => (v < 0 ? v * (config.alpha ?? 0.3) : v));
    case 'Softmax':
      return activated({ activation: 'softmax' }, x);
    case 'BatchNormalization':
      return build(x.shape, (index) => {
        const c = index[index.length - 1];
        const normal =
          (at(x, index) - w('moving_mean').data[c]) / Math.sqrt(w('moving_variance').data[c] + config.epsilon);
        return normal * (w('gamma')?.data[c] ?? 1) + (w('beta')?.data[c] ?? 0);
      });
    case 'MaxPooling2D':
      return pool(x, config, (inside) => Math.max(...inside));
    case 'AveragePooling2D':
      return pool(x, config, (inside) => inside.reduce((a, b) => a + b) / inside.length);
    case 'GlobalAveragePooling2D': {
      const [height, width, channels] = x.shape;
      return build([channels], ([c]) => {
        let total = 0;
        for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) total += at(x, [i, j, c]);
        return total / (height * width);
      });
    }
    case 'Concatenate': {
      const depth = (p: Picture) => p.shape[p.shape.length - 1];
      const shape = [...x.shape.slice(0, -1), inputs.reduce((sum, p) => sum + depth(p), 0)];
      return build(shape, (index) => {
        let from = 0;
        let c = index[index.length - 1];
        while (c >= depth(inputs[from])) c -= depth(inputs[from++]);
        return at(inputs[from], [...index.slice(0, -1), c]);
      });
    }
    case 'Add':
      return build(x.shape, (index) => inputs.reduce((sum, p) => sum + at(p, index), 0));
    case 'UpSampling2D':
      return upsample(x, config);
    case 'Dropout':
      return x;
    case 'Flatten':
      return { shape: [x.data.length], data: x.data };
    case 'ZeroPadding2D': {
      const [[top, bottom], [left, right]] = config.padding;
      const [height, width, channels] = x.shape;
      return build([height + top + bottom, width + left + right, channels], ([i, j, c]) =>
        at(x, [i - top, j - left, c]),
      );
    }
    default:
      throw new Error(`no such layer: ${class_name}`);
  }
}

type Config = KerasLayer['config'];
type Weight = Weights[string];

/** kernel is (R, S, C / groups, K) */
function convolve(x: Picture, kernel: Weight, bias: Float32Array | undefined, config: Config): Picture {
  const [, , groupChannels, filters] = kernel.shape;
  const groups = x.shape[2] / groupChannels;
  const place = windows(x, config);
  return build([place.rows, place.columns, filters], ([i, j, k]) => {
    const first = Math.floor(k / (filters / groups)) * groupChannels;
    let total = bias?.[k] ?? 0;
    place.taps(i, j, (row, column, r, s) => {
      for (let c = 0; c < groupChannels; c++) total += at(x, [row, column, first + c]) * at(kernel, [r, s, c, k]);
    });
    return total;
  });
}

/** kernel is (R, S, C, M) */
function depthwise(x: Picture, kernel: Weight, bias: Float32Array | undefined, config: Config): Picture {
  const [, , channels, multiplier] = kernel.shape;
  const place = windows(x, config);
  return build([place.rows, place.columns, channels * multiplier], ([i, j, k]) => {
    const [c, m] = [Math.floor(k / multiplier), k % multiplier];
    let total = bias?.[k] ?? 0;
    place.taps(i, j, (row, column, r, s) => {
      total += at(x, [row, column, c]) * at(kernel, [r, s, c, m]);
    });
    return total;
  });
}

/** kernel is (C, K), over the last axis */
function dense(x: Picture, kernel: Weight, bias: Float32Array | undefined): Picture {
  const [channels, units] = kernel.shape;
  return build([...x.shape.slice(0, -1), units], (index) => {
    const k = index[index.length - 1];
    let total = bias?.[k] ?? 0;
    for (let c = 0; c < channels; c++) total += at(x, [...index.slice(0, -1), c]) * at(kernel, [c, k]);
    return total;
  });
}

function pool(x: Picture, config: Config, reduce: (inside: number[]) => number): Picture {
  const size = config.pool_size;
  const place = windows(x, { ...config, kernel_size: size, strides: config.strides ?? size });
  return build([place.rows, place.columns, x.shape[2]], ([i, j, c]) => {
    const inside: number[] = [];
    place.taps(i, j, (row, column) => {
      if (row >= 0 && row < x.shape[0] && column >= 0 && column < x.shape[1]) inside.push(at(x, [row, column, c]));
    });
    return reduce(inside);
  });
}

/** tfjs: the source of row i is i / s, without half pixels; the last row is repeated. */
function upsample(x: Picture, config: Config): Picture {
  const [height, width, channels] = x.shape;
  const [scaleH, scaleW] = config.size;
  return build([height * scaleH, width * scaleW, channels], ([i, j, c]) => {
    if (config.interpolation === 'nearest') return at(x, [Math.floor(i / scaleH), Math.floor(j / scaleW), c]);
    // between the centres of pixels, those at the edge repeated
    const [row, column] = [(i + 0.5) / scaleH - 0.5, (j + 0.5) / scaleW - 0.5];
    const [i0, j0] = [Math.floor(row), Math.floor(column)];
    const pixel = (p: number, q: number) =>
      at(x, [Math.min(Math.max(p, 0), height - 1), Math.min(Math.max(q, 0), width - 1), c]);
    const [u, v] = [row - i0, column - j0];
    const above = pixel(i0, j0) * (1 - v) + pixel(i0, j0 + 1) * v;
    const below = pixel(i0 + 1, j0) * (1 - v) + pixel(i0 + 1, j0 + 1) * v;
    return above * (1 - u) + below * u;
  });
}

/** Which elements of x a window at (i, j) covers. */
function windows(x: Picture, config: Config) {
  const [strideH, strideW] = config.strides ?? [1, 1];
  const [dilationH, dilationW] = config.dilation_rate ?? [1, 1];
  const [r, s] = config.kernel_size;
  const [spanH, spanW] = [(r - 1) * dilationH + 1, (s - 1) * dilationW + 1];
  const same = config.padding === 'same';
  const rows = same ? Math.ceil(x.shape[0] / strideH) : Math.ceil((x.shape[0] - spanH + 1) / strideH);
  const columns = same ? Math.ceil(x.shape[1] / strideW) : Math.ceil((x.shape[1] - spanW + 1) / strideW);
  const top = same ? Math.max(0, (rows - 1) * strideH + spanH - x.shape[0]) >> 1 : 0;
  const left = same ? Math.max(0, (columns - 1) * strideW + spanW - x.shape[1]) >> 1 : 0;
  const taps = (i: number, j: number, visit: (row: number, column: number, r: number, s: number) => void) => {
    for (let p = 0; p < r; p++) {
      for (let q = 0; q < s; q++) visit(i * strideH - top + p * dilationH, j * strideW - left + q * dilationW, p, q);
    }
  };
  return { rows, columns, taps };
}

function activated({ activation = 'linear' }: Config, x: Picture): Picture {
  if (activation === 'relu') return map(x, (v) => Math.max(v, 0));
  if (activation === 'relu6') return map(x, (v) => Math.min(Math.max(v, 0), 6));
  if (activation !== 'softmax') return x;
  return build(x.shape, (index) => {
    const logits = Array.from({ length: x.shape[x.shape.length - 1] }, (_, c) => at(x, [...index.slice(0, -1), c]));
    return Math.exp(at(x, index)) / logits.reduce((sum, v) => sum + Math.exp(v), 0);
  });
}

function map(x: Picture, f: (v: number) => number): Picture {
  return { shape: x.shape, data: x.data.map(f) };
}

function at({ shape, data }: { shape: readonly number[]; data: ArrayLike<number> }, index: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    if (index[axis] < 0 || index[axis] >= shape[axis]) return 0;
    place = place * shape[axis] + index[axis];
  }
  return data[place];
}

function build(shape: readonly number[], f: (index: readonly number[]) => number): Picture {
  const data = new Float64Array(shape.reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}
