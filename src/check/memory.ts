import { NnpackError } from '../errors.ts';
import { textOf } from './options.ts';

/** What `make` makes, `what` by its name; where the engine has no memory for it, our error says so. */
export function allocated<T>(who: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NnpackError('out-of-memory', `${who}: no memory for ${what} (${textOf(error)})`, { cause: error });
  }
}
