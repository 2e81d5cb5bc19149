/**
 * Sums of products that an equation tells, `bhwc,bhwd->bcd`, as a product of stacks of matrices:
 *
 *     labels that both inputs and the output have   →   axes of the stack
 *     labels that both inputs have alone            →   columns of the first matrix, and rows of the second
 *     labels that one input and the output have     →   rows of the first, or columns of the second
 *     labels that one input has alone               →   are summed beforehand
 *
 * An ellipsis stands for axes without labels, lined up from the last; such an axis may be missing in one of the inputs.
 */
import { show } from '../errors.ts';
import type { Name, Size } from '../graph/values.ts';
import { reshaped } from './graph-operators/reshaping.ts';
import type { LayoutBuilder } from './layout-builder.ts';
import { knownSize } from './open-sizes.ts';
import { plainOrder } from './orders.ts';
import type { Value } from './value.ts';

/** A value whose axes have labels. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** What is multiplied, and how errors tell it. */
export interface Equation {
  readonly name: Name;
  readonly equation: string;
  readonly inputs: readonly Value[];
  input(place: number): Value;
  unsupported(what: string): never;
  invalid(what: string): never;
}

export function einsum(node: Equation, builder: LayoutBuilder): Value {
  const { inputs, output } = parseEquation(node);
  const summed = inputs.map((each, i) => {
    const others = new Set([...output, ...inputs.flatMap(({ labels }, j) => (i === j ? [] : labels))]);
    return summedOver(builder, each, (label) => !others.has(label), `${node.name}/sum`);
  });
  const [a, b] = summed;
  if (b === undefined) return inOrderOf(builder, a, output);
  return inOrderOf(builder, product(node, builder, a, b, output), output);
}

function parseEquation(node: Equation): { readonly inputs: readonly Labelled[]; readonly output: readonly string[] } {
  const equation = node.equation.replaceAll(' ', '');
  const [, left, right] = /^([a-zA-Z.,]*)->([a-zA-Z.]*)$/.exec(equation) ?? [];
  if (left === undefined) return node.unsupported(`the equation ${show(equation)}`);
  const terms = left.split(',');
  if (terms.length !== node.inputs.length)
    node.invalid(`equation has ${terms.length} terms for ${node.inputs.length} inputs`);
  if (terms.length > 2) node.unsupported(`an equation of ${terms.length} inputs`);
  const free = terms.map((term, i) =>
    term.includes('...') ? node.inputs[i].rank - term.replace('...', '').length : 0,
  );
  const most = Math.max(0, ...free);
  const inputs = terms.map((term, i): Labelled => ({ value: node.inputs[i], labels: labelsOf(term, free[i]) }));
  for (const { value, labels } of inputs) {
    if (labels.length !== value.rank) node.invalid(`equation has ${labels.length} labels for ${value.rank} axes`);
    if (new Set(labels).size !== labels.length) node.unsupported('a label that an input has twice');
  }
  const output = labelsOf(right, most);
  const known = new Set(inputs.flatMap(({ labels }) => labels));
  if (!output.every((label) => known.has(label)) || new Set(output).size !== output.length) {
    return node.invalid(`equation ${show(equation)} makes labels that no input has, or has one twice`);
  }
  return { inputs, output };
}

/** An axis without a label has the number that it has from the last. */
function labelsOf(term: string, free: number): readonly string[] {
  const [before, after] = term.split('...');
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: Math.max(free, 0) }, (_, i) => String(free - i)), ...after];
}

function summedOver(
  builder: LayoutBuilder,
  { value, labels }: Labelled,
  isSummed: (label: string) => boolean,
  hint: string,
) {
  const axes = plainOrder(labels.length).filter((axis) => isSummed(labels[axis]));
  if (axes.length === 0) return { value, labels };
  const left = labels.filter((label) => !isSummed(label));
  return { value: builder.reduction(value, 'sum', axes, false, hint), labels: left };
}

function product(
  node: Equation,
  builder: LayoutBuilder,
  a: Labelled,
  b: Labelled,
  output: readonly string[],
): Labelled {
  const inBoth = a.labels.filter((label) => b.labels.includes(label));
  const stack = inBoth.filter((label) => output.includes(label));
  const inner = inBoth.filter((label) => !output.includes(label));
  const rows = a.labels.filter((label) => !inBoth.includes(label));
  const columns = b.labels.filter((label) => !inBoth.includes(label));
  const isLayer = stack.length === 0 && inner.length === 1 && columns.length === 1 && b.value.constant !== null;
  if (isLayer && a.labels.at(-1) === inner[0] && b.labels[0] === inner[0] && a.value.dtype === 'float32') {
    return { value: builder.dense(a.value, b.value, null, node.name), labels: [...rows, ...columns] };
  }
  const first = merged(node, builder, a, [...stack.map((label) => [label]), rows, inner]);
  const second = merged(node, builder, b, [...stack.map((label) => [label]), inner, columns]);
  const made = builder.apply('matrix-product', [first, second], {}, node.name);
  const sizeOf = ({ value, labels }: Labelled, label: string): Size => value.shape[labels.indexOf(label)];
  const sizes = [
    ...stack.map((_, i) => made.shape[i]),
    ...rows.map((label) => sizeOf(a, label)),
    ...columns.map((label) => sizeOf(b, label)),
  ];
  const labels = [...stack, ...rows, ...columns];
  return { value: reshaped(node, builder, made, sizes.map(knownSize), `${node.name}/product`), labels };
}

/** The axes of each group as one. */
function merged(
  node: Equation,
  builder: LayoutBuilder,
  { value, labels }: Labelled,
  groups: readonly (readonly string[])[],
): Value {
  const turned = inOrderOf(builder, { value, labels }, groups.flat());
  if (groups.every((group) => group.length === 1)) return turned;
  let axis = 0;
  const sizes = groups.map((group) => {
    const own = turned.shape.slice(axis, axis + group.length);
    axis += group.length;
    if (own.length === 1) return knownSize(own[0]);
    return own.every((size) => typeof size === 'number') ? own.reduce((all, size) => all * size, 1) : null;
  });
  return reshaped(node, builder, turned, sizes, `${node.name}/matrices`);
}

function inOrderOf(builder: LayoutBuilder, { value, labels }: Labelled, wanted: readonly string[]): Value {
  const permutation = wanted.map((label) => labels.indexOf(label));
  return permutation.every((axis, i) => axis === i) ? value : builder.transpose(value, permutation);
}
