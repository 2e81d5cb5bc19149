/**
 * Measured times of convolutions: `rule: 'measured'` chooses by them, and they can be kept as text.
 *
 *   (kernel table, threads, sizes of the convolution) → algorithm → (ms to run, ms to pack)
 *
 * Times are kept, not choices: the same entry serves a plan, which packs once, and a call, which packs each time, with any
 * demand on accuracy. An entry of another table or number of threads is kept and not used; so is an algorithm that this
 * version does not know.
 */
import { NnpackError, show } from '../errors.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';

/** Milliseconds, the least of a few runs on all threads of a context. */
export interface MeasuredTime {
  /** To compute the convolution once. */
  readonly run: number;
  /** To transform and pack the kernel. */
  readonly pack: number;
}

/** What a time depends on besides the shape. */
interface Setting {
  readonly kernels: string;
  readonly threads: number;
}

/** The sizes of a convolution, each with its least value; the output's sizes follow from them. */
const SIZES = {
  batch: 1,
  groups: 1,
  inputChannels: 1,
  outputChannels: 1,
  inputHeight: 1,
  inputWidth: 1,
  kernelHeight: 1,
  kernelWidth: 1,
  paddingTop: 0,
  paddingRight: 0,
  paddingBottom: 0,
  paddingLeft: 0,
  strideHeight: 1,
  strideWidth: 1,
  dilationHeight: 1,
  dilationWidth: 1,
} as const satisfies Partial<Record<keyof ConvolutionShape, 0 | 1>>;

type Size = keyof typeof SIZES;
type Sizes = Readonly<Record<Size, number>>;
const SIZE_NAMES = Object.keys(SIZES) as Size[];

interface Entry extends Setting {
  readonly sizes: Sizes;
  readonly times: Map<string, MeasuredTime>;
}

/** The version of the saved text; it changes when older text is no longer understood. */
const VERSION = 1;

/**
 * Measured times of convolutions, held by a context and filled by `rule: 'measured'`.
 *
 * @example
 * const context = await createContext();
 * const plan = planConvolution({ input, kernel, padding: 1, rule: 'measured', context }); // measures once for each shape
 * writeFileSync('times.json', context.measurements.save());
 *
 * // another process, the same choices, nothing measured
 * const measurements = Measurements.load(readFileSync('times.json', 'utf8'));
 * const next = await createContext({ measurements });
 */
export class Measurements {
  readonly #entries = new Map<string, Entry>();

  /**
   * The measurements of a text that {@link save} gave, in this process or another.
   *
   * @throws NnpackError `invalid-argument` for any other text, and says where it is wrong
   */
  static load(text: string): Measurements {
    const who = 'Measurements.load';
    const { version, entries } = recordOf(`${who}: the text`, parse(who, text));
    if (version !== VERSION) throw malformed(`${who}: version`, version, `${VERSION}`);
    if (!Array.isArray(entries)) throw malformed(`${who}: entries`, entries, 'an array');
    const loaded = new Measurements();
    for (const [i, given] of entries.entries()) loaded.#add(entryOf(`${who}: entries[${i}]`, given));
    return loaded;
  }

  /** All of it as JSON, which {@link load} reads. */
  save(): string {
    const entries = [...this.#entries.values()].map((entry) => ({ ...entry, times: Object.fromEntries(entry.times) }));
    return JSON.stringify({ version: VERSION, entries }, null, 2);
  }

  /**
   * The times of one convolution by the names of algorithms; empty where none was measured.
   *
   * @internal
   */
  timesOf(setting: Setting, sizes: Sizes): ReadonlyMap<string, MeasuredTime> {
    recordOf('Measurements.timesOf: setting', setting);
    recordOf('Measurements.timesOf: sizes', sizes);
    return this.#entries.get(keyOf({ ...setting, sizes }))?.times ?? new Map();
  }

  /**
   * Keeps a time; one of the same convolution and algorithm is replaced.
   *
   * @internal
   * @throws NnpackError `invalid-argument` for what {@link load} would refuse
   */
  record(setting: Setting, sizes: Sizes, algorithm: string, time: MeasuredTime): void {
    const { kernels, threads } = recordOf('Measurements.record: setting', setting);
    const given = { kernels, threads, sizes, times: { [algorithm]: time } };
    this.#add(entryOf('Measurements.record: the entry', given));
  }

  #add(entry: Entry): void {
    const key = keyOf(entry);
    const known = this.#entries.get(key);
    if (known === undefined) this.#entries.set(key, entry);
    else for (const [algorithm, time] of entry.times) known.times.set(algorithm, time);
  }
}

function keyOf({ kernels, threads, sizes }: Omit<Entry, 'times'>): string {
  return [kernels, threads, ...SIZE_NAMES.map((name) => sizes[name])].join(' ');
}

function parse(who: string, text: unknown): unknown {
  if (typeof text !== 'string') throw malformed(`${who}: the text`, text, 'a string');
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = `the text is not JSON (${(error as Error).message})`;
    throw new NnpackError('invalid-argument', `${who}: ${what}, expected what save gave`, { cause: error });
  }
}

/** A checked copy of an entry; `where` begins with who asks. */
function entryOf(where: string, given: unknown): Entry {
  const { kernels, threads, sizes, times } = recordOf(where, given);
  if (typeof kernels !== 'string' || kernels === '')
    throw malformed(`${where}.kernels`, kernels, 'the name of a table');
  const givenSizes = recordOf(`${where}.sizes`, sizes);
  const checked = SIZE_NAMES.map((name) => [name, wholeOf(`${where}.sizes.${name}`, givenSizes[name], SIZES[name])]);
  const checkedTimes = Object.entries(recordOf(`${where}.times`, times)).map(([algorithm, time]) => {
    const what = `${where}.times.${algorithm}`;
    const { run, pack } = recordOf(what, time);
    return [algorithm, { run: timeOf(`${what}.run`, run), pack: timeOf(`${what}.pack`, pack) }] as const;
  });
  return {
    kernels,
    threads: wholeOf(`${where}.threads`, threads, 1),
    sizes: Object.fromEntries(checked),
    times: new Map(checkedTimes),
  };
}

function recordOf(what: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(what, value, 'an object');
}

function wholeOf(what: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw malformed(what, value, `a whole number of at least ${least}`);
}

function timeOf(what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw malformed(what, value, 'milliseconds, at least 0');
}

function malformed(what: string, value: unknown, expected: string): NnpackError {
  return new NnpackError('invalid-argument', `${what} is ${show(value)}, expected ${expected}`);
}
