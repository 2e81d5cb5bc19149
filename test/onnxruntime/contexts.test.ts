/** The contexts that sessions share: by their threads, and else as the default context is made. */
import { afterEach, describe, expect, it } from 'vitest';
import { setDefaultContextOptions } from '../../src/context/context.ts';
import { defaultContext } from '../../src/index.ts';
import { leaseContext } from '../../src/onnxruntime/contexts.ts';

afterEach(() => {
  defaultContext().dispose();
  setDefaultContextOptions({});
});

describe('the context of a session', () => {
  it('is one for equal numbers of threads, and ends with its last session', async () => {
    const [one, two] = [await leaseContext(1), await leaseContext(1)];
    expect(two.context).toBe(one.context);
    one.giveBack();
    expect(one.context.disposed).toBe(false);
    two.giveBack();
    expect(one.context.disposed).toBe(true);
  });

  it('is made as the default context is, but for the threads that are asked for', async () => {
    defaultContext().dispose();
    setDefaultContextOptions({ threads: 2, kernels: 'scalar', batchInvariant: true });
    for (const threads of [1, undefined]) {
      const { context, giveBack } = await leaseContext(threads);
      expect(context.batchInvariant).toBe(true);
      expect(context.describe()).toMatchObject({ kernels: 'scalar', threads: threads ?? 2 });
      giveBack();
    }
  });
});
