/** Small symbols, as the generations of MXNet wrote them. */

export interface JsonNode {
  op: string;
  name: string;
  inputs: number[][];
  [field: string]: unknown;
}

export interface JsonSymbol {
  nodes: JsonNode[];
  arg_nodes: number[];
  heads: number[][];
  [field: string]: unknown;
}

const GENERATIONS = {
  '0.8': { under: 'param', end: [0], version: undefined },
  '0.9': { under: 'attr', end: [0, 0], version: 905 },
  '1.0': { under: 'attrs', end: [0, 0], version: 10000 },
} as const;

export type Generation = keyof typeof GENERATIONS;

/** A convolution, a relu and a sum of both. */
export function symbolOf(generation: Generation): JsonSymbol {
  const { under, end, version } = GENERATIONS[generation];
  const old = generation === '0.8' ? { backward_source_id: -1 } : {};
  const to = (node: number) => [node, ...end];
  const kernel = { kernel: '(3L, 3)', num_filter: '4' };
  const nodes: JsonNode[] = [
    { op: 'null', name: 'data', inputs: [], ...old },
    { op: 'null', name: 'conv_weight', [under]: generation === '0.8' ? {} : kernel, inputs: [], ...old },
    { op: 'null', name: 'conv_bias', [under]: { __lr_mult__: '2.0' }, inputs: [], ...old },
    { op: 'Convolution', name: 'conv', [under]: kernel, inputs: [to(0), to(1), to(2)], ...old },
    { op: 'Activation', name: 'relu', [under]: { act_type: 'relu' }, inputs: [to(3)], ...old },
    { op: 'elemwise_add', name: 'sum', inputs: [to(3), to(4)], ...old },
  ];
  const base = { nodes, arg_nodes: [0, 1, 2], heads: [to(5)] };
  if (version === undefined) return base;
  return { ...base, node_row_ptr: [0, 1, 2, 3, 4, 5, 6], attrs: { mxnet_version: ['int', version] } };
}

export function chainOf(count: number): JsonSymbol {
  const nodes = Array.from({ length: count }, (_, i): JsonNode => {
    return i === 0 ? { op: 'null', name: 'data', inputs: [] } : { op: 'relu', name: `r${i}`, inputs: [[i - 1, 0, 0]] };
  });
  return { nodes, arg_nodes: [0], heads: [[count - 1, 0, 0]] };
}
