/** What the two poolings have in common. */
import { applyRules, POOLING_RULES } from '../../dispatch/rules.ts';
import { type PoolingShape, parsePoolingGeometry, poolingShape } from '../../layers/pooling-shape.ts';
import type { Padding, PerAxis } from '../../tensor/convolution-shape.ts';
import { axesOf, type PoolingConvention, sidesOf } from '../attributes.ts';
import type { Compiled, Lowering, RunNode } from '../compiled.ts';
import { type OpNode, whoIs } from '../node.ts';
import { parsePadding, parsePerAxis } from '../parse-values.ts';
import { around, at, build, type DoubleTensor, fullAxis, pair, present, sameAxis, validAxis } from './double.ts';
import type { Given } from './operation.ts';
import type { Window } from './windows.ts';

/** A pooling's windows. */
export interface PoolingAttributes {
  readonly poolingSize: PerAxis;
  /** Absent: the pooling size, so that windows tile the input. */
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  readonly convention?: PoolingConvention;
}

type PoolingNode = OpNode<PoolingAttributes>;

export const POOLING_FIELDS = { poolingSize: true, stride: true, padding: true, convention: true } as const;

export function parsePooling(who: string, given: Given): PoolingAttributes {
  const attributes = {
    poolingSize: parsePerAxis(who, 'poolingSize', given.poolingSize, 'invalid-pooling-size'),
    stride: parsePerAxis(who, 'stride', given.stride, 'invalid-pooling-stride'),
    padding: parsePadding(who, given.padding),
  };
  const { pool, convention } = parsePoolingGeometry(who, { ...attributes, convention: given.convention });
  return { ...attributes, poolingSize: attributes.poolingSize ?? pool, convention };
}

export function poolingWindow(node: PoolingNode): Window {
  const { poolingSize, stride = poolingSize, padding = 0, convention = 'valid' } = node.attributes;
  return {
    node,
    span: axesOf(poolingSize),
    stride: axesOf(stride),
    padding: sidesOf(padding),
    convention,
    misfit: 'invalid-pooling-size',
  };
}

/** Every window is looked at whole. */
export function poolingTerms({ attributes }: PoolingNode): number {
  const [height, width] = axesOf(attributes.poolingSize);
  return height * width;
}

export function lowerPooling(
  { node, inputs: [input] }: Lowering<PoolingAttributes>,
  type: 'max' | 'average',
  runOf: (shape: PoolingShape) => RunNode,
): Compiled {
  const shape = poolingShape(whoIs(node), input ?? [], node.attributes);
  const run = runOf(shape);
  return { rules: applyRules(POOLING_RULES, { type, ...shape }), load: () => run };
}

/** `outputOf` makes the output of a window of the elements inside the input. */
export function pooled(
  { attributes }: PoolingNode,
  input: DoubleTensor | null,
  outputOf: (inside: readonly number[], windowSize: number) => number,
): readonly DoubleTensor[] {
  const x = present(input);
  const [batch, channels, height, width] = x.shape;
  const [poolH, poolW] = pair(attributes.poolingSize);
  const [strideH, strideW] = pair(attributes.stride ?? attributes.poolingSize);
  const sides = around(attributes.padding ?? 0);
  const along = (size: number, before: number, after: number, pool: number, stride: number) => {
    if (attributes.convention === 'same') return sameAxis(size, pool, stride);
    return (attributes.convention === 'full' ? fullAxis : validAxis)(size, before, after, pool, stride);
  };
  const [top, outH] = along(height, sides.top, sides.bottom, poolH, strideH);
  const [left, outW] = along(width, sides.left, sides.right, poolW, strideW);
  const pool = ([n, c, i, j]: readonly number[]) => {
    const inside: number[] = [];
    for (let p = 0; p < poolH; p++) {
      for (let q = 0; q < poolW; q++) {
        const row = i * strideH - top + p;
        const column = j * strideW - left + q;
        if (row >= 0 && row < height && column >= 0 && column < width) inside.push(at(x, [n, c, row, column]));
      }
    }
    return outputOf(inside, poolH * poolW);
  };
  return [build([batch, channels, outH, outW], pool)];
}
