/**
 * What can go wrong, one meaning to each code. `invalid-*`: the argument makes no sense for any algorithm.
 * `unsupported-*`: it makes sense, but what was asked for (an algorithm, an option, this machine) does not do it.
 * The names are NNPACK's status names where NNPACK has one (its header gives three of its numbers two meanings each).
 */
export const ERROR_CODES = [
  'invalid-argument',
  'invalid-tensor',
  'invalid-tensor-type',
  'invalid-rank',
  'invalid-batch-size',
  'invalid-channels',
  'invalid-input-channels',
  'invalid-output-channels',
  'invalid-input-size',
  'invalid-input-padding',
  'invalid-kernel-size',
  'invalid-stride',
  'invalid-dilation',
  'invalid-groups',
  'invalid-bias',
  'invalid-output',
  'invalid-pooling-size',
  'invalid-pooling-stride',
  'invalid-activation',
  'invalid-activation-parameters',
  'invalid-algorithm',
  'invalid-network',
  'invalid-model',
  'invalid-picture',
  'invalid-context',
  'unsupported-algorithm',
  'unsupported-input-size',
  'unsupported-layer',
  'unsupported-picture',
  'unsupported-hardware',
  'out-of-memory',
  'disposed',
  'worker-failed',
  'input-output',
] as const;

/** What went wrong, as NNPACK names it: `invalid-…` makes no sense, `unsupported-…` does but is not served. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The one error of this library. Its text says who, what, expected, got:
 * `convolutionOutput: kernel has 3 input channels, expected 4 (the input's channels)`.
 *
 * @example
 * try {
 *   convolutionInference({ input, kernel });
 * } catch (error) {
 *   if (error instanceof NnpackError && error.code === 'invalid-input-channels') { … }
 * }
 */
export class NnpackError extends Error {
  /** What went wrong, for programs; the message is for people. */
  readonly code: ErrorCode;

  /** @internal */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NnpackError';
    this.code = code;
  }
}

/** The most characters of a text, and items of an array, that an error shows. */
const SHOWN_CHARACTERS = 40;
const SHOWN_ITEMS = 6;

/** The value as an error text shows it: short, and never throwing itself. */
export function show(value: unknown): string {
  try {
    return shown(value);
  } catch {
    // Proxies and getters may throw whatever they like.
    return 'an object that cannot be read';
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${shortened(value)}'`;
  if (typeof value === 'bigint') {
    // The digits of a large one take long to find.
    return BigInt.asIntN(128, value) === value ? `${value}n` : 'a bigint of more than 128 bits';
  }
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) {
    return `${value}`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (Array.isArray(value)) {
    const { length } = value;
    const items: string[] = [];
    for (let i = 0; i < length && i < SHOWN_ITEMS; i++) items.push(isArray(value[i]) ? 'an array' : show(value[i]));
    return `[${items.join(', ')}${length > SHOWN_ITEMS ? ', …' : ''}]`;
  }
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return `an object of ${typeof name === 'string' && name !== '' ? shortened(name) : 'no class'}`;
}

/** A text that a caller gave, as an error shows it: paths and names of nodes differ at their ends. */
export function shortened(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text;
  return `${text.slice(0, SHOWN_CHARACTERS / 2)}…${text.slice(-SHOWN_CHARACTERS / 2)}`;
}

/** Whether the value is an array, of any realm; not even a revoked proxy makes it throw. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** No name of ours is longer: what is has been mistaken for one, and is not compared letter by letter. */
const LONGEST_NAME = 64;

/** The candidate nearest to a misspelt name, as `, did you mean 'x'?`, or nothing when none is near. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  if (name.length > LONGEST_NAME) return '';
  let best = '';
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    // At least so many letters are to be added or left out.
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === '' ? '' : `, did you mean '${best}'?`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
