import { expectCount } from '../../tensor/convolution-shape.ts';
import { ALONG_AXIS_FIELDS, type AlongAxisAttributes, alongAxis, parseAlongAxis, runLines } from './along-axis.ts';
import type { Operation } from './operation.ts';

/** x / (Σ |x|^order)^(1 / order) along an axis; 0 where all are 0. */
export interface NormNormalisationAttributes extends AlongAxisAttributes {
  readonly order: number;
}

export const normNormalisation: Operation<NormNormalisationAttributes> = alongAxis(
  { ...ALONG_AXIS_FIELDS, order: true },
  (who, given): NormNormalisationAttributes => {
    const { order } = given;
    expectCount(who, 'order', order, 'invalid-argument');
    return { ...parseAlongAxis(who, given), order };
  },
  {
    lower: (call, planes) =>
      runLines(call, planes, (f32, x, y, count, step) => {
        const { order } = call.node.attributes;
        let total = 0;
        for (let i = 0; i < count; i++) total += Math.abs(f32[x + i * step]) ** order;
        const norm = total === 0 ? 1 : total ** (1 / order);
        for (let i = 0; i < count; i++) f32[y + i * step] = f32[x + i * step] / norm;
      }),
    definition(line, { order }) {
      const norm = line.map((v) => Math.abs(v) ** order).reduce((a, b) => a + b, 0) ** (1 / order);
      return line.map((v) => (norm === 0 ? 0 : v / norm));
    },
  },
);
