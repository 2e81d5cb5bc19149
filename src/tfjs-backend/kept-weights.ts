/** What was made of weights, and is kept while their tensor lives. */
import type { DataId } from '@tensorflow/tfjs-core';
import type { Arena } from '../tensor/arena.ts';

/** Something in the context's memory that belongs to a tensor. */
export interface Kept {
  /** Where its memory begins, to be given back. */
  readonly packed: number;
}

/** The most that are kept of one tensor: a network that is given pictures of many sizes packs for each of them. */
const MOST_OF_ONE = 8;

export class KeptWeights {
  readonly #arena: Arena;
  readonly #seen = new WeakSet<DataId>();
  readonly #kept = new Map<DataId, Map<string, Kept>>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Whether a tensor was asked for before: then it is no passing value, and what is made of it is worth keeping. */
  isKnown(dataId: DataId): boolean {
    const isKnown = this.#seen.has(dataId);
    this.#seen.add(dataId);
    return isKnown;
  }

  /** What was kept of a tensor under a key, or what `make` makes now. The type follows from the key. */
  of<K extends Kept>(dataId: DataId, key: string, make: () => K): K {
    const ofTensor = this.#kept.get(dataId) ?? new Map<string, Kept>();
    const known = ofTensor.get(key);
    if (known !== undefined) return known as K;
    const kept = make();
    ofTensor.set(key, kept);
    this.#kept.set(dataId, ofTensor);
    if (ofTensor.size > MOST_OF_ONE) {
      const [[oldest, { packed }]] = ofTensor;
      ofTensor.delete(oldest);
      this.#arena.release(packed);
    }
    return kept;
  }

  /** Gives back what was kept of a tensor. */
  drop(dataId: DataId): void {
    for (const { packed } of this.#kept.get(dataId)?.values() ?? []) this.#arena.release(packed);
    this.#kept.delete(dataId);
  }

  clear(): void {
    for (const dataId of [...this.#kept.keys()]) this.drop(dataId);
  }
}
