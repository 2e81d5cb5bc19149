/** A fully-connected layer at batch 1 reads every weight once: against reading alone, and with half the bytes. */

import type { Context } from '../../src/context/context.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import type { PlanFullyConnectedOptions } from '../../src/layers/fully-connected-options.ts';
import { planFullyConnected } from '../../src/layers/fully-connected-plan.ts';
import { decodeHalves, encodeHalves } from '../../src/maths/half.ts';
import { makeTensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { atLeast } from '../goal.ts';
import { readerOf, timed } from '../limits.ts';
import { type Section, THOROUGH, verify, withContext } from '../section.ts';
import { measure, ratio } from '../statistics.ts';

/** VGG's first fully-connected layer: 411 MB of weights, more than any cache holds. */
const [C, K] = [25088, 4096];

export const fullyConnected: Section = {
  name: 'fully-connected',
  what: 'a fully-connected layer against reading its weights, one thread',
  seconds: 5,
  steps: [1],
  run: (bench) =>
    withContext({ threads: 1, kernels: bench.kernels }, async (context) => {
      if (refuseSimd('simd') !== null || context.arena.wasm === null) return; // nothing here reads as fast as the machine can
      const { step, signal, found } = bench;
      step(`${C}→${K}`);
      const [single, half] = layersOf(context);
      const reader = readerOf(context, 4 * K * C);
      const [inSingle, inHalf, reading] = await measure([single, half, reader], THOROUGH, signal);
      const what = `fully-connected ${C}→${K}, ${context.kernels.name}`;
      const rate = (milliseconds: number): number => (4 * K * C) / milliseconds / 1e6;
      found.rows.push({
        what: `${what}, ${inSingle.name}`,
        value: rate(inSingle.median),
        unit: 'GB/s',
        against: `${reading.name}, ${rate(reading.median).toFixed(1)}`,
        ratio: ratio(reading, inSingle).ratio,
        goal: atLeast(context.kernels.name, { emitted: 0.8 }),
      });
      found.rows.push({
        what: `${what}, ${inHalf.name}`,
        value: inHalf.median,
        unit: 'ms',
        against: `${inSingle.name}, ${inSingle.median.toFixed(1)} ms`,
        ratio: ratio(inSingle, inHalf).ratio,
        goal: atLeast(context.kernels.name, { emitted: 1.5 }),
      });
      for (const layer of [single, half]) layer.dispose();
    }),
};

/** The layer with weights of 32 and of 16 bits, which are the same numbers; their results have been compared. */
function layersOf(context: Context): [OurLayer, OurLayer] {
  // The weights are a few rows, repeated.
  const rows = encodeHalves(randomArray(16 * C, uniform(7)), 'binary16');
  const halves = new Uint16Array(K * C);
  const floats = new Float32Array(K * C);
  for (let row = 0; row < K; row += 16) halves.set(rows, row * C);
  for (let row = 0; row < K; row += 16) floats.set(decodeHalves(rows, 'binary16'), row * C);
  const single = layerOf(context, 'float32', makeTensor(floats, [K, C]));
  const half = layerOf(context, 'binary16', { data: halves, shape: [K, C], format: 'binary16' });
  for (const layer of [single, half]) layer.time();
  verify(`${half.name} against ${single.name}`, half.result(), single.result());
  return [single, half];
}

type OurLayer = ReturnType<typeof layerOf>;

function layerOf(context: Context, name: string, kernel: PlanFullyConnectedOptions['kernel']) {
  const input = context.allocate([1, C]);
  const output = context.allocate([1, K]);
  input.data.set(randomArray(C, uniform(8)), input.offset);
  const plan = planFullyConnected({ context, input, kernel });
  return {
    name,
    time: () => timed(() => plan.run(input, output)),
    result: () => output.data.slice(output.offset, output.offset + K),
    dispose() {
      plan.dispose();
      for (const tensor of [input, output]) context.free(tensor);
    },
  };
}
