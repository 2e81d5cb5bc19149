/**
 * Values of every type, each made afresh by its name: names are what a failing property prints, since many of the values
 * throw when they are looked at.
 */
import { createContext, runInContext } from 'node:vm';

const realm = createContext({});

/** What an expression gives in a realm of its own, whose every class is another one than ours. */
export function ofAnotherRealm<T>(expression: string): T {
  return runInContext(`(${expression})`, realm) as T;
}

/** The same numbers in a Float32Array of another realm. */
export function foreignFloats(values: Iterable<number>): Float32Array {
  return ofAnotherRealm<(numbers: number[]) => Float32Array>('(numbers) => new Float32Array(numbers)')([...values]);
}

const thrown = (): never => {
  throw new Error('a trap');
};

/** A proxy whose every trap throws. */
function trapped<T extends object>(target: T): T {
  return new Proxy(
    target,
    new Proxy({}, { get: () => thrown }) as ProxyHandler<T>, // whichever trap is asked for
  );
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An object with the fields of ours, of which each throws what the function throws. */
function throwing(error: () => unknown): object {
  const fields = ['shape', 'data', 'input', 'inputs', 'height', 'top', 'type', 'length', 'seed', 'entries', 'context'];
  const get = () => {
    throw error();
  };
  return Object.defineProperties({}, Object.fromEntries(fields.map((name) => [name, { get, enumerable: true }])));
}

/** Shapes and sizes are small or beyond all bounds, so that nothing large is ever made. */
export const VALUES = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  zero: () => 0,
  'minus zero': () => -0,
  one: () => 1,
  two: () => 2,
  'minus one': () => -1,
  half: () => 0.5,
  NaN: () => Number.NaN,
  infinity: () => Infinity,
  'minus infinity': () => -Infinity,
  '2^31': () => 2 ** 31,
  '2^32 + 3': () => 2 ** 32 + 3,
  '2^53': () => 2 ** 53,
  '1e300': () => 1e300,
  bigint: () => 5n,
  'huge bigint': () => 10n ** 5000n,
  'empty text': () => '',
  'text of a number': () => '2',
  'name of an activation': () => 'relu',
  'misspelt name': () => 'rleu',
  __proto__name: () => '__proto__',
  'constructor name': () => 'constructor',
  'long text': () => 'x'.repeat(100_000),
  symbol: () => Symbol('junk'),
  function: () => () => 7,
  class: () => class Junk {},
  'throwing function': () => thrown,
  'empty array': () => [],
  numbers: () => [1, 2],
  'nested arrays': () => [[1, [2]], [[]]],
  'sparse array': () => new Array(2 ** 32 - 1),
  'long array': () => new Array(100_000).fill(1),
  'array with a trap': () => Object.defineProperty([1, 2, 3, 4], 1, { get: thrown }),
  'array without a length': () =>
    new Proxy([1, 2], { get: (array, key) => (key === 'length' ? Symbol() : Reflect.get(array, key)) }),
  object: () => ({}),
  'object of unknown fields': () => ({ paddng: 1, inptu: 2 }),
  'object without a prototype': () => Object.create(null),
  'frozen object': () => Object.freeze({ shape: Object.freeze([1, 2]) }),
  'throwing getters': () => throwing(() => new Error('a getter')),
  'getters that throw nothing': () => throwing(() => undefined),
  'getters that throw a symbol': () => throwing(() => Symbol('thrown')),
  'getters that throw a revoked proxy': () => throwing(() => revoked({})),
  'getters that throw an error without a text': () =>
    throwing(() => Object.defineProperty(new Error(), 'message', { get: thrown })),
  'class name that throws': () =>
    Object.create({ constructor: Object.defineProperty(() => {}, 'name', { get: thrown }) }),
  'class name that is no text': () => Object.create({ constructor: { name: Symbol() } }),
  'text that throws': () => ({ toString: thrown, valueOf: thrown, [Symbol.toPrimitive]: thrown }),
  'proxy of an object': () => trapped({}),
  'proxy of an array': () => trapped([1, 2, 3]),
  'proxy of a function': () => trapped(() => 1),
  'proxy of floats': () => new Proxy(new Float32Array(4), {}),
  'revoked object': () => revoked({}),
  'revoked array': () => revoked([]),
  'revoked function': () => revoked(() => 1),
  floats: () => new Float32Array(8),
  'no floats': () => new Float32Array(0),
  doubles: () => new Float64Array(8),
  bytes: () => new Uint8Array(8),
  'clamped bytes': () => new Uint8ClampedArray(8),
  'signed bytes': () => new Int8Array(8),
  shorts: () => new Uint16Array(8),
  'signed shorts': () => new Int16Array(8),
  words: () => new Uint32Array(8),
  'signed words': () => new Int32Array(8),
  bigints: () => new BigInt64Array(2),
  'unsigned bigints': () => new BigUint64Array(2),
  'data view': () => new DataView(new ArrayBuffer(8)),
  'array buffer': () => new ArrayBuffer(8),
  'shared buffer': () => new SharedArrayBuffer(8),
  'shared floats': () => new Float32Array(new SharedArrayBuffer(32)),
  buffer: () => Buffer.from([1, 2, 3]),
  'floats of another realm': () => ofAnotherRealm('new Float32Array(8)'),
  'array of another realm': () => ofAnotherRealm('[1, 2]'),
  'object of another realm': () => ofAnotherRealm('({ shape: [1, 2] })'),
  'function of another realm': () => ofAnotherRealm('() => 1'),
  'error of another realm': () => ofAnotherRealm('new TypeError("theirs")'),
  date: () => new Date(0),
  'no date': () => new Date(Number.NaN),
  map: () => new Map([['shape', [1]]]),
  set: () => new Set([1]),
  'weak map': () => new WeakMap(),
  promise: () => Promise.resolve(1),
  expression: () => /x/g,
  error: () => new Error('junk'),
  'boxed number': () => new Number(2),
  'boxed text': () => new String('relu'),
  tensor: () => ({ data: new Float32Array(6).fill(1), shape: [2, 3] }),
  'shape alone': () => ({ shape: [1, 2, 4, 4] }),
  'huge tensor': () => ({ data: new Float32Array(6), shape: [2 ** 31, 2 ** 31, 2, 3] }),
  'tensor without elements': () => ({ data: new Float32Array(0), shape: [0, 3, 0, 2] }),
  'tensor of fractions': () => ({ data: new Float32Array(6), shape: [0.5, Number.NaN, -1, 2] }),
  'tensor of bigints': () => ({ data: new Float32Array(6), shape: [1n, 2n] }),
  'tensor of many axes': () => ({ data: new Float32Array(1), shape: new Array(1000).fill(1) }),
  'tensor whose data throw': () => ({
    shape: [1, 2, 4, 4],
    get data() {
      return thrown();
    },
  }),
  'tensor of a proxy': () => ({ shape: trapped([1, 2, 4, 4]), data: new Float32Array(32) }),
  'tensor of revoked strides': () => ({ shape: [1, 2, 4, 4], data: new Float32Array(32), stride: revoked([]) }),
} as const satisfies Readonly<Record<string, () => unknown>>;

export type ValueName = keyof typeof VALUES;

export const VALUE_NAMES = Object.keys(VALUES) as readonly ValueName[];

/** A value that throws when it is looked at, however that is done. */
export const HOSTILE: ReadonlySet<ValueName> = new Set<ValueName>([
  'proxy of an object',
  'proxy of an array',
  'proxy of a function',
  'revoked object',
  'revoked array',
  'revoked function',
]);
