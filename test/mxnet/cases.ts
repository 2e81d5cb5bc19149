/** Cases of MXNet operators, whose numbers were worked out by hand: as they run and by their definitions. */
import { expect, it } from 'vitest';
import type { MxnetFileContents } from '../../src/mxnet/files.ts';
import { type Input, type Output, outputsOf } from './models.ts';

/** The lowest number of single precision. */
export const LOWEST = -(2 ** 127 * (2 - 2 ** -23));
export const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];

export const picture = (...rows: number[][]): Output => [[1, 1, rows.length, rows[0].length], rows.flat()];
export const line = (...numbers: number[]): Output => [[1, 1, numbers.length], numbers];
export const vector = (...numbers: number[]): Output => [[numbers.length], numbers];
export const filled = (shape: readonly number[], x = 0): Output => [
  shape,
  new Array<number>(shape.reduce((a, b) => a * b)).fill(x),
];
export const counted = (shape: readonly number[]): Output => [shape, [...Array(shape.reduce((a, b) => a * b)).keys()]];

/** Outputs of the shapes and numbers expected, both ways. */
export function expectOutputs(
  files: MxnetFileContents,
  inputs: Readonly<Record<string, Input>>,
  expected: readonly Output[],
) {
  for (const outputs of Object.values(outputsOf(files, inputs))) {
    expect(outputs.map(([shape]) => shape)).toEqual(expected.map(([shape]) => shape));
    for (const [i, [, numbers]] of outputs.entries()) {
      for (const [k, number] of numbers.entries()) {
        const wanted = expected[i][1][k];
        const isNear =
          Object.is(number, wanted) || number === wanted || Math.abs(number - wanted) <= 1e-6 * Math.abs(wanted);
        expect(isNear ? wanted : number, `element ${k} of output ${i}`).toBe(wanted);
      }
    }
  }
}

interface Case {
  readonly what: string;
  readonly files: MxnetFileContents;
  readonly data: Input;
  readonly others?: Readonly<Record<string, Input>>;
  readonly expected: readonly Output[];
}

/** A test for each. */
export const expectCases = (cases: readonly Case[]) =>
  it.each(cases)('$what', ({ files, data, others, expected }) => expectOutputs(files, { data, ...others }, expected));
