/** What a command of the command line is, as data: its help, its options and what it does. */

export interface Command {
  readonly name: string;
  /** One line of `nnpack-ts --help`. */
  readonly summary: string;
  /** What stands without an option, `[picture]`, and what it means; none is taken when absent. */
  readonly positionals?: Readonly<Record<string, string>>;
  /** How many positionals are taken at most; 0 when not given. */
  readonly most?: number;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command lines, and what each does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /**
   * @param signal aborted at Ctrl-C; a command that listens says what is done and sets the exit code
   * @throws NnpackError for what the user can mend: one line on stderr, exit code 2
   */
  run(given: Given, signal: AbortSignal): Promise<void>;
}

export interface OptionSpec {
  /** What the option takes, `N` or `FILE`; absent for a flag. */
  readonly value?: string;
  readonly help: string;
  /** Whether it may stand several times, each with a value of its own; of others the last counts. */
  readonly repeats?: boolean;
}

/** What was written on the command line; a flag that was given has the value ''. */
export interface Given {
  readonly positionals: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  /** Every value, in their order, of an option that may stand several times; absent where there is none. */
  readonly repeated?: ReadonlyMap<string, readonly string[]>;
}

/** The exit code of a command that Ctrl-C stopped, as shells have it. */
export const STOPPED = 130;

/** The most and the least characters of a line of help. */
const [LINE, NARROW] = [100, 60];
/** Texts stand beside the names that they are of where so many characters are left for them, else below. */
const LEAST_BESIDE = 40;

/** The characters of a line of help on a terminal of so many columns; undefined where it is none. */
export function lineOn(columns: number | undefined): number {
  return Math.min(LINE, Math.max(NARROW, columns ?? LINE));
}

/** The text of `nnpack-ts NAME --help`. */
export function helpOf(command: Command, line = LINE): string {
  const { name, summary, positionals = {}, options, examples } = command;
  const rows = Object.entries({ ...options, help: HELP }).map(([option, { value, help }]) => {
    return [`--${option}${value === undefined ? '' : ` ${value}`}`, help] as const;
  });
  const names = Object.entries(positionals);
  const width = Math.max(...[...rows, ...names].map(([left]) => left.length)) + 2;
  const usage = ['nnpack-ts', name, ...Object.keys(positionals), '[options]'].join(' ');
  return [
    ...[...wrapped(summary, line), '', ...wrapped(`Usage: ${usage}`, line), ''],
    ...(names.length === 0 ? [] : ['Arguments:', ...names.flatMap((row) => rowLines(row, width, line)), '']),
    ...['Options:', ...rows.flatMap((row) => rowLines(row, width, line)), ''],
    ...[
      'Examples:',
      ...examples.flatMap(([call, what]) => [...wrapped(what, line - 4).map((text) => `  # ${text}`), `  ${call}`]),
    ],
  ].join('\n');
}

const HELP: OptionSpec = { help: 'print this' };

/** A name with its text, beside it or below. */
export function rowLines([left, help]: readonly [string, string], width: number, line: number): string[] {
  if (line - width - 2 < LEAST_BESIDE) return [`  ${left}`, ...wrapped(help, line - 6).map((text) => `      ${text}`)];
  return wrapped(help, line - width - 2).map((text, i) => `  ${(i === 0 ? left : '').padEnd(width)}${text}`);
}

/** Lines of at most `width` characters, broken at spaces. */
export function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last].length + 1 + word.length <= width) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
