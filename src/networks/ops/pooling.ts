/** What the two poolings have in common. */
import { oneOf } from '../../check/options.ts';
import { applyRules, POOLING_RULES } from '../../dispatch/rules.ts';
import { NnpackError } from '../../errors.ts';
import { type PoolingShape, poolingShape } from '../../layers/pooling-shape.ts';
import type { Compiled, RunNode } from '../compiled.ts';
import { axesOf, type MaxPoolingNode, type PoolingNode, type Shape, sidesOf, whoIs } from '../network.ts';
import { parsePadding, parsePerAxis } from '../parse-values.ts';
import { around, at, build, type DoubleTensor, fullAxis, pair, sameAxis, validAxis } from './double.ts';
import type { Given, OwnFields } from './operation.ts';
import type { Window } from './windows.ts';

export const POOLING_FIELDS = { poolingSize: true, stride: true, padding: true, convention: true } as const;

export function parsePooling(who: string, given: Given): OwnFields<MaxPoolingNode> {
  const poolingSize = parsePerAxis(who, 'poolingSize', given.poolingSize, 'invalid-pooling-size');
  if (poolingSize === undefined) {
    const what = 'poolingSize is not given, expected a whole number of at least 1';
    throw new NnpackError('invalid-pooling-size', `${who}: ${what}`);
  }
  const stride = parsePerAxis(who, 'stride', given.stride, 'invalid-pooling-stride');
  const padding = parsePadding(who, given.padding);
  const convention = oneOf(who, 'convention', given.convention, ['valid', 'full', 'same'], 'invalid-argument');
  if (convention === 'same' && Object.values(sidesOf(padding ?? 0)).some((zeros) => zeros !== 0)) {
    const what = "the convention 'same' chooses its own padding, expected none";
    throw new NnpackError('invalid-input-padding', `${who}: ${what}`);
  }
  return { poolingSize, stride, padding, convention };
}

export function poolingWindow(node: PoolingNode): Window {
  return {
    node,
    span: axesOf(node.poolingSize),
    stride: axesOf(node.stride ?? node.poolingSize),
    padding: sidesOf(node.padding ?? 0),
    convention: node.convention ?? 'valid',
    misfit: 'invalid-pooling-size',
  };
}

export function compilePooling(
  node: PoolingNode,
  type: 'max' | 'average',
  input: Shape,
  runOf: (shape: PoolingShape) => RunNode,
): Compiled {
  const shape = poolingShape(whoIs(node), input, node);
  const run = runOf(shape);
  return { rules: applyRules(POOLING_RULES, { type, ...shape }), load: () => run };
}

/** `outputOf` makes the output of a window of the elements inside the input. */
export function pooled(
  node: PoolingNode,
  x: DoubleTensor,
  outputOf: (inside: readonly number[], windowSize: number) => number,
): DoubleTensor {
  const [batch, channels, height, width] = x.shape;
  const [poolH, poolW] = pair(node.poolingSize);
  const [strideH, strideW] = pair(node.stride ?? node.poolingSize);
  const sides = around(node.padding ?? 0);
  const along = (size: number, before: number, after: number, pool: number, stride: number) => {
    if (node.convention === 'same') return sameAxis(size, pool, stride);
    return (node.convention === 'full' ? fullAxis : validAxis)(size, before, after, pool, stride);
  };
  const [top, outH] = along(height, sides.top, sides.bottom, poolH, strideH);
  const [left, outW] = along(width, sides.left, sides.right, poolW, strideW);
  return build([batch, channels, outH, outW], ([n, c, i, j]) => {
    const inside: number[] = [];
    for (let p = 0; p < poolH; p++) {
      for (let q = 0; q < poolW; q++) {
        const row = i * strideH - top + p;
        const column = j * strideW - left + q;
        if (row >= 0 && row < height && column >= 0 && column < width) inside.push(at(x, [n, c, row, column]));
      }
    }
    return outputOf(inside, poolH * poolW);
  });
}
