/**
 * Which weights belong to which layer.
 *
 * A file of Keras 3 that was converted from `.keras` tells them by place: `layers/CLASS_COUNTER/vars/INDEX`, the layer's
 * class and a counter in the order of the layers, whatever they are called. All others name them after the layer,
 * `<layer>/<weight>`, and may put the model's name or a scope in front.
 *
 * TensorFlow 2.2 began to name the cell of a recurrent layer in between, `<layer>/<cell>/<weight>`, and tfjs reads such
 * a name for a layer of any class. So it is read here, but only where it can mean nothing else: names of layers hold
 * slashes too (DenseNet has a layer `conv1/bn`), and what is named after a layer is that layer's own.
 */
import { NnpackError, show } from '../errors.ts';
import type { DenseArray } from '../networks/network.ts';

/** Whose weight it is. */
export interface Owner {
  readonly who: string;
  /** Its own name, and those that its weights may have instead. */
  readonly names: readonly string[];
  /** The models around it, from the outside. */
  readonly around: readonly string[];
  /** Where Keras 3 puts its weights. */
  readonly path: string;
}

/** A weight of a layer, by its names in all versions and its place among the weights that the layer has. */
export interface WeightName {
  readonly names: readonly string[];
  readonly index: number;
  /** Keras 2 names it without the layer. */
  readonly isAlone?: boolean;
}

const PLACE = /(^|\/)vars\/\d+$/;

/** What stands in front of a layer's place; the first versions of Keras 3 wrote the second. */
const ROOTS = ['layers/', '_layer_checkpoint_dependencies/'];

export class LayerWeights {
  readonly #weights: Map<string, DenseArray>;
  readonly #hasPlaces: boolean;
  /** The end of a name → the full names that have more in front. */
  readonly #withScope = new Map<string, string[]>();
  /** `<layer>/<weight>` → the full names that have one more name in between. */
  readonly #withCell = new Map<string, string[]>();

  /** @param layers their names */
  constructor(weights: Map<string, DenseArray>, layers: Pick<ReadonlySet<string>, 'has'>) {
    this.#weights = weights;
    this.#hasPlaces = [...weights.keys()].some((name) => PLACE.test(name));
    if (this.#hasPlaces) return;
    for (const full of weights.keys()) {
      const parts = full.split('/');
      if (parts.length < 3 || layers.has(parts.slice(0, -1).join('/'))) continue;
      add(this.#withCell, parts.toSpliced(-2, 1).join('/'), full);
      for (let cut = 1; cut < parts.length - 1; cut++) add(this.#withScope, parts.slice(cut).join('/'), full);
    }
  }

  /**
   * The weight, under its full name.
   *
   * @throws NnpackError if the layer has no such weight, or several that may be it
   */
  find(owner: Owner, weight: WeightName): { readonly name: string; readonly weight: DenseArray } {
    const name = this.#hasPlaces ? this.#atPlace(owner, weight) : this.#named(owner, weight);
    return { name, weight: this.#weights.get(name) as DenseArray };
  }

  /** Gives a weight back to memory that nobody asks for again. */
  drop(name: string): void {
    this.#weights.delete(name);
  }

  #atPlace({ who, path }: Owner, { names, index }: WeightName): string {
    const places = ROOTS.map((root) => `${path.replaceAll(/(^|\/)layers\//g, `$1${root}`)}/vars/${index}`);
    const name = places.find((place) => this.#weights.has(place));
    if (name !== undefined) return name;
    throw missing(who, `${show(places[0])} (${names[0]})`);
  }

  #named(owner: Owner, { names, isAlone = false }: WeightName): string {
    const own = owner.names.flatMap((layer) => names.map((name) => `${layer}/${name}`));
    const inModels = owner.around
      .map((_, i) => owner.around.slice(i).join('/'))
      .flatMap((front) => own.map((name) => `${front}/${name}`));
    const exact = [...own, ...inModels, ...(isAlone ? names : [])].find((name) => this.#weights.has(name));
    if (exact !== undefined) return exact;
    for (const candidates of [this.#withCell, this.#withScope]) {
      const found = own.flatMap((name) => candidates.get(name) ?? []);
      if (found.length === 1) return found[0];
      if (found.length === 0) continue;
      const what = `weight ${show(own[0])} may be ${show(found[0])} or ${show(found[1])}, expected one`;
      throw new NnpackError('invalid-model', `${owner.who}: ${what}`);
    }
    throw missing(owner.who, show(own[0]));
  }
}

function add(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function missing(who: string, name: string): NnpackError {
  return new NnpackError('invalid-model', `${who}: weight ${name} is missing from weightsManifest`);
}
