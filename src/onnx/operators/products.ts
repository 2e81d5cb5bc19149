/** Products of matrices. A constant one that a layer would read as its kernel is laid out as that, once. */
import { inStoredOrder, isStored } from '../../graph/stored.ts';
import type { Name, Parameter, TypedArray } from '../../graph/values.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { Converters } from './converter.ts';

export const PRODUCTS: Converters = {
  MatMul(node, builder) {
    const kernel = turnedMatrix(builder, node.input(1));
    const inputs = [node.input(0), kernel ?? node.input(1)];
    builder.emit('matrix-product', inputs, { transposeB: kernel !== null }, node.outputs);
  },
  Gemm(node, builder) {
    const transposeA = node.int('transA', 0) !== 0;
    const isTurned = node.int('transB', 0) !== 0;
    const [factor, summandFactor] = [node.float('alpha', 1), node.float('beta', 1)];
    const kernel = isTurned ? null : turnedMatrix(builder, node.input(1));
    const second = kernel ?? node.input(1);
    const transposeB = isTurned || kernel !== null;
    const outputs = transposeB ? rowsOf(builder, second) : undefined;
    // Times 0, it does not count, NaN neither.
    const summand = summandFactor === 0 ? null : (node.inputs[2] ?? null);
    const bias = summand === null || outputs === undefined ? summand : biasOf(builder, summand, outputs);
    const attributes = { transposeA, transposeB, factor, summandFactor };
    builder.emit('matrix-product', [node.input(0), second, bias], attributes, node.outputs);
  },
};

/** A constant matrix with its rows as columns; null for what is none. */
function turnedMatrix(builder: GraphBuilder, name: Name): Name | null {
  const matrix = builder.parameters.get(name);
  // Without elements there may be rows or columns without number.
  const count = matrix === undefined ? 0 : sizeOf(matrix.type.shape);
  if (matrix?.type.shape.length !== 2 || count === 0) return null;
  const turned = builder.derived(['turned', name], count, () => transposed(matrix));
  return turned && withParameter(builder, name, turned);
}

function transposed(matrix: Parameter): Parameter {
  const [rows, columns] = matrix.type.shape;
  const fields = { type: { ...matrix.type, shape: [columns, rows] }, role: matrix.role };
  if (isStored(matrix)) return inStoredOrder(matrix, [rows, columns], [1, 0], fields);
  const from = matrix.data;
  const data = from.slice();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[j * rows + i] = from[i * columns + j];
  }
  return { ...fields, data };
}

/** How many rows a constant has, where it has elements. */
function rowsOf(builder: GraphBuilder, name: Name): number | undefined {
  const matrix = builder.parameters.get(name);
  return matrix === undefined || sizeOf(matrix.type.shape) === 0 ? undefined : matrix.type.shape[0];
}

/** A constant that is the same in every row as a vector of one number for each column; others as they are. */
function biasOf(builder: GraphBuilder, name: Name, columns: number): Name {
  const summand = builder.parameters.get(name);
  const shape = summand?.type.shape ?? [];
  const isRow = shape.length <= 2 && shape.slice(0, -1).every((size) => size === 1);
  const count = shape[shape.length - 1] ?? 1;
  if (summand === undefined || !isRow || (count !== 1 && count !== columns)) return name;
  if (shape.length === 1 && count === columns) return name;
  const type = { ...summand.type, shape: [columns] };
  return withParameter(builder, name, { type, data: repeated(summand.data, columns), role: summand.role });
}

/** The numbers, or so many of the only one. */
function repeated(data: TypedArray, count: number): TypedArray {
  if (data.length === count) return data;
  const made = data.constructor as new (length: number) => TypedArray;
  const all = new made(count);
  for (let i = 0; i < count; i++) all[i] = data[0];
  return all;
}

function withParameter(builder: GraphBuilder, hint: Name, parameter: Parameter): Name {
  const name = builder.fresh(hint);
  builder.parameter(name, parameter);
  return name;
}
