/** Models in which anything was changed or deleted. */
import fc from 'fast-check';

/** Of every type, some of which no JSON has. */
const values = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, '', 'in', '__proto__', 'constructor', -1, -0, 0, 0.5, 1, 2),
  fc.constantFrom<unknown>(1e6, 2 ** 30, 2 ** 31, 2 ** 32 + 3, 2 ** 53, 1e300, NaN, Infinity, 1n, Symbol('x')),
  fc.constantFrom<unknown>([], {}, [[]], [null], [0, 0], [1, 1], [NaN, 1], [['in', 0, 0]], new Map(), new Date(0)),
  fc.constantFrom<unknown>(() => 1, /x/, new Uint8Array(3), new ArrayBuffer(3), Object.create(null), new Array(2)),
  fc.constantFrom<unknown>('same', 'valid', 'relu', 'softmax', 'nearest', 'Add', 'Flatten', 'Sequential', 'InputLayer'),
  fc.jsonValue({ maxDepth: 2 }),
);
export interface Change {
  readonly at: number;
  readonly delete: boolean;
  readonly value: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({ at: fc.nat(), delete: fc.boolean(), value: values });

/** One or two of them. */
export const CHANGES = fc.array(change, { minLength: 1, maxLength: 2 });

export function mutated(json: unknown, changes: readonly Change[]): unknown {
  return changes.reduce((model, { at, delete: isDeleted, value }) => {
    const places = placesIn(model);
    return changed(model, places[at % places.length], isDeleted, value);
  }, json);
}

type Place = readonly string[];

/** The places of all values in it, its own apart. */
function placesIn(json: unknown): Place[] {
  const places: Place[] = [];
  const open: [place: Place, value: unknown][] = [[[], json]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [place, value] = next;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    for (const [key, item] of Object.entries(value)) {
      places.push([...place, key]);
      open.push([[...place, key], item]);
    }
  }
  return places.length === 0 ? [[]] : places;
}

function changed(json: unknown, [key, ...rest]: Place, isDeleted: boolean, value: unknown): unknown {
  if (key === undefined) return value;
  const copy = (Array.isArray(json) ? [...json] : { ...(json as object) }) as Record<string, unknown>;
  if (rest.length > 0) copy[key] = changed(copy[key], rest, isDeleted, value);
  else if (!isDeleted) copy[key] = value;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy;
}
