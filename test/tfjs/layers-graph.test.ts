/** Layers models as graphs: how they lie, what Keras 2 and 3 have in common, and what is not made of the sizes that a file tells. */
import { describe, expect, it } from 'vitest';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { rejection } from '../support/failure.ts';
import {
  type Entry,
  functional3,
  inputLayer,
  layer3,
  model3,
  numbers,
  operation,
  run3,
  sequential3,
  tensor,
} from './keras3.ts';
import { readModelGraph } from './models.ts';

describe('a graph of a layers model', () => {
  const conv = (name: string, config: object, ...calls: (readonly unknown[])[]) =>
    layer3('Conv2D', name, { filters: 2, kernel_size: [3, 3], padding: 'same', use_bias: false, ...config }, ...calls);
  const layers = [
    inputLayer('x', 6, 6, 2),
    conv('a', { activation: 'relu' }, [tensor('x')]),
    layer3('BatchNormalization', 'n', { axis: -1 }, [tensor('a')]),
    layer3('MaxPooling2D', 'p', { pool_size: [2, 2], strides: [2, 2] }, [tensor('n')]),
    conv('b', {}, [tensor('p')]),
    layer3('Add', 's', {}, [[tensor('b'), tensor('p')]]),
    layer3('Flatten', 'f', {}, [tensor('s')]),
    layer3('Dense', 'd', { units: 3, activation: 'softmax' }, [tensor('f')]),
  ];
  const root = functional3('m', layers, ['x', 0, 0], ['d', 0, 0]);
  const kernels = { a: numbers([3, 3, 2, 2], 1, 0.5, -2, 0.25), b: numbers([3, 3, 2, 2], 0.5, 3, -1) };
  const rest = { gamma: numbers([2], 2, 3), beta: numbers([2], 1), mean: numbers([2], 0.5), variance: numbers([2], 2) };
  const head = { kernel: numbers([18, 3], 0.1, -0.2, 0.05, 0.3), bias: numbers([3], 1, 2) };
  const weights3 = {
    'layers/conv2d/vars/0': kernels.a,
    'layers/conv2d_1/vars/0': kernels.b,
    'layers/batch_normalization/vars/0': rest.gamma,
    'layers/batch_normalization/vars/1': rest.beta,
    'layers/batch_normalization/vars/2': rest.mean,
    'layers/batch_normalization/vars/3': rest.variance,
    'layers/dense/vars/0': head.kernel,
    'layers/dense/vars/1': head.bias,
  };
  const picture = { shape: [2, 6, 6, 2], data: Array.from({ length: 144 }, (_, i) => ((i * 37) % 29) / 7 - 2) };

  it('has one transpose, at its input', async () => {
    const { graph, metadata } = await readModelGraph(model3(root, weights3));
    expect(graph.inputs.get('x')).toEqual({ dtype: 'float32', shape: ['N', 6, 6, 2] });
    expect(graph.outputs).toEqual(['d']);
    expect(metadata.get('keras_version')).toBe('3.15.1');
    expect(simplifyGraph(graph).nodes.map(({ op }) => op)).toEqual([
      ...['transpose', 'convolution', 'scale-shift', 'max-pooling', 'convolution', 'addition', 'flatten'],
      ...['fully-connected', 'softmax'],
    ]);
  });

  it('gives the same bits from Keras 2', async () => {
    const old = layers.map((entry): Entry => {
      const [call] = entry.inbound_nodes as { args: unknown[] }[];
      const reads = (call?.args.flat() ?? []) as { config: { keras_history: [string, number, number] } }[];
      const inbound = call === undefined ? [] : [reads.map(({ config }) => [...config.keras_history, {}])];
      return { ...entry, config: { ...(entry.config as object), dtype: 'float32' }, inbound_nodes: inbound };
    });
    const weights2 = {
      'a/kernel': kernels.a,
      'b/kernel': kernels.b,
      'n/gamma': rest.gamma,
      'n/beta': rest.beta,
      'n/moving_mean': rest.mean,
      'n/moving_variance': rest.variance,
      'd/kernel': head.kernel,
      'd/bias': head.bias,
    };
    const second = model3(functional3('m', old, [['x', 0, 0]], [['d', 0, 0]]), weights2, '2.15.0');
    const [a, b] = [await run3(model3(root, weights3), { x: picture }), await run3(second, { x: picture })];
    expect([...a.d.data]).toEqual([...b.d.data]);
  });

  it('is not made for sizes that a file tells and nothing holds', async () => {
    const huge = inputLayer('x', 2 ** 30);
    const entries = [
      layer3('GroupNormalization', 'y', { groups: -1, scale: false, center: false }),
      layer3('Activation', 'y', { activation: 'sparsemax' }),
      layer3('AdaptiveAveragePooling2D', 'y', { output_size: [1e8, 1e8] }),
    ];
    const inputs = [huge, huge, inputLayer('x', 1e9, 1e9, 1)];
    for (const [i, entry] of entries.entries()) {
      const error = await rejection(readModelGraph(model3(sequential3('m', inputs[i], entry), {})));
      expect(error.code).toBe('unsupported-layer');
    }
    const split = operation('Split', 'y', { indices_or_sections: 2 ** 30, axis: 1 }, tensor('x'));
    const error = await rejection(
      readModelGraph(model3(functional3('m', [huge, split], ['x', 0, 0], ['y', 0, 0]), {})),
    );
    expect(error.code).toBe('unsupported-layer');
  });

  it('has what a layer for each step makes', async () => {
    const inner = layer3('Dense', 'c', { units: 1, use_bias: false });
    const entry = layer3('TimeDistributed', 't', { layer: { class_name: 'Dense', config: inner.config } });
    const model = model3(sequential3('m', inputLayer('x', 2, 2), entry), {
      'layers/time_distributed/layer/vars/0': numbers([2, 1], 1, 10),
    });
    const { t } = await run3(model, { x: { shape: [1, 2, 2], data: [1, 2, 3, 4] } });
    expect([t.shape, [...t.data]]).toEqual([
      [1, 2, 1],
      [21, 43],
    ]);
  });
});
