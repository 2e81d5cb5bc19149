/**
 * What a graph computes of shapes before any size is known. A model made for any batch takes the batch off its input and
 * puts it into a list for Reshape: such lists are followed here, element by element.
 *
 *     Shape(x: [N, 7, 7, 64]) → [N, 7, 7, 64]   StridedSlice → N   Pack(N, 3136) → [N, 3136]   2 · N + 1 stays that
 */

import type { NodeReader } from './node-reader.ts';
import { type KnownSize, knownSize, productOf, type SizesOf, sumOf } from './open-sizes.ts';
import type { Value } from './value.ts';

/** Lists of shapes have few elements. */
const MOST = 64;

export class KnownSizes {
  readonly #lists = new WeakMap<Value, readonly KnownSize[]>();

  /** The elements of a list, or of a single number; undefined where nothing is known of it. */
  readonly of: SizesOf = (value: Value) => {
    const isList = value.rank <= 1 && value.type.elements !== undefined;
    const told = isList ? value.type.elements?.().data : undefined;
    if (told !== undefined) return told.length <= MOST ? [...told] : undefined;
    return this.#lists.get(value);
  };

  /** Remembers what is known of what a node has made. */
  note(node: NodeReader, output: Value): void {
    if (output.rank > 1 || output.type.elements !== undefined) return;
    const made = RULES.get(node.op)?.(node, this.of);
    if (made !== undefined && made.length <= MOST) this.#lists.set(output, made);
  }
}

type Rule = (node: NodeReader, sizesOf: SizesOf) => readonly KnownSize[] | undefined;

const first: Rule = (node, sizesOf) => sizesOf(node.input(0));

function joined(values: readonly Value[], sizesOf: SizesOf): readonly KnownSize[] | undefined {
  const lists = values.map((value) => sizesOf(value));
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}

/** Element by element; a single number goes with each of a list. */
function pairwise(f: (a: KnownSize, b: KnownSize) => KnownSize): Rule {
  return (node, sizesOf) => {
    const [a, b] = [sizesOf(node.input(0)), sizesOf(node.input(1))];
    if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return undefined;
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(a[i % a.length], b[i % b.length]));
  };
}

const ofNumbers = (f: (a: number, b: number) => number) =>
  pairwise((a, b) => (typeof a === 'number' && typeof b === 'number' ? f(a, b) : null));

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Shape', (node) => node.input(0).shape.map(knownSize)],
  ...['Identity', 'Cast', 'Reshape', 'ExpandDims', 'Squeeze', 'StopGradient', 'Snapshot'].map((op): [string, Rule] => [
    op,
    first,
  ]),
  ['Pack', (node, sizesOf) => joined(node.inputs, sizesOf)],
  ['ConcatV2', (node, sizesOf) => joined(node.inputs.slice(0, -1), sizesOf)],
  ['Add', pairwise(sumOf)],
  ['AddV2', pairwise(sumOf)],
  ['Sub', pairwise((a, b) => sumOf(a, productOf(b, -1)))],
  ['Mul', pairwise(productOf)],
  ['FloorDiv', ofNumbers((a, b) => Math.floor(a / b))],
  ['Maximum', ofNumbers(Math.max)],
  ['Minimum', ofNumbers(Math.min)],
  [
    'Prod',
    (node, sizesOf) => sizesOf(node.input(0))?.reduce<KnownSize[]>(([all], size) => [productOf(all, size)], [1]),
  ],
  [
    'GatherV2',
    (node, sizesOf) => {
      const [sizes, places] = [sizesOf(node.input(0)), node.numbersIfKnown(1)];
      return sizes && places?.map((place) => sizes.at(place) ?? null);
    },
  ],
  [
    'StridedSlice',
    (node, sizesOf) => {
      const [sizes, starts, ends, steps] = [sizesOf(node.input(0)), ...[1, 2, 3].map((i) => node.numbersIfKnown(i))];
      if (sizes === undefined || !starts || !ends || !steps || starts.length !== 1 || steps[0] !== 1) return undefined;
      const [start, end] = [flagged(node, 'begin_mask') ? 0 : starts[0], flagged(node, 'end_mask') ? MOST : ends[0]];
      if (flagged(node, 'ellipsis_mask') || flagged(node, 'new_axis_mask')) return undefined;
      if (flagged(node, 'shrink_axis_mask')) return [sizes.at(starts[0]) ?? null];
      return sizes.slice(start, end);
    },
  ],
]);

/** Whether a mask has a bit for the first axis. */
function flagged(node: NodeReader, mask: string): boolean {
  return (node.int(mask, 0) & 1) === 1;
}
