/** Networks of today, in the shapes of their papers, with random weights: normalisations are folded, as exporters leave them. */
import type { Activation, Network, NetworkNode } from '../src/networks/network.ts';
import { sizeOf } from '../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../src/tensor/random.ts';

interface Convolution {
  readonly channels: number;
  readonly size: number;
  readonly stride?: number;
  /** Of one channel each. */
  readonly isDepthwise?: boolean;
  readonly activation?: Activation;
}

/** A network in the making: a value is its name, with its channels. */
class Draft {
  readonly nodes: NetworkNode[] = [];
  readonly #next = uniform(11);
  #channels = new Map<string, number>([['data', 3]]);

  /** Padded so that stride 1 keeps the size. */
  convolution(input: string, { channels, size, stride = 1, isDepthwise = false, activation }: Convolution): string {
    const inputs = this.#channels.get(input) as number;
    const groups = isDepthwise ? inputs : 1;
    const shape = [channels, inputs / groups, size, size];
    const kernel = this.#weights(shape);
    const bias = new Float32Array(channels);
    const padding = (size - 1) / 2;
    return this.#add(
      { op: 'convolution', inputs: [input], kernel, bias, stride, padding, groups, activation },
      channels,
    );
  }

  addition(inputs: readonly string[], activation?: Activation): string {
    return this.#add({ op: 'addition', inputs, activation }, this.#channels.get(inputs[0]) as number);
  }

  maxPooling(input: string): string {
    const window = { poolingSize: 3, stride: 2, padding: 1 } as const;
    return this.#add({ op: 'max-pooling', inputs: [input], ...window }, this.#channels.get(input) as number);
  }

  classes(input: string, count: number): string {
    const channels = this.#channels.get(input) as number;
    const mean = this.#add({ op: 'global-average-pooling', inputs: [input] }, channels);
    const kernel = this.#weights([count, channels]);
    return this.#add({ op: 'fully-connected', inputs: [mean], kernel, bias: new Float32Array(count) }, count);
  }

  network(name: string, output: string): Network {
    return { name, inputs: [{ name: 'data', shape: [3, 224, 224] }], nodes: this.nodes, outputs: [output] };
  }

  /** So large that values neither vanish nor grow from layer to layer (He et al. 2015). */
  #weights(shape: readonly number[]) {
    const bound = Math.sqrt(6 / sizeOf(shape.slice(1)));
    return { data: randomArray(sizeOf(shape), this.#next).map((x) => bound * x), shape };
  }

  #add(node: object, channels: number): string {
    const name = `n${this.nodes.length}`;
    this.nodes.push({ ...node, name } as NetworkNode);
    this.#channels.set(name, channels);
    return name;
  }
}

const RELU6: Activation = { type: 'clamp', min: 0, max: 6 };

/** Sandler et al. 2018, table 2: expansion, channels, how often, stride of the first. */
const BOTTLENECKS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export function mobileNetV2(): Network {
  const draft = new Draft();
  let [x, inputs] = [draft.convolution('data', { channels: 32, size: 3, stride: 2, activation: RELU6 }), 32];
  for (const [expansion, channels, count, first] of BOTTLENECKS) {
    for (let i = 0; i < count; i++) {
      const [wide, stride] = [expansion * inputs, i === 0 ? first : 1];
      const expanded = expansion === 1 ? x : draft.convolution(x, { channels: wide, size: 1, activation: RELU6 });
      const depthwise = { channels: wide, size: 3, stride, isDepthwise: true, activation: RELU6 };
      const narrow = draft.convolution(draft.convolution(expanded, depthwise), { channels, size: 1 });
      x = stride === 1 && inputs === channels ? draft.addition([x, narrow]) : narrow;
      inputs = channels;
    }
  }
  const last = draft.convolution(x, { channels: 1280, size: 1, activation: RELU6 });
  return draft.network('MobileNet-v2', draft.classes(last, 1000));
}

/** He et al. 2016, table 1, 50 layers, with the stride in the 3 × 3 layers, as all exported models have it. */
export function resNet50(): Network {
  const draft = new Draft();
  let x = draft.maxPooling(draft.convolution('data', { channels: 64, size: 7, stride: 2, activation: 'relu' }));
  [3, 4, 6, 3].forEach((count, stage) => {
    const channels = 64 * 2 ** stage;
    for (let i = 0; i < count; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      const shortcut = i === 0 ? draft.convolution(x, { channels: 4 * channels, size: 1, stride }) : x;
      const reduced = draft.convolution(x, { channels, size: 1, activation: 'relu' });
      const middle = draft.convolution(reduced, { channels, size: 3, stride, activation: 'relu' });
      x = draft.addition([draft.convolution(middle, { channels: 4 * channels, size: 1 }), shortcut], 'relu');
    }
  });
  return draft.network('ResNet-50', draft.classes(x, 1000));
}
