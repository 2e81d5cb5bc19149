import { NnpackError } from '../../errors.ts';
import { checkActivation } from '../../layers/activation.ts';
import { expectFinite } from '../../layers/call.ts';
import { fullyConnectedProgram } from '../../layers/fully-connected-program.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { copyIn } from '../../tensor/tensor.ts';
import type { Compiled, Lowering, Shape } from '../compiled.ts';
import { type InferredType, type InputTypes, type OpNode, type Sizes, whoIs } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import { isFloat, type Size, shapeText } from '../values.ts';
import { broadcastShape, stretchedStrides, walkStretched } from './broadcast.ts';
import { at, build, type DoubleTensor, present } from './double.ts';
import { isNumber } from './elementwise.ts';
import { mayEqual, onOneType } from './inputs.ts';
import type { Given, Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { expectStretchedTo } from './stretched-input.ts';

/**
 * y = factor · a · b + summandFactor · c: a and b are matrices, or stacks of them that are stretched to one another, and c
 * is stretched to the product. A vector a is a row and a vector b a column, whose axis y does not have.
 */
export interface MatrixProductAttributes {
  /** a is read with its last two axes exchanged. */
  readonly transposeA?: boolean;
  /** b is read with its last two axes exchanged. */
  readonly transposeB?: boolean;
  /** 1 when not given. */
  readonly factor?: number;
  /** 1 when not given. */
  readonly summandFactor?: number;
}

type Node = OpNode<MatrixProductAttributes>;

export const matrixProduct: Operation<MatrixProductAttributes> = {
  inputs: { least: 2, most: 3 },
  fields: { transposeA: true, transposeB: true, factor: true, summandFactor: true },
  check,
  infer,
  specialise,
  lower,
  reference,
  slicing: () => WHOLE_PICTURE,
  multiplyAdds: ([a, b], [y]) => sizeOf(y) * innerSize(a ?? [], b ?? [], y),
  gradient: null,
};

function check(who: string, given: Given): MatrixProductAttributes {
  const { factor = 1, summandFactor = 1 } = given;
  expectFinite(who, 'factor', factor);
  expectFinite(who, 'summandFactor', summandFactor);
  const transposeA = parseFlag(who, 'transposeA', given.transposeA);
  const transposeB = parseFlag(who, 'transposeB', given.transposeB);
  return { transposeA, transposeB, factor, summandFactor };
}

/** How many terms each element of the product has, whichever way the matrices lie. */
function innerSize(a: Shape, b: Shape, y: Shape): number {
  if (a.length === 1) return a[0];
  if (b.length === 1) return b[0];
  return sizeOf(a.slice(-2)) / y[y.length - 2];
}

/** A matrix, or a stack of them, as it is read. */
interface Matrices<S extends Size> {
  readonly stack: readonly S[];
  readonly rows: S;
  readonly columns: S;
  /** Whether it lies with its rows and columns exchanged. */
  readonly isTurned: boolean;
}

function matricesA<S extends Size>({ attributes }: Node, shape: readonly S[]): Matrices<S | 1> {
  if (shape.length === 1) return { stack: [], rows: 1, columns: shape[0], isTurned: false };
  return matrices(shape, attributes.transposeA ?? false);
}

function matricesB<S extends Size>({ attributes }: Node, shape: readonly S[]): Matrices<S | 1> {
  // One column lies as one row does.
  if (shape.length === 1) return { stack: [], rows: shape[0], columns: 1, isTurned: true };
  return matrices(shape, attributes.transposeB ?? false);
}

function matrices<S extends Size>(shape: readonly S[], isTurned: boolean): Matrices<S> {
  const [rows, columns] = isTurned ? shape.slice(-2).reverse() : shape.slice(-2);
  return { stack: shape.slice(0, -2), rows, columns, isTurned };
}

function infer(node: Node, types: InputTypes): readonly InferredType[] {
  const made = inferProduct(node, types);
  if (isNumber(made[0].dtype)) return made;
  const text = `inputs are of type ${made[0].dtype}, expected numbers`;
  throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
}

const inferProduct: (node: Node, types: InputTypes) => readonly InferredType[] = onOneType((node, shapes) => {
  const [first, second, summand] = shapes.map((shape) => shape ?? []);
  if (first.length === 0 || second.length === 0) {
    const text = `inputs are ${shapeText(first)} and ${shapeText(second)}, expected vectors or matrices`;
    throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}`);
  }
  const [a, b] = [matricesA<Size>(node, first), matricesB<Size>(node, second)];
  if (!mayEqual(a.columns, b.rows)) {
    const text = `inputs are ${shapeText(first)} and ${shapeText(second)}`;
    const expected = `as many rows of the second as the first has columns, which are ${a.columns}`;
    throw new NnpackError('invalid-input-channels', `${whoIs(node)}: ${text}, expected ${expected}`);
  }
  const rows = first.length === 1 ? [] : [a.rows];
  const columns = second.length === 1 ? [] : [b.columns];
  const shape: Sizes = [...broadcastShape(node, [a.stack, b.stack]), ...rows, ...columns];
  if (shapes[2]) expectStretchedTo(node, summand, shape);
  return [shape];
});

/** A layer's kernel is a matrix that lies turned, and its bias a number for each column. */
function specialise(
  { inputs, attributes }: Node,
  [a, b, c]: InputTypes,
): ReturnType<NonNullable<Operation<MatrixProductAttributes>['specialise']>> {
  const { transposeA, transposeB, factor, summandFactor } = attributes;
  const isLayer = a?.shape.length === 2 && !transposeA && b?.shape.length === 2 && transposeB && factor === 1;
  if (!isLayer || !isFloat(a.dtype)) return null;
  const outputs = b.shape[0];
  const isBias = !c || (c.shape.length === 1 && c.shape[0] === outputs && summandFactor === 1);
  return isBias ? { op: 'fully-connected', inputs, attributes: {} } : null;
}

/** Each product of the stack as that of a fully-connected layer, which reads b turned: y = a · (bᵀ)ᵀ. */
function lower({ node, inputs, outputs: [shape], context }: Lowering<MatrixProductAttributes>): Compiled {
  const { factor = 1, summandFactor = 1 } = node.attributes;
  const [first, second] = [inputs[0] ?? [], inputs[1] ?? []];
  const [a, b] = [matricesA<number>(node, first), matricesB<number>(node, second)];
  const stack = broadcastShape(node, [a.stack, b.stack]) as Shape;
  // Rows that all meet one matrix are those of one product.
  const isOne = sizeOf(b.stack) === 1 && !a.isTurned;
  const [products, rows] = isOne ? [[], sizeOf(stack) * a.rows] : [stack, a.rows];
  const size = { a: a.rows * a.columns, b: b.rows * b.columns, y: rows * b.columns };
  const strides = [a, b].map((each) => stretchedStrides(isOne ? [] : each.stack, products));
  const program = fullyConnectedProgram(
    { batch: rows, inputChannels: a.columns, outputChannels: b.columns, format: 'float32' },
    context,
    checkActivation(whoIs(node), undefined),
  );
  const [aFloats, bFloats] = [a.isTurned ? size.a : 0, b.isTurned ? 0 : size.b];

  /** A matrix of so many rows and columns as it is in memory, turned. */
  function turned(from: number, lines: number, columns: number, to: number): number {
    const { f32 } = context.arena;
    copyIn({ data: f32, shape: [columns, lines], stride: [1, columns], offset: from }, f32, to);
    return to;
  }

  return {
    workspaceFloats: aFloats + bFloats + program.workspaceFloats,
    load:
      (_place, profile) =>
      ([x, w, c = -1], [y], workspace) => {
        const [turnedB, rest] = [workspace + aFloats, workspace + aFloats + bFloats];
        let known = -1;
        walkStretched(products, strides, (i, [matrixA, matrixB]) => {
          const [at, bt] = [x + matrixA * size.a, w + matrixB * size.b];
          const left = a.isTurned ? turned(at, a.columns, a.rows, workspace) : at;
          if (!b.isTurned && known !== bt) turned(bt, b.rows, b.columns, turnedB);
          known = bt;
          program.run(left, b.isTurned ? bt : turnedB, 0, y + i * size.y, rest, profile);
        });
        finish(context.arena.f32, y, c);
      },
  };

  function finish(f32: Float32Array, y: number, c: number): void {
    if (factor !== 1) for (let i = y; i < y + sizeOf(shape); i++) f32[i] *= factor;
    if (c < 0) return;
    walkStretched(shape, [stretchedStrides(inputs[2] ?? [], shape)], (i, [summand]) => {
      f32[y + i] += summandFactor * f32[c + summand];
    });
  }
}

function reference(
  { attributes }: Node,
  [first, second, c]: readonly (DoubleTensor | null)[],
): readonly DoubleTensor[] {
  const { transposeA, transposeB, factor = 1, summandFactor = 1 } = attributes;
  const asMatrix = (given: DoubleTensor, shape: readonly number[], isTurned: boolean | undefined) => {
    const matrix = { ...given, shape };
    const [rows, columns] = isTurned && given.shape.length > 1 ? shape.slice(-2).reverse() : shape.slice(-2);
    const element = (index: readonly number[], i: number, j: number) => {
      const own = shape.slice(0, -2);
      const above = own.map((size, axis) => (size === 1 ? 0 : index[axis + index.length - own.length]));
      return at(matrix, isTurned && given.shape.length > 1 ? [...above, j, i] : [...above, i, j]);
    };
    return { stack: shape.slice(0, -2), rows, columns, element };
  };
  const [x, w] = [present(first), present(second)];
  const a = asMatrix(x, x.shape.length === 1 ? [1, x.shape[0]] : x.shape, transposeA);
  const b = asMatrix(w, w.shape.length === 1 ? [w.shape[0], 1] : w.shape, transposeB);
  const depth = Math.max(a.stack.length, b.stack.length);
  const stack = Array.from({ length: depth }, (_, axis) => {
    const [one, other] = [a, b].map((each) => each.stack[axis - depth + each.stack.length] ?? 1);
    return one === 1 ? other : one;
  });
  const whole = [...stack, a.rows, b.columns];
  const shape = [...stack, ...(x.shape.length === 1 ? [] : [a.rows]), ...(w.shape.length === 1 ? [] : [b.columns])];
  const { data } = build(whole, (index) => {
    const [above, i, j] = [index.slice(0, -2), index[depth], index[depth + 1]];
    let total = 0;
    for (let k = 0; k < a.columns; k++) total += a.element(above, i, k) * b.element(above, k, j);
    return factor * total;
  });
  if (c) walkSummand(shape, c, (place, summand) => (data[place] += summandFactor * summand));
  return [{ shape, data }];
}

/** Calls `visit` for each element of a shape with what is stretched to it. */
function walkSummand(shape: Shape, c: DoubleTensor, visit: (place: number, summand: number) => void): void {
  let place = 0;
  build(shape, (index) => {
    const own = c.shape.map((size, axis) => (size === 1 ? 0 : index[axis + shape.length - c.shape.length]));
    visit(place++, at(c, own));
    return 0;
  });
}
