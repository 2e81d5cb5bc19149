/** Which files go into each run of a model, and where what comes out goes to. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { readingFile } from '../../check/model-files.ts';
import { show } from '../../errors.ts';
import type { Name } from '../../graph/values.ts';
import type { ModelValue } from '../../models/source.ts';
import { fail } from '../arguments.ts';
import { isPictureName } from '../picture-file.ts';
import { kindOfFile } from './array-files.ts';
import type { Subject } from './engine.ts';
import { type NamedFile, namedFiles, sizesText } from './named-files.ts';
import { pictureForm } from './picture-form.ts';
import type { Files } from './settings.ts';

/** One run. */
export interface Task {
  readonly inputs: readonly NamedFile[];
  readonly outputs: readonly NamedFile[];
}

export interface Tasks {
  readonly list: readonly Task[];
  /** Whether they are made of many files: then one that fails does not keep the others from theirs. */
  readonly areMany: boolean;
  /** Files whose results were there. */
  readonly passedOver: number;
}

/** The files of an input: many for a folder, or for several pictures. */
interface InputFiles {
  readonly name: Name;
  readonly paths: readonly string[];
  readonly isMany: boolean;
}

export async function tasksOf(subject: Subject, files: Files): Promise<Tasks> {
  const inputs = await inputFiles(subject, files);
  const many = inputs.filter(({ isMany }) => isMany);
  if (many.length > 1) {
    fail(`expected a folder for one input, got one for ${many.map(({ name }) => show(name)).join(' and ')}`);
  }
  const fixed = inputs.filter(({ isMany }) => !isMany).map(({ name, paths: [path] }) => ({ name, path }));
  const outputs = namedFiles(files.outputs, '--output', [...subject.outputs.keys()]);
  if (many.length === 0) {
    if (files.shard !== null || files.isResumed) fail('--shard and --resume expected many files or a folder, got one');
    return { list: [{ inputs: fixed, outputs }], areMany: false, passedOver: 0 };
  }
  return manyTasks(subject, many[0], fixed, outputs, files);
}

async function manyTasks(
  subject: Subject,
  { name, paths }: InputFiles,
  fixed: readonly NamedFile[],
  outputs: readonly NamedFile[],
  { shard, isResumed }: Files,
): Promise<Tasks> {
  const places = await Promise.all(outputs.map((output) => placeOf(subject, output)));
  const all = paths.map((path): Task => {
    return { inputs: [{ name, path }, ...fixed], outputs: places.map((place) => place(path)) };
  });
  refuseShared(all);
  const own = all.filter((_, i) => shard === null || i % shard.of === shard.part - 1);
  if (isResumed && outputs.length === 0) fail('--resume expected --output, by which it sees what is done');
  const isDone = await Promise.all(own.map((task) => isResumed && areThere(task.outputs)));
  const list = own.filter((_, i) => !isDone[i]);
  return { list, areMany: true, passedOver: own.length - list.length };
}

async function inputFiles(subject: Subject, { pictures, inputs }: Files): Promise<InputFiles[]> {
  const names = [...subject.inputs.keys()];
  if (pictures.length > 0 && inputs.length > 0) fail('expected a picture or --input, got both');
  if (pictures.length > 0 && names.length === 1) {
    if (pictures.length > 1) return [{ name: names[0], paths: pictures, isMany: true }];
    return [await expanded({ name: names[0], path: pictures[0] })];
  }
  const files = namedFiles(inputs, '--input', names);
  const missing = names.filter((name) => !files.some((file) => file.name === name));
  if (missing.length === 0) return Promise.all(files.map(expanded));
  const how = names.length === 1 ? 'a picture or --input FILE' : '--input NAME=FILE for each input of the model';
  const list = missing.map((name) => `${show(name)} ${valueText(subject.inputs.get(name) as ModelValue)}`).join(', ');
  return fail(`expected ${how}, got none for ${list}`);
}

/** The shape of an input as a file without a batch may have it. */
function valueText({ shape }: ModelValue): string {
  if (shape === null) return '(its shape is not told)';
  return sizesText(typeof shape[0] === 'string' ? shape.slice(1) : shape);
}

/** A folder as the files in it that can be read, in the order of their names. */
async function expanded({ name, path }: NamedFile): Promise<InputFiles> {
  const isFolder = await isFolderAt(path);
  if (!isFolder) return { name, paths: [path], isMany: false };
  const entries = await readingFile(`folder ${show(path)}`, () => readdir(path));
  const paths = entries
    .filter((entry) => isPictureName(entry) || kindOfFile(entry) !== 'picture')
    .sort()
    .map((entry) => join(path, entry));
  if (paths.length === 0) fail(`folder ${show(path)} has no files of .npy, .pb, .png or .jpg, expected some`);
  return { name, paths, isMany: true };
}

function isFolderAt(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** What an output file of each input is called: in a folder like its input, or by a name whose `*` stands for that. */
async function placeOf(subject: Subject, { name, path }: NamedFile): Promise<(input: string) => NamedFile> {
  const stem = (input: string) => basename(input, extname(input));
  if (basename(path).includes('*')) return (input) => ({ name, path: path.replaceAll('*', () => stem(input)) });
  if (!(await isFolderAt(path))) {
    fail(`--output expected a folder that exists, or a name with * for that of the input, got ${show(path)}`);
  }
  const shape = subject.outputs.get(name)?.shape ?? null;
  const form = shape === null ? null : pictureForm(shape, subject.isChannelsLast);
  const isPicture = form !== null && (form.channels !== 1 || form.height === null);
  // Several outputs in one folder go by their names too.
  const mark = subject.outputs.size > 1 ? `-${name.replaceAll(/[^\w.-]+/g, '_')}` : '';
  return (input) => {
    const ending = isPicture && kindOfFile(input) === 'picture' ? '.png' : '.npy';
    return { name, path: join(path, `${stem(input)}${mark}${ending}`) };
  };
}

function refuseShared(tasks: readonly Task[]): void {
  const makers = new Map<string, string>();
  for (const { inputs, outputs } of tasks) {
    for (const { path } of outputs) {
      const other = makers.get(path);
      if (other !== undefined) {
        fail(`${show(other)} and ${show(inputs[0].path)} would both become ${show(path)}, expected names that differ`);
      }
      makers.set(path, inputs[0].path);
    }
  }
}

async function areThere(files: readonly NamedFile[]): Promise<boolean> {
  const found = await Promise.all(
    files.map(({ path }) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every((is) => is);
}
