import { expectBoolean } from '../../check/options.ts';
import { NnpackError, show } from '../../errors.ts';
import { type OpNode, type Sizes, whoIs } from '../node.ts';
import { type Size, shapeText } from '../values.ts';
import type { Operation } from './operation.ts';
import { listOf, typeAt } from './settings.ts';
import { reshaping } from './view.ts';

/**
 * The first input's elements in the same order, in the shape that the second lists. One of its sizes may be −1: the
 * one that leaves no element over.
 */
export interface ReshapeAttributes {
  /** A 0 stands for the input's size of that axis, and not for no elements. */
  readonly copiesZeros: boolean;
}

type ReshapeNode = OpNode<ReshapeAttributes>;

export const reshape: Operation<ReshapeAttributes> = reshaping(
  {
    inputs: { least: 2, most: 2 },
    fields: { copiesZeros: true },
    check(who, { copiesZeros }) {
      expectBoolean(who, 'copiesZeros', copiesZeros);
      return { copiesZeros };
    },
  },
  (node, inputs) => {
    const { shape } = typeAt(inputs, 0);
    const list = listOf(node, 'shape', inputs[1]);
    return list ? reshaped(node, shape, list) : null;
  },
);

function reshaped(node: ReshapeNode, from: readonly Size[], list: readonly number[]): Sizes {
  const isCopied = (size: number) => size === 0 && node.attributes.copiesZeros;
  const isValid = list.every((size, axis) => (isCopied(size) ? axis < from.length : size >= -1));
  const open = list.indexOf(-1);
  if (!isValid || open !== list.lastIndexOf(-1)) throw misfit(node, from, list);
  const told = list.map((size, axis) => (isCopied(size) ? from[axis] : size));
  const whole = counted(from);
  const rest = counted(told.filter((_, axis) => axis !== open));
  for (const name of [...rest.names]) {
    if (!whole.names.includes(name)) continue;
    whole.names.splice(whole.names.indexOf(name), 1);
    rest.names.splice(rest.names.indexOf(name), 1);
  }
  const isKnown = whole.names.length === 0 && rest.names.length === 0;
  if (open < 0) {
    if (isKnown && whole.count !== rest.count) throw misfit(node, from, list);
    return told;
  }
  const missing = whole.count / rest.count;
  if (isKnown && !Number.isInteger(missing)) throw misfit(node, from, list);
  const isName = whole.names.length === 1 && rest.names.length === 0 && missing === 1;
  const size = isKnown ? missing : isName ? whole.names[0] : null;
  return told.map((other, axis) => (axis === open ? size : other));
}

/** The product of sizes: of the numbers, and the names. */
function counted(sizes: readonly Size[]) {
  const count = sizes.reduce((product: number, size) => (typeof size === 'number' ? product * size : product), 1);
  return { count, names: sizes.filter((size) => typeof size === 'string') };
}

function misfit(node: ReshapeNode, from: readonly Size[], list: readonly number[]): NnpackError {
  const text = `shape is ${show([...list])}, expected one of as many elements as ${shapeText(from)}`;
  return new NnpackError('invalid-input-size', `${whoIs(node)}: ${text}`);
}
