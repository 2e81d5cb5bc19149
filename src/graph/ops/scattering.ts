/** What operations that write elements into a copy of their first input share. */

import { expectOneOf } from '../../check/options.ts';
import { NnpackError } from '../../errors.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import type { DoubleTensor } from '../values.ts';
import type { Given } from './operation.ts';
import { expectWhole, typeAt } from './settings.ts';

const REDUCTIONS = {
  none: (_old: number, update: number) => update,
  sum: (old: number, update: number) => old + update,
  product: (old: number, update: number) => old * update,
  max: (old: number, update: number) => (Number.isNaN(old) ? old : Math.max(old, update)),
  min: (old: number, update: number) => (Number.isNaN(old) ? old : Math.min(old, update)),
} as const;

/** What becomes of an element: the update, or what this makes of the element and the update. */
export type Reduction = keyof typeof REDUCTIONS;

export function parseReduction(who: string, { reduction }: Given): Reduction {
  const names = Object.keys(REDUCTIONS) as readonly Reduction[];
  return expectOneOf(who, 'reduction', reduction, names, 'invalid-argument');
}

/** Checks that indices are whole numbers, and updates of the type of what they update. */
export function expectUpdates(node: OpNode<object>, inputs: InputTypes): void {
  const [x, indices, updates] = [0, 1, 2].map((place) => typeAt(inputs, place));
  expectWhole(node, 'indices', indices);
  if (updates.dtype === x.dtype) return;
  const text = `updates are of type ${updates.dtype}, expected ${x.dtype} (the input's)`;
  throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
}

/** A copy of x in which each update has been taken, one after another, to its place. */
export function scattered(
  x: DoubleTensor,
  reduction: Reduction,
  updates: Iterable<readonly [place: number, update: number]>,
): DoubleTensor {
  const data = x.data.slice();
  for (const [place, update] of updates) data[place] = REDUCTIONS[reduction](data[place], update);
  return { shape: x.shape, data };
}
