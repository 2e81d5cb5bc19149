/** Files that commands write: refused before the work begins, and written whole or not at all. */
import { constants, type Stats } from 'node:fs';
import { access, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NnpackError, show } from '../errors.ts';

/**
 * Called before hours of work, so that they are not lost at the end.
 *
 * @throws NnpackError 'input-output' if a file of this name cannot be made
 */
export async function checkWritable(path: string): Promise<void> {
  const there = await statOf(path);
  if (there?.isDirectory()) throw failed(path, 'it is a folder, expected the name of a file');
  const folder = dirname(path);
  try {
    // The slash asks for a folder: a file of that name is not enough.
    await access(isSpecial(there) ? path : `${folder}/`, constants.W_OK);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw failed(path, `the folder ${show(folder)} ${isMissing ? 'does not exist' : 'cannot be written to'}`, error);
  }
}

/** The name holds either what was there before or all of the new contents, never a part. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    if (isSpecial(await statOf(path))) return await writeFile(path, contents);
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // 'wx' failed because somebody else's file is there: not ours to remove
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(temporary, { force: true });
    throw failed(path, error instanceof Error ? error.message : String(error), error);
  }
}

/** undefined if there is nothing of this name, or if it cannot be looked at. */
function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/** A pipe or a device takes its place for good: it is written to, never replaced. */
function isSpecial(there: Stats | undefined): boolean {
  return there !== undefined && !there.isFile() && !there.isDirectory();
}

function failed(path: string, reason: string, cause?: unknown): NnpackError {
  return new NnpackError('input-output', `file ${show(path)} cannot be written: ${reason}`, { cause });
}
