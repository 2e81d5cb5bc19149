import { NnpackError, show } from '../errors.ts';

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

  /** Whether the field is there and not null. */
  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** The field as it is, undefined for null. */
  value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
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
    return Array.isArray(value) ? value : this.fail(name, 'an array');
  }

  object(name: string): Config {
    return new Config(`${this.who}: ${name}`, this.value(name));
  }

  /** Two positive whole numbers, rows before columns; one number stands for both. */
  pair(name: string, absent?: number): { height: number; width: number } {
    const value = this.value(name) ?? absent;
    const [height, width, ...more]: unknown[] = Array.isArray(value) ? value : [value, value];
    if (isCount(height) && isCount(width) && more.length === 0) return { height, width };
    return this.fail(name, 'one or two positive whole numbers');
  }

  fail(name: string, expected: string): never {
    const got = show(this.value(name));
    throw new NnpackError('invalid-model', `${this.who}: ${name} expected ${expected}, got ${got}`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
