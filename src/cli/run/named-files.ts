/** `NAME=FILE` for the inputs and outputs of a model. */
import { didYouMean, show } from '../../errors.ts';
import type { Size } from '../../graph/values.ts';
import { fail } from '../arguments.ts';

export interface NamedFile {
  /** Of an input or output of the model. */
  readonly name: string;
  readonly path: string;
}

/**
 * Each NAME=FILE, or FILE alone where there is one name; none twice.
 *
 * @param file what stands for FILE in errors
 */
export function namedFiles(
  texts: readonly string[],
  option: string,
  names: readonly string[],
  file = 'FILE',
): NamedFile[] {
  const files = texts.map((text) => namedFile(text, option, names, file));
  const twice = files.find(({ name }, i) => files.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) fail(`${option} expected ${show(twice.name)} once, got it twice`);
  return files;
}

function namedFile(text: string, option: string, names: readonly string[], file: string): NamedFile {
  const [name] = names.filter((known) => text.startsWith(`${known}=`)).sort((a, b) => b.length - a.length);
  if (name !== undefined && text.length > name.length + 1) return { name, path: text.slice(name.length + 1) };
  // The name of a file may hold the sign as well: behind a folder it does.
  const [before, ...after] = text.split('=');
  const isFile = after.length === 0 || /[\\/]/.test(before);
  if (names.length === 1 && isFile) return { name: names[0], path: text };
  const hint = isFile ? '' : didYouMean(before, names);
  return fail(`${option} expected NAME=${file}, NAME one of ${names.map(show).join(', ')}, got ${show(text)}${hint}`);
}

/** `[1, 3, 224, 224]`, a size that is known by name only, or not at all, as `?`. */
export function sizesText(shape: readonly (Size | null)[]): string {
  return `[${shape.map((size) => (typeof size === 'number' ? size : '?')).join(', ')}]`;
}
