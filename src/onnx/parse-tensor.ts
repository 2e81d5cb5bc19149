/** A tensor in a file of its own (.pb), as ONNX's tests and tools keep inputs and outputs. */
import { readMessage } from './message.ts';
import { Place } from './place.ts';
import { finishTensor, newTensor, TENSOR } from './read-tensor-proto.ts';
import { readTensor, type Tensor } from './tensor.ts';
import { Cursor } from './wire.ts';

/** @throws NnpackError `invalid-model` where the bytes are no tensor, `unsupported-layer` for types that no graph has */
export function parseTensor(bytes: Uint8Array): Tensor {
  const own = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const draft = readMessage(new Cursor(own), TENSOR, newTensor(), new Place('tensor'));
  return readTensor('tensor', finishTensor(draft));
}
