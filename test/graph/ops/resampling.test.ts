/** Axes of other lengths: where samples lie, exactly, and when they are those of `resize`. */
import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { inferTypes } from '../../../src/graph/infer.ts';
import { operationOf } from '../../../src/graph/ops/table.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../../src/graph/passes/simplify.ts';
import { parameterOf } from '../../../src/graph/values.ts';

const nodeOf = (attributes: object): Node => {
  return { name: 'y', op: 'resampling', inputs: ['x', 'told'], outputs: ['y'], attributes } as unknown as Node;
};

function graphOf(attributes: object, shape: readonly (number | string)[], told: readonly number[]): Graph {
  const tensor = { shape: [told.length], data: Float64Array.from(told) };
  return parseGraph({
    name: 'g',
    inputs: new Map([['x', { dtype: 'float32', shape }]]),
    parameters: new Map([['told', parameterOf(tensor, 'float32', 'constant')]]),
    nodes: [nodeOf(attributes)],
    outputs: ['y'],
  });
}

/** What the definition makes of numbers along one axis. */
function along(attributes: object, numbers: readonly number[], told: number, ...regions: number[]): number[] {
  const node = nodeOf(attributes);
  const vector = (values: readonly number[]) => ({ shape: [values.length], data: Float64Array.from(values) });
  const inputs = [vector(numbers), vector([told]), ...(regions.length > 0 ? [vector(regions)] : [])];
  return [...operationOf(node).reference(node, inputs)[0].data];
}

const count = (size: number) => Array.from({ length: size }, (_, i) => i);
const nearest = { mode: 'nearest', tells: 'lengths', coordinates: 'asymmetric', rounding: 'floor' };

describe('the nearest elements', () => {
  it('are exactly ⌊i · size / length⌋', () => {
    for (let size = 1; size <= 40; size++) {
      for (let length = 1; length <= 90; length++) {
        const expected = count(length).map((i) => Number((BigInt(i) * BigInt(size)) / BigInt(length)));
        expect(along(nearest, count(size), length), `${size} to ${length}`).toEqual(expected);
      }
    }
  });

  it.each([
    ['floor', [0, 2, 4]],
    ['ceiling', [1, 3, 5]],
    ['half-down', [0, 2, 4]],
    ['half-up', [1, 3, 5]],
  ])('of ½, 2½ and 4½, %s', (rounding, expected) => {
    expect(along({ mode: 'nearest', tells: 'lengths', rounding }, count(6), 3)).toEqual(expected);
  });

  it.each([
    ['floor', [0, 0, 1, 1]],
    ['ceiling', [0, 1, 2, 2]],
    ['half-down', [0, 1, 1, 2]],
    ['half-up', [0, 1, 1, 2]],
  ])('of 0, ⅔, 4/3 and 2, %s', (rounding, expected) => {
    const made = along({ mode: 'nearest', tells: 'lengths', coordinates: 'align-corners', rounding }, count(3), 4);
    expect(made).toEqual([...expected.slice(0, 3), 2]);
  });
});

describe('lengths', () => {
  it('follow from scales as they are: a 2.3 of single precision is less, and leaves 22 of 10, in single precision 23', () => {
    const lengthOf = (inSingle: boolean) =>
      inferTypes(graphOf({ mode: 'nearest', tells: 'scales', inSingle }, [10], [2.3])).get('y')?.shape;
    expect([lengthOf(false), lengthOf(true)]).toEqual([[22], [23]]);
  });

  it('of names are known where they are told, or where a scale is 1', () => {
    const scaled = graphOf({ mode: 'linear', tells: 'scales' }, ['N', 3, 'H', 4], [1, 1, 2, 2]);
    expect(inferTypes(scaled).get('y')?.shape).toEqual(['N', 3, 'y.2', 8]);
    const told = graphOf({ mode: 'linear', tells: 'lengths', axes: [-1] }, ['N', 'W'], [7]);
    expect(inferTypes(told).get('y')?.shape).toEqual(['N', 7]);
  });

  it.each([
    ['not-larger', [7, 7], [3, 7]],
    ['not-smaller', [7, 7], [7, 18]],
  ])('keep proportions: %s than %j of 2 by 5', (within, told, expected) => {
    // 2 · 7 / 5 = 2.8 and 5 · 7 / 2 = 17.5, halves up.
    const graph = graphOf({ mode: 'nearest', tells: 'lengths', within }, [2, 5], told);
    expect(inferTypes(graph).get('y')?.shape).toEqual(expected);
  });
});

describe('samples between elements', () => {
  it('go from corner to corner, though the scale does not divide', () => {
    const attributes = { mode: 'linear', tells: 'scales', coordinates: 'align-corners' };
    expect(along(attributes, [1, 2, 3, 4], 0.6)).toEqual([1, 4]);
  });

  it('are the elements where a scale leaves the length', () => {
    expect(along({ mode: 'linear', tells: 'scales' }, [1, 5, 2, 8, 3], 1.1)).toEqual([1, 5, 2, 8, 3]);
  });

  it('do not look at elements of no weight', () => {
    const attributes = { mode: 'linear', tells: 'lengths', coordinates: 'align-corners' };
    expect(along(attributes, [1, Infinity, 3], 5)).toEqual([1, Infinity, Infinity, Infinity, 3]);
  });

  it('outside of a region are extrapolated', () => {
    const attributes = { mode: 'linear', tells: 'lengths', coordinates: 'region', extrapolation: 10 };
    expect(along(attributes, [1, 2, 3], 3, 0.5, 1.5)).toEqual([2, 3, 10]);
  });
});

describe('a resampling becomes', () => {
  const special = (attributes: object, told: readonly number[], shape: readonly number[] = [1, 2, 6, 5]) =>
    simplifyGraph(graphOf(attributes, shape, told)).nodes[0];

  it.each([
    [nearest, [1, 2, 14, 9], 'nearest'],
    [{ ...nearest, tells: 'scales' }, [1, 1, 2, 3], 'nearest'],
    [{ mode: 'nearest', tells: 'scales', rounding: 'half-down' }, [1, 1, 2, 2], 'nearest'],
    [{ mode: 'linear', tells: 'scales' }, [1, 1, 2, 2], 'bilinear'],
    [{ mode: 'linear', tells: 'lengths', coordinates: 'half-pixel-or-first' }, [1, 2, 4, 11], 'bilinear'],
  ])('a resizing: %j by %j', (attributes, told, mode) => {
    const graph = graphOf(attributes, [1, 2, 6, 5], told);
    const node = special(attributes, told);
    expect(node).toMatchObject({ op: 'resize', inputs: ['x'], attributes: { mode } });
    const x = { shape: [1, 2, 6, 5], data: Float64Array.from({ length: 60 }, (_, i) => Math.sin(i)) };
    const numbers = { shape: [4], data: Float64Array.from(told) };
    const [own] = operationOf(graph.nodes[0]).reference(graph.nodes[0], [x, numbers]);
    const [resized] = operationOf(node).reference(node, [x]);
    expect(resized.shape).toEqual(own.shape);
    // Both weigh four elements of at most 1 in double.
    own.data.forEach((value, i) => {
      expect(Math.abs(value - resized.data[i])).toBeLessThanOrEqual(2 ** -48);
    });
  });

  it.each([
    [{ mode: 'linear', tells: 'scales', coordinates: 'asymmetric' }, [1, 1, 2, 2]],
    [{ mode: 'linear', tells: 'lengths', antialias: true }, [1, 2, 3, 2]],
    [{ mode: 'linear', tells: 'scales' }, [1, 1, 0.6, 0.6]],
    [{ mode: 'cubic', tells: 'scales' }, [1, 1, 2, 2]],
    [{ ...nearest, rounding: 'ceiling' }, [1, 2, 9, 9]],
    [{ mode: 'linear', tells: 'scales' }, [1, 2, 2, 2]],
    // Samples are not compared one by one where there are more than in any picture.
    [{ mode: 'linear', tells: 'lengths' }, [1, 2, 6, 2 ** 30]],
    [{ ...nearest, coordinates: 'pixel-centre' }, [1, 2, 2 ** 30, 5]],
  ])('nothing else: %j by %j', (attributes, told) => {
    expect(special(attributes, told).op).toBe('resampling');
  });

  it('refuses what makes no sense', () => {
    const infer = (attributes: object, told: readonly number[]) => () => graphOf(attributes, [4, 4], told);
    expect(infer(nearest, [3])).toThrow("node 'y' (resampling): it has 1 lengths, expected 2");
    expect(infer(nearest, [3, 0])).toThrow("node 'y' (resampling): one of its lengths is 0, expected positive numbers");
    expect(infer({ mode: 'linear', tells: 'scales', coordinates: 'region' }, [1, 1])).toThrow(
      "node 'y' (resampling): it has 0 numbers for regions, expected 4 (two for each axis)",
    );
  });
});
