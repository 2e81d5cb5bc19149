/** Arrays in files: NumPy's `.npy`, and tensors of ONNX, `.pb`. */
import { readWholeFile } from '../../check/model-files.ts';
import { NnpackError, show } from '../../errors.ts';
import type { Dtype } from '../../graph/values.ts';
import type { TypedTensorLike } from '../../tensor/ndarray.ts';
import { elementBytes, numbersOf } from '../elements.ts';
import { writeWhole } from '../files.ts';
import { readNpy, writeNpy } from '../npy.ts';

/** What a file holds by its extension; pictures are what is left. */
export type FileKind = 'npy' | 'pb' | 'picture';

export function kindOfFile(path: string): FileKind {
  const [, extension] = /\.(npy|pb)$/i.exec(path) ?? [];
  return (extension?.toLowerCase() as 'npy' | 'pb' | undefined) ?? 'picture';
}

/** The array of a file as numbers of a type. */
export async function readArray(path: string, dtype: Dtype): Promise<TypedTensorLike> {
  return kindOfFile(path) === 'npy' ? readNpy(path, dtype) : readTensorFile(path, dtype);
}

async function readTensorFile(path: string, dtype: Dtype): Promise<TypedTensorLike> {
  const who = `array ${show(path)}`;
  const bytes = await readWholeFile(who, path);
  const { parseTensor } = await import('../../onnx/parse-tensor.ts');
  try {
    const { shape, data, dtype: own } = parseTensor(bytes);
    return { shape, data: own === dtype ? data : numbersOf(who, dtype, data.length, (i) => data[i]) };
  } catch (error) {
    if (!(error instanceof NnpackError) || error.message.startsWith(who)) throw error;
    throw new NnpackError(error.code, `${who}: ${error.message}`, { cause: error });
  }
}

/** @param name of the tensor, which `.pb` files tell */
export async function writeArray(path: string, name: string, array: TypedTensorLike, dtype: Dtype): Promise<void> {
  if (kindOfFile(path) === 'npy') return writeNpy(path, array, dtype);
  const { encodeTensor } = await import('../../onnx/write-tensor.ts');
  await writeWhole(path, encodeTensor(name, dtype, array.shape, elementBytes(array, dtype)));
}
