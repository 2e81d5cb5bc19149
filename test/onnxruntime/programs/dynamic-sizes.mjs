// One session, pictures of any size: `dynamic-sizes.mjs MODEL SIZE…`, a size as 64x96; several runs overlap.
import ort from 'onnxruntime-node';
import { page, pixels } from './picture.mjs';

const [path, ...sizes] = process.argv.slice(2);
const session = await ort.InferenceSession.create(path);
const [{ name, type, shape }] = session.inputMetadata;
const results = { input: [name, type, shape.length, shape[1]] };
const sheet = page(320, 200);
const whole = { left: 0, top: 0, width: sheet.width, height: sheet.height };
await Promise.all(
  [...sizes, sizes[0]].map(async (text, i) => {
    const [height, width] = text.split('x').map(Number);
    const data = pixels(sheet, whole, { height, width });
    const outputs = await session.run({ [name]: new ort.Tensor(type, data, [1, 3, height, width]) });
    for (const output of session.outputNames) {
      const { dims, data: numbers } = outputs[output];
      results[`${i}: ${text} ${output}`] = [...dims, ...numbers.filter((_, at) => at % 41 === 0)];
    }
  }),
);
await session.release();
console.log(JSON.stringify(results));
