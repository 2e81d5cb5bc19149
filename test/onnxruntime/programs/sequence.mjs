// A detector and a recogniser: `sequence.mjs DETECTOR RECOGNISER` finds lines on a page, and reads each by its own width.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { page, pixels } from './picture.mjs';

const options = { intraOpNumThreads: 1 };
const [detector, recogniser] = await Promise.all([
  InferenceSession.create(process.argv[2], options),
  InferenceSession.create(process.argv[3], options),
]);
const sheet = page(256, 160);
const whole = { left: 0, top: 0, width: sheet.width, height: sheet.height };
const dims = [1, 3, sheet.height, sheet.width];
const found = await detector.run({
  [detector.inputNames[0]]: new Tensor('float32', pixels(sheet, whole, sheet), dims),
});
const map = found[detector.outputNames[0]];
const [mapHeight, mapWidth] = map.dims.slice(-2);

/** Rows whose mean is beyond the mean of all, joined to boxes. */
function lines() {
  const mean = map.data.reduce((sum, value) => sum + value, 0) / map.data.length;
  const means = Array.from({ length: mapHeight }, (_, y) => {
    return map.data.subarray(y * mapWidth, (y + 1) * mapWidth).reduce((sum, value) => sum + value, 0) / mapWidth;
  });
  const boxes = [];
  for (let y = 0, top = -1; y <= mapHeight; y++) {
    const isLine = y < mapHeight && means[y] > mean;
    if (isLine && top < 0) top = y;
    if (!isLine && top >= 0) {
      boxes.push({ top, height: y - top });
      top = -1;
    }
  }
  const scale = sheet.height / mapHeight;
  return boxes.map((box) => ({
    ...{ left: 0, width: sheet.width },
    ...{ top: Math.round(box.top * scale), height: Math.max(1, Math.round(box.height * scale)) },
  }));
}

const boxes = lines().slice(0, 4);
const [input] = recogniser.inputNames;
// All at once: sessions let runs overlap.
const read = await Promise.all(
  boxes.map(async (box) => {
    const width = 8 * Math.max(1, Math.round((48 * box.width) / box.height / 8 / 4));
    const size = { height: 48, width };
    const line = new Tensor('float32', pixels(sheet, box, size), [1, 3, 48, width]);
    const { [recogniser.outputNames[0]]: scores } = await recogniser.run({ [input]: line });
    const [, steps, letters] = scores.dims;
    const best = Array.from({ length: steps }, (_, t) => {
      const row = scores.data.subarray(t * letters, (t + 1) * letters);
      return row.indexOf(Math.max(...row));
    });
    const text = best.filter((letter, t) => letter !== 0 && letter !== best[t - 1]);
    return { dims: scores.dims, text, top: best.map((letter, t) => scores.data[t * letters + letter]) };
  }),
);
await Promise.all([detector.release(), recogniser.release()]);
const results = { map: [...map.dims, ...map.data.filter((_, i) => i % 37 === 0)], boxes: boxes.flatMap(Object.values) };
for (const [i, { dims: shape, text, top }] of read.entries()) {
  results[`line ${i}`] = [...shape, ...text];
  results[`scores ${i}`] = top;
}
console.log(JSON.stringify(results));
