/** Reads a command line against a command's options: everything is checked, and every error is one line. */
import { parseArgs } from 'node:util';
import { didYouMean, NnpackError, show } from '../errors.ts';
import type { Command, Given } from './command.ts';

/**
 * @returns what was given, or null where help is asked for
 * @throws NnpackError 'invalid-argument'
 */
export function parseArguments(command: Pick<Command, 'options' | 'most'>, argv: readonly string[]): Given | null {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, { value }] of Object.entries(command.options)) {
    options[name] = { type: value === undefined ? 'boolean' : 'string' };
  }
  const { tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
  const positionals: string[] = [];
  const given = new Map<string, string>();
  const repeated = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const value = optionValue(token, options);
    given.set(token.name, value);
    if (command.options[token.name]?.repeats) repeated.set(token.name, [...(repeated.get(token.name) ?? []), value]);
  }
  if (given.has('help')) return null;
  const most = command.most ?? 0;
  if (positionals.length > most) {
    const expected = most === 0 ? 'options only' : `at most ${most} besides the options`;
    fail(`expected ${expected}, got ${positionals.map(show).join(', ')}`);
  }
  return repeated.size === 0 ? { positionals, options: given } : { positionals, options: given, repeated };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string;
  readonly inlineValue?: boolean;
}

/** The value of an option, '' if it takes none. */
function optionValue(token: OptionToken, options: Readonly<Record<string, { readonly type: string }>>): string {
  const { name, rawName, value, inlineValue } = token;
  if (!Object.hasOwn(options, name)) {
    const known = Object.keys(options).map((option) => `--${option}`);
    fail(`unknown option ${show(rawName)}${didYouMean(rawName, known)}`);
  }
  const takesValue = options[name].type === 'string';
  if (!takesValue && value !== undefined) fail(`${rawName} expected no value, got ${show(value)}`);
  if (!takesValue) return '';
  if (value === undefined || value === '') return fail(`${rawName} expected a value, got none`);
  if (value.startsWith('--') && !inlineValue) fail(`${rawName} expected a value, got the option ${show(value)}`);
  return value;
}

export function whole(given: Given, option: string): number | undefined {
  const text = given.options.get(option);
  return text === undefined ? undefined : readWhole(text, `--${option}`);
}

export function positive(given: Given, option: string): number | undefined {
  const text = given.options.get(option);
  if (text === undefined) return undefined;
  return readPositive(text) ?? fail(`--${option} expected a number above 0, got ${show(text)}`);
}

export function oneOf<T extends string>(given: Given, option: string, names: readonly T[]): T | undefined {
  const text = given.options.get(option);
  return text === undefined ? undefined : readOneOf(names)(text, `--${option}`);
}

/** A comma-separated list, in which nothing stands twice. */
export function listOf<T>(given: Given, option: string, read: (text: string, who: string) => T): T[] | undefined {
  const text = given.options.get(option);
  if (text === undefined) return undefined;
  const items = text.split(',').map((part) => read(part.trim(), `--${option}`));
  return [...new Set(items)];
}

/** A whole number from 1 on. */
export function readWhole(text: string, who: string): number {
  const value = readPositive(text);
  if (value !== null && Number.isSafeInteger(value)) return value;
  return fail(`${who} expected a whole number above 0, got ${show(text)}`);
}

/** `64x56x56` as numbers; × serves as well as x. */
export function readSizes(text: string, who: string): number[] {
  return text.split(/[x×]/).map((size) => readWhole(size.trim(), who));
}

/** 512, 0.5 or 1e-5; null for what is no number above 0. */
function readPositive(text: string): number | null {
  const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return value > 0 && value < Infinity ? value : null;
}

export function readOneOf<T extends string>(names: readonly T[]): (text: string, who: string) => T {
  return (text, who) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    return fail(`${who} expected one of ${names.join(', ')}, got ${show(text)}${didYouMean(text, names)}`);
  };
}

export function fail(message: string): never {
  throw new NnpackError('invalid-argument', `arguments: ${message}`);
}
