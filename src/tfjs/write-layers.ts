/** The layers of a tfjs model that is written, functional, as Keras 2 has them, and their weights. */
import { show } from '../errors.ts';
import { type Activation, sidesOf } from '../graph/attributes.ts';
import { FreshNames } from '../graph/graph.ts';
import type { Network, NetworkNode, PartialShape } from '../networks/network.ts';
import { declaredShapes } from '../networks/shapes.ts';
import type { Padding } from '../tensor/convolution-shape.ts';

type Config = Readonly<Record<string, unknown>>;
type Names = string | readonly string[];

/** What a file has, as it is appended. */
export class Layers {
  readonly list: unknown[] = [];
  readonly entries: unknown[] = [];
  /** Nodes that Keras says otherwise, and why. */
  readonly refused: string[] = [];
  /** Pictures [C, H, W] whose elements a value [C·H·W] has as H W C, by its name. */
  readonly flat = new Map<string, readonly number[]>();
  readonly #numbers: Float32Array[] = [];
  readonly #network: Network;
  readonly #shapes: ReadonlyMap<string, PartialShape>;
  readonly #names: FreshNames;

  constructor(network: Network) {
    this.#network = network;
    this.#shapes = declaredShapes(network);
    this.#names = new FreshNames(this.#shapes.keys());
  }

  append(className: string, inputs: Names, name: string, config: Config = {}): void {
    const calls = [inputs].flat().map((input) => [input, 0, 0, {}]);
    const inbound = calls.length === 0 ? [] : [calls];
    const own = { name, trainable: true, dtype: 'float32', ...config };
    this.list.push({ class_name: className, config: own, name, inbound_nodes: inbound });
  }

  /** The same, with an activation: any but relu is a layer of its own. The name of the layer that has weights. */
  activated(className: string, inputs: Names, node: NetworkNode, config: Config, activation?: Activation): string {
    const own = activation === 'relu' ? undefined : activation;
    const name = own === undefined ? node.name : this.fresh(`${node.name}/linear`);
    this.append(className, inputs, name, { ...config, activation: activation === 'relu' ? 'relu' : 'linear' });
    if (own !== undefined) this.activate(name, node, own);
    return name;
  }

  activate(input: string, node: NetworkNode, activation: Activation): void {
    const { name } = node;
    if (activation === 'relu') this.append('ReLU', input, name);
    else if (activation.type === 'leaky') {
      if (activation.slope < 0) this.refuse(node, `has the slope ${activation.slope}`);
      this.append('LeakyReLU', input, name, { alpha: activation.slope });
    } else {
      const { min, max } = activation;
      const isBounded = min === 0 && max >= 0 && max < Infinity;
      if (!isBounded) this.refuse(node, `holds values between ${min} and ${max}`);
      this.append('ReLU', input, name, { max_value: max });
    }
  }

  /** Zeros around rows and columns; the input itself where there are none. */
  padded(input: string, node: NetworkNode, given: Padding): string {
    const padding = rowsAndColumns(given);
    if (padding.flat().every((count) => count === 0)) return input;
    const name = this.fresh(`${node.name}/pad`);
    this.append('ZeroPadding2D', input, name, { padding });
    return name;
  }

  /** The weights are those of the layer that is named so. */
  weight(layer: string, name: string, data: Float32Array, shape: readonly number[]): void {
    this.entries.push({ name: `${layer}/${name}`, shape, dtype: 'float32' });
    this.#numbers.push(data);
  }

  refuse({ name, op }: NetworkNode, why: string): void {
    this.refused.push(`${op} ${show(name)} (${why})`);
  }

  /** The weights as they lie in memory, one after the other. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#numbers.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of this.#numbers) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes;
  }

  fresh(hint: string): string {
    return this.#names.take(hint);
  }

  shapeOf(name: string): PartialShape {
    return this.#shapes.get(name) ?? [];
  }

  /** Whether only fully-connected nodes read the value: their columns may have any order. */
  isForColumns(name: string): boolean {
    const { nodes, outputs } = this.#network;
    const readers = nodes.filter(({ inputs }) => inputs.includes(name));
    return !outputs.includes(name) && readers.every(({ op }) => op === 'fully-connected');
  }
}

/** As Keras tells them. */
export function rowsAndColumns(padding: Padding): readonly (readonly number[])[] {
  const { top, right, bottom, left } = sidesOf(padding);
  return [
    [top, bottom],
    [left, right],
  ];
}
