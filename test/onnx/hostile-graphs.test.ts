/** Files that can be parsed and whose graphs make no sense, cost much or name what is not theirs. */
import { describe, expect, it } from 'vitest';
import type { NnpackError } from '../../src/errors.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { readOnnxModel } from '../../src/onnx/index.ts';
import type { FunctionProto, GraphProto, Model, NodeProto } from '../../src/onnx/proto.ts';
import { failure } from '../support/failure.ts';
import { graphProto, modelProto, tensorProto } from './draw.ts';
import { constant, type Given, info, modelOf, type Numbers, node, read, run, whole } from './one-node.ts';
import { writeModel } from './write.ts';

const x: Numbers = { shape: [2, 2], numbers: [1, 2, 3, 4] };
const pixels: Numbers = { shape: [1, 1, 2, 2], numbers: [1, 2, 3, 4] };
const kernel: Numbers = { shape: [1, 1, 1, 1], numbers: [1] };
const scalar = (number: number): Numbers => ({ shape: [], numbers: [number], dtype: 'int64' });
const relu = node('Relu', ['x'], ['y']);
const fromGraph = (fields: Partial<GraphProto>) => {
  const inputs = [info('x', [2, 2])];
  return readOnnxModel(
    writeModel(modelProto(graphProto({ nodes: [relu], inputs, outputs: [info('y', null)], ...fields }))),
  );
};

/** Reading and running end within 256 MiB of arrays and two seconds; time is not looked at here. */
function refusal(work: () => unknown): [string, string] {
  const before = process.memoryUsage().arrayBuffers;
  const { code, message } = failure(work);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
  expect(message.length).toBeLessThan(700);
  return [code, message];
}

describe('names', () => {
  it.each<[string, () => unknown, string]>([
    ['two nodes', () => read([relu, node('Abs', ['x'], ['y'])], { inputs: { x } }), "two values are named 'y'"],
    ['one node twice', () => read([node('Split', ['x'], ['y', 'y'])], { inputs: { x } }), "two values are named 'y'"],
    ['a node and an input', () => read([node('Relu', ['x'], ['x'])], { inputs: { x } }), "two values are named 'x'"],
    [
      'a node and an initializer',
      () => read([node('Relu', ['x'], ['w'])], { inputs: { x }, constants: { w: x } }),
      "two values are named 'w'",
    ],
    [
      'two initializers',
      () => fromGraph({ initializers: [constant('w', x), constant('w', x)] }),
      "model: it has the initializer 'w' twice",
    ],
    [
      'two inputs',
      () => fromGraph({ inputs: [info('x', [2, 2]), info('x', [2, 2])] }),
      "model: it has the input 'x' twice",
    ],
    ['none that is an initializer', () => fromGraph({ initializers: [constant('', x)] }), 'a value has no name'],
    ['none that is an output', () => fromGraph({ outputs: [info('', null)] }), 'a value has no name'],
    ['a prototype', () => fromGraph({ initializers: [constant('__proto__', x)] }), "a value is named '__proto__'"],
  ])('made by %s are refused', (_, work, text) => {
    expect(refusal(work)).toEqual(['invalid-model', expect.stringContaining(text)]);
  });

  it.each<[string, () => unknown, string]>([
    ['an output', () => read([relu], { inputs: { x }, outputs: ['z'] }), "nothing computes the output 'z'"],
    ['an input of a node', () => read([node('Relu', ['q'], ['y'])], { inputs: { x } }), "reads 'q', which nothing"],
    ['any output', () => read([relu], { inputs: { x }, outputs: [] }), 'expected at least one output'],
    ['a node that can come first', () => read([node('Add', ['x', 'y'], ['y'])], { inputs: { x } }), 'in a circle'],
    [
      'a beginning',
      () => read([node('Relu', ['b'], ['y']), node('Relu', ['y'], ['b'])], { inputs: { x } }),
      'model: its nodes read one another in a circle',
    ],
  ])('without %s are refused', (_, work, text) => {
    expect(refusal(work)).toEqual(['invalid-model', expect.stringContaining(text)]);
  });

  it('of initializers may be those of outputs, and of inputs, which they are the values of then', () => {
    const made = run([relu], {
      inputs: { x },
      constants: { w: { shape: [1], numbers: [7] } },
      outputs: ['w', 'x', 'y'],
    });
    expect([made.w.numbers, made.x.numbers, made.y.numbers]).toEqual([[7], x.numbers, x.numbers]);
    const both = [info('x', [2, 2]), info('w', [2, 2])];
    const { graph } = fromGraph({
      nodes: [node('Add', ['x', 'w'], ['y'])],
      inputs: both,
      initializers: [constant('w', x)],
    });
    expect([...graph.inputs.keys()]).toEqual(['x']);
    expect([...runGraph(graph, { x: { data: Float32Array.of(1, 1, 1, 1), shape: [2, 2] } }).y.data]).toEqual([
      2, 3, 4, 5,
    ]);
  });

  it('that many nodes share are given in time, and operators without number are not all listed', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => node('Relu', ['x'], [i === 0 ? 'y' : '']));
    expect(read(many, { inputs: { x }, outputs: ['y'] }).graph.nodes.length).toBe(1);
    const unknown = Array.from({ length: 20_000 }, (_, i) => node(`Op${i}`, ['x'], [`y${i}`]));
    const { code, message } = failure(() => read(unknown, { inputs: { x } }));
    expect([code, message.length < 4000]).toEqual(['unsupported-layer', true]);
    expect(message).toMatch(/^model: operators that are not supported: Op0, Op1, Op10, .*, and 19750 more$/);
    const back = Array.from({ length: 20_000 }, (_, i) => node('Relu', ['a'], [i === 0 ? 'y' : `y${i}`]));
    expect(read([...back, node('Relu', ['x'], ['a'])], { inputs: { x }, outputs: ['y'] }).notes.length).toBe(1);
  });
});

describe('attributes and weights', () => {
  const convolution = (attributes: Parameters<typeof node>[3], w = kernel, b?: Numbers) => {
    const constants: Record<string, Numbers> = b === undefined ? { w } : { w, b };
    return () =>
      read([node('Conv', ['x', ...Object.keys(constants)], ['y'], attributes)], { inputs: { x: pixels }, constants });
  };
  it.each<[string, () => unknown, string]>([
    ['a text', convolution({ pads: 'a' }), "node 'y' (Conv): attribute 'pads' is of type string, expected ints"],
    ['a number', convolution({ strides: 2 }), "node 'y' (Conv): attribute 'strides' is of type int, expected ints"],
    ['a list', convolution({ group: [1] }), "node 'y' (Conv): attribute 'group' is of type ints, expected int"],
    ['a fraction', convolution({ group: { float: 1 } }), "'group' is of type float, expected int"],
    ['too many', convolution({ pads: [1, 1, 1] }), "attribute 'pads' has 3 numbers, expected two for each axis"],
    ['less than 0', convolution({ dilations: [1, -1] }), 'dilation has -1'],
    ['beyond all', convolution({ pads: [0, 0, 2 ** 40, 0] }), 'padding after has 1099511627776'],
    ['no groups', convolution({ group: 0 }), 'groups'],
    ['a rank', convolution({}, { shape: [1], numbers: [1] }), 'input and kernel are [1, 1, 2, 2] and [1]'],
    ['channels', convolution({}, { shape: [1, 3, 1, 1], numbers: [1, 1, 1] }), 'input has 1 channels, expected 3'],
    ['a bias', convolution({}, kernel, { shape: [2], numbers: [1, 1] }), 'bias'],
    ['a kernel', convolution({}, { shape: [1, 1, 3, 3], numbers: new Float64Array(9) }), 'a window of 3 does not fit'],
  ])('of %s that cannot be are refused', (_, work, text) => {
    expect(refusal(work)).toEqual(['invalid-model', expect.stringContaining(text)]);
  });

  it('of another count than their shape says are refused', () => {
    const short = { ...constant('w', kernel), dims: [1, 1, 2, 2] };
    const nodes = [node('Conv', ['x', 'w'], ['y'])];
    expect(refusal(() => fromGraph({ nodes, inputs: [info('x', [1, 1, 2, 2])], initializers: [short] }))).toEqual([
      'invalid-model',
      "model: initializer 'w': float_data has 1 elements, expected 4 (the shape is [1, 1, 2, 2])",
    ]);
  });

  it('without elements may have rows without number', () => {
    for (const dims of [
      [2 ** 40, 0],
      [0, 2 ** 40],
    ]) {
      const w = { shape: dims, numbers: [] };
      for (const transB of [0, 1]) {
        const nodes = [node('Gemm', ['x', 'w', 'b'], ['y'], { transB })];
        const given = {
          inputs: { x: { shape: [1, 1], numbers: [1] } },
          constants: { w, b: { shape: [], numbers: [1] } },
        };
        try {
          run(nodes, given);
        } catch (error) {
          expect(['invalid-model', 'out-of-memory']).toContain((error as NnpackError).code);
        }
      }
    }
  });

  it('that nodes make of others are made once, and no more than the model is worth', () => {
    const w: Numbers = { shape: [512, 512], numbers: new Float64Array(512 * 512).fill(1) };
    const scale: Numbers = { shape: [], numbers: [0.5] };
    const inputs = { x: { shape: [1, 512], numbers: new Float64Array(512) } };
    const products = Array.from({ length: 2000 }, (_, i) => node('MatMul', ['x', 'w'], [`y${i}`]));
    const same = Array.from({ length: 2000 }, (_, i) => node('DequantizeLinear', ['q', 's'], [`z${i}`]));
    const scales = Array.from({ length: 200 }, (_, i) => [`s${i}`, { ...scale, numbers: [i + 1] }] as const);
    const different = scales.map(([name], i) => node('DequantizeLinear', ['q', name], [`d${i}`]));
    const constants = { w, q: { ...w, dtype: 'int8' as const }, s: scale, ...Object.fromEntries(scales) };
    const before = process.memoryUsage().arrayBuffers;
    const { graph } = read([...products, ...same, ...different], { inputs, constants, outputs: ['y0', 'z0', 'd199'] });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
    expect(graph.nodes.some(({ op }) => op === 'dequantisation')).toBe(true);
    expect(graph.parameters.get('z7')?.data).toBe(graph.parameters.get('z8')?.data);
  });
});

describe('a model that claims 2⁴⁰ elements', () => {
  const BIG = 2 ** 20;
  const doubled = (first: string) =>
    Array.from({ length: 40 }, (_, i) => {
      const from = i === 0 ? first : `v${i - 1}`;
      return node('Concat', [from, from], [i === 39 ? 'y' : `v${i}`], { axis: 0 });
    });
  it.each<[string, readonly NodeProto[], Given['constants']]>([
    ['ConstantOfShape', [node('ConstantOfShape', ['s'], ['y'])], { s: whole(BIG, BIG) }],
    ['what reads one', [node('ConstantOfShape', ['s'], ['z']), node('Add', ['z', 'z'], ['y'])], { s: whole(BIG, BIG) }],
    ['Expand', [node('Expand', ['x', 's'], ['y'])], { s: whole(BIG, BIG, 1, 1) }],
    ['Tile', [node('Tile', ['x', 's'], ['y'])], { s: whole(BIG, BIG) }],
    ['Range', [node('Range', ['a', 'b', 'c'], ['y'])], { a: scalar(0), b: scalar(2 ** 40), c: scalar(1) }],
    ['Resize by scales', [node('Resize', ['x', '', 's'], ['y'])], { s: { shape: [2], numbers: [BIG, BIG] } }],
    ['Resize by sizes', [node('Resize', ['x', '', '', 's'], ['y'])], { s: whole(BIG, BIG) }],
    [
      'Resize of planes',
      [node('Reshape', ['x', 'p'], ['z']), node('Resize', ['z', '', 's'], ['y'], { mode: 'linear' })],
      { p: whole(1, 1, 2, 2), s: { shape: [4], numbers: [1, 1, 1, 2 ** 40] } },
    ],
    ['Pad', [node('Pad', ['x', 's'], ['y'])], { s: whole(BIG, BIG, BIG, BIG) }],
    [
      'OneHot',
      [node('OneHot', ['i', 'd', 'v'], ['y'])],
      { i: whole(1), d: scalar(2 ** 40), v: { shape: [2], numbers: [0, 1] } },
    ],
    [
      'Gather',
      [node('Shape', ['x'], ['h']), node('Gather', ['x', 'i'], ['z']), node('Expand', ['z', 's'], ['y'])],
      { i: whole(0), s: whole(BIG, BIG, 1, 1) },
    ],
    [
      'ConvTranspose',
      [node('Reshape', ['x', 's'], ['i']), node('ConvTranspose', ['i', 'k'], ['y'], { output_shape: [BIG, BIG] })],
      { s: whole(1, 1, 2, 2), k: kernel },
    ],
    ['Concat of itself', doubled('x'), {}],
    ['Concat of constants', doubled('w'), { w: x }],
  ])('by %s is refused as it is read, or as it is run', (_, nodes, constants) => {
    const [code, message] = refusal(() => run(nodes, { inputs: { x }, constants, outputs: ['y'] }));
    expect(['out-of-memory', 'invalid-model']).toContain(code);
    expect(message).toMatch(/'[yzv]\d*'/);
  });

  it('by numbers that only the run computes is refused when they are', () => {
    // More elements than are looked at before a run.
    const many: Numbers = { shape: [64, 65], numbers: new Float64Array(64 * 65).fill(1) };
    const nodes = [
      ...[node('NonZero', ['x'], ['i']), node('ReduceMax', ['i'], ['m'], { keepdims: 0 })],
      ...[node('Mul', ['m', 'b'], ['s']), node('ConstantOfShape', ['s'], ['y'])],
    ];
    const work = () => run(nodes, { opset: 13, inputs: { x: many }, constants: { b: whole(BIG, BIG) } });
    const text = expect.stringContaining("node 'y' (fill): an output of shape [67108864, 67108864] has");
    expect(refusal(work)).toEqual(['out-of-memory', text]);
  });
});

describe('functions', () => {
  const calling = (name: string, ...calls: string[]): FunctionProto => ({
    ...{ name, domain: 'local', overload: '', inputs: ['a'], outputs: ['b'], attributes: [], defaults: new Map() },
    nodes: calls.map((call, i) => ({
      ...node(call, [i === 0 ? 'a' : `t${i - 1}`], [i === calls.length - 1 ? 'b' : `t${i}`]),
      domain: 'local',
    })),
    ...{ opsets: new Map([['', 17]]), valueInfo: [] },
  });
  const called = (...functions: FunctionProto[]) => {
    const model: Model = modelOf([{ ...node('F0', ['x'], ['y']), domain: 'local' }], { inputs: { x } });
    return () => readOnnxModel(writeModel({ ...model, functions }));
  };

  it('that call one another without end, or more often than there is room, are refused', () => {
    expect(refusal(called(calling('F0', 'F0')))).toEqual([
      'invalid-model',
      "node 'y' (F0): function 'F0' calls itself",
    ]);
    expect(refusal(called(calling('F0', 'F1'), calling('F1', 'F0')))[1]).toContain('calls itself');
    const many = Array.from({ length: 40 }, (_, i) =>
      calling(`F${i}`, ...(i === 39 ? [] : [`F${i + 1}`, `F${i + 1}`])),
    );
    expect(refusal(called(...many))[0]).toBe('out-of-memory');
  });
});

describe('external data', () => {
  it.each(['/etc/passwd', '../w.bin', 'a/../../w.bin', 'http://example.org/w', '', 'w\0.bin'])(
    'at %j is asked of the caller alone, who may refuse it',
    (location) => {
      const w = tensorProto({ name: 'w', dims: [1], external: new Map([['location', location]]) });
      const model = writeModel({
        ...modelOf([relu], { inputs: { x } }),
        graph: graphProto({
          nodes: [relu],
          inputs: [info('x', [2, 2])],
          outputs: [info('y', null)],
          initializers: [w],
        }),
      });
      const asked: string[] = [];
      const readExternal = (path: string) => {
        asked.push(path);
        throw new Error('not mine');
      };
      const [code, message] = refusal(() => readOnnxModel(model, { readExternal }));
      expect(code).toBe(location === '' ? 'invalid-model' : 'input-output');
      expect(message).toContain("initializer 'w'");
      expect(asked).toEqual(location === '' ? [] : [location]);
    },
  );
});
