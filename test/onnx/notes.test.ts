/** Files that break the format's letter as tools write them: they are read, and what was wrong is said. */
import { describe, expect, it } from 'vitest';
import { info, node, read, run } from './one-node.ts';

const pixels = (...numbers: number[]) => ({ shape: [1, 1, 1, numbers.length], numbers });

describe('a file with float32 weights beside values of half precision', () => {
  // 1 + 2⁻⁸ is none of bfloat16's numbers: it is rounded to 1.
  const nodes = [
    node('Cast', ['x'], ['h'], { to: 16 }),
    node('Conv', ['h', 'w', 'b'], ['c']),
    node('Cast', ['c'], ['y'], { to: 1 }),
  ];
  const constants = {
    w: { shape: [1, 1, 1, 1], numbers: [1 + 2 ** -8] },
    b: { shape: [1], numbers: [2] },
  };
  const given = { inputs: { x: pixels(1, -3) }, constants };

  it('has them rounded to that, and says so', () => {
    expect(run(nodes, given).y.numbers).toEqual([3, -1]);
    expect(read(nodes, given).notes).toEqual([
      'Weights of c are float32 beside values of bfloat16: they were rounded to that.',
    ]);
  });

  it('keeps those that other nodes read', () => {
    const both = [...nodes, node('Add', ['y', 'w'], ['z'])];
    expect(run(both, given).z.numbers).toEqual([3 + (1 + 2 ** -8), 2 ** -8]);
  });

  it('has values of half precision too, which are not changed: that is refused', () => {
    const mixed = [node('Cast', ['x'], ['h'], { to: 16 }), node('Conv', ['h', 'x'], ['y'])];
    expect(() => read(mixed, { inputs: { x: pixels(1) } })).toThrow('inputs are of the types bfloat16 and float32');
  });
});

describe('an operator that the version of the file does not have', () => {
  it('is read as in the first that has it, and said', () => {
    const nodes = [node('LayerNormalization', ['x', 's'], ['y'], { epsilon: { float: 0 } })];
    const given = { opset: 13, inputs: { x: pixels(1, 3) }, constants: { s: { shape: [2], numbers: [1, 10] } } };
    expect(run(nodes, given).y.numbers).toEqual([-1, 10]);
    expect(read(nodes, given).notes).toEqual([
      'LayerNormalization stands at opset 13, and is there from 17 on: it was read as there.',
    ]);
    expect(read(nodes, { ...given, opset: 17 }).notes).toEqual([]);
  });
});

describe('lengths that follow from scales', () => {
  const nodes = [node('Resize', ['x', '', 's'], ['r'], { mode: 'nearest' }), node('Relu', ['r'], ['y'])];
  const given = {
    inputs: { x: pixels(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) },
    constants: { s: { shape: [4], numbers: [1, 1, 1, 2.3] } },
  };

  it('are those of the text: a float32 of 2.3 is less, and leaves 22 of 10', () => {
    expect(run(nodes, given).y.shape).toEqual([1, 1, 1, 22]);
    const agreed = { ...given, valueInfo: [info('r', [1, 1, 1, 22])] };
    expect(run(nodes, agreed).y.shape).toEqual([1, 1, 1, 22]);
    expect(read(nodes, agreed).notes).toEqual([]);
  });

  it('are those of single precision where the file declares these, wherever it does', () => {
    for (const name of ['r', 'y']) {
      const declared = { ...given, valueInfo: [info(name, [1, 1, 1, 23])] };
      expect(run(nodes, declared).y.shape).toEqual([1, 1, 1, 23]);
      expect(read(nodes, declared).notes).toEqual([expect.stringContaining('multiplied in single precision')]);
    }
    const skipped = [nodes[0], node('Add', ['r', 'b'], ['y'])];
    const row = { shape: [1, 1, 1, 23], numbers: new Float64Array(23) };
    expect(run(skipped, { ...given, constants: { ...given.constants, b: row } }).y.shape).toEqual([1, 1, 1, 23]);
  });

  it('are those of the text where the file declares what neither gives', () => {
    const declared = { ...given, valueInfo: [info('r', [1, 1, 1, 24])] };
    expect(run(nodes, declared).y.shape).toEqual([1, 1, 1, 22]);
    expect(read(nodes, declared).notes).toEqual([]);
  });
});
