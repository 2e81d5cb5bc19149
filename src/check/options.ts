/**
 * Reads what a caller gives as an object: every field once, and only fields that are known. What comes out is a plain
 * object that nothing can change any more, so that what was checked is what is used.
 */
import { didYouMean, type ErrorCode, NnpackError, show } from '../errors.ts';

/** The names that an object of type `O` may have; the compiler sees to it that none is missing. */
export type FieldsOf<O> = Readonly<Record<keyof O & string, true>>;

/**
 * The options of a call.
 *
 * @throws NnpackError 'invalid-argument' if they are no object, or have a field that is not among `fields`
 * @example
 * const FIELDS: FieldsOf<ReluOptions> = { input: true, negativeSlope: true, output: true, context: true };
 * const { input, negativeSlope } = readOptions('reluOutput', options, FIELDS);
 */
export function readOptions<O extends object>(who: string, options: unknown, fields: FieldsOf<O>): O {
  return readFields<O>(who, 'options', options, fields, 'invalid-argument');
}

/** An object that is one argument among others, `what` by its name; the code is that of the argument. */
export function readFields<O extends object>(
  who: string,
  what: string,
  value: unknown,
  fields: FieldsOf<O>,
  code: ErrorCode,
): O {
  const noun = what.endsWith('s') ? 'are' : 'is';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NnpackError(code, `${who}: ${what} ${noun} ${show(value)}, expected an object`);
  }
  const read: Partial<Record<string, unknown>> = {};
  try {
    for (const name of Object.keys(fields)) {
      const field = (value as Record<string, unknown>)[name];
      if (field !== undefined) read[name] = field;
    }
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(fields, name) || (value as Record<string, unknown>)[name] === undefined) continue;
      const hint = didYouMean(name, Object.keys(fields)) || `, expected one of ${Object.keys(fields).join(', ')}`;
      throw new NnpackError(
        code,
        `${who}: ${what} ${what.endsWith('s') ? 'have' : 'has'} an unknown field ${show(name)}${hint}`,
      );
    }
  } catch (error) {
    if (error instanceof NnpackError) throw error;
    throw new NnpackError(code, `${who}: ${what} cannot be read: ${textOf(error)}`, { cause: error });
  }
  return read as O;
}

/** What a thrown value says, whatever it is. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'something without a text was thrown';
  }
}
