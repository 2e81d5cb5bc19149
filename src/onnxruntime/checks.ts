/** Checks of options: each says what it expected, and gives nothing back. */
import { expectBoolean, type FieldsOf, isRecord, reading, readOptions } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';

/** Throws unless the value may be that of the option `what`. */
export type Check = (who: string, what: string, value: unknown) => void;

/** A check for each option of a type; the compiler sees to it that none is missing. */
export type ChecksOf<Options> = { readonly [name in keyof Required<Options> & string]: Check };

/** The options, each read once and checked, unknown ones refused. */
export function readChecked<Options extends object>(who: string, options: unknown, checks: ChecksOf<Options>): Options {
  const all = Object.entries<Check>(checks);
  const fields = Object.fromEntries(all.map(([name]) => [name, true])) as FieldsOf<Options>;
  const read = readOptions<Options>(who, options, fields);
  for (const [name, check] of all) {
    const value = (read as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) reading(who, name, 'invalid-argument', () => check(who, name, value));
  }
  return read;
}

export function wrong(who: string, what: string, value: unknown, expected: string): NnpackError {
  return new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected ${expected}`);
}

export const flag: Check = (who, what, value) => expectBoolean(who, what, value);

export const text: Check = (who, what, value) => {
  if (typeof value !== 'string') throw wrong(who, what, value, 'a string');
};

export const record: Check = (who, what, value) => {
  if (!isRecord(value)) throw wrong(who, what, value, 'an object');
};

/** A whole number of these. */
export function count(least: number, most: number, expected = `a whole number from ${least} to ${most}`): Check {
  return (who, what, value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
    throw wrong(who, what, value, expected);
  };
}
