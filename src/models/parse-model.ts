/** A model from the bytes of its files, wherever they come from. A format's reader is loaded once it is known. */
import { isUint8Array } from '../check/arrays.ts';
import { namingFile } from '../check/naming-file.ts';
import { isRecord, reading } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { formatOfJson, HEAD_BYTES, type Kind, kindOf, parseJson } from './format.ts';
import { Model } from './model.ts';
import { type ModelOptions, parseModelOptions } from './options.ts';
import { fixedSource, type ModelSource } from './source.ts';

/** The bytes of files by the names that they have beside a model. */
export type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Reads a model from the bytes of its files, as `openModel` does from disk: `model.onnx` with the files that it keeps numbers
 * in, `NAME-symbol.json` and `NAME-NNNN.params`, or `model.json` and its shards. Which format it is their contents tell.
 *
 * @param files by the names that they have beside the model; weights may share their memory, so that they must not be
 *   written to afterwards
 * @throws NnpackError 'invalid-argument' for files without a model among them, or with several; and what `openModel` throws
 * @example
 * const bytesOf = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
 * const model = await parseModel({ 'model.onnx': await bytesOf('/model.onnx') });
 */
export async function parseModel(
  files: Readonly<Record<string, Uint8Array>>,
  options: ModelOptions = {},
): Promise<Model> {
  const { params, selection, context } = parseModelOptions('parseModel', options);
  const given = filesOf(files);
  return new Model(await sourceOfFile(mainFile(given), given, params), selection, context);
}

function filesOf(files: unknown): Files {
  const expected = 'an object of Uint8Arrays by the names of files';
  if (!isRecord(files)) {
    throw new NnpackError('invalid-argument', `parseModel: files are ${show(files)}, expected ${expected}`);
  }
  const given = reading(
    'parseModel',
    'files',
    'invalid-argument',
    () => new Map<string, unknown>(Object.entries(files)),
  );
  for (const [name, bytes] of given) {
    if (isUint8Array(bytes)) continue;
    const text = `file ${show(name)} is ${show(bytes)}, expected a Uint8Array`;
    throw new NnpackError('invalid-argument', `parseModel: ${text}`);
  }
  return given as Files;
}

/** The file of a model that the others belong to. */
export interface MainFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The file that the others belong to: the one of JSON, else the one whose name ends in `.onnx`, else the only one. Files of
 * numbers have no mark, and may begin like anything.
 */
function mainFile(files: Files): MainFile {
  const entries = [...files];
  const isJson = ([, bytes]: (typeof entries)[number]) => /^(?:\xef\xbb\xbf)?\s*\{\s*["}]/.test(headOf(bytes));
  const found = [entries.filter(isJson), entries.filter(([name]) => /\.onnx$/i.test(name)), entries].find(
    (some) => some.length > 0,
  );
  if (found?.length !== 1) {
    const names = found === undefined ? 'none' : found.map(([name]) => show(name)).join(', ');
    const text = `expected one model among the files (of JSON, or whose name ends in .onnx), got ${names}`;
    throw new NnpackError('invalid-argument', `parseModel: ${text}`);
  }
  const [[name, bytes]] = found;
  return { name, bytes };
}

function headOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
}

/** What a reader makes of a model's file and of those beside it. */
export async function sourceOfFile(main: MainFile, files: Files, params?: string): Promise<ModelSource> {
  const kind = kindOf(`model ${show(main.name)}`, main.bytes);
  return namingFile(main.name, () => sourceOf(main, kind, files, params));
}

async function sourceOf({ name, bytes }: MainFile, kind: Kind, files: Files, params?: string): Promise<ModelSource> {
  if (kind === 'mxnet-parameters') {
    throw new NnpackError(
      'invalid-argument',
      'model: has parameters of MXNet alone, expected NAME-symbol.json as well',
    );
  }
  if (kind === 'onnx') {
    const readExternal = (location: string, offset: number, length: number) => {
      return fileNamed(files, location).subarray(offset, offset + length);
    };
    const { readOnnxModel } = await import('../onnx/index.ts');
    return fixedSource('onnx', name, readOnnxModel(bytes, { readExternal }));
  }
  const json = parseJson('model', bytes);
  const format = formatOfJson(json);
  if (format === 'mxnet') {
    const weights = parametersOf(name, files, params);
    const [{ parseFiles }, { mxnetSource }] = await Promise.all([
      import('../mxnet/files.ts'),
      import('./mxnet-source.ts'),
    ]);
    return mxnetSource(name, parseFiles({ symbol: bytes, params: weights }));
  }
  const { readGraphModel, readLayersModelGraph } = await import('../tfjs/index.ts');
  const read = format === 'tfjs-graph-model' ? readGraphModel : readLayersModelGraph;
  return fixedSource(format, name, await read(json, async (shard) => fileNamed(files, shard)));
}

/** A file by its path from the model's folder. */
function fileNamed(files: Files, path: string): Uint8Array {
  const bytes = files.get(path) ?? files.get(path.replace(/^(?:\.\/)+/, ''));
  if (bytes !== undefined) return bytes;
  throw new NnpackError('input-output', `model: file ${show(path)} is not among those given`);
}

/** The parameters that are named, else the only ones, else those of the greatest number. */
function parametersOf(symbol: string, files: Files, params: string | undefined): Uint8Array {
  if (params !== undefined) return fileNamed(files, params);
  const found = [...files].filter(([name]) => name !== symbol && /\.params$/.test(name));
  const numbers = found.map(([name]) => Number(/-(\d+)\.params$/.exec(name)?.[1] ?? -1));
  const newest = found[numbers.indexOf(Math.max(...numbers))];
  if (newest !== undefined) return newest[1];
  throw new NnpackError('input-output', 'model: no file whose name ends in .params is among those given');
}
