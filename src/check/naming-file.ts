import { NnpackError, show } from '../errors.ts';

/** Reads part of a model. What reads knows the contents alone, and there may be several files: errors name the one. */
export async function namingFile<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    const file = `model ${show(path)}`;
    const named = /^model\b(?! ')/.test(error.message)
      ? error.message.replace(/^model/, () => file)
      : `${file}: ${error.message}`;
    throw new NnpackError(error.code, named, { cause: error });
  }
}
