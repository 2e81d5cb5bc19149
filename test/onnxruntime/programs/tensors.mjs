// Tensors of every type that a network takes, as the documentation makes them.
import * as ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create('./types.onnx');
const codes = Uint16Array.of(0x3c00, 0xb555, 0x0001);
const feeds = {
  x_float32: new ort.Tensor('float32', [0.1, -1, 3], [3]),
  x_float64: new ort.Tensor(Float64Array.of(0.1, 2 ** 40 + 0.5, -3), [3]),
  x_float16: new ort.Tensor('float16', codes, [3]),
  x_int64: new ort.Tensor('int64', [2n ** 40n + 1n, -3n, 0n], [3]),
  x_int32: new ort.Tensor(Int32Array.of(7, -8, 9), [3]),
  x_bool: new ort.Tensor([true, false, true], [3]),
  x_uint8: new ort.Tensor(new Uint8ClampedArray([300, 0, 7]), [3]),
  x_int8: new ort.Tensor('int8', Int8Array.of(-128, 127, 0), [3]),
};
const outputs = await session.run(feeds);
// Half precision by its codes, whichever array the engine has for them.
const codesOf = (data) => new Uint16Array(data.buffer, data.byteOffset, data.length);
const numbers = Object.entries(outputs).map(([name, { type, dims, data }]) => {
  return [name, [type, ...dims, ...Array.from(type === 'float16' ? codesOf(data) : data, Number)]];
});
console.log(JSON.stringify(Object.fromEntries(numbers)));
