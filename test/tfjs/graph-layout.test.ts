/** What an operator gives does not depend on how its input lies, nor on which sizes are known when it is read. */
import { describe, expect, it } from 'vitest';
import { runGraph } from '../../src/graph/index.ts';
import { randomNumbers } from '../networks/arbitrary.ts';
import {
  type Constant,
  flag,
  float,
  floats,
  graphFile,
  int,
  ints,
  list,
  type NodeDef,
  placeholder,
  read,
  table,
  text,
  whole,
} from './graph-def.ts';
import { SAME, VALID } from './one-operator.ts';

/** An operator on c: [2, 4, 5, 3], and constants; x is c before it lay in another order. */
interface Case {
  readonly op: string;
  readonly attr?: NodeDef['attr'];
  /** `c`, `x`, or a constant. */
  readonly inputs?: readonly ('c' | 'x' | Constant)[];
  readonly outputs?: number;
}

const numbers = (...shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return floats(shape, ...randomNumbers(count + 7, count));
};
const SIDES = table([0, 0], [1, 2], [0, 1], [2, 0]);
const onC = (...others: Constant[]) => ['c' as const, ...others];

const CASES: readonly Case[] = [
  ...['Relu', 'Relu6', 'Elu', 'Sigmoid', 'Softmax', 'LogSoftmax', 'Neg', 'Square', 'Rsqrt', 'IsFinite', 'Squeeze'].map(
    (op): Case => ({ op }),
  ),
  ...['Mean', 'Sum', 'Max', 'Min', 'Prod', 'EuclideanNorm'].flatMap((op): Case[] => [
    { op, inputs: onC(list(1, 2)) },
    { op, inputs: onC(list(1, 2)), attr: { keep_dims: flag(true) } },
    { op, inputs: onC(list(-1, 1)) },
    { op, inputs: onC(list()) },
    { op, inputs: onC(whole(0)) },
  ]),
  ...[1, 3].flatMap((axis): Case[] => [
    { op: 'ArgMax', inputs: onC(whole(axis)) },
    { op: 'ArgMin', inputs: onC(whole(axis)) },
    { op: 'Cumsum', inputs: onC(whole(axis)), attr: { exclusive: flag(true), reverse: flag(axis === 3) } },
    { op: 'ExpandDims', inputs: onC(whole(axis)) },
    { op: 'Pack', inputs: ['c', 'x'], attr: { axis: int(axis) } },
    { op: 'ConcatV2', inputs: ['c', 'x', 'c', whole(axis)] },
    { op: 'Split', inputs: [whole(axis), 'c'], attr: { num_split: int(axis === 1 ? 2 : 3) }, outputs: 2 },
    { op: 'SplitV', inputs: onC(list(1, -1), whole(axis)), outputs: 2 },
    { op: 'Unpack', attr: { axis: int(axis), num: int(axis === 1 ? 4 : 3) }, outputs: 3 },
    { op: 'GatherV2', inputs: onC(list(2, 0), whole(axis)) },
    { op: 'GatherV2', inputs: onC(whole(1), whole(axis)) },
  ]),
  { op: 'TopKV2', inputs: onC(whole(2)), outputs: 2 },
  { op: 'Transpose', inputs: onC(list(0, 3, 1, 2)) },
  { op: 'Transpose', inputs: onC(list(2, 1, 3, 0)) },
  { op: 'Reshape', inputs: onC(list(2, -1)) },
  { op: 'Reshape', inputs: onC(list(-1, 60)) },
  { op: 'Reshape', inputs: onC(list(2, 20, 3)) },
  { op: 'Reshape', inputs: onC(list(2, 5, 4, 3)) },
  { op: 'Pad', inputs: onC(SIDES) },
  { op: 'PadV2', inputs: onC(SIDES, floats([], 5)) },
  { op: 'MirrorPad', inputs: onC(SIDES), attr: { mode: text('REFLECT') } },
  { op: 'MirrorPad', inputs: onC(SIDES), attr: { mode: text('SYMMETRIC') } },
  { op: 'Tile', inputs: onC(list(1, 2, 1, 3)) },
  { op: 'BroadcastTo', inputs: onC(list(3, 2, 4, 5, 3)) },
  { op: 'Slice', inputs: onC(list(0, 1, 0, 1), list(-1, 2, -1, 2)) },
  { op: 'ReverseV2', inputs: onC(list(1, 3)) },
  { op: 'SpaceToBatchND', inputs: onC(list(2, 2), table([0, 0], [1, 0])) },
  { op: 'SpaceToBatchND', inputs: onC(list(2), table([1, 1])) },
  { op: 'BatchToSpaceND', inputs: onC(list(2), table([1, 0])) },
  { op: 'DepthToSpace', attr: { block_size: int(1) } },
  { op: 'SpaceToDepth', attr: { block_size: int(1) } },
  { op: 'ResizeBilinear', inputs: onC(list(7, 3)), attr: { half_pixel_centers: flag(true) } },
  { op: 'ResizeNearestNeighbor', inputs: onC(list(7, 3)), attr: { align_corners: flag(true) } },
  { op: 'MatMul', inputs: onC(numbers(3, 2)) },
  { op: 'BatchMatMulV2', inputs: onC(numbers(2, 3)), attr: { adj_y: flag(true) } },
  { op: 'BatchMatMulV2', inputs: onC(numbers(5, 2)), attr: { adj_x: flag(true) } },
  ...(
    [
      ['...c,cd->...d', [3, 2]],
      ['bhwc,wd->bdhc', [5, 2]],
      ['bhwc,bhd->bwcd', [2, 4, 2]],
      ['bhwc,hwk->bck', [4, 5, 2]],
      ['bhwc,x->bx', [2]],
    ] as const
  ).map(([equation, shape]): Case => {
    return { op: 'Einsum', inputs: onC(numbers(...shape)), attr: { equation: text(equation) } };
  }),
  { op: 'Einsum', attr: { equation: text('bhwc->cb') } },
  ...[[3], [5, 3], [4, 1, 1], [1, 1, 1, 3], [], [1]].flatMap((shape): Case[] =>
    ['AddV2', 'Mul', 'Sub', 'Maximum', 'SquaredDifference'].map((op) => ({ op, inputs: onC(numbers(...shape)) })),
  ),
  { op: 'BiasAdd', inputs: onC(numbers(3)) },
  { op: 'Prelu', inputs: onC(numbers(3)) },
  { op: 'AddN', inputs: ['c', 'x', 'c'] },
  { op: 'ClipByValue', inputs: onC(floats([], -0.25), floats([], 0.5)) },
  {
    op: 'FusedBatchNormV3',
    inputs: onC(numbers(3), numbers(3), numbers(3), floats([3], 1, 2, 0.5)),
    attr: { is_training: flag(false), epsilon: float(0.01) },
  },
  { op: 'LRN', attr: { depth_radius: int(1) } },
  { op: 'MaxPool', attr: { ...SAME, ksize: ints(1, 2, 2, 1) } },
  { op: 'AvgPool', attr: { ...SAME, ksize: ints(1, 2, 3, 1) } },
  { op: 'Conv2D', inputs: onC(numbers(2, 2, 3, 2)), attr: { ...SAME, dilations: ints(1, 1, 2, 1) } },
  { op: 'DepthwiseConv2dNative', inputs: onC(numbers(2, 2, 3, 2)), attr: VALID },
  {
    op: 'Conv2DBackpropInput',
    inputs: [list(2, 8, 9, 2), numbers(3, 3, 2, 3), 'c'],
    attr: { ...SAME, strides: ints(1, 2, 2, 1) },
  },
  ...['ZerosLike', 'OnesLike', 'Shape', 'Size', 'Rank'].map((op): Case => ({ op })),
];

/** @param lies what lies channels first: a convolution has made it, whose kernel changes nothing */
async function resultOf({ op, attr, inputs = ['c'], outputs = 1 }: Case, lies: boolean, isOpen: boolean) {
  const constants = new Map<string, Constant>([['same', floats([1, 1, 3, 3], 1, 0, 0, 0, 1, 0, 0, 0, 1)]]);
  const input = inputs.map((given, i) => {
    if (typeof given === 'string') return given;
    constants.set(`k${i}`, given);
    return `k${i}`;
  });
  const nodes = [
    placeholder('x', [isOpen ? -1 : 2, 4, 5, 3]),
    lies ? { name: 'c', op: 'Conv2D', input: ['x', 'same'], attr: VALID } : { name: 'c', op: 'Identity', input: ['x'] },
    { name: 'y', op, input, attr },
  ];
  const named = Object.fromEntries(Array.from({ length: outputs }, (_, i) => [`y${i}`, `y:${i}`]));
  const { graph } = await read(graphFile(nodes, Object.fromEntries(constants), named));
  return runGraph(graph, { x: { data: randomNumbers(5, 120), shape: [2, 4, 5, 3] } });
}

describe('a value that lies channels first', () => {
  it.each(CASES.map((each, i) => [i, each.op, each] as const))(
    'is to case %i, %s, as one that does not',
    async (_, _op, each) => {
      const plain = await resultOf(each, false, false);
      for (const [lies, isOpen] of [
        [true, false],
        [false, true],
        [true, true],
      ]) {
        const other = await resultOf(each, lies, isOpen);
        for (const [name, { data, shape }] of Object.entries(plain)) {
          expect(other[name].shape).toEqual(shape);
          expect(other[name].data.constructor).toBe(data.constructor);
          data.forEach((expected: number | bigint, i: number) => {
            // Sums may go in another order.
            const bound = 2 ** -18 * Math.max(1, Math.abs(Number(expected)));
            const [a, b] = [Number(other[name].data[i]), Number(expected)];
            if (!Object.is(a, b)) expect(Math.abs(a - b)).toBeLessThanOrEqual(bound);
          });
        }
      }
    },
  );
});
