/** The wide tables: opt-in, said where they cannot be had, and the bits of their narrow twins. */
import { afterEach, describe, expect, it } from 'vitest';
import { refuseWide } from '../../src/context/wide.ts';
import { type Context, createContext, maxPoolingOutput, planConvolution } from '../../src/index.ts';
import { isWide, narrowTwin, refuseSimd, SIMD_TABLES } from '../../src/kernels/simd/engine.ts';
import { FAMILY_NAMES } from '../../src/kernels/simd/families.ts';
import { compiledModules } from '../../src/kernels/simd/modules.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
import { createKernelTable, familiesSwitchedOff } from '../../src/kernels/tables.ts';
import { givesTheSame, isWideFamily, TRIAL_FLOATS } from '../../src/kernels/twins.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { memoryOver } from '../kernels/harness.ts';

const WIDE = SIMD_TABLES.filter((name) => isWide(name) && refuseSimd(name) === null);
const contexts: Context[] = [];

afterEach(() => {
  for (const context of contexts.splice(0)) context.dispose();
});

async function contextOf(kernels: KernelTableName, threads: number): Promise<Context> {
  const context = await createContext({ kernels, threads });
  contexts.push(context);
  return context;
}

/** The bits of convolutions, one by each kind of tile, and of a pooling. */
function bitsOf(context: Context): Uint32Array[] {
  const next = uniform(7);
  const input = { data: randomArray(2 * 20 * 37 * 41, next), shape: [2, 20, 37, 41] };
  const bias = { data: randomArray(28, next), shape: [28] };
  const results = (['wt8x8', 'wt6x6', 'ft8x8', 'ft16x16', 'implicit-gemm'] as const).map((algorithm) => {
    const kernel = { data: randomArray(28 * 20 * 9, next), shape: [28, 20, 3, 3] };
    const plan = planConvolution({ input, kernel, bias, padding: 1, activation: 'relu', algorithm, context });
    const { data } = plan.run(input);
    plan.dispose();
    return data;
  });
  results.push(maxPoolingOutput({ input, poolingSize: 3, stride: 2, context }).data);
  return results.map((data) => new Uint32Array(Float32Array.from(data).buffer));
}

describe.each(WIDE)('%s', (name) => {
  it('is taken where the engine packs pairs of vectors; elsewhere its twin is, and why is said', async () => {
    const refusal = refuseWide();
    const { kernels, reasons } = (await contextOf(name, 1)).describe();
    expect(kernels).toBe(refusal === null ? name : narrowTwin(name));
    expect(reasons).toEqual(refusal === null ? [] : [`the kernels are not wide: ${refusal}`]);
  });

  it('gives the bits of its twin, on any number of threads', async () => {
    const expected = bitsOf(await contextOf(narrowTwin(name), 1));
    for (const threads of [1, 2, 3]) expect(bitsOf(await contextOf(name, threads))).toEqual(expected);
  });

  // Whether or not they are packed.
  describe.each(FAMILY_NAMES.filter(isWideFamily))('its %s', (family) => {
    const wasm = new WebAssembly.Memory({ initial: 8, maximum: 8, shared: true });
    const memory = memoryOver(wasm);
    const at = memory.f32.length - TRIAL_FLOATS;
    const table = (each: typeof name) =>
      createKernelTable(each, memory, { scratch: 16, modules: compiledModules(true) });

    it('pass the trial against their twin', () => {
      table(name);
      expect(givesTheSame(family, [table(name), table(narrowTwin(name))], memory, at)).toBe(true);
      expect(familiesSwitchedOff(name)).toEqual([]);
    });

    it('would not with one other bit', () => {
      const [wide, narrow] = [table(name), table(narrowTwin(name))];
      const flip = (offset: number): void => {
        memory.i32[offset] ^= 1;
      };
      const wrong: typeof wide = {
        ...wide,
        sgemm(m, n, k, a, lda, b, ldb, c, ldc, update) {
          wide.sgemm(m, n, k, a, lda, b, ldb, c, ldc, update);
          flip(c + (m - 1) * ldc + n - 1);
        },
        sgemmIndirect(m, n, k, a, lda, rows, b, c, ldc) {
          wide.sgemmIndirect(m, n, k, a, lda, rows, b, c, ldc);
          flip(c);
        },
        tile(...given) {
          const tile = wide.tile(...given);
          return {
            ...tile,
            output(count, m, mStep, mPosition, y, yPitch, yStep) {
              tile.output(count, m, mStep, mPosition, y, yPitch, yStep);
              flip(y);
            },
          };
        },
      };
      expect(givesTheSame(family, [wrong, narrow], memory, at)).toBe(false);
    });
  });
});

it('have families of their own for all that is hot', () => {
  expect(FAMILY_NAMES.filter(isWideFamily)).toEqual(
    expect.arrayContaining(['products', 'indirectProducts', 'winograd6', 'winograd8', 'fourier8', 'fourier16']),
  );
});
