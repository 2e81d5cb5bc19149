/** What a node of one operator makes of numbers small enough for the head. */
import { runGraph } from '../../src/graph/index.ts';
import { type Constant, type GraphFile, graphFile, ints, type NodeDef, placeholder, read, text } from './graph-def.ts';

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a node makes of x and constants. */
export async function made(
  x: Numbers,
  op: string,
  inputs: readonly ('x' | Constant)[],
  attr: NodeDef['attr'] = {},
  outputs = 1,
): Promise<readonly Numbers[]> {
  const { graph } = await read(fileOf(placeholder('x', x.shape), op, inputs, attr, outputs));
  const y = runGraph(graph, { x: { data: Float32Array.from(x.data), shape: x.shape } });
  return Object.values(y).map(({ data, shape }) => ({ shape, data: Array.from(data, Number) }));
}

/** A model of one node that reads a placeholder x and constants. */
export function fileOf(
  x: NodeDef,
  op: string,
  inputs: readonly ('x' | Constant)[],
  attr: NodeDef['attr'] = {},
  outputs = 1,
): GraphFile {
  const constants = Object.fromEntries(inputs.flatMap((given, i) => (given === 'x' ? [] : [[`k${i}`, given]])));
  const node = { name: 'y', op, input: inputs.map((given, i) => (given === 'x' ? 'x' : `k${i}`)), attr };
  const named = Object.fromEntries(Array.from({ length: outputs }, (_, i) => [`y${i}`, `y:${i}`]));
  return graphFile([x, node], constants, named);
}

export const counting = (...shape: number[]): Numbers => {
  return { shape, data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1) };
};
export const row = (...data: number[]): Numbers => ({ shape: [data.length], data });
export const picture = (...data: number[]): Numbers => ({ shape: [1, 1, data.length, 1], data });
export const VALID = { strides: ints(1, 1, 1, 1), padding: text('VALID'), data_format: text('NHWC') };
export const SAME = { ...VALID, padding: text('SAME') };
