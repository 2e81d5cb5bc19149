/** Reading a model of any format from disk, in Node. A format's reader is loaded once the file is known to be of it. */
import { lookAt, readingFile, readRanges, readRegular, readWholeFile } from '../check/model-files.ts';
import { namingFile } from '../check/naming-file.ts';
import { NnpackError, show } from '../errors.ts';
import { formatOfJson, HEAD_BYTES, kindOf, parseJson } from './format.ts';
import { fixedSource, type ModelFormat, type ModelSource } from './source.ts';

/** Descriptions of the largest models take a few megabytes; their numbers lie in other files. */
const MOST_JSON_BYTES = 2 ** 26;

/** @param params of an MXNet model, the path of its parameters */
export async function loadSource(path: string, params?: string): Promise<ModelSource> {
  const format = await formatOf(path);
  if (params !== undefined && format !== 'mxnet') {
    const text = `params are ${show(params)}, expected none: ${show(path)} is no model of MXNet`;
    throw new NnpackError('invalid-argument', `openModel: ${text}`);
  }
  if (format === 'onnx') {
    const { loadOnnxModel } = await import('../onnx/load.ts');
    return fixedSource(format, path, await loadOnnxModel(path));
  }
  if (format === 'mxnet') {
    const { loadMxnetFiles } = await import('../mxnet/load-files.ts');
    const files = await loadMxnetFiles(path, params);
    const { mxnetSource } = await import('./mxnet-source.ts');
    return namingFile(path, () => mxnetSource(path, files));
  }
  const { loadGraphModel, loadLayersModelGraph } = await import('../tfjs/load.ts');
  const load = format === 'tfjs-graph-model' ? loadGraphModel : loadLayersModelGraph;
  return fixedSource(format, path, await load(path));
}

/** The bytes of a file, which errors call `who`. */
export function loadBytes(who: string, path: string): Promise<Uint8Array> {
  return readWholeFile(who, path);
}

/** The format of a model's file. */
export async function formatOf(path: string): Promise<ModelFormat> {
  const who = `model ${show(path)}`;
  const { head, rest } = await readHead(path, who);
  const kind = kindOf(who, head);
  if (kind === 'mxnet-parameters') {
    const text = 'has parameters of MXNet alone, expected the NAME-symbol.json that they belong to';
    throw new NnpackError('invalid-argument', `${who}: ${text}`);
  }
  return kind === 'onnx' ? kind : formatOfJson(parseJson(who, await rest()));
}

/** The first bytes of a file, and what reads all of a short one. */
async function readHead(path: string, who: string) {
  const file = await readingFile(who, () => lookAt(path));
  const [head] = await readingFile(who, () =>
    readRanges(file, [{ offset: 0, length: Math.min(HEAD_BYTES, file.bytes) }]),
  );
  const rest = () =>
    readingFile(who, async () => {
      if (file.bytes <= MOST_JSON_BYTES) return readRegular(file);
      throw new Error(`it has ${file.bytes} bytes of JSON, expected at most ${MOST_JSON_BYTES}`);
    });
  return { head, rest };
}
