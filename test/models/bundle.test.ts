/** `nnpack-ts/models` in a bundle for browsers: there is no disk, and nothing asks for one. */
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { failure } from '../support/failure.ts';

it('is bundled for browsers without modules of Node', async () => {
  const { outputFiles, warnings } = await build({
    ...{ entryPoints: ['dist/models/index.js'], bundle: true, platform: 'browser', format: 'esm', write: false },
    ...{ logLevel: 'silent', external: ['node:worker_threads', 'node:os'] },
  });
  expect(warnings).toEqual([]);
  expect(outputFiles[0].text).not.toMatch(/node:fs/);
  expect(outputFiles[0].text).toContain('there is no disk here');
});

it('says what to call instead of openModel where there is no disk', async () => {
  const { loadSource } = await import('../../src/models/no-disk.ts');
  const reason = await loadSource().catch((error: unknown) => error);
  const error = failure(() => {
    throw reason;
  });
  expect([error.code, error.message]).toEqual(['unsupported-hardware', expect.stringContaining('parseModel')]);
});
