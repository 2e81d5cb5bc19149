/**
 * Reads what a caller gives as an object: every field once, and only fields that are known. What comes out is a plain
 * object that nothing can change any more, so that what was checked is what is used.
 */
import { didYouMean, type ErrorCode, isArray, NnpackError, show } from '../errors.ts';

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
  if (!isRecord(value)) throw new NnpackError(code, `${who}: ${what} ${noun} ${show(value)}, expected an object`);
  const names = Object.keys(fields);
  const given = value as Record<string, unknown>;
  return reading(who, what, code, () => {
    const read: Partial<Record<string, unknown>> = {};
    for (const name of names) {
      const field = given[name];
      if (field !== undefined) read[name] = field;
    }
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(fields, name) || given[name] === undefined) continue;
      const hint = didYouMean(name, names) || `, expected one of ${names.join(', ')}`;
      const verb = what.endsWith('s') ? 'have' : 'has';
      throw new NnpackError(code, `${who}: ${what} ${verb} an unknown field ${show(name)}${hint}`);
    }
    return read as O;
  });
}

/** Whether the value is an object with fields: no array, of whatever kind, whose fields are its elements. */
export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isArray(value) && !ArrayBuffer.isView(value);
}

/** Does `read`, in which getters and proxies of a caller have their say; what they throw becomes our error. */
export function reading<T>(who: string, what: string, code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isInstance(error, NnpackError)) throw error;
    throw new NnpackError(code, `${who}: ${what} cannot be read: ${textOf(error)}`, { cause: error });
  }
}

/** `value instanceof type`, where the value may be a proxy whose every trap throws. */
export function isInstance<T>(value: unknown, type: abstract new (...parameters: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as (this: unknown) => number;

/** Whether the value is a Map, of any realm: the size of everything else cannot be read. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  try {
    mapSize.call(value);
    return true;
  } catch {
    return false;
  }
}

/** One of the names, the first when none is given, or an error that suggests the nearest. */
export function oneOf<Name extends string>(
  who: string,
  what: string,
  value: unknown,
  names: readonly Name[],
  code: ErrorCode,
): Name {
  return value === undefined ? names[0] : expectOneOf(who, what, value, names, code);
}

/** {@link oneOf} where there is no default. */
export function expectOneOf<Name extends string>(
  who: string,
  what: string,
  value: unknown,
  names: readonly Name[],
  code: ErrorCode,
): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  const hint = typeof value === 'string' ? didYouMean(value, names) : '';
  throw new NnpackError(code, `${who}: ${what} is ${show(value)}, expected one of ${names.join(', ')}${hint}`);
}

/** True or false. */
export function expectBoolean(who: string, what: string, value: unknown): asserts value is boolean {
  if (typeof value === 'boolean') return;
  throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected true or false`);
}

/** The most characters of what a caller's code has thrown. */
const LONGEST_TEXT = 300;

/** What a thrown value says, whatever it is. */
export function textOf(error: unknown): string {
  try {
    const text = String(error instanceof Error ? error.message : error);
    return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  } catch {
    return 'something without a text was thrown';
  }
}
