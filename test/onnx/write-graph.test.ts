/** Graphs that are written as ONNX models and read again compute the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { OpName } from '../../src/graph/ops/table.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { buildNetwork, graphOf } from '../../src/networks/index.ts';
import { readOnnxModel } from '../../src/onnx/index.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import { type Drawn, drawnGraph } from '../graph/arbitrary.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';

const LAYERS: readonly OpName[] = [
  ...(['convolution', 'fully-connected', 'max-pooling', 'average-pooling', 'global-average-pooling'] as const),
  ...(['batch-normalisation', 'local-response-normalisation', 'softmax', 'relu', 'clamp', 'addition'] as const),
  ...(['concatenation', 'flatten', 'identity', 'dropout', 'transpose', 'depth-to-space'] as const),
];
const ELEMENTS: readonly OpName[] = [
  ...(['sum', 'subtraction', 'multiplication', 'minimum', 'maximum', 'mean', 'sigmoid', 'hyperbolic-tangent'] as const),
  ...(['softplus', 'hard-swish', 'absolute-value', 'negation', 'exponential', 'relu', 'mish'] as const),
];

function resultsOf(graph: Graph, inputs: Drawn['inputs']) {
  const given = Object.entries(inputs).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float32Array.from(data) },
  ]);
  return runGraph(graph, Object.fromEntries(given));
}

function expectSame({ graph, inputs }: Drawn): void {
  const read = readOnnxModel(writeOnnxModel(graph)).graph;
  expect([...read.inputs]).toEqual([...graph.inputs]);
  const [got, expected] = [resultsOf(read, inputs), resultsOf(graph, inputs)];
  for (const name of graph.outputs) {
    expect(got[name].shape).toEqual(expected[name].shape);
    const most = Math.max(1, ...Array.from<number | bigint, number>(expected[name].data, (x) => Math.abs(Number(x))));
    for (const [i, x] of expected[name].data.entries()) {
      const y = Number(got[name].data[i]);
      if (!Object.is(y, Number(x)) && !(Math.abs(y - Number(x)) <= 1e-5 * most))
        expect([name, i, y]).toEqual([name, i, x]);
    }
  }
}

describe('a graph that is written and read', () => {
  it.each([
    ['of layers', LAYERS],
    ['of operations element by element', ELEMENTS],
  ])('%s gives the same results', (_, ops) => {
    let written = 0;
    const property = fc.property(drawnGraph({ ops, size: 8, nodes: 6 }), (drawn) => {
      try {
        expectSame(drawn);
        written++;
      } catch (error) {
        // Windows that hang over are said otherwise.
        if (!(error instanceof NnpackError && error.code === 'unsupported-layer')) throw error;
      }
    });
    fc.assert(property, { numRuns: runs(60) });
    expect(written).toBeGreaterThan(runs(60) / 4);
  });

  it('is that of a network, a narrow VGG-16, to the bit', () => {
    const graph = graphOf(buildNetwork('vgg-16', { seed: 1, width: 0.05 }));
    const [[name, { shape }]] = graph.inputs;
    const sizes = [1, ...shape.slice(1)].map(Number);
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 101) / 101);
    const read = readOnnxModel(writeOnnxModel(graph)).graph;
    const run = (of: Graph) => Object.values(runGraph(of, { [name]: { shape: sizes, data } })).map((y) => [...y.data]);
    expect(run(read)).toEqual(run(graph));
  });

  it('is refused for all that ONNX says otherwise', () => {
    const graph: Graph = {
      name: 'g',
      inputs: new Map([['x', { dtype: 'float32', shape: [1, 1, 4, 4] }]]),
      parameters: new Map(),
      nodes: [
        {
          name: 'p',
          op: 'max-pooling',
          inputs: ['x'],
          outputs: ['p'],
          attributes: { poolingSize: 3, convention: 'full' },
        },
        { name: 'y', op: 'shape', inputs: ['p'], outputs: ['y'], attributes: {} },
      ],
      outputs: ['p'],
    };
    expect(failure(() => writeOnnxModel(graph)).message).toBe(
      'graph: operations that ONNX says otherwise: max-pooling, shape',
    );
  });
});
