/**
 * Which weights belong to which layer. A weight is named `<layer>/<weight>`.
 *
 * TensorFlow 2.2 began to name the cell of a recurrent layer in between, `<layer>/<cell>/<weight>`, and tfjs reads such
 * a name for a layer of any class. So it is read here, but only where it can mean nothing else: names of layers hold
 * slashes too (DenseNet has a layer `conv1/bn`), and what is named after a layer is that layer's own.
 */
import { NnpackError, show } from '../errors.ts';
import type { DenseArray } from '../networks/network.ts';

export class LayerWeights {
  readonly #weights: ReadonlyMap<string, DenseArray>;
  /** `<layer>/<weight>` → the full names that have one more name in between. */
  readonly #withCell = new Map<string, string[]>();

  /** @param layers their names */
  constructor(weights: ReadonlyMap<string, DenseArray>, layers: Pick<ReadonlySet<string>, 'has'>) {
    this.#weights = weights;
    for (const full of weights.keys()) {
      const parts = full.split('/');
      if (parts.length < 3 || layers.has(parts.slice(0, -1).join('/'))) continue;
      const short = parts.toSpliced(-2, 1).join('/');
      const others = this.#withCell.get(short);
      if (others === undefined) this.#withCell.set(short, [full]);
      else others.push(full);
    }
  }

  /** @throws NnpackError if the layer has no such weight, or several that may be it */
  find(who: string, layer: string, name: string): DenseArray {
    const exact = `${layer}/${name}`;
    const weight = this.#weights.get(exact);
    if (weight !== undefined) return weight;
    const withCell = this.#withCell.get(exact) ?? [];
    if (withCell.length === 1) return this.#weights.get(withCell[0])!;
    if (withCell.length > 1) {
      const what = `weight ${show(exact)} may be ${show(withCell[0])} or ${show(withCell[1])}, expected one`;
      throw new NnpackError('invalid-model', `${who}: ${what}`);
    }
    const other = this.#namedOtherwise(layer, exact);
    if (other === undefined) {
      throw new NnpackError('invalid-model', `${who}: weight ${show(exact)} is missing from weightsManifest`);
    }
    const what = `its weight is named ${show(other)}, as Keras 3 does, expected ${show(exact)}`;
    throw new NnpackError('unsupported-layer', `${who}: ${what}`);
  }

  /** Keras 3 puts the model's name in front, or numbers the weights: `<model>/<layer>/<weight>`, `<layer>/vars/0`. */
  #namedOtherwise(layer: string, exact: string): string | undefined {
    for (const name of this.#weights.keys()) {
      if (name.endsWith(`/${exact}`) || `/${name}`.includes(`/${layer}/vars/`)) return name;
    }
    return undefined;
  }
}
