/** Small models of MXNet, written as its files are. */

import { runByDefinition } from '../../src/graph/evaluate.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { type Dtype, doublesOf, parameterOf } from '../../src/graph/values.ts';
import type { MxnetFileContents } from '../../src/mxnet/files.ts';
import { parseFiles } from '../../src/mxnet/files.ts';
import { graphOfMxnet, type InputShapes } from '../../src/mxnet/graph-of-mxnet.ts';
import { makeArray } from '../../src/tensor/ndarray.ts';
import type { JsonNode, JsonSymbol } from './symbols.ts';
import { bytesOf, FLAGS, paramsBytes } from './writer.ts';

/** A node of a written model: the operator, its attributes, and what it reads: names of nodes, or `name:1` for another output. */
export interface Written {
  readonly op: string;
  readonly name: string;
  readonly attrs?: Readonly<Record<string, string>>;
  readonly inputs?: readonly string[];
}

export type Array = readonly [shape: readonly number[], numbers: readonly number[]];

/** The two files of a model: variables are what nodes read and no node makes. */
export function written(
  nodes: readonly Written[],
  arrays: Readonly<Record<string, Array>> = {},
  heads?: readonly string[],
): MxnetFileContents {
  const made = new Set(nodes.map(({ name }) => name));
  const nameOf = (end: string) => end.replace(/:\d+$/, '');
  const variables = [...new Set(nodes.flatMap(({ inputs = [] }) => inputs.map(nameOf)))].filter(
    (name) => !made.has(name),
  );
  const all: Written[] = [...variables.map((name) => ({ op: 'null', name })), ...nodes];
  const place = (end: string) => [
    all.findIndex(({ name }) => name === nameOf(end)),
    Number(/:(\d+)$/.exec(end)?.[1] ?? 0),
    0,
  ];
  const symbol: JsonSymbol = {
    nodes: all.map(({ op, name, attrs, inputs = [] }): JsonNode => ({ op, name, attrs, inputs: inputs.map(place) })),
    arg_nodes: variables.map((_, i) => i),
    heads: (heads ?? [nodes[nodes.length - 1].name]).map(place),
    attrs: { mxnet_version: ['int', 10901] },
  };
  const params = paramsBytes(
    Object.entries(arrays).map(([name, [shape, numbers]]) => {
      return {
        name: `arg:${name}`,
        form: 2 as const,
        shape,
        type: FLAGS.float32,
        elements: bytesOf(Float32Array.from(numbers)),
      };
    }),
  );
  return { symbol: JSON.stringify(symbol), params };
}

/** A convolution of ones, its relu, and the sum of both. */
export function smallMxnet(): MxnetFileContents {
  const attrs = { kernel: '(3, 3)', num_filter: '2', pad: '(1, 1)' };
  return written(
    [
      { op: 'Convolution', name: 'conv', attrs, inputs: ['data', 'conv_weight', 'conv_bias'] },
      { op: 'Activation', name: 'relu', attrs: { act_type: 'relu' }, inputs: ['conv'] },
      { op: 'elemwise_add', name: 'sum', inputs: ['conv', 'relu'] },
    ],
    { conv_weight: [[2, 1, 3, 3], new Array<number>(18).fill(1)], conv_bias: [[2], [-40, 1]] },
  );
}

export function graphOf(files: MxnetFileContents, shapes: InputShapes = {}): Graph {
  return graphOfMxnet(parseFiles(files), shapes).graph;
}

/** An input of a run: its shape, numbers and type. */
export type Input = readonly [shape: readonly number[], numbers: readonly number[], dtype?: Dtype];
export type Output = readonly [shape: readonly number[], numbers: readonly number[]];

/** What a model makes of inputs, by its kernels and by its definition. */
export function outputsOf(
  files: MxnetFileContents,
  inputs: Readonly<Record<string, Input>>,
): Readonly<Record<'run' | 'definition', readonly Output[]>> {
  const types = Object.entries(inputs).map(([name, [shape, , dtype = 'float32']]) => [name, { dtype, shape }]);
  const graph = graphOf(files, Object.fromEntries(types));
  const tensors = Object.entries(inputs).map(([name, [shape, numbers, dtype = 'float32']]) => {
    return [name, parameterOf({ shape, data: Float64Array.from(numbers) }, dtype, 'constant')] as const;
  });
  const made = runGraph(
    graph,
    Object.fromEntries(tensors.map(([name, { type, data }]) => [name, makeArray(data, type.shape)])),
  );
  const values = runByDefinition(graph, new Map(tensors.map(([name, parameter]) => [name, doublesOf(parameter)])));
  const plain = ({ shape, data }: { shape: readonly number[]; data: ArrayLike<number | bigint> }): Output => {
    return [[...shape], Array.from(data, Number)];
  };
  return {
    run: graph.outputs.map((name) => plain(made[name])),
    definition: graph.outputs.map((name) =>
      plain(values.get(name) as { shape: readonly number[]; data: Float64Array }),
    ),
  };
}
