/** A model of many operators, and drawn changes of it, each of which a writer could make. */
import fc from 'fast-check';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  Model,
  NodeProto,
  TensorProto,
  ValueInfo,
} from '../../src/onnx/proto.ts';
import { attribute, info, modelOf, node, whole } from './one-node.ts';

/** A model of many operators, with weights, lists of sizes, a function and a quantised part. */
export function manyNodes(): Model {
  const nodes = [
    node('Conv', ['x', 'k', 'b'], ['c'], { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] }),
    node('LeakyRelu', ['c'], ['r'], { alpha: { float: 0.1 } }),
    node('MaxPool', ['r'], ['p', 'i'], { kernel_shape: [2, 2], ceil_mode: 1 }),
    node('Resize', ['p', '', 's'], ['u'], { mode: 'linear' }),
    node('ConvTranspose', ['u', 't'], ['v'], { strides: [2, 2], output_padding: [1, 1] }),
    node('Shape', ['v'], ['n']),
    node('Slice', ['n', 'from', 'to'], ['m']),
    node('Concat', ['m', 'rest'], ['shape'], { axis: 0 }),
    node('Reshape', ['v', 'shape'], ['f']),
    node('DequantizeLinear', ['q', 'scale', 'zero'], ['w']),
    node('MatMul', ['f', 'w'], ['g']),
    { ...node('Twice', ['g'], ['h']), domain: 'local' },
    node('Softmax', ['h'], ['y'], { axis: -1 }),
    node('TopK', ['y', 'top'], ['best', 'where']),
  ];
  const count = (shape: readonly number[]) => ({
    shape,
    numbers: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 5) - 2),
  });
  const constants = {
    ...{ k: count([2, 1, 3, 3]), b: count([2]), s: { shape: [4], numbers: [1, 1, 2, 2] }, t: count([2, 1, 2, 2]) },
    ...{ from: whole(0), to: whole(1), rest: whole(-1), top: whole(2) },
    ...{
      q: { ...count([169, 3]), dtype: 'int8' as const },
      scale: { shape: [], numbers: [0.5] },
      zero: { shape: [], numbers: [1], dtype: 'int8' as const },
    },
  };
  const model = modelOf(nodes, {
    opset: 17,
    inputs: { x: count([1, 1, 8, 8]) },
    constants,
    outputs: ['y', 'best', 'where', 'i'],
  });
  const twice: FunctionProto = {
    ...{
      name: 'Twice',
      domain: 'local',
      overload: '',
      inputs: ['a'],
      outputs: ['b'],
      attributes: [],
      defaults: new Map(),
    },
    ...{ nodes: [node('Add', ['a', 'a'], ['b'])], opsets: new Map([['', 17]]), valueInfo: [] },
  };
  return { ...model, functions: [twice] };
}

/** Whole numbers that are common, and those beyond what is kept of a file; what lies between would only take its time. */
const WHOLE = [0, 1, 1, 2, 3, 7, -1, -2, -3, -(2 ** 31), 2 ** 31, 2 ** 52];
const REAL = [0, -0, 0.5, 1, 2, -1, 1e-40, 1e10, 1e30, -1e30, Number.NaN, Infinity, -Infinity];
const TEXTS = ['', 'linear', 'cubic', 'reflect', 'SAME_UPPER', 'align_corners', 'tf_crop_and_resize', '__proto__'];
const KINDS = [
  ...['input', 'inputs', 'output', 'outputs', 'operator', 'attributes', 'attribute', 'values', 'type'],
  ...['size', 'sizes', 'shape', 'version', 'node', 'constant'],
] as const;

/** One change: what is changed, which of them, and what takes its place. */
const change = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat({ max: 255 }),
  place: fc.nat({ max: 255 }),
  by: fc.nat({ max: 255 }),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** The model with one to three changes. */
export function changedModels(model: Model): fc.Arbitrary<Model> {
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((changed, each) => apply(changed, each), model));
}

const pick = <T>(list: readonly T[], by: number): T => list[by % list.length];

/** The list with another item at a place; empty ones stay as they are. */
function withItem<T>(list: readonly T[], at: number, item: (before: T) => T): readonly T[] {
  return list.map((before, i) => (i === at % list.length ? item(before) : before));
}

function apply(model: Model, { kind, at, place, by }: Change): Model {
  const { graph } = model;
  const withGraph = (fields: Partial<GraphProto>): Model => ({ ...model, graph: { ...graph, ...fields } });
  const withNode = (of: (before: NodeProto) => Partial<NodeProto>) =>
    withGraph({ nodes: withItem(graph.nodes, at, (before) => ({ ...before, ...of(before) })) });
  const withConstant = (of: (before: TensorProto) => Partial<TensorProto>) =>
    withGraph({ initializers: withItem(graph.initializers, at, (before) => ({ ...before, ...of(before) })) });
  const name = pick(['', ...new Set(graph.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]))], by);
  const other = pick(graph.nodes, by);
  switch (kind) {
    case 'input':
      return withNode(({ inputs }) => ({ inputs: withItem(inputs, place, () => name) }));
    case 'inputs':
      return withNode(({ inputs }) => ({ inputs: place % 2 === 0 ? inputs.slice(0, -1) : [...inputs, name] }));
    case 'output':
      return withNode(({ outputs }) => ({ outputs: withItem(outputs, place, () => name) }));
    case 'outputs':
      return withNode(({ outputs }) => ({ outputs: place % 2 === 0 ? outputs.slice(0, -1) : [...outputs, name] }));
    case 'operator':
      return withNode(() => ({ opType: other.opType, domain: other.domain }));
    case 'attributes':
      return withNode(() => ({ attributes: other.attributes }));
    case 'attribute':
      return withNode(({ attributes }) => {
        const list = withItem([...attributes.values()], place, (before) => changedAttribute(before, by));
        return { attributes: new Map(list.map((each) => [each.name, each])) };
      });
    case 'values':
      return withConstant((before) => changedValues(before, place, by));
    case 'type':
      return withConstant(() => ({ dataType: by % 24 }));
    case 'size':
      return withConstant(({ dims }) => ({ dims: withItem(dims, place, () => pick(WHOLE, by)) }));
    case 'sizes':
      return withConstant(({ dims }) => ({ dims: place % 2 === 0 ? dims.slice(0, -1) : [...dims, 1] }));
    case 'shape':
      return withGraph({ inputs: withItem(graph.inputs, at, (before) => changedInput(before, place, by)) });
    case 'version':
      return { ...model, opsets: new Map([['', by % 27]]) };
    case 'node':
      return withGraph({ nodes: graph.nodes.filter((_, i) => i !== at % graph.nodes.length) });
    case 'constant':
      return withGraph({ initializers: graph.initializers.filter((_, i) => i !== at % graph.initializers.length) });
  }
}

function changedAttribute(before: AttributeProto, by: number): AttributeProto {
  const { name } = before;
  if (before.type === 'ints') {
    const list = withItem(before.value.map(Number), by, () => pick(WHOLE, by));
    return attribute(name, by % 5 === 0 ? [...list, 1] : list);
  }
  if (before.type === 'int') return attribute(name, pick(WHOLE, by));
  if (before.type === 'float') return attribute(name, { float: pick(REAL, by) });
  return attribute(name, pick(TEXTS, by));
}

/** One of its numbers is another. */
function changedValues({ floatData, int32Data, int64Data }: TensorProto, place: number, by: number) {
  const at = (list: { readonly length: number }) => place % Math.max(list.length, 1);
  return {
    floatData: floatData?.with(at(floatData), pick(REAL, by)) ?? null,
    int32Data: int32Data?.with(at(int32Data), pick(WHOLE, by)) ?? null,
    int64Data: int64Data?.with(at(int64Data), BigInt(pick(WHOLE, by))) ?? null,
  };
}

const SHAPES = [[], [1], [8], [1, 8, 8], [0, 1, 8, 8], [1, 1, 8, 0], [1, 2, 8, 8], ['N', 1, 'H', 8], [null, 1, 1, 1]];
const DTYPES = ['float32', 'float16', 'bfloat16', 'float64', 'int64', 'bool'] as const;

function changedInput({ name }: ValueInfo, place: number, by: number): ValueInfo {
  return info(name, pick(SHAPES, place), pick(DTYPES, by < 128 ? 0 : by));
}
