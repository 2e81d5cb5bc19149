// A network within a bound on memory: the same picture whole and in slices, and what each layer did.
// Run it with `node examples/network.mjs` after `npm run build`.
import { createContext } from 'nnpack-ts';
import { prepareNetwork } from 'nnpack-ts/networks';

// A network is data. This one blurs each of three channels, then doubles the picture.
const blur = Float32Array.from({ length: 3 * 3 * 3 }, () => 1 / 9);
const network = {
  name: 'blur and double',
  inputs: [{ name: 'picture', shape: [3, null, null] }], // any height and width
  nodes: [
    {
      name: 'blurred',
      op: 'convolution',
      inputs: ['picture'],
      kernel: { data: blur, shape: [3, 1, 3, 3] },
      groups: 3,
      padding: 1,
    },
    { name: 'doubled', op: 'resize', inputs: ['blurred'], mode: 'nearest', scale: 2 },
  ],
  outputs: ['doubled'],
};

const context = await createContext({ threads: 2 });
const picture = { data: Float32Array.from({ length: 3 * 300 * 400 }, (_, i) => i % 255), shape: [1, 3, 300, 400] };

/** The doubled picture, computed in no more than so much memory. */
function doubledWithin(memoryBytes) {
  const inputs = { picture: [3, 300, 400] };
  const prepared = prepareNetwork(network, { inputs, memoryBytes, context });
  const { doubled } = prepared.run({ picture });
  console.log(
    `${memoryBytes / 2 ** 20} MiB: ${prepared.parts} part(s), ${(prepared.bytes / 2 ** 20).toFixed(1)} MiB taken`,
  );
  for (const { name, op, algorithm, milliseconds } of prepared.report()) {
    console.log(`  ${name} (${op}${algorithm ? `, ${algorithm}` : ''}): ${milliseconds.toFixed(1)} ms`);
  }
  prepared.dispose();
  return doubled;
}

const whole = doubledWithin(64 * 2 ** 20);
const sliced = doubledWithin(2 * 2 ** 20);
const isSame = whole.data.every((value, i) => Math.abs(value - sliced.data[i]) < 1e-3);
console.log(`[${sliced.shape.join(', ')}], ${isSame ? 'without seams' : 'with seams'}`);
context.dispose();
