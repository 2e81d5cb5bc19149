import { expect } from 'vitest';
import { NnpackError } from '../../src/errors.ts';

/** The error that a call ends in, which must be an NnpackError. */
export function failure(work: () => unknown): NnpackError {
  try {
    work();
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  throw new Error('nothing was thrown');
}
