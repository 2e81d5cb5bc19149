/**
 * Emitted kernels against what the machine allows, with both limits emitted here too:
 *
 *   a fully-connected layer at batch 1     reads every weight once     reading as many bytes
 *   a matrix product                       multiplies and adds         its own micro-tile, on registers alone
 */
import { decodeHalves, encodeHalves } from '../../../kernels/half.ts';
import { variantOf } from '../../../kernels/simd/engine.ts';
import { type PlanFullyConnectedOptions, planFullyConnected } from '../../../layers/fully-connected-plan.ts';
import { makeTensor } from '../../../tensor/ndarray.ts';
import { randomArray, uniform } from '../../../tensor/random.ts';
import type { Context } from '../../../threads/context.ts';
import { f32, f32x4, i32, i32x4, Module, v128 } from '../../../wasm/index.ts';
import { type Bench, type Section, THOROUGH, verify, withContext } from '../section.ts';
import { type Candidate, measure, ratio } from '../statistics.ts';
import { productOf } from './gemm.ts';

/** VGG's first fully-connected layer: 411 MB of weights, more than any cache holds. */
const [C, K] = [25088, 4096];
/** A product whose rows do not meet in the cache. */
const [SIZE, PITCH] = [1024, 1040];

export const kernels: Section = {
  name: 'kernels',
  what: "emitted kernels against the machine's memory and registers, one thread",
  seconds: 5,
  steps: [1, 4],
  run: (bench) =>
    withContext({ threads: 1 }, async (context) => {
      const { name } = context.kernels;
      if (name !== 'simd' && name !== 'simd-relaxed') return;
      await compareProduct(context, name, bench);
      await compareLayer(context, bench);
    }),
};

async function compareProduct(
  context: Context,
  name: 'simd' | 'simd-relaxed',
  { step, signal, found }: Bench,
): Promise<void> {
  step(`${SIZE}³`);
  const product = productOf(context, SIZE, PITCH);
  const registers = registersOf(name);
  const [whole, alone] = await measure([product, registers], THOROUGH, signal);
  product.dispose();
  const rate = (2 * SIZE ** 3) / whole.median / 1e6;
  const limit = registers.operations / alone.median / 1e6;
  found.rows.push({
    what: `GEMM ${SIZE}³, ${name}`,
    value: rate,
    unit: 'GFLOP/s',
    against: `${registers.name} on registers alone, ${limit.toFixed(1)}`,
    ratio: rate / limit,
    goal: { atLeast: 0.85 },
  });
}

/** The micro-tile of a table, whose operands never change their registers. */
function registersOf(name: 'simd' | 'simd-relaxed'): Candidate & { readonly operations: number } {
  const { tiles, multiplyAdd } = variantOf(name);
  const nv = tiles.length;
  const mr = tiles[nv - 1];
  const module = new Module();
  module.function(
    'registers',
    { turns: 'i32', x: 'f32' },
    ['f32'],
    (f, { turns, x }) => {
      const value = (k: number) => f.let(f32x4.splat(f32.mul(x, k)));
      const sums = Array.from({ length: mr }, () => Array.from({ length: nv }, () => f.local('v128')));
      const bs = sums[0].map((_, j) => value(j + 1));
      // As many rows of A as there are registers for, beside one for a product.
      const as = sums.slice(0, Math.max(1, 15 - mr * nv - nv)).map((_, i) => value(-i - 1));
      f.loop(turns, () => {
        sums.forEach((row, i) => {
          row.forEach((sum, j) => {
            f.set(sum, multiplyAdd(as[i % as.length], bs[j], sum));
          });
        });
        // Products that stayed the same from turn to turn would be computed once.
        const first = f.let(as[0]);
        as.forEach((a, i) => {
          f.set(a, as[i + 1] ?? first);
        });
        f.add(turns, -1);
      });
      const total = f.local('v128');
      for (const sum of sums.flat()) f.set(total, f32x4.add(total, sum));
      f.return(f32x4.extract_lane(total, 0));
    },
    { export: true },
  );
  const { registers } = instanceOf(module);
  // Code is replaced by faster code between calls, so there are many.
  const [calls, turns] = [100, 1e5];
  return {
    name: `${mr}×${4 * nv}`,
    operations: 2 * calls * turns * mr * 4 * nv,
    time: () =>
      timed(() => {
        for (let call = 0; call < calls; call++) registers(turns, 1e-3);
      }),
  };
}

async function compareLayer(context: Context, { step, signal, found }: Bench): Promise<void> {
  step(`fully-connected ${C}→${K}`);
  // A few rows again and again; numbers of half precision, so that both layers compute the same.
  const rows = encodeHalves(randomArray(16 * C, uniform(7)), 'binary16');
  const halves = new Uint16Array(K * C);
  const floats = new Float32Array(K * C);
  for (let row = 0; row < K; row += 16) halves.set(rows, row * C);
  for (let row = 0; row < K; row += 16) floats.set(decodeHalves(rows, 'binary16'), row * C);
  const single = layerOf(context, 'float32', makeTensor(floats, [K, C]));
  const half = layerOf(context, 'binary16', { data: halves, shape: [K, C], format: 'binary16' });
  for (const layer of [single, half]) layer.time();
  verify(`${half.name} against ${single.name}`, half.result(), single.result());

  const [inSingle, inHalf, reading] = await measure([single, half, readerOf(context, 4 * K * C)], THOROUGH, signal);
  const what = `fully-connected ${C}→${K}, ${context.kernels.name}`;
  const rate = (milliseconds: number): number => (4 * K * C) / milliseconds / 1e6;
  found.rows.push({
    what: `${what}, ${inSingle.name}`,
    value: rate(inSingle.median),
    unit: 'GB/s',
    against: `reading alone, ${rate(reading.median).toFixed(1)}`,
    ratio: ratio(reading, inSingle).ratio,
    goal: { atLeast: 0.8 },
  });
  found.rows.push({
    what: `${what}, ${inHalf.name}`,
    value: inHalf.median,
    unit: 'ms',
    against: `${inSingle.name}, ${inSingle.median.toFixed(1)} ms`,
    ratio: ratio(inSingle, inHalf).ratio,
    goal: { atLeast: 1.5 },
  });
  for (const layer of [single, half]) layer.dispose();
}

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

/** Reads the first bytes of the memory, which the weights fill, and does nothing else. */
function readerOf({ arena }: Context, bytes: number): Candidate {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 65_536, shared: true });
  module.function(
    'read',
    { at: 'i32', end: 'i32' },
    ['i32'],
    (f, { at, end }) => {
      const sums = Array.from({ length: 4 }, () => f.local('v128'));
      f.loop(i32.lt_u(at, end), () => {
        for (let i = 0; i < 8; i++) f.set(sums[i % 4], i32x4.add(sums[i % 4], v128.load(at, { offset: 16 * i })));
        f.add(at, 128);
      });
      const total = f.local('v128');
      for (const sum of sums) f.set(total, i32x4.add(total, sum));
      f.return(v128.any_true(total));
    },
    { export: true },
  );
  const { read } = instanceOf(module, arena.wasm);
  return { name: 'read', time: () => timed(() => read(0, bytes)) };
}

function instanceOf(module: Module, memory: WebAssembly.Memory | null = null) {
  const imports: WebAssembly.Imports = memory === null ? {} : { env: { memory } };
  const compiled = new WebAssembly.Module(module.encode());
  return new WebAssembly.Instance(compiled, imports).exports as Record<string, (...numbers: number[]) => number>;
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
