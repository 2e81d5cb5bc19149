/**
 * Collects the nodes of a network while the layers of a tfjs model are read, and finds their weights.
 *
 * tfjs keeps pictures as N H W C; here they are N C H W. Two layers only change how their readers are read:
 * - The zeros of a ZeroPadding2D wait for a convolution without padding of its own, and become that one's padding. For
 *   any other reader a node of their own puts them there.
 * - A Flatten orders its elements H W C in tfjs and C H W here. A Dense that reads them gets the rows of its kernel in
 *   our order, what works element by element passes the matter on, and everything else is refused.
 */
import { NnpackError, show } from '../errors.ts';
import type { DenseArray, Network, NetworkInput, NetworkNode, Sides } from '../networks/network.ts';
import { outputShape, type PartialShape } from '../networks/shapes.ts';
import type { Config } from './config.ts';
import type { LayerWeights } from './layer-weights.ts';

export interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
}

/** What a layer gives to the layers that read it. */
export interface Value {
  /** In the network. */
  readonly name: string;
  readonly shape: PartialShape;
  /** Zeros that no node has put around it yet, and the layer that asked for them. */
  readonly zeros?: { readonly sides: Sides; readonly layer: string };
  /** The channels before a Flatten, where tfjs has the elements in another order. */
  readonly flattened?: number;
}

/** Appends what a layer becomes, and returns its value. */
export type Convert = (builder: NetworkBuilder, inputs: readonly Value[]) => Value;

/** null agrees with any size. */
type ExpectedShape = readonly (number | null)[];

export class NetworkBuilder {
  readonly #nodes: NetworkNode[] = [];
  readonly #weights: LayerWeights;
  readonly #names: Set<string>;
  readonly #padded = new Map<string, Value>();

  /** @param names of all layers and inputs */
  constructor(weights: LayerWeights, names: Iterable<string>) {
    this.#weights = weights;
    this.#names = new Set(names);
  }

  /** The name of one of the nodes that a layer becomes, `<layer>/<part>` where no other layer is called that. */
  partName(layer: string, part: string): string {
    const name = unusedName(`${layer}/${part}`, this.#names);
    this.#names.add(name);
    return name;
  }

  /** Appends a node and returns its value. */
  emit(node: NetworkNode, inputs: readonly Value[]): Value {
    const shapes = inputs.map((input) => input.shape);
    this.#nodes.push(node);
    return { name: node.name, shape: outputShape(node, shapes) };
  }

  /** The value with its zeros put around it. */
  padded(value: Value): Value {
    const { name, shape, zeros } = value;
    if (zeros === undefined) return value;
    const known = this.#padded.get(zeros.layer);
    if (known !== undefined) return known;
    const { sides, layer } = zeros;
    const padded = this.emit({ op: 'pad', name: layer, inputs: [name], padding: sides }, [{ name, shape }]);
    this.#padded.set(layer, padded);
    return padded;
  }

  /** The weight `<layer>/<name>`, which must have that shape (null: any size). */
  weight({ name: layer, config }: Layer, name: string, expected: ExpectedShape): DenseArray {
    const weight = this.#weights.find(config.who, layer, name);
    const { shape } = weight;
    const agrees =
      shape.length === expected.length && expected.every((size, axis) => size === null || size === shape[axis]);
    if (agrees) return weight;
    const what = `weight ${show(`${layer}/${name}`)} has the shape ${show([...shape])}, expected ${show([...expected])}`;
    throw new NnpackError('invalid-model', `${config.who}: ${what}${expected.includes(null) ? ' (null is any)' : ''}`);
  }

  finish(name: string, inputs: readonly NetworkInput[], outputs: readonly Value[]): Network {
    const values = outputs.map((output) => this.padded(output));
    for (const value of values) refuseFlattened(`model: output ${show(value.name)}`, value);
    return { name, inputs, nodes: this.#nodes, outputs: values.map((value) => value.name) };
  }
}

/** The name, or the first of `name_1`, `name_2`, … that is not used yet. */
export function unusedName(name: string, used: ReadonlySet<string>): string {
  let unused = name;
  for (let i = 1; used.has(unused); i++) unused = `${name}_${i}`;
  return unused;
}

/** Throws where the order of a flattened value's elements would show. */
export function refuseFlattened(who: string, { flattened }: Value): void {
  if (flattened === undefined) return;
  const what = 'depends on the order in which Flatten put its elements, expected a Dense layer in between';
  throw new NnpackError('unsupported-layer', `${who}: ${what}`);
}
