/**
 * The format of a file, told from its contents. JSON is one of the formats that have more files beside it; the beginnings
 * of formats that are not read are known too, so that they are called by their names. What is left is ONNX, whose files
 * begin with no mark.
 */
import { isRecord, textOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import type { ModelFormat } from './source.ts';

/** So many bytes tell what a file is. */
export const HEAD_BYTES = 64;

/** What the first bytes of a file say: JSON is looked at further. */
export type Kind = 'json' | 'onnx' | 'mxnet-parameters';

/** Formats that others read, by the bytes that they begin with (or have behind so many others). */
const OTHERS: readonly (readonly [at: number, mark: string, what: string])[] = [
  [0, '\x89HDF', 'a HDF5 file of Keras, expected what tensorflowjs_converter makes of it'],
  [0, 'PK\x03\x04', 'an archive (of PyTorch, or .keras), expected the model exported to ONNX or TensorFlow.js'],
  [0, '\x80\x02', 'a pickle of Python, expected the model exported to ONNX'],
  [4, 'TFL3', 'a model of TensorFlow Lite, expected one of ONNX, MXNet or TensorFlow.js'],
  [4, 'ORTM', 'a model in the own format of ONNX Runtime, expected the ONNX file that it was made of'],
  [0, '\x93NUMPY', 'an array of NumPy, expected a model'],
  [0, '\x89PNG', 'a picture, expected a model'],
  [0, '\xff\xd8\xff', 'a picture, expected a model'],
];

/** @throws NnpackError 'unsupported-layer' for formats that are known and not read, 'invalid-model' for an empty file */
export function kindOf(who: string, head: Uint8Array): Kind {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  if (text === '') throw new NnpackError('invalid-model', `${who}: is empty`);
  for (const [at, mark, what] of OTHERS) {
    if (text.startsWith(mark, at)) throw new NnpackError('unsupported-layer', `${who}: is ${what}`);
  }
  if (text.startsWith('\x12\x01\0\0\0\0\0\0')) return 'mxnet-parameters';
  // U+FEFF may stand before it
  return /^(?:\xef\xbb\xbf)?\s*[{[]/.test(text) ? 'json' : 'onnx';
}

/**
 * The format of what a file of JSON holds; what is no model at all, the reader of TensorFlow.js refuses by its name.
 */
export function formatOfJson(json: unknown): Exclude<ModelFormat, 'onnx'> {
  const has = (value: unknown, name: string) => isRecord(value) && Object.hasOwn(value, name);
  if (has(json, 'nodes') && (has(json, 'heads') || has(json, 'arg_nodes'))) return 'mxnet';
  if (!has(json, 'modelTopology')) return 'tfjs-layers-model';
  const { format, modelTopology } = json as Readonly<Record<string, unknown>>;
  return format === 'graph-model' || has(modelTopology, 'node') ? 'tfjs-graph-model' : 'tfjs-layers-model';
}

/** @throws NnpackError 'invalid-model' for a text that is no JSON */
export function parseJson(who: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new NnpackError('invalid-model', `${who}: expected JSON: ${textOf(error)}`, { cause: error });
  }
}
