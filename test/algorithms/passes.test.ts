/** What algorithms are asked without a memory: whether they serve a pass, how far they err, and what they would do. */
import { afterEach, describe, expect, it } from 'vitest';
import type { MachineModel, Pass } from '../../src/algorithms/algorithm.ts';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { ALGORITHMS, algorithmNamed } from '../../src/algorithms/list.ts';
import { createContext } from '../../src/index.ts';
import { fastestTable, kernelNumbers } from '../../src/kernels/numbers.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { KERNEL_TABLES } from '../../src/kernels/table.ts';
import { convolutionShape } from '../../src/tensor/convolution-shape.ts';
import { convolutionData, errorBound, type Problem } from '../../src/testing/index.ts';

const SHAPES = [
  convolutionShape('test', [2, 6, 20, 17], [4, 6, 3, 3], { padding: 1 }),
  convolutionShape('test', [1, 6, 20, 17], [4, 6, 3, 3], { padding: 1, stride: 2 }),
  convolutionShape('test', [1, 6, 20, 17], [4, 6, 1, 1], {}),
  convolutionShape('test', [1, 6, 20, 17], [4, 3, 2, 5], { groups: 2 }),
  convolutionShape('test', [1, 6, 20, 17], [12, 1, 3, 3], { groups: 6, dilation: 2 }),
];

describe.each(ALGORITHM_NAMES)('%s', (name) => {
  const algorithm = algorithmNamed(name);

  it('serves the forward pass of some shape', () => {
    expect(SHAPES.some((shape) => algorithm.supports(shape, 'forward') === null)).toBe(true);
  });

  it.each(['input-gradient', 'kernel-gradient'] satisfies Pass[])(
    'refuses the %s of every shape, with one reason',
    (pass) => {
      const reasons = new Set(SHAPES.map((shape) => algorithm.supports(shape, pass)));
      expect([...reasons]).toEqual([`pass is ${pass}, expected forward`]);
    },
  );
});

it('stand in the order of their names', () => {
  expect(ALGORITHMS.map(({ name }) => name)).toEqual(ALGORITHM_NAMES);
});

describe('without a memory', () => {
  const { Memory } = WebAssembly;
  const sharedBuffer = globalThis.SharedArrayBuffer;

  afterEach(() => {
    WebAssembly.Memory = Memory;
    globalThis.SharedArrayBuffer = sharedBuffer;
  });

  /** Nothing can make a memory from here on, nor instantiate what needs one. */
  function forbidMemories(): void {
    const refused = class {
      constructor() {
        throw new Error('a memory is made');
      }
    };
    Object.assign(WebAssembly, { Memory: refused });
    Object.assign(globalThis, { SharedArrayBuffer: refused });
  }

  const problem: Problem = {
    inputShape: [1, 3, 9, 8],
    kernelShape: [2, 3, 3, 3],
    hasBias: true,
    padding: { top: 1, right: 0, bottom: 1, left: 2 },
    stride: { height: 1, width: 1 },
    dilation: { height: 1, width: 1 },
    groups: 1,
    activation: 'identity',
    seed: 5,
  };

  it('the bound of any algorithm is had by its name', () => {
    const data = convolutionData(problem);
    forbidMemories();
    expect(() => new WebAssembly.Memory({ initial: 1 })).toThrow('a memory is made');
    for (const name of ['wt8x8', 'ft16x16', 'ft64x64', 'implicit-gemm', 'reference'] as const) {
      const bound = errorBound(problem, data, name);
      expect(bound.length).toBe(2 * 9 * 8);
      expect(bound.every((error) => error > 0 && error < 1)).toBe(true);
    }
  });

  const tables = KERNEL_TABLES.filter((name) => !name.startsWith('simd') || refuseSimd(name as never) === null);

  it.each(tables)('%s kernels err and work as much as in a context', async (kernels) => {
    for (const threads of [1, 3]) {
      const model: MachineModel = { kernels: kernelNumbers(kernels), pool: { threadsCount: threads } };
      const context = await createContext({ kernels, threads });
      let served = 0;
      for (const algorithm of ALGORITHMS) {
        for (const shape of SHAPES.filter((one) => algorithm.supports(one, 'forward') === null)) {
          const [bound, own] = [model, context].map((machine) => algorithm.errorBound(shape, 'forward', machine));
          const [work, ownWork] = [model, context].map((machine) => algorithm.workload(shape, 'forward', machine));
          expect([bound, work]).toEqual([own, ownWork]);
          served++;
        }
      }
      expect(served).toBeGreaterThan(30);
      context.dispose();
    }
  });

  it('the fastest table is that of a context without options', async () => {
    const context = await createContext({ threads: 1 });
    expect(fastestTable()).toBe(context.describe().kernels);
    context.dispose();
  });
});
