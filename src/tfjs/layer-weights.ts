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
  /** The models around it, from the outside, with slashes between them. */
  readonly scope: string;
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
  /** The last two parts of a name → the full names that end so and have more in front. */
  readonly #withScope = new Map<string, string[]>();
  /** `<layer>/<weight>` → the full names that have one more name in between. */
  readonly #withCell = new Map<string, string[]>();
  /** Full names that begin with a layer's own. */
  readonly #ofLayers = new Set<string>();

  /** @param layers their names */
  constructor(weights: Map<string, DenseArray>, layers: Pick<ReadonlySet<string>, 'has'>) {
    this.#weights = weights;
    this.#hasPlaces = [...weights.keys()].some((name) => PLACE.test(name));
    if (this.#hasPlaces) return;
    for (const full of weights.keys()) {
      const end = lastTwoOf(full);
      if (end === full) continue;
      add(this.#withScope, end, full);
      const weight = end.lastIndexOf('/') - end.length;
      if (layers.has(full.slice(0, weight))) this.#ofLayers.add(full);
      else add(this.#withCell, full.slice(0, -end.length - 1) + end.slice(weight), full);
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
    const has = (name: string) => this.#weights.has(name);
    const exact = own.find(has) ?? this.#inModels(owner.scope, own) ?? (isAlone ? names.find(has) : undefined);
    if (exact !== undefined) return exact;
    const withCell = (name: string) => (this.#withCell.get(name) ?? []).filter(has);
    const withScope = (name: string) => this.#endingIn(name).filter((full) => !this.#ofLayers.has(full));
    for (const candidatesOf of [withCell, withScope]) {
      const found = own.flatMap(candidatesOf);
      if (found.length === 1) return found[0];
      if (found.length === 0) continue;
      const what = `weight ${show(own[0])} may be ${show(found[0])} or ${show(found[1])}, expected one`;
      throw new NnpackError('invalid-model', `${owner.who}: ${what}`);
    }
    throw missing(owner.who, show(own[0]));
  }

  /** The full name that has the models around the layer in front, as many of them as one has. */
  #inModels(scope: string, own: readonly string[]): string | undefined {
    const found = own.flatMap((name) => {
      const fronts = this.#endingIn(name).map((full) => ({ full, front: full.slice(0, -name.length - 1) }));
      return fronts.filter(({ front }) => scope === front || scope.endsWith(`/${front}`));
    });
    const most = found.reduce((length, { front }) => Math.max(length, front.length), 0);
    return found.find(({ front }) => front.length === most)?.full;
  }

  /** The full names that have something in front of a name; those of weights that were given back are no more. */
  #endingIn(name: string): readonly string[] {
    const candidates = this.#withScope.get(lastTwoOf(name)) ?? [];
    return candidates.filter((full) => full.endsWith(`/${name}`) && this.#weights.has(full));
  }
}

/** A layer's last part and its weight: a name may have as many parts as a file likes, and not all ends of it are kept. */
function lastTwoOf(name: string): string {
  return name.slice(name.lastIndexOf('/', name.lastIndexOf('/') - 1) + 1);
}

function add(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function missing(who: string, name: string): NnpackError {
  return new NnpackError('invalid-model', `${who}: weight ${name} is missing from weightsManifest`);
}
