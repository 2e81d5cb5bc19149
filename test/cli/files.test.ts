/** Files that commands write. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkWritable, writeWhole } from '../../src/cli/files.ts';

describe('a file', () => {
  it('is replaced whole, and a device is written to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
    try {
      const path = join(folder, 'a.txt');
      writeFileSync(path, 'before');
      await checkWritable(path);
      await writeWhole(path, 'after');
      expect(readFileSync(path, 'utf8')).toBe('after');
      await writeWhole(path, Uint8Array.of(1, 2));
      expect([...readFileSync(path)]).toEqual([1, 2]);
      await checkWritable('/dev/null');
      await writeWhole('/dev/null', 'x');
      await expect(writeWhole(folder, 'x')).rejects.toMatchObject({ code: 'input-output' });
      expect(readdirSync(folder)).toEqual(['a.txt']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
