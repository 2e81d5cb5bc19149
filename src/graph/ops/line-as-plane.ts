/**
 * Windows along lines are windows over planes of one row, which have kernels:
 *
 *     f(x[N, C, W])   →   squeeze(f(unsqueeze(x)[N, C, 1, W]))
 *
 * A kernel that is a parameter gets its row where it stands, and views cost nothing.
 */
import type { InputTypes, OpNode } from '../node.ts';
import type { Parameter } from '../values.ts';
import type { Parts, SpecialNode, Weights } from './operation.ts';
import type { AxesPadding, WindowAttributes } from './windows-nd.ts';

interface LineAttributes extends WindowAttributes {
  /** Of a pooling. */
  readonly size?: readonly number[];
}

/** Where the row stands in an input, and in a kernel. */
const ROW_AXIS = 2;

/** A node over lines with one output, whose kernel is known if it has one; null for others. */
export function lineAsPlane(
  node: OpNode<LineAttributes>,
  [x]: InputTypes,
  [, kernel]: Weights,
  parts: Parts,
): SpecialNode | null {
  const [input, weights, ...others] = node.inputs;
  // Places of maxima are counted otherwise.
  const isOfLines = node.outputs.length === 1 && x?.dtype === 'float32' && x.shape.length === 3;
  if (!isOfLines || (weights !== undefined && !kernel)) return null;
  const row = parts.parameter('row', {
    ...{ type: { dtype: 'int64', shape: [1] }, data: BigInt64Array.of(BigInt(ROW_AXIS)), role: 'constant' },
  });
  const own = kernel ? [parts.parameter('kernel', withRow(kernel)), ...others] : [];
  const plane = parts.value('plane', 'unsqueeze', [input, row], {});
  const made = parts.value('planes', node.op, [plane, ...own], overPlanes(node.attributes));
  return { op: 'squeeze', inputs: [made, row], attributes: {} };
}

function withRow({ type: { dtype, shape }, data, role }: Parameter): Parameter {
  return { type: { dtype, shape: [...shape.slice(0, ROW_AXIS), 1, ...shape.slice(ROW_AXIS)] }, data, role };
}

function overPlanes(attributes: LineAttributes): LineAttributes {
  const { stride, dilation, padding, size } = attributes;
  return {
    ...attributes,
    ...(size && { size: [1, ...size] }),
    ...(stride && { stride: [1, ...stride] }),
    ...(dilation && { dilation: [1, ...dilation] }),
    ...(padding && { padding: ofPlanes(padding) }),
  };
}

/** A row of one window has no padding of its own, whatever the rule. */
function ofPlanes(padding: AxesPadding): AxesPadding {
  return typeof padding === 'string' ? padding : { before: [0, ...padding.before], after: [0, ...padding.after] };
}
