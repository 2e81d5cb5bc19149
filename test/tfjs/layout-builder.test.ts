/** The builder of graphs whose values are N H W C, while layers over planes are N C H W. */
import { describe, expect, it } from 'vitest';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { makeArray, sizeOf, type TypedTensorLike } from '../../src/tensor/ndarray.ts';
import { LayoutBuilder } from '../../src/tfjs/layout-builder.ts';
import { channelsFirst } from '../../src/tfjs/orders.ts';
import type { Value } from '../../src/tfjs/value.ts';

function counting(shape: readonly number[], scale = 1): TypedTensorLike {
  return makeArray(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * i),
    shape,
  );
}

function graphOf(builder: LayoutBuilder, outputs: readonly Value[]) {
  const names = builder.finish(outputs.map((value, i) => ({ name: `y${i}`, value })));
  const { nodes, parameters, inputs } = builder;
  return parseGraph({ name: 'test', inputs, parameters, nodes, outputs: names });
}

function opsOf(builder: LayoutBuilder, outputs: readonly Value[]): string[] {
  return simplifyGraph(graphOf(builder, outputs)).nodes.map(({ op }) => op);
}

/** A 1 × 1 convolution that takes each channel c times c + 1. */
function scaling(builder: LayoutBuilder, x: Value, channels: number): Value {
  const numbers = Array.from({ length: channels ** 2 }, (_, i) =>
    i % (channels + 1) === 0 ? i / (channels + 1) + 1 : 0,
  );
  const kernel = builder.numbers('kernel', 'float32', [1, 1, channels, channels], numbers, 'weight');
  const [name] = builder.emit(
    'convolution-nd',
    [builder.planesOf(x), builder.nameOf(kernel, [3, 2, 0, 1])],
    {},
    'conv',
  );
  return builder.made(name, channelsFirst(4));
}

const picture = { dtype: 'float32', shape: ['N', 2, 3, 2] } as const;

describe('a builder of graphs in N H W C', () => {
  it('puts no transposes between layers over planes and what works element by element', () => {
    const builder = new LayoutBuilder(['x', 'y0']);
    const x = builder.input('x', picture);
    const a = scaling(builder, x, 2);
    const b = scaling(builder, builder.elementwise('relu', [a], {}, 'relu'), 2);
    const factor = builder.numbers('factor', 'float32', [2], [2, 3]);
    const scaled = builder.elementwise('multiplication', [b, factor], {}, 'scaled');
    const y = builder.elementwise('sum', [a, scaled], {}, 'sum');
    expect(y.shape).toEqual(['N', 2, 3, 2]);
    // The factor of each channel is in the kernel of the second convolution.
    expect(opsOf(builder, [y])).toEqual(['transpose', 'convolution', 'relu', 'convolution', 'addition', 'transpose']);
  });

  it('keeps the model’s values', () => {
    const builder = new LayoutBuilder(['x']);
    const x = builder.input('x', picture);
    const a = scaling(builder, x, 2);
    const factor = builder.numbers('factor', 'float32', [3, 2], [1, 2, 3, 4, 5, 6]);
    const outputs = [
      builder.elementwise('multiplication', [a, factor], {}, 'scaled'),
      builder.concatenation([a, x], 2, 'joined'),
      builder.slice(a, [{ axis: 2, start: 2, end: 0, step: -1 }], 'slice'),
      builder.pad(
        a,
        [
          [0, 0],
          [0, 0],
          [1, 0],
          [0, 1],
        ],
        { mode: 'constant', fill: 9 },
        'pad',
      ),
      builder.reduction(a, 'sum', [2], false, 'sum'),
      builder.transpose(a, [0, 3, 1, 2]),
      builder.reshape(a, [0, -1, 3], 'reshape'),
    ];
    const y = runGraph(graphOf(builder, outputs), { x: counting([1, 2, 3, 2]) });
    const values = Object.fromEntries(Object.entries(y).map(([name, { data }]) => [name, [...data].map(Number)]));
    // the convolution of 0 1 2 3 … is 0 2 2 6 4 10 6 14 8 18 10 22
    expect(values.y0).toEqual([0, 4, 6, 24, 20, 60, 6, 28, 24, 72, 50, 132]);
    expect(values.y1).toEqual([0, 2, 2, 6, 4, 10, 0, 1, 2, 3, 4, 5, 6, 14, 8, 18, 10, 22, 6, 7, 8, 9, 10, 11]);
    expect(values.y2).toEqual([4, 10, 2, 6, 10, 22, 8, 18]);
    expect(values.y3.slice(0, 12)).toEqual([9, 9, 9, 0, 2, 9, 2, 6, 9, 4, 10, 9]);
    expect(values.y4).toEqual([6, 18, 24, 54]);
    expect(values.y5).toEqual([0, 2, 4, 6, 8, 10, 2, 6, 10, 14, 18, 22]);
    expect(values.y6).toEqual([0, 2, 2, 6, 4, 10, 6, 14, 8, 18, 10, 22]);
    expect(y.y1.shape).toEqual([1, 2, 6, 2]);
    expect(y.y5.shape).toEqual([1, 2, 2, 3]);
  });

  it('takes the rows of a matrix in the order of what was flattened', () => {
    const builder = new LayoutBuilder(['x', 'y0']);
    const x = builder.input('x', picture);
    const flat = builder.flatten(builder.elementwise('relu', [scaling(builder, x, 2)], {}, 'relu'), 'flat');
    const rows = Array.from({ length: 12 }, (_, i) => [i, i * i]).flat();
    const kernel = builder.numbers('dense/kernel', 'float32', [12, 2], rows, 'weight');
    const bias = builder.numbers('dense/bias', 'float32', [2], [1, 2], 'weight');
    const dense = builder.dense(flat, kernel, bias, 'dense');
    const graph = graphOf(builder, [dense]);
    const { y0 } = runGraph(graph, { x: counting([1, 2, 3, 2]) });
    const planes = [0, 2, 2, 6, 4, 10, 6, 14, 8, 18, 10, 22];
    const expected = [planes.reduce((sum, v, i) => sum + v * i, 1), planes.reduce((sum, v, i) => sum + v * i * i, 2)];
    expect([...y0.data]).toEqual(expected);
    expect(simplifyGraph(graph).nodes.map(({ op }) => op)).toEqual([
      'transpose',
      'convolution',
      'flatten',
      'fully-connected',
    ]);
  });

  it('gives a flattened value that is an output in the model’s order', () => {
    const builder = new LayoutBuilder([]);
    const x = builder.input('x', picture);
    const flat = builder.flatten(scaling(builder, x, 2), 'flat');
    const { y0 } = runGraph(graphOf(builder, [flat]), { x: counting([2, 2, 3, 2]) });
    expect([...y0.data].slice(0, 12)).toEqual([0, 2, 2, 6, 4, 10, 6, 14, 8, 18, 10, 22]);
    expect(y0.shape).toEqual([2, 12]);
  });

  it('names outputs as it is told, inputs and one value given twice among them', () => {
    const builder = new LayoutBuilder(['x', 'conv']);
    const x = builder.input('x', picture);
    const a = scaling(builder, x, 2);
    const outputs = builder.finish([
      { name: 'conv', value: a },
      { name: 'x', value: x },
      { name: 'again', value: a },
    ]);
    expect(outputs).toEqual(['conv', 'x', 'again']);
    const { nodes, parameters, inputs } = builder;
    const y = runGraph(parseGraph({ name: 'test', inputs, parameters, nodes, outputs }), { x: counting([1, 2, 3, 2]) });
    expect([...y.conv.data]).toEqual([0, 2, 2, 6, 4, 10, 6, 14, 8, 18, 10, 22]);
    expect([...y.again.data]).toEqual([...y.conv.data]);
  });
});
