// The quick start of onnxruntime-node's documentation: a product of two matrices, by require.
const ort = require('onnxruntime-node');

async function main() {
  const session = await ort.InferenceSession.create('./product.onnx');
  const a = new ort.Tensor(
    'float32',
    Float32Array.from({ length: 12 }, (_, i) => i + 1),
    [3, 4],
  );
  const b = new ort.Tensor(
    'float32',
    Float32Array.from({ length: 12 }, (_, i) => 10 * (i + 1)),
    [4, 3],
  );
  const results = await session.run({ a, b });
  console.log(JSON.stringify({ c: [...results.c.data] }));
}

main();
