/** What the comparison with other engines is made of, as far as it runs without them: a file, goals, the drawing. */
import { describe, expect, it } from 'vitest';
import { allLayers, kindLayers, outputSize, problem, usual } from '../../bench/layers.ts';
import { mobileNetV2, resNet50 } from '../../bench/networks.ts';
import { type Comparison, goalOf, rowsOf, WORK } from '../../bench/peers/comparison.ts';
import { convolutionModel } from '../../bench/peers/onnx-conv.ts';
import { drawComparisons } from '../../bench/peers/plot.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { readOnnxModel } from '../../src/onnx/index.ts';
import { makeTensor } from '../../src/tensor/ndarray.ts';

it('an ONNX file of one convolution holds it', () => {
  const layer = { ...usual, name: 'x', inputChannels: 4, outputChannels: 6, inputSize: 9, groups: 2, stride: 2 };
  const data = problem({ ...layer, kernelSize: 5, padding: 2, dilation: 3 }, 2);
  const { graph } = readOnnxModel(convolutionModel(data));
  expect(graph.nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs])).toEqual([
    ['convolution-nd', ['x', 'w', 'b'], ['y']],
  ]);
  expect(graph.parameters.get('w')?.data).toEqual(data.kernel);
  const { y } = runGraph(graph, { x: makeTensor(data.input, data.inputShape) });
  expect(y.shape).toEqual(data.outputShape);
});

it('networks of today have the sizes of their papers', () => {
  const [mobile, residual] = [mobileNetV2(), resNet50()].map((network) => inferShapes(network));
  // Normalisations are folded: a bias for each channel in place of γ and β.
  expect([mobile.multiplyAdds, mobile.parameters].map((count) => Math.round(count / 1e4))).toEqual([30077, 349]);
  expect([residual.multiplyAdds, residual.parameters].map((count) => Math.round(count / 1e4))).toEqual([408918, 2553]);
});

it('kinds of layers have the sizes that their names tell', () => {
  expect(kindLayers.map((layer) => outputSize(layer))).toEqual([
    56, 56, 14, 28, 56, 56, 33, 33, 28, 7, 28, 14, 7, 7, 28, 256,
  ]);
});

describe('comparisons', () => {
  const comparison = (work: string, rest: Partial<Comparison> = {}): Comparison => ({
    ...{ work, how: null, kernels: 'simd', node: '20.1.2', images: null, ours: 20 },
    peers: [{ name: 'onnxruntime-node', milliseconds: 30 }],
    ...rest,
  });

  it('become rows with goals', () => {
    expect(rowsOf(comparison(WORK.vgg))).toEqual([
      {
        what: 'VGG-16, thirteen convolutions, simd, Node 20',
        value: 20,
        unit: 'ms',
        against: 'onnxruntime-node, 30.0 ms',
        ratio: 1.5,
        goal: { atLeast: 0.92 },
      },
    ]);
    expect(rowsOf(comparison('vgg-16, batch 8', { images: 8, how: 'x', kernels: 'simd-relaxed' }))).toEqual([
      {
        what: 'vgg-16, batch 8, x, simd-relaxed, Node 20',
        value: 400,
        unit: 'images/s',
        against: 'onnxruntime-node, 267 images/s',
        ratio: 1.5,
        goal: undefined,
      },
    ]);
  });

  it('have the goals of their work, peer and kernels', () => {
    expect(goalOf(WORK.vgg, 'onnxruntime-node', 'simd-relaxed')).toBe(1);
    expect(goalOf(WORK.vggRelaxed, 'onnxruntime-node', 'simd-relaxed')).toBe(1.15);
    expect(goalOf(WORK.vgg, 'onnxruntime-node', 'scalar')).toBeUndefined();
    expect(goalOf('vgg-16', 'onnxruntime-web', 'simd')).toBeUndefined();
    expect(goalOf(WORK.vgg, 'onnxruntime-web', 'scalar')).toBe(1);
    expect(goalOf(WORK.vgg, 'tfjs-backend-cpu', 'scalar')).toBe(20);
    expect(goalOf(WORK.vgg, 'tfjs-backend-cpu', 'simd')).toBeUndefined();
    // All layers but VGG-16's have one beside onnxruntime-web: their names are those of the layers.
    const named = allLayers.filter(({ name }) => goalOf(name, 'onnxruntime-web', 'simd') !== undefined);
    expect(named.map(({ kernelSize }) => kernelSize)).toEqual([5, 1, 1, 7, 11]);
    const onArrays = allLayers.map(({ name }) => goalOf(name, 'tfjs-backend-cpu', 'scalar'));
    expect(onArrays.filter((goal) => goal !== undefined)).toEqual([20, 5, 5, 5, 5]);
  });

  it('have goals for the kinds of layers, by processor where it matters', () => {
    const withGoal = (peer: 'onnxruntime-web' | 'tfjs-backend-wasm', kernels: 'simd' | 'simd-relaxed') =>
      kindLayers.filter(({ name }) => goalOf(name, peer, kernels) !== undefined).map(({ name }) => name);
    expect(withGoal('tfjs-backend-wasm', 'simd')).toEqual(kindLayers.slice(0, 5).map(({ name }) => name));
    expect(withGoal('onnxruntime-web', 'simd')).toHaveLength(7);
    expect(withGoal('onnxruntime-web', 'simd-relaxed')).toHaveLength(12);
    expect(goalOf(WORK.vggCalls, 'nnpack, one-off', 'simd-relaxed-wide')).toBe(1.1);
    expect(rowsOf(comparison('x', { flagged: true }))[0].what).toBe('x, simd, Node 20, 256 bits');
  });

  it('are drawn, to the same text from the same figures', async () => {
    const all = [comparison(WORK.vgg), comparison('a < b & c'), comparison(WORK.vgg, { node: '24.0.0' })];
    const text = await drawComparisons(all);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg".*<\/svg>\n$/s);
    expect(text).toContain('VGG-16, thirteen convolutions, Node 20, simd: 1.50× onnxruntime-node, goal 0.92×');
    expect(text).toContain('Node 24, simd');
    expect(text).toContain('a &lt; b &amp; c');
    expect(text).not.toContain('NaN');
    expect(await drawComparisons(all)).toBe(text);
  });
});
