/** The two files of an MXNet model on disk: NAME-symbol.json, and NAME-NNNN.params beside it. */
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readingFile, readLargeFile, readWholeFile } from '../check/model-files.ts';
import { LARGE_FILE } from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import type { MxnetFiles } from './files.ts';
import { parseParams } from './params.ts';
import { MOST_SYMBOL_CHARACTERS, parseSymbol } from './symbol.ts';

const SYMBOL_ENDING = '-symbol.json';

/**
 * @param path of NAME-symbol.json
 * @param params path of the file of parameters; without it that of the greatest number beside the symbol is read
 * @throws NnpackError 'input-output' for a file that is not there or cannot be read, and what the two parsers throw
 * @example
 * const { symbol, arrays } = await loadMxnetFiles('resnet-symbol.json');
 */
export async function loadMxnetFiles(path: string, params?: string, who = 'loadMxnetFiles'): Promise<MxnetFiles> {
  if (typeof path !== 'string') fail(who, 'path', path);
  if (params !== undefined && typeof params !== 'string') fail(who, 'params', params);
  const text = await readText(path);
  const symbol = within(`model ${show(path)}`, () => parseSymbol(text));
  const arraysPath = params ?? (await newestParams(path, who));
  const bytes = await readLargeFile(`file ${show(arraysPath)}`, arraysPath, LARGE_FILE);
  return { symbol, arrays: within(`model ${show(arraysPath)}`, () => parseParams(bytes)) };
}

async function readText(path: string): Promise<string> {
  const bytes = await readWholeFile(`file ${show(path)}`, path, MOST_SYMBOL_CHARACTERS);
  return new TextDecoder().decode(bytes);
}

/** The file NAME-NNNN.params of the greatest number, which must lie where its name does. */
async function newestParams(path: string, who: string): Promise<string> {
  const name = basename(path);
  if (!name.endsWith(SYMBOL_ENDING)) {
    const what = `path is ${show(path)}, expected one that ends in ${SYMBOL_ENDING}, or the path of the parameters`;
    throw new NnpackError('invalid-argument', `${who}: ${what}`);
  }
  const start = `${name.slice(0, -SYMBOL_ENDING.length)}-`;
  const folder = dirname(path);
  const found = newestOf(start, await readingFile(`file ${show(folder)}`, () => readdir(folder)));
  if (found === undefined) {
    throw new NnpackError('input-output', `model ${show(path)}: no ${show(`${start}0000.params`)} or later beside it`);
  }
  const place = join(folder, found);
  const [real, realFolder] = await readingFile(`file ${show(place)}`, () =>
    Promise.all([realpath(place), realpath(folder)]),
  );
  if (dirname(real) === realFolder) return place;
  throw new NnpackError(
    'input-output',
    `file ${show(place)} is a link to another folder, expected a file beside the symbol`,
  );
}

/** The name with the greatest number between `start` and `.params`. */
function newestOf(start: string, names: readonly string[]): string | undefined {
  let newest: { readonly name: string; readonly number: bigint } | undefined;
  for (const name of [...names].sort()) {
    const [, digits] = name.startsWith(start) ? (/^(\d{4,})\.params$/.exec(name.slice(start.length)) ?? []) : [];
    if (digits === undefined) continue;
    const number = BigInt(digits);
    if (newest === undefined || number > newest.number) newest = { name, number };
  }
  return newest?.name;
}

/** The parsers know the contents alone, and there are several files: errors name the one. */
export function within<T>(who: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    throw new NnpackError(error.code, `${who}: ${error.message}`, { cause: error });
  }
}

function fail(who: string, what: string, value: unknown): never {
  throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected a string`);
}
