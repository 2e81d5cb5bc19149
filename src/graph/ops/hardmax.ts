import { ALONG_AXIS_FIELDS, type AlongAxisAttributes, alongAxis, parseAlongAxis, runLines } from './along-axis.ts';
import type { Operation } from './operation.ts';

/** 1 at the first of the greatest numbers along an axis, and 0 at all others. */
export const hardmax: Operation<AlongAxisAttributes> = alongAxis(ALONG_AXIS_FIELDS, parseAlongAxis, {
  lower: (call, planes) =>
    runLines(call, planes, (f32, x, y, count, step) => {
      let first = 0;
      for (let i = 1; i < count; i++) if (f32[x + i * step] > f32[x + first * step]) first = i;
      for (let i = 0; i < count; i++) f32[y + i * step] = i === first ? 1 : 0;
    }),
  definition(line) {
    const first = line.reduce((best, v, i) => (v > line[best] ? i : best), 0);
    return line.map((_, i) => (i === first ? 1 : 0));
  },
});
