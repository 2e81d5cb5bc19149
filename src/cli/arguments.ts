/** The command line, as data: every option is checked here, and every error is one line that says what to write. */
import { parseArgs } from 'node:util';
import type { AlgorithmName } from '../algorithms/algorithm.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';

export interface Arguments {
  readonly picture?: string;
  readonly out?: string;
  readonly threads?: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly memoryBytes?: number;
  readonly eligibility: 'documented' | 'all';
  readonly algorithm: 'auto' | AlgorithmName;
  readonly help: boolean;
}

const OPTIONS = {
  out: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
  memory: { type: 'string' },
  eligibility: { type: 'string' },
  algorithm: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const USAGE = `Enlarges a picture twofold with a trained network.

Usage: npm start -- [picture] [options]

  picture                        a PNG or JPEG file; the network's own sample when not given
  --out FILE                     the PNG file to write (result.png, or the picture's name with -2x.png)
  --threads N                    threads to compute with (as many as cores)
  --memory MB                    mebibytes for the network (512); larger pictures run in slices
  --eligibility documented|all   which layers may leave the default implementation (all)
  --algorithm NAME               one algorithm for all convolutions that it can compute
  --json                         print the report as JSON
  --quiet                        print nothing but errors
  --help                         print this`;

/**
 * @param algorithms names that --algorithm may have
 * @throws NnpackError 'invalid-argument'
 */
export function parseArguments(argv: readonly string[], algorithms: readonly ('auto' | AlgorithmName)[]): Arguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const pictures: string[] = [];
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') pictures.push(token.value);
    if (token.kind === 'option') given.set(token.name, optionValue(token));
  }
  if (pictures.length > 1) fail(`expected one picture, got ${pictures.length}: ${pictures.map(show).join(', ')}`);

  const memory = positive('--memory', given.get('memory'));
  return {
    picture: pictures[0],
    out: given.get('out'),
    threads: whole('--threads', given.get('threads')),
    json: given.has('json'),
    quiet: given.has('quiet'),
    memoryBytes: memory && memory * 2 ** 20,
    eligibility: oneOf('--eligibility', given.get('eligibility') ?? 'all', ['documented', 'all'] as const),
    algorithm: oneOf('--algorithm', given.get('algorithm') ?? 'auto', algorithms),
    help: given.has('help'),
  };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string;
  readonly inlineValue?: boolean;
}

/** The value of an option, '' if it takes none. */
function optionValue({ name, rawName, value, inlineValue }: OptionToken): string {
  if (!Object.hasOwn(OPTIONS, name)) {
    const known = Object.keys(OPTIONS).map((option) => `--${option}`);
    fail(`unknown option ${show(rawName)}${didYouMean(rawName, known)}`);
  }
  const takesValue = OPTIONS[name as keyof typeof OPTIONS].type === 'string';
  if (!takesValue && value !== undefined) fail(`${rawName} expected no value, got ${show(value)}`);
  if (!takesValue) return '';
  if (value === undefined || value === '') return fail(`${rawName} expected a value, got none`);
  if (value.startsWith('--') && !inlineValue) fail(`${rawName} expected a value, got the option ${show(value)}`);
  return value;
}

function whole(option: string, text: string | undefined): number | undefined {
  const value = positive(option, text);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  return fail(`${option} expected a whole number, got ${show(text)}`);
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value > 0 && value < Infinity ? value : fail(`${option} expected a number above 0, got ${show(text)}`);
}

function oneOf<T extends string>(option: string, value: string, names: readonly T[]): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  return fail(`${option} expected one of ${names.join(', ')}, got ${show(value)}${didYouMean(value, names)}`);
}

function fail(message: string): never {
  throw new NnpackError('invalid-argument', `arguments: ${message}`);
}
