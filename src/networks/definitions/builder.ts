/**
 * What a definition is written with. A value knows its shape, so that a layer is told only what a paper's table tells:
 * its channels, its window, its stride. Each method appends one node and returns the node's value:
 *
 *     picture(options).convolution('conv1', 96, 11, { stride: 4 }).relu('relu1')    // [96, 54, 54]
 *
 * More than one node may be appended to a value: that is how branches begin, and they meet in `Value.concatenation`.
 *
 * Weights are what MXNet's benchmark starts from. Kernels are "Xavier" (Glorot & Bengio 2010, "Understanding the
 * difficulty of training deep feedforward neural networks", section 4.2.1) with magnitude 2, drawn from one sequence of
 * random numbers, layer after layer:
 *
 *     w ~ uniform(−a, a),   a = √(2 / ((fan in + fan out) / 2)),   fan in = C · R · S,   fan out = K · R · S
 *
 * Biases, β and moving means are 0, γ and moving variances 1.
 */
import { reading } from '../../check/options.ts';
import { type ReadNumbers, storedArray } from '../../graph/stored.ts';
import { newTensor } from '../../layers/staging.ts';
import { uniform } from '../../tensor/random.ts';
import type { DenseArray, LocalResponseNormalisationNode, Network, NetworkInput, NetworkNode } from '../network.ts';
import { outputShape, type Shape } from '../shapes.ts';

export interface BuildOptions {
  /** The seed of the weights: a whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** What the channels of all layers are multiplied by, the last layer's classes too; rounded up to whole channels. */
  readonly width: number;
  /**
   * Gives what reads the kernel of a node, [K, C, R, S] or [K, C], in place of random numbers: as `storedArray` of
   * `nnpack-ts/networks` is read, so that nothing holds it beside a plan.
   */
  readonly weights?: (node: string, shape: Shape) => ReadNumbers;
}

/** Stride 1 and no padding where not given. */
export interface Window {
  readonly stride?: number;
  readonly padding?: number;
}

/** A network in the making. */
interface Draft {
  readonly input: NetworkInput;
  readonly nodes: NetworkNode[];
  readonly width: number;
  /** The kernel of a node. */
  readonly kernel: (name: string, shape: Shape) => DenseArray;
}

/** The input of every definition: `data`, [3, 224, 224]. */
export function picture({ seed, width, weights }: BuildOptions): Value {
  const input = { name: 'data', shape: [3, 224, 224] };
  const next = uniform(seed);
  const kernel: Draft['kernel'] =
    weights === undefined
      ? (_, shape) => xavier(shape, next)
      : (name, shape) => {
          const what = `what reads the kernel of ${name}`;
          const own = Object.freeze([...shape]);
          return storedArray(
            shape,
            reading('buildNetwork', what, 'invalid-argument', () => weights(name, own)),
          );
        };
  return new Value(input.name, input.shape, { input, nodes: [], width, kernel });
}

/** A value of a network in the making, and what may be appended to it. */
export class Value {
  readonly name: string;
  readonly shape: Shape;
  readonly #draft: Draft;

  constructor(name: string, shape: Shape, draft: Draft) {
    this.name = name;
    this.shape = shape;
    this.#draft = draft;
  }

  convolution(name: string, channels: number, size: number, { stride = 1, padding = 0 }: Window = {}): Value {
    const outputChannels = this.#widened(channels);
    const kernel = this.#draft.kernel(name, [outputChannels, this.shape[0], size, size]);
    const bias = new Float32Array(outputChannels);
    return this.#append({ op: 'convolution', name, inputs: [this.name], kernel, bias, stride, padding });
  }

  fullyConnected(name: string, channels: number): Value {
    const outputChannels = this.#widened(channels);
    const kernel = this.#draft.kernel(name, [outputChannels, this.shape[0]]);
    const bias = new Float32Array(outputChannels);
    return this.#append({ op: 'fully-connected', name, inputs: [this.name], kernel, bias });
  }

  batchNormalisation(name: string, epsilon: number): Value {
    const [channels] = this.shape;
    const zeros = (): Float32Array => new Float32Array(channels);
    const ones = (): Float32Array => new Float32Array(channels).fill(1);
    const numbers = { gamma: ones(), beta: zeros(), mean: zeros(), variance: ones() };
    return this.#append({ op: 'batch-normalisation', name, inputs: [this.name], ...numbers, epsilon });
  }

  localResponseNormalisation(
    name: string,
    parameters: Pick<LocalResponseNormalisationNode, 'size' | 'alpha' | 'beta' | 'bias'>,
  ): Value {
    return this.#append({ op: 'local-response-normalisation', name, inputs: [this.name], ...parameters });
  }

  /** Poolings have MXNet's default convention, 'valid', which the documented rules do not accept. */
  maxPooling(name: string, poolingSize: number, { stride = 1, padding = 0 }: Window = {}): Value {
    const window = { poolingSize, stride, padding, convention: 'valid' } as const;
    return this.#append({ op: 'max-pooling', name, inputs: [this.name], ...window });
  }

  /** Padding counts as zeros that are averaged too, as in MXNet. */
  averagePooling(name: string, poolingSize: number, { stride = 1, padding = 0 }: Window = {}): Value {
    const window = { poolingSize, stride, padding, convention: 'valid', countPadding: true } as const;
    return this.#append({ op: 'average-pooling', name, inputs: [this.name], ...window });
  }

  relu(name: string): Value {
    return this.#append({ op: 'relu', name, inputs: [this.name] });
  }

  dropout(name: string): Value {
    return this.#append({ op: 'dropout', name, inputs: [this.name] });
  }

  flatten(name: string): Value {
    return this.#append({ op: 'flatten', name, inputs: [this.name] });
  }

  softmax(name: string): Value {
    return this.#append({ op: 'softmax', name, inputs: [this.name] });
  }

  /** The channels of all values, one value's after another's. */
  static concatenation(name: string, values: readonly Value[]): Value {
    const inputs = values.map((value) => value.name);
    return values[0].#append({ op: 'concatenation', name, inputs }, values);
  }

  /** The network that ends here. */
  network(name: string): Network {
    const { input, nodes } = this.#draft;
    return { name, inputs: [input], nodes, outputs: [this.name] };
  }

  #append(node: NetworkNode, inputs: readonly Value[] = [this]): Value {
    const shapes = inputs.map((value) => value.shape);
    this.#draft.nodes.push(node);
    // nothing is left open (null): the input's size is given
    return new Value(node.name, outputShape(node, shapes) as Shape, this.#draft);
  }

  #widened(channels: number): number {
    return Math.ceil(channels * this.#draft.width);
  }
}

/** kernel is [K, C, R, S] or [K, C]: a · (numbers in [−1, 1)) */
function xavier(shape: Shape, next: () => number): DenseArray {
  const [outputChannels, inputChannels, ...window] = shape;
  const taps = window.reduce((product, size) => product * size, 1);
  const fanIn = inputChannels * taps;
  const fanOut = outputChannels * taps;
  const a = Math.sqrt(2 / ((fanIn + fanOut) / 2));
  const { data } = newTensor('buildNetwork', shape);
  for (let i = 0; i < data.length; i++) data[i] = a * next();
  return { data, shape };
}
