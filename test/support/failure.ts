import { expect } from 'vitest';
import { NnpackError } from '../../src/errors.ts';

/** The error that a call ends in, which must be an NnpackError. */
export function failure(work: () => unknown): NnpackError {
  try {
    work();
  } catch (error) {
    return asOurs(error);
  }
  throw new Error('nothing was thrown');
}

/** The error that a promise is rejected with, which must be an NnpackError. */
export async function rejection(work: Promise<unknown>): Promise<NnpackError> {
  try {
    await work;
  } catch (error) {
    return asOurs(error);
  }
  throw new Error('nothing was thrown');
}

function asOurs(error: unknown): NnpackError {
  expect(error, String(error)).toBeInstanceOf(NnpackError);
  return error as NnpackError;
}
