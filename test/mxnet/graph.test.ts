/** What a model is given and gives, and what is made of files of every generation. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import type { MxnetFileContents } from '../../src/mxnet/files.ts';
import { parseFiles } from '../../src/mxnet/files.ts';
import { graphOfMxnet, outputsOf as namesOfOutputs } from '../../src/mxnet/graph-of-mxnet.ts';
import { readMxnetModel } from '../../src/mxnet/index.ts';
import { inputsOf } from '../../src/mxnet/inputs-of.ts';
import { loadMxnetModel } from '../../src/mxnet/load.ts';
import { makeArray } from '../../src/tensor/ndarray.ts';
import { failure } from '../support/failure.ts';
import { graphOf, one, outputsOf, smallMxnet, type Written, written } from './models.ts';
import { type Generation, symbolOf } from './symbols.ts';
import { bytesOf, FLAGS, paramsBytes } from './writer.ts';

const told = (files: MxnetFileContents) => Object.fromEntries(inputsOf(parseFiles(files)));
const conv = { op: 'Convolution', name: 'conv', attrs: { kernel: '(3, 3)', num_filter: '2' } };
const weights = { w: [[2, 3, 3, 3], new Array<number>(54).fill(1)], b: [[2], [0, 0]] } as const;

describe('inputs', () => {
  it('have the shape that the layers that read them tell', () => {
    const files = written([{ ...conv, inputs: ['data', 'w', 'b'] }], weights);
    expect(told(files)).toEqual({ data: { dtype: 'float32', shape: ['data.0', 3, 'data.2', 'data.3'] } });
  });

  it('have it through what leaves shapes alone', () => {
    const norm = { op: 'BatchNorm', name: 'bn', inputs: ['data', 'g', 'o', 'm', 'v'] };
    const vectors = Object.fromEntries(['g', 'o', 'm', 'v'].map((name) => [name, [[3], [1, 1, 1]] as const]));
    const files = written([norm, { ...conv, inputs: ['bn', 'w', 'b'] }], { ...weights, ...vectors });
    expect(told(files).data.shape).toEqual(['data.0', 3, 'data.2', 'data.3']);
  });

  it.each([
    [{ op: 'Pooling', name: 'o', attrs: { kernel: '(2,)' } }, ['data.0', 'data.1', 'data.2']],
    [{ op: 'transpose', name: 'o', attrs: { axes: '(1, 0)' } }, ['data.0', 'data.1']],
    [
      { op: 'Pad', name: 'o', attrs: { mode: 'edge', pad_width: '(0,0,0,0,1,1,1,1)' } },
      ['data.0', 'data.1', 'data.2', 'data.3'],
    ],
    [{ op: 'Flatten', name: 'o' }, null],
    [{ op: 'Pooling', name: 'o', attrs: { global_pool: 'True' } }, null],
  ] as const)('%o tells %o', (node, shape) => {
    expect(told(written([{ ...node, inputs: ['data'] }])).data.shape).toEqual(shape);
  });

  it('have what variables say of themselves', () => {
    const attrs = { __shape__: '(0, 3, 8, -1)', __dtype__: '4' };
    const files = written([
      { op: 'null', name: 'data', attrs },
      { op: 'Flatten', name: 'o', inputs: ['data'] },
    ]);
    expect(told(files)).toEqual({ data: { dtype: 'int32', shape: ['data.0', 3, 8, 'data.3'] } });
  });

  it('are no labels, nor what only labels need', () => {
    const files = written([
      { op: 'Reshape', name: 'flat', attrs: { shape: '(-1,)' }, inputs: ['label'] },
      { op: 'Unheard', name: 'odd', inputs: ['flat'] },
      { op: 'SoftmaxOutput', name: 'softmax', inputs: ['data', 'odd'] },
    ]);
    expect(Object.keys(told(files))).toEqual(['data']);
    expect([...graphOf(files, { data: [1, 2] }).inputs.keys()]).toEqual(['data']);
    // A label that is given all the same plays no part.
    expect([...graphOf(files, { data: [1, 2], label: [1] }).inputs.keys()]).toEqual(['data']);
  });

  it('are labels where something else reads them', () => {
    const files = written([
      { op: 'SoftmaxOutput', name: 'softmax', inputs: ['data', 'label'] },
      { op: 'elemwise_add', name: 'sum', inputs: ['softmax', 'label'] },
    ]);
    expect(Object.keys(told(files))).toEqual(['data', 'label']);
  });

  it('are no weights: one without an array is an error, unless it is given', () => {
    const files = written([{ ...conv, inputs: ['data', 'w', 'b'] }], { w: weights.w });
    const { code, message } = failure(() => told(files));
    expect(code).toBe('invalid-model');
    expect(message).toBe("node 'conv' (Convolution): 'b' has no array among the parameters, expected one");
    expect([...graphOf(files, { data: [1, 3, 4, 4], b: [2] }).inputs.keys()]).toEqual(['data', 'b']);
  });

  it('need a shape where nothing tells one', () => {
    const files = one('Flatten', {});
    expect(failure(() => graphOf(files)).message).toMatch(/^model: shapes has none for input 'data', expected one/);
    expect(failure(() => graphOf(files, { dat: [1] })).message).toMatch(/'dat'.*did you mean 'data'/);
  });

  it('may have sizes that only a run tells', () => {
    const files = written(
      [
        { ...conv, inputs: ['data', 'w', 'b'] },
        { op: 'Crop', name: 'crop', attrs: { num_args: '1', h_w: '(1, 1)', center_crop: 'True' }, inputs: ['conv'] },
        { op: 'Reshape', name: 'flat', attrs: { shape: '(-3, -2)' }, inputs: ['crop'] },
      ],
      weights,
    );
    const graph = graphOf(files);
    for (const size of [3, 5]) {
      const { flat_output } = runGraph(graph, {
        data: makeArray(new Float32Array(3 * size ** 2).fill(1), [1, 3, size, size]),
      });
      expect([flat_output.shape, [...flat_output.data]]).toEqual([
        [2, 1, 1],
        [27, 27],
      ]);
    }
  });
});

describe('outputs', () => {
  it("have MXNet's names", () => {
    const files = written(
      [
        { op: 'SliceChannel', name: 'parts', attrs: { num_outputs: '2' }, inputs: ['data'] },
        { op: 'relu', name: 'r', inputs: ['parts:1'] },
      ],
      {},
      ['parts:0', 'r', 'parts:1', 'data'],
    );
    const names = ['parts_output0', 'r_output', 'parts_output1', 'data'];
    expect(namesOfOutputs(parseFiles(files))).toEqual(names);
    expect(graphOf(files, { data: [1, 2] }).outputs).toEqual(names);
  });

  it('that an operator does not have are refused', () => {
    const files = one('relu', {}, ['data'], {}, 2);
    expect(failure(() => graphOf(files, { data: [1] })).message).toBe("node 'o' (relu): output 1 is not supported");
  });

  it('may be called as a variable is', () => {
    const files = written([{ op: 'relu', name: 'x', inputs: ['x_output'] }]);
    expect(graphOf(files, { x_output: [1] }).outputs).toEqual(['x_output_1']);
  });
});

describe('operators that are not supported', () => {
  it('are told all at once, and only those that outputs need', () => {
    const files = written(
      [
        { op: 'Unneeded', name: 'a', inputs: ['data'] },
        { op: 'Unheard', name: 'b', inputs: ['data'] },
        { op: 'toString', name: 'c', inputs: ['b'] },
      ],
      {},
      ['c'],
    );
    const { code, message } = failure(() => graphOf(files, { data: [1] }));
    expect([code, message]).toEqual([
      'unsupported-layer',
      "model: operators that are not supported: 'Unheard', 'toString'",
    ]);
  });
});

/** The files of a symbol of any generation, with arrays for its convolution. */
function generation(of: Generation): MxnetFileContents {
  const form = ({ '0.8': 0, '0.9': 1, '1.0': 2 } as const)[of];
  const float = (name: string, shape: number[], numbers: number[]) => {
    return { name, form, shape, type: FLAGS.float32, elements: bytesOf(Float32Array.from(numbers)) };
  };
  const kernel = Array.from({ length: 36 }, (_, i) => (i % 9 === 4 ? Math.floor(i / 9) - 2 : 0));
  const params = paramsBytes([float('arg:conv_weight', [4, 1, 3, 3], kernel), float('conv_bias', [4], [0, 0, 0, 1])]);
  return { symbol: JSON.stringify(symbolOf(of)), params };
}

describe('files of every generation', () => {
  it.each(['0.8', '0.9', '1.0'] as const)('%s', (of) => {
    const data = [
      [1, 1, 3, 3],
      [0, 0, 0, 0, 3, 0, 0, 0, 0],
    ] as const;
    for (const outputs of Object.values(outputsOf(generation(of), { data: [data[0], data[1]] }))) {
      // −2x −x 0 x + 1, and twice what is above 0
      expect(outputs).toEqual([
        [
          [1, 4, 1, 1],
          [-6, -3, 0, 8],
        ],
      ]);
    }
    const { metadata } = graphOfMxnet(parseFiles(generation(of)), { data: [1, 1, 3, 3] });
    expect([...metadata]).toEqual(of === '0.8' ? [] : [['mxnet_version', of === '0.9' ? '0.9.5' : '1.0.0']]);
  });

  it('have statistics that a node of before 0.9 does not list, and a bias that it left out', () => {
    const bn: Written = { op: 'BatchNorm', name: 'bn', attrs: { eps: '0' }, inputs: ['data', 'bn_gamma', 'bn_beta'] };
    const fc: Written = { op: 'FullyConnected', name: 'fc', attrs: { num_hidden: '1' }, inputs: ['bn', 'fc_weight'] };
    const vectors = { bn_gamma: 9, bn_beta: 0, bn_moving_mean: 1, bn_moving_var: 4, fc_bias: 10 };
    const arrays = Object.fromEntries(Object.entries(vectors).map(([name, x]) => [name, [[1], [x]] as const]));
    const files = written([bn, fc], { ...arrays, fc_weight: [[1, 1], [1]] });
    expect(outputsOf(files, { data: [[1, 1], [5]] }).run).toEqual([[[1, 1], [12]]]);
    expect(graphOfMxnet(parseFiles(files), { data: [1, 1] }).notes).toEqual([
      "node 'bn' (BatchNorm): lists 3 inputs; taken besides: bn_moving_mean, bn_moving_var",
      "node 'fc' (FullyConnected): lists 2 inputs; taken besides: fc_bias",
    ]);
    const { graph } = graphOfMxnet(parseFiles(files), { data: [1, 1] });
    expect(graph.parameters.get('bn_moving_mean')?.role).toBe('statistic');
  });

  it('refuse attributes that MXNet does not know, but for those of tools', () => {
    expect(failure(() => graphOf(one('relu', { colour: 'red' }), { data: [1] })).code).toBe('invalid-model');
    expect(graphOf(one('relu', { __colour__: 'red', ctx_group: 'a' }), { data: [1] }).nodes).toHaveLength(1);
  });
});

describe('what runs', () => {
  it('are the operations that have kernels, and the rules that MXNet documents', () => {
    const names = simplifyGraph(graphOf(smallMxnet())).nodes.map(({ op }) => op);
    expect(names).toEqual(['convolution', 'relu', 'addition']);
    const files = written(
      [
        { ...conv, inputs: ['data', 'w', 'b'] },
        {
          op: 'Pooling',
          name: 'p',
          attrs: { kernel: '(2, 2)', stride: '(2, 2)', pooling_convention: 'full' },
          inputs: ['conv'],
        },
      ],
      weights,
    );
    const graph = graphOf(files);
    const data = makeArray(
      Float32Array.from({ length: 300 }, (_, i) => i % 7),
      [1, 3, 10, 10],
    );
    const [all, documented] = ['all', 'documented'].map((eligibility) => {
      return runGraph(graph, { data }, { eligibility: eligibility as 'all' }).p_output;
    });
    expect(documented.shape).toEqual([1, 2, 4, 4]);
    for (const [i, x] of documented.data.entries()) expect(all.data[i]).toBeCloseTo(Number(x), 3);
  });
});

describe('readMxnetModel and loadMxnetModel', () => {
  it('give one graph', async () => {
    const { symbol, params } = smallMxnet();
    const folder = await mkdtemp(join(tmpdir(), 'nnpack-mxnet-'));
    try {
      const path = join(folder, 'net-symbol.json');
      await writeFile(path, symbol);
      await writeFile(join(folder, 'net-0003.params'), params);
      const options = { shapes: { data: ['N', 1, 8, 8] } };
      const read = readMxnetModel({ symbol: new TextEncoder().encode(String(symbol)), params }, options);
      expect(await loadMxnetModel(path, options)).toEqual(read);
      expect(read.graph.inputs.get('data')?.shape).toEqual(['N', 1, 8, 8]);
      const wrong = loadMxnetModel(path, { shapes: { data: [8, 8] } });
      await expect(wrong).rejects.toThrow(
        /^model '.*net-symbol.json': node 'conv' \(Convolution\): its data has 2 axes/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuse what is no shape', () => {
    for (const shapes of [[], { data: 3 }, { data: [0] }, { data: [''] }, { data: [1.5] }]) {
      expect(failure(() => readMxnetModel(smallMxnet(), { shapes: shapes as never })).code).toBe('invalid-argument');
    }
  });
});
