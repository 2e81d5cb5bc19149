/** What becomes of a result, in every command alike: text for people, `--json FILE` for machines, `--html FILE` a page. */
import { resolve } from 'node:path';
import { show } from '../errors.ts';
import { fail } from './arguments.ts';
import type { Given, OptionSpec } from './command.ts';
import { checkWritable, writeWhole } from './files.ts';

/** The file name that stands for standard output. */
const STDOUT = '-';

export const JSON_OPTION: OptionSpec = {
  value: 'FILE',
  help: 'write the result as JSON as well; - for standard output, and nothing else there',
};
export const HTML_OPTION: OptionSpec = { value: 'FILE', help: 'write one page of plots' };

export interface Output<Result> {
  /** Prints text, unless JSON has standard output for itself or nothing is to be printed. */
  say(text: string): void;
  /** Writes the files that were asked for. */
  write(result: Result): Promise<void>;
}

export interface OutputOptions<Result> {
  /** Files that the command writes itself. */
  readonly files?: readonly string[];
  /** Loads what draws the page. */
  readonly page?: () => Promise<(result: Result) => Promise<string>>;
}

/** Everything that can fail for the files is tried before hours of work. */
export async function outputOf<Result extends object>(
  { options }: Given,
  { files = [], page }: OutputOptions<Result> = {},
): Promise<Output<Result>> {
  const json = options.get('json');
  const html = options.get('html');
  await checkFiles([...files, json === STDOUT ? undefined : json, html].filter((path) => path !== undefined));
  const draw = html === undefined || page === undefined ? null : await loadPage(page);
  const isQuiet = json === STDOUT || options.has('quiet');
  return {
    say(text) {
      if (!isQuiet) console.log(text);
    },
    async write(result) {
      const text = JSON.stringify(result, null, 2);
      if (json === STDOUT) console.log(text);
      else if (json !== undefined) await writeWhole(json, `${text}\n`);
      if (html !== undefined && draw !== null) await writeWhole(html, await draw(result));
    },
  };
}

async function checkFiles(paths: readonly string[]): Promise<void> {
  paths.forEach((path, i) => {
    const isTwice = paths.slice(0, i).some((other) => resolve(other) === resolve(path));
    if (isTwice) fail(`file ${show(path)} is to be written twice, expected a name for each`);
  });
  for (const path of paths) await checkWritable(path);
}

/** Plots are drawn by packages that need not be installed. */
async function loadPage<Draw>(page: () => Promise<Draw>): Promise<Draw> {
  const { loadDrawing } = await import('./report/plots.ts');
  await loadDrawing();
  return page();
}
