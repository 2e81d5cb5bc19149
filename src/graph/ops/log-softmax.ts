import { ALONG_AXIS_FIELDS, type AlongAxisAttributes, alongAxis, parseAlongAxis, runLines } from './along-axis.ts';
import type { Operation } from './operation.ts';

/** x − log Σ e^x along an axis. */
export const logSoftmax: Operation<AlongAxisAttributes> = alongAxis(ALONG_AXIS_FIELDS, parseAlongAxis, {
  lower: (call, planes) =>
    runLines(call, planes, (f32, x, y, count, step) => {
      let most = -Infinity;
      for (let i = 0; i < count; i++) most = Math.max(most, f32[x + i * step]);
      let total = 0;
      for (let i = 0; i < count; i++) total += Math.exp(f32[x + i * step] - most);
      const logarithm = Math.log(total);
      for (let i = 0; i < count; i++) f32[y + i * step] = f32[x + i * step] - most - logarithm;
    }),
  definition(line) {
    // The greatest is taken away first, or e^x would be too large.
    const most = line.reduce((a, b) => Math.max(a, b), -Infinity);
    const logarithm = Math.log(line.map((v) => Math.exp(v - most)).reduce((a, b) => a + b, 0));
    return line.map((v) => v - most - logarithm);
  },
});
