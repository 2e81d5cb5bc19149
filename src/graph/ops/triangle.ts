import { expectOneOf } from '../../check/options.ts';
import { at, build, present } from './double.ts';
import { wrongRank } from './inputs.ts';
import type { Operation } from './operation.ts';
import { expectWhole, typeAt } from './settings.ts';

const PARTS = ['upper', 'lower'] as const;

/**
 * Matrices (the last two axes) with zeros below or above the diagonal, which is moved to the right by the second input (0
 * when left out).
 */
export interface TriangleAttributes {
  /** What is kept, with the diagonal. */
  readonly part: (typeof PARTS)[number];
}

export const triangle: Operation<TriangleAttributes> = {
  inputs: { least: 1, most: 2 },
  fields: { part: true },
  check: (who, { part }) => ({ part: expectOneOf(who, 'part', part, PARTS, 'invalid-argument') }),
  infer(node, inputs) {
    const { dtype, shape } = typeAt(inputs, 0);
    expectWhole(node, 'diagonal', inputs[1]);
    if (shape.length < 2) throw wrongRank(node, 'input', '[…, H, W]', shape);
    return [{ dtype, shape }];
  },
  reference({ attributes: { part } }, [input, diagonal]) {
    const x = present(input);
    const shift = diagonal?.data[0] ?? 0;
    return [
      build(x.shape, (index) => {
        const [row, column] = index.slice(-2);
        const right = column - row - shift;
        return (part === 'upper' ? right >= 0 : right <= 0) ? at(x, index) : 0;
      }),
    ];
  },
  slicing: () => 'slices need the rows and columns where they are',
  gradient: null,
};
