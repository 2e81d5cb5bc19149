/** What a command of the command line is, as data: its help, its options and what it does. */

export interface Command {
  readonly name: string;
  /** One line of `nnpack-ts --help`. */
  readonly summary: string;
  /** For the usage line, `[picture]`; none are taken when absent. */
  readonly positionals?: string;
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

const LINE = 100;

/** The text of `nnpack-ts NAME --help`. */
export function helpOf(command: Command): string {
  const { name, summary, positionals, options, examples } = command;
  const all = Object.entries({ ...options, help: { help: 'print this' } as OptionSpec });
  const left = ([option, { value }]: (typeof all)[number]): string =>
    `--${option}${value === undefined ? '' : ` ${value}`}`;
  const width = Math.max(...all.map((entry) => left(entry).length)) + 2;
  const rows = all.map((entry) => [left(entry), wrapped(entry[1].help, LINE - width - 2)] as const);
  const optionLines = rows.flatMap(([option, lines]) =>
    lines.map((line, i) => `  ${(i === 0 ? option : '').padEnd(width)}${line}`),
  );
  const exampleLines = examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line}`]);
  const usage = ['nnpack-ts', name, positionals, '[options]'].filter((part) => part !== undefined).join(' ');
  return [summary, '', `Usage: ${usage}`, '', 'Options:', ...optionLines, '', 'Examples:', ...exampleLines].join('\n');
}

/** Lines of at most `width` characters, broken at spaces. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last].length + 1 + word.length <= width) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
