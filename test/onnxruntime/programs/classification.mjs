// A classifier: `classification.mjs MODEL HEIGHT WIDTH` tells the best classes of pictures, one by one and as a batch.
import * as ort from 'onnxruntime-node';
import { page, pixels } from './picture.mjs';

const [path, height, width] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'], graphOptimizationLevel: 'all' });
const [input] = session.inputNames;
const [output] = session.outputNames;
const sheet = page(200, 120);
const boxes = [
  { left: 0, top: 0, width: 200, height: 120 },
  { left: 20, top: 20, width: 140, height: 30 },
  { left: 30, top: 70, width: 100, height: 30 },
];
const size = { height, width };
const results = {};
const batch = new Float32Array(boxes.length * 3 * height * width);
for (const [i, box] of boxes.entries()) {
  const data = pixels(sheet, box, size);
  batch.set(data, i * data.length);
  const tensor = new ort.Tensor('float32', data, [1, 3, height, width]);
  const { [output]: scores } = await session.run({ [input]: tensor });
  results[`one ${i}`] = [...scores.dims, ...scores.data];
}
const { [output]: all } = await session.run({
  [input]: new ort.Tensor('float32', batch, [boxes.length, 3, height, width]),
});
const classes = all.dims.at(-1);
results.batch = [...all.dims, ...all.data];
results.best = boxes.map((_, i) => {
  const scores = all.data.subarray(i * classes, (i + 1) * classes);
  return scores.indexOf(Math.max(...scores));
});
await session.release();
console.log(JSON.stringify(results));
