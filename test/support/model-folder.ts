/** A model on disk. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** The folder of a model, empty before each test of a file, in one that holds what is not the model's. */
export function modelFolder() {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'nnpack-model-'));
    mkdirSync(join(root, 'model'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  return {
    /** The path of a file in it. */
    at: (...names: string[]) => join(root, 'model', ...names),
    /** The path of a file beside it. */
    beside: (...names: string[]) => join(root, ...names),
  };
}
