/** A tensor in a file of its own (.pb), as ONNX's tests and tools keep inputs and outputs. */
import type { Dtype } from '../graph/values.ts';
import { dataTypeNumber } from './data-types.ts';
import { readMessage } from './message.ts';
import { Place } from './place.ts';
import { finishTensor, newTensor, TENSOR } from './read-tensor-proto.ts';
import { readTensor, type Tensor } from './tensor.ts';
import { Cursor } from './wire.ts';

const UINT16 = 4;

/**
 * @param meant what the elements are; NumPy has no bfloat16, and what was written with its arrays are the bits in uint16
 * @throws NnpackError `invalid-model` where the bytes are no tensor, `unsupported-layer` for types that no graph has
 */
export function parseTensor(bytes: Uint8Array, meant?: Dtype): Tensor {
  const own = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const draft = readMessage(new Cursor(own), TENSOR, newTensor(), new Place('tensor'));
  const tensor = finishTensor(draft);
  const areBits = meant === 'bfloat16' && tensor.dataType === UINT16;
  return readTensor('tensor', areBits ? { ...tensor, dataType: dataTypeNumber(meant) } : tensor);
}
