import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';

/**
 * A JSON object from a file that may hold anything. Each field is read as what it must be, and an error says which file
 * part it belongs to, what was expected there and what was found.
 */
export class Config {
  /** How errors name this object: "layer 'conv1' (Conv2D)". */
  readonly who: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(who: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new NnpackError('invalid-model', `${who}: expected an object, got ${show(value)}`);
    }
    this.who = who;
    this.#fields = value as Record<string, unknown>;
  }

  /** The same object under another name in errors. */
  as(who: string): Config {
    return new Config(who, this.#fields);
  }

  names(): string[] {
    return Object.keys(this.#fields);
  }

  /** Whether the field is there and not null. */
  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** The field as it is, undefined for null. */
  value(name: string): unknown {
    return this.written(name) ?? undefined;
  }

  /** The field as it is, null as well: for errors. */
  written(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  string(name: string, absent?: string): string {
    const value = this.value(name) ?? absent;
    return typeof value === 'string' ? value : this.fail(name, 'a string');
  }

  number(name: string, absent?: number): number {
    const value = this.value(name) ?? absent;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(name, 'a number');
  }

  /** A positive whole number. */
  count(name: string, absent?: number): number {
    const value = this.value(name) ?? absent;
    return isCount(value) ? value : this.fail(name, 'a positive whole number');
  }

  boolean(name: string, absent?: boolean): boolean {
    const value = this.value(name) ?? absent;
    return typeof value === 'boolean' ? value : this.fail(name, 'true or false');
  }

  array(name: string): readonly unknown[] {
    const value = this.value(name);
    // A caller's array may have holes, which loops and maps see in different ways.
    return Array.isArray(value) ? Array.from(value) : this.fail(name, 'an array');
  }

  object(name: string): Config {
    return new Config(`${this.who}: ${name}`, this.written(name));
  }

  /** So many positive whole numbers; one number stands for all. */
  counts(name: string, axes: number, absent?: number): number[] {
    const value = this.value(name) ?? absent;
    const list: readonly unknown[] = Array.isArray(value) ? value : Array.from({ length: axes }, () => value);
    if (list.length === axes && list.every(isCount)) return [...list];
    return this.fail(name, axes === 1 ? 'a positive whole number' : 'one or two positive whole numbers');
  }

  /** One of some texts. */
  oneOf<Text extends string>(name: string, texts: readonly Text[], absent?: Text): Text {
    const value = this.string(name, absent);
    const expected = texts.map((text) => `'${text}'`);
    return (
      texts.find((text) => text === value) ??
      this.unsupported(name, `${expected.slice(0, -1).join(', ')} or ${expected.at(-1)}`)
    );
  }

  /** It makes no sense together with what is around it. */
  invalid(what: string): never {
    throw new NnpackError('invalid-model', `${this.who}: ${what}`);
  }

  /** The field makes no sense in any model. */
  fail(name: string, expected: string): never {
    throw new NnpackError('invalid-model', this.#expected(name, expected));
  }

  /** The field makes sense, and this library has no word for it. */
  unsupported(name: string, expected: string): never {
    throw new NnpackError('unsupported-layer', this.#expected(name, expected));
  }

  #expected(name: string, expected: string): string {
    return `${this.who}: ${name} expected ${expected}, got ${show(this.written(name))}`;
  }
}

/** What a part of a file becomes: whatever is refused on the way tells the part as the file names it. */
export function inPart<T>(who: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof NnpackError) || error.message.startsWith(who)) throw error;
    throw new NnpackError(error.code, `${who}: ${error.message}`, { cause: error });
  }
}

/** Whether an axis may be so long. */
export function isAxisLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ELEMENTS;
}

/** A whole number of JSON as protocol buffers write it: of 64 bits, and so as a text. NaN for what is none. */
export function wholeNumberOf(written: unknown): number {
  const isWritten = typeof written === 'number' || (typeof written === 'string' && /^-?\d{1,19}$/.test(written));
  const value = isWritten ? Number(written) : Number.NaN;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/**
 * A copy of JSON that a caller has parsed, in which nothing runs code and nothing changes any more. No recursion: a
 * caller's objects may be as deep as they like, or hold themselves.
 */
export function plainCopy(who: string, value: unknown): unknown {
  const copies = new Map<object, object>();
  const open: [from: object, to: object][] = [];
  const copyOf = (item: unknown): unknown => {
    // one may be a proxy, which throws wherever it is asked
    if (typeof item === 'function') throw new TypeError('it holds a function, expected JSON');
    // binary data beside the model (tfjs's weightData) is no JSON, and nothing reads it
    if (typeof item !== 'object' || item === null || ArrayBuffer.isView(item)) return item;
    const known = copies.get(item);
    if (known !== undefined) return known;
    const copy = Array.isArray(item) ? [] : {};
    copies.set(item, copy);
    open.push([item, copy]);
    return copy;
  };
  try {
    const copy = copyOf(value);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [from, to] = next;
      for (const [key, item] of Object.entries(from)) {
        // an assignment to __proto__ would make no field
        Object.defineProperty(to, key, { value: copyOf(item), enumerable: true, writable: true, configurable: true });
      }
    }
    return copy;
  } catch (error) {
    throw new NnpackError('invalid-model', `${who}: cannot be read: ${textOf(error)}`, { cause: error });
  }
}
