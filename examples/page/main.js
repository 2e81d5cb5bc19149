import { createContext, planConvolution } from 'nnpack-ts';

const report = document.querySelector('#report');
const [picture, edges] = ['#picture', '#edges'].map((id) => document.querySelector(id).getContext('2d'));
const { width, height } = picture.canvas;

picture.fillStyle = '#e8e0d0';
picture.fillRect(0, 0, width, height);
picture.fillStyle = '#2a5a8a';
picture.arc(60, 60, 40, 0, 2 * Math.PI);
picture.fill();
picture.fillStyle = '#c04030';
picture.fillRect(80, 40, 60, 60);

try {
  const context = await createContext({ threads: Math.max(2, Math.min(4, navigator.hardwareConcurrency)) });
  const { threads, kernels, reasons } = context.describe();

  // A canvas holds R G B A for each pixel, N H W C; the library reads it as N C H W through strides, here without A.
  const pixels = Float32Array.from(picture.getImageData(0, 0, width, height).data);
  const input = { data: pixels, shape: [1, 3, height, width], stride: [4 * width * height, 1, 4 * width, 4] };
  // The Laplace operator in every channel, summed over the channels.
  const laplace = [0, 1, 0, 1, -4, 1, 0, 1, 0];
  const kernel = { data: Float32Array.of(...laplace, ...laplace, ...laplace), shape: [1, 3, 3, 3] };
  const plan = planConvolution({ input, kernel, padding: 1, context });
  const output = plan.run(input);

  const image = edges.createImageData(width, height);
  output.data.forEach((value, i) => {
    image.data.set([255 - Math.abs(value), 255 - Math.abs(value), 255 - Math.abs(value), 255], 4 * i);
  });
  edges.putImageData(image, 0, 0);

  const dark = output.data.filter((value) => Math.abs(value) > 50).length;
  report.textContent = [
    `isolated: ${globalThis.crossOriginIsolated}`,
    `threads: ${threads}`,
    `kernels: ${kernels}`,
    ...reasons,
    `algorithm: ${plan.algorithm}`,
    `pixels on an edge: ${dark}`,
  ].join('\n');
  plan.dispose();
  context.dispose();
} catch (error) {
  report.textContent = `failed: ${error.message}`;
}
