/** Good files in which anything was changed, left out, doubled or put in the place of something else. */
import fc from 'fast-check';

/** A model.json, and the files of its weights by their paths. */
export interface Files {
  readonly json: unknown;
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

/** Deeper than calls may be. */
const DEEP: unknown = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`);

/** Of every type, some of which no JSON has. */
const VALUES: readonly unknown[] = [
  ...[null, undefined, true, false, '', -1, -0, 0, 0.5, 1, 2, 3, 7, 1e6, 1e9, 2 ** 30, 2 ** 31, 2 ** 32 + 3, 2 ** 53],
  ...[-(2 ** 31), 1e300, NaN, Infinity, 1n, Symbol('x'), () => 1, /x/, new Map(), new Date(0), Object.create(null)],
  ...[new Uint8Array(3), new ArrayBuffer(3), new Array(2), { toString: 1, valueOf: 1 }, DEEP],
  ...[[], {}, [[]], [null], [0], [1], [-1], [0, 0], [1, 1], [2, 1], [1, 2, 3], [1, 1, 2, 2], [NaN, 1], ['x', 0, 0]],
  ...['x', 'y', 'y:1', '^x', '__proto__', 'constructor', [['x', 0, 0]], ['y', 1, 0], ['x', 0, 0, { y: ['x', 0, 0] }]],
  ...['same', 'valid', 'causal', 'nearest', 'area', 'channels_first', 'mixed_float16', 'int32', 'bool', 'uint8'],
  ...['-1', '0', '3', '2147483647', '99999999999999999999', 'DT_INT32', 'DT_FLOAT', 'DT_STRING', 'DT_BOOL'],
  ...[btoa('SAME'), btoa('VALID'), btoa('EXPLICIT'), btoa('NCHW'), btoa('Relu'), btoa('->'), btoa('ab,bc->ac')],
  ...[{ i: '0' }, { i: '3' }, { i: '-1' }, { list: {} }, { list: { i: ['0', '0'] } }, { list: { i: ['2', '2'] } }],
  ...[{ s: 'QQ==' }, { type: 'DT_BOOL' }, { type: 7 }, { b: true }, { f: 'NaN' }, { f: 0.5 }, { unknownRank: true }],
  ...[[{ class_name: '__tuple__', items: [] }], { dtype: 'uint8', scale: 1, min: 0 }],
];

/** What becomes of what stands at a place. */
type Change =
  | { readonly kind: 'value' | 'word'; readonly value: unknown }
  | { readonly kind: 'more'; readonly by: number }
  | { readonly kind: 'remove' | 'double' | 'copy' };

interface Mutation {
  readonly change: Change;
  /** Which of the places. */
  readonly at: number;
  /** Of those alone that say what a layer or a node is. */
  readonly isInside: boolean;
  /** What is copied. */
  readonly from: number;
  /** A file of weights has as many bytes more, or less, and nothing else changes. */
  readonly bytes: number | null;
}

/** @param words of the format: names of classes, say, which take the place of others */
function mutations(words: readonly string[]): fc.Arbitrary<readonly Mutation[]> {
  const change: fc.Arbitrary<Change> = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...VALUES).map((value) => ({ kind: 'value', value }) as const) },
    { weight: 2, arbitrary: fc.constantFrom(...words).map((value) => ({ kind: 'word', value }) as const) },
    { weight: 4, arbitrary: fc.integer({ min: -2, max: 2 }).map((by) => ({ kind: 'more', by }) as const) },
    { weight: 3, arbitrary: fc.constantFrom('remove', 'double', 'copy').map((kind) => ({ kind }) as const) },
  );
  const mutation = fc.record({
    change,
    at: fc.nat(),
    isInside: fc.constantFrom(true, true, true, false),
    from: fc.nat(),
    bytes: fc.oneof({ weight: 20, arbitrary: fc.constant(null) }, fc.integer({ min: -8, max: 8 })),
  });
  return fc.array(mutation, { minLength: 1, maxLength: 3 });
}

/** One of some files, with one to three changes. */
export function changedFiles(good: readonly Files[], words: readonly string[]): fc.Arbitrary<Files> {
  return fc.tuple(fc.constantFrom(...good), mutations(words)).map(([files, list]) => list.reduce(changed, files));
}

function changed(files: Files, mutation: Mutation): Files {
  const { json, shards } = files;
  const { change, at, from, bytes } = mutation;
  const paths = Object.keys(shards);
  if (bytes !== null && paths.length > 0) return { json, shards: resized(shards, paths[at % paths.length], bytes) };
  const all = placesIn(json);
  const fitting = all.filter((place) => fits(place, mutation));
  const places = fitting.length > 0 ? fitting : all;
  return { json: put(json, places[at % places.length], change, valueAt(json, all[from % all.length])), shards };
}

function resized(shards: Files['shards'], path: string, by: number): Files['shards'] {
  const made = new Uint8Array(Math.max(shards[path].length + by, 0));
  made.set(shards[path].subarray(0, made.length));
  return { ...shards, [path]: made };
}

type Place = readonly string[];

/** The places of all values in it, its own apart. */
function placesIn(json: unknown): Place[] {
  const places: Place[] = [];
  const open: [place: Place, value: unknown][] = [[[], json]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [place, value] = next;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value === DEEP) continue;
    for (const [key, item] of Object.entries(value)) {
      places.push([...place, key]);
      open.push([[...place, key], item]);
    }
  }
  return places.length === 0 ? [[]] : places;
}

/** Where words of the format stand. */
const OF_WORDS: ReadonlySet<string> = new Set(['class_name', 'op', 'function', 'activation', 'interpolation']);
/** What holds that which layers, nodes and weights say of themselves. */
const HOLDERS: ReadonlySet<string> = new Set(['attr', 'input', 'inbound_nodes', 'weights', 'dim', 'shape']);

function fits(place: Place, { change, isInside }: Mutation): boolean {
  if (change.kind === 'word') return OF_WORDS.has(place.at(-1) ?? '');
  const config = place.lastIndexOf('config');
  return !isInside || config > place.indexOf('layers') || place.some((key) => HOLDERS.has(key));
}

function valueAt(json: unknown, place: Place): unknown {
  return place.reduce((value, key) => (value as Readonly<Record<string, unknown>>)[key], json);
}

/** A copy with the change; what does not change is shared. */
function put(json: unknown, [key, ...rest]: Place, change: Change, other: unknown): unknown {
  if (key === undefined) return 'value' in change ? change.value : other;
  const copy = (Array.isArray(json) ? [...json] : { ...(json as object) }) as Record<string, unknown>;
  if (rest.length > 0) copy[key] = put(copy[key], rest, change, other);
  else apply(copy, key, change, other);
  return copy;
}

function apply(holder: Record<string, unknown>, key: string, change: Change, other: unknown): void {
  const isList = Array.isArray(holder);
  switch (change.kind) {
    case 'more':
      holder[key] = more(holder[key], change.by);
      break;
    case 'copy':
      holder[key] = other;
      break;
    case 'double':
      if (isList) holder.splice(Number(key), 0, holder[Number(key)]);
      else holder[`${key}2`] = holder[key];
      break;
    case 'remove':
      if (isList) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    default:
      holder[key] = change.value;
  }
}

/** A number, or the text of one, that is another; the opposite of what is true or false. */
function more(value: unknown, by: number): unknown {
  if (typeof value === 'number') return value + by;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return String(Number(value) + by);
  return typeof value === 'boolean' ? !value : value;
}
