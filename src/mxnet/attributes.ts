/**
 * The attributes of an operator, which a symbol holds as strings, read as MXNet's parameter parser takes them:
 *
 *     whole number   3, -1, +2; neither 2L nor 2.0
 *     number         0.9, 1e-05, .5, 2., 1f, inf, nan
 *     boolean        true, false, 1, 0, in letters of either case
 *     tuple          (3, 3), (3L, 3), [3,3], (3,), (), or one number without brackets
 *     None           where the operator says that it may stand; a whole number beside it may have the L of Python 2
 *
 * An operator declares its attributes as a record of fields. What it does not know is refused, but for names that MXNet
 * keeps for its tools: those that begin with `__`, and the few that had no such mark before version 0.9.
 *
 * Sources: dmlc-core, dmlc/parameter.h, dmlc/optional.h and dmlc/strtonum.h; MXNet, mxnet/tuple.h and
 * nnvm/legacy_json_util.cc.
 */
import { didYouMean, NnpackError, show } from '../errors.ts';

/** How one attribute is read. */
export interface Field<T> {
  /** What errors expect. */
  readonly expected: string;
  /** Stands where the attribute does not; undefined if the operator must have it. */
  readonly absent: T | undefined;
  /** undefined for a text that makes no sense. */
  read(text: string): T | undefined;
  /** The same in a tuple, or where None may stand, if it differs. */
  readInside?(text: string): T | undefined;
  /** What may have been meant. */
  hint?(text: string): string;
}

/** The attributes that an operator has. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

interface Absent<T> {
  readonly absent?: T;
}

interface Range {
  readonly least?: number;
  readonly most?: number;
}

const WHOLE = /^\s*[+-]?\d+\s*$/;
const NUMBER = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)f?$/i;
const NOT_FINITE = /^([+-]?)(?:inf(inity)?|(nan))$/i;
/** Attributes of a tool: of the optimiser and of the placement of operators. */
const OF_TOOLS = /^(?:__|ctx_group|lr_mult|wd_mult|force_mirroring|mirror_stage)|_(?:lr_mult|wd_mult|mirror_stage)$/;

/** A whole number; as C's int unless a range is told. */
export function whole({ least = -(2 ** 31), most = 2 ** 31 - 1, absent }: Range & Absent<number> = {}): Field<number> {
  const read = (text: string) => {
    const value = WHOLE.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
  const readInside = (text: string) => read(text.replace(/L\s*$/, ''));
  return { expected: `a whole number${rangeText(least, most)}`, absent, read, readInside };
}

/** A number in double. */
export function number({ absent }: Absent<number> = {}): Field<number> {
  return { expected: 'a number', absent, read: readNumber };
}

/** A number that MXNet keeps in single precision, as it does most of them. */
export function single({ absent }: Absent<number> = {}): Field<number> {
  const read = (value: string) => {
    const double = readNumber(value);
    return double === undefined ? undefined : Math.fround(double);
  };
  return { expected: 'a number', absent: absent === undefined ? undefined : Math.fround(absent), read };
}

export function boolean({ absent }: Absent<boolean> = {}): Field<boolean> {
  return { expected: 'True or False', absent, read: (text) => BOOLEANS.get(text.toLowerCase()) };
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** One of the names, letter by letter. */
export function oneOf<const Name extends string>(names: readonly Name[], { absent }: Absent<Name> = {}): Field<Name> {
  return {
    expected: `one of ${names.join(', ')}`,
    absent,
    read: (text) => names.find((name) => name === text),
    hint: (text) => didYouMean(text, names),
  };
}

/** Any text. */
export function text({ absent }: Absent<string> = {}): Field<string> {
  return { expected: 'a text', absent, read: (value) => value };
}

/** A tuple of any length. */
export function tuple<T>(element: Field<T>, { absent }: Absent<readonly T[]> = {}): Field<readonly T[]> {
  const read = (value: string) => {
    const parts = partsOf(value.trim());
    if (parts === undefined) return undefined;
    const values: T[] = [];
    for (const part of parts) {
      const item = readInside(element, part.trim());
      if (item === undefined) return undefined;
      values.push(item);
    }
    return values;
  };
  return { expected: `a tuple, each element ${element.expected}`, absent, read };
}

/** null for None, which stands where nothing is written unless another value is told. */
export function orNone<T>(field: Field<T>, { absent = null }: Absent<T | null> = {}): Field<T | null> {
  const read = (value: string) => (value.trim() === 'None' ? null : readInside(field, value));
  return { ...field, expected: `${field.expected}, or None`, absent, read, readInside: read };
}

/**
 * The attributes of the operator that errors call `who`.
 *
 * @throws NnpackError 'invalid-model' for one that makes no sense, is missing or is not among the fields
 * @example
 * const { kernel, num_filter } = readAttributes("node 'conv' (Convolution)", node.attributes, {
 *   kernel: tuple(whole({ least: 1 })),
 *   num_filter: whole({ least: 1 }),
 *   no_bias: boolean({ absent: false }),
 *   layout: orNone(oneOf(['NCHW', 'NHWC'])),
 * });
 */
export function readAttributes<F extends Fields>(
  who: string,
  attributes: ReadonlyMap<string, string>,
  fields: F,
): ValuesOf<F> {
  for (const name of attributes.keys()) {
    if (Object.hasOwn(fields, name) || OF_TOOLS.test(name)) continue;
    const names = Object.keys(fields);
    const known = names.length === 0 ? 'none' : `one of ${names.join(', ')}`;
    const what = `has an unknown attribute ${show(name)}, expected ${known}${didYouMean(name, names)}`;
    throw new NnpackError('invalid-model', `${who}: ${what}`);
  }
  const values = Object.entries(fields).map(([name, field]) => [name, attributeOf(who, attributes, name, field)]);
  return Object.fromEntries(values) as ValuesOf<F>;
}

function attributeOf(
  who: string,
  attributes: ReadonlyMap<string, string>,
  name: string,
  field: Field<unknown>,
): unknown {
  const written = attributes.get(name);
  if (written === undefined) {
    if (field.absent !== undefined) return field.absent;
    throw new NnpackError('invalid-model', `${who}: ${name} is missing, expected ${field.expected}`);
  }
  const value = field.read(written);
  if (value !== undefined) return value;
  const hint = field.hint?.(written) ?? '';
  throw new NnpackError('invalid-model', `${who}: ${name} is ${show(written)}, expected ${field.expected}${hint}`);
}

function readInside<T>(field: Field<T>, value: string): T | undefined {
  return field.readInside === undefined ? field.read(value) : field.readInside(value);
}

function readNumber(value: string): number | undefined {
  const trimmed = value.trim();
  const [, digits] = NUMBER.exec(trimmed) ?? [];
  if (digits !== undefined) {
    const read = Number(digits);
    return Number.isFinite(read) ? read : undefined;
  }
  const [all, sign, , nan] = NOT_FINITE.exec(trimmed) ?? [];
  if (all === undefined) return undefined;
  if (nan !== undefined) return Number.NaN;
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The elements between the brackets, of either kind; a comma may follow the last one. */
function partsOf(value: string): string[] | undefined {
  if (/^[\d-]/.test(value)) return value.endsWith('L') ? undefined : [value];
  if (!/^[([]/.test(value) || !/[)\]]$/.test(value.slice(1))) return undefined;
  const inside = value.slice(1, -1).trim();
  if (inside === '') return [];
  return (inside.endsWith(',') ? inside.slice(0, -1) : inside).split(',');
}

function rangeText(least: number, most: number): string {
  if (most < 2 ** 31 - 1) return ` from ${least} to ${most}`;
  return least > -(2 ** 31) ? ` of at least ${least}` : '';
}
