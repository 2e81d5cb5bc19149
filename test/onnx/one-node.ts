/** Files of few nodes, written, read and run. */
import type { ModelGraph } from '../../src/graph/model-graph.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { type Dtype, parameterOf, type Size } from '../../src/graph/values.ts';
import { dataTypeNumber, dataTypeOf } from '../../src/onnx/data-types.ts';
import { readOnnxModel } from '../../src/onnx/index.ts';
import type { AttributeProto, Model, NodeProto, TensorProto, ValueInfo } from '../../src/onnx/proto.ts';
import { graphProto, modelProto, nodeProto, tensorProto } from './draw.ts';
import { writeModel } from './write.ts';

/** Whole numbers as they are, others as `{ float }`. */
export type Value = number | string | readonly number[] | { readonly float: number } | { readonly floats: number[] };

export interface Numbers {
  readonly shape: readonly number[];
  readonly numbers: ArrayLike<number>;
  readonly dtype?: Dtype;
}

/** A list of whole numbers. */
export const whole = (...numbers: number[]): Numbers => ({ shape: [numbers.length], numbers, dtype: 'int64' });

export function attribute(name: string, value: Value): AttributeProto {
  if (typeof value === 'string') return { name, type: 'string', value };
  if (typeof value === 'number') return { name, type: 'int', value };
  if ('float' in value) return { name, type: 'float', value: value.float };
  return 'floats' in value ? { name, type: 'floats', value: value.floats } : { name, type: 'ints', value };
}

export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Value>> = {},
): NodeProto {
  const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return { ...nodeProto(opType, list), name: outputs[0] ?? '', inputs, outputs };
}

export function info(name: string, shape: readonly (Size | null)[] | null, dtype: Dtype = 'float32'): ValueInfo {
  return { name, type: { kind: 'tensor', elements: dataTypeOf(dataTypeNumber(dtype)), shape } };
}

const FIELDS: Readonly<Partial<Record<Dtype, (numbers: Float64Array) => Partial<TensorProto>>>> = {
  float32: (numbers) => ({ floatData: Float32Array.from(numbers) }),
  int64: (numbers) => ({ int64Data: BigInt64Array.from(numbers, BigInt) }),
  float64: (numbers) => ({ doubleData: numbers }),
};

export function constant(name: string, { shape, numbers, dtype = 'float32' }: Numbers): TensorProto {
  const all = Float64Array.from(numbers);
  const fields = FIELDS[dtype]?.(all) ?? { int32Data: Int32Array.from(all) };
  return tensorProto({ name, dims: shape, dataType: dataTypeNumber(dtype), ...fields });
}

export interface Given {
  readonly opset?: number;
  readonly inputs?: Readonly<Record<string, Numbers>>;
  readonly constants?: Readonly<Record<string, Numbers>>;
  readonly outputs?: readonly string[];
  readonly valueInfo?: readonly ValueInfo[];
}

/** The model of nodes, whose last makes the outputs where none are told. */
export function modelOf(nodes: readonly NodeProto[], given: Given = {}): Model {
  const { opset = 22, inputs = {}, constants = {}, outputs = nodes.at(-1)?.outputs ?? [], valueInfo = [] } = given;
  const graph = graphProto({
    nodes,
    inputs: Object.entries(inputs).map(([name, { shape, dtype }]) => info(name, shape, dtype)),
    initializers: Object.entries(constants).map(([name, numbers]) => constant(name, numbers)),
    outputs: outputs.filter((name) => name !== '').map((name) => ({ name, type: null })),
    valueInfo,
  });
  return modelProto(graph, { opsets: new Map([['', opset]]) });
}

export function read(nodes: readonly NodeProto[], given: Given = {}): ModelGraph {
  return readOnnxModel(writeModel(modelOf(nodes, given)));
}

/** What a file makes of the inputs: shapes and numbers by name. */
export function run(nodes: readonly NodeProto[], given: Given): Record<string, { shape: number[]; numbers: number[] }> {
  const { graph } = read(nodes, given);
  const inputs = Object.entries(given.inputs ?? {}).map(([name, { shape, numbers, dtype = 'float32' }]) => {
    const { data } = parameterOf({ shape, data: Float64Array.from(numbers) }, dtype, 'constant');
    return [name, { shape, data }] as const;
  });
  const made = runGraph(graph, Object.fromEntries(inputs));
  return Object.fromEntries(
    Object.entries(made).map(([name, { shape, data }]) => [
      name,
      { shape: [...shape], numbers: Array.from(data, Number) },
    ]),
  );
}
