#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (backends cpu and wasm, alike but for the last): gradients that are not those of the forward pass.
# - avgPool with padding: forward, a window at the border is divided by the pixels it sees; backward, always by the whole window.
# - mirrorPad (reflect and symmetric): what flows into the reflected border is thrown away.
# - resizeNearestNeighbor and resizeBilinear with halfPixelCenters: backward takes the corner coordinates all the same.
# - resizeBilinear on cpu, a picture that is not square: an error is raised, as the gradient has height and width exchanged.
#
# One would have guessed: each is linear, so the gradient of the sum of its outputs is, for each pixel, the sum of the weights with
# which it is used, exactly. By hand:
# - a b c, window 3, same: (a+b)/2, (a+b+c)/3, (b+c)/2 → 5/6, 4/3, 5/6. Seen: 2/3, 1, 2/3 (it should sum to the 3 outputs).
# - a b c reflected by one: b a b c b → 1, 3, 1. Seen: 1, 1, 1.
# - 3 → 1 pixel, nearest, half-pixel: forward takes the middle one → 0, 1, 0. Seen: 1, 0, 0.
# - 2 → 4 pixels, bilinear, half-pixel: a, 3a/4+b/4, a/4+3b/4, b → 2, 2. Seen: 1.5, 2.5.
# The script measures the right value from tfjs's own forward pass, by one-hot inputs.
#
# Why it matters: networks with padded average pooling (Inception's branches), reflection padding (style transfer) or half-pixel
# resizing train in the browser along a wrong direction, and nothing says so; a gradient compared with tfjs's looks wrong.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > log 2>&1
npm install --ignore-scripts --no-audit --no-fund @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 > log 2>&1 || { cat log; exit 1; }
cat > run.cjs <<'JS'
const tf = require('@tensorflow/tfjs'); require('@tensorflow/tfjs-backend-wasm');
const cases = {
  'avgPool same, window 3': [[1, 1, 3, 1], x => tf.avgPool(x, [1, 3], 1, 'same')],
  'avgPool valid, window 3': [[1, 1, 3, 1], x => tf.avgPool(x, [1, 3], 1, 'valid')],
  'mirrorPad reflect': [[3], x => tf.mirrorPad(x, [[1, 1]], 'reflect')],
  'mirrorPad symmetric': [[3], x => tf.mirrorPad(x, [[1, 1]], 'symmetric')],
  'nearest half-pixel 3 to 1': [[1, 1, 3, 1], x => tf.image.resizeNearestNeighbor(x, [1, 1], false, true)],
  'bilinear half-pixel 2 to 4': [[1, 2, 2, 1], x => tf.image.resizeBilinear(x, [2, 4], false, true)],
  'bilinear corners 2 to 4': [[1, 2, 2, 1], x => tf.image.resizeBilinear(x, [2, 4])],
  'bilinear 1x2 to 1x4': [[1, 1, 2, 1], x => tf.image.resizeBilinear(x, [1, 4])],
};
const text = values => [...values].map(v => String(+v.toFixed(4))).join(' ');
(async () => {
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    for (const [name, [shape, f]] of Object.entries(cases)) {
      const n = shape.reduce((a, b) => a * b), sum = x => tf.sum(f(x)), right = [];
      for (let i = 0; i < n; i++) right.push(sum(tf.tensor(Array.from({ length: n }, (_, j) => Number(i === j)), shape)).dataSync()[0]);
      let seen;
      try { seen = text(tf.grad(sum)(tf.ones(shape)).dataSync()); } catch (e) { seen = /has shape '[\d,]+'/.exec(e.message)?.[0] ?? e.message; }
      console.log(`${backend}: ${name}: forward uses ${text(right)}, gradient ${seen}`);
    }
  }
})();
JS
node run.cjs 2> log | grep -E '^(cpu|wasm):' | tee seen
cat > RECORDED <<'END'
cpu: avgPool same, window 3: forward uses 0.8333 1.3333 0.8333, gradient 0.6667 1 0.6667
cpu: avgPool valid, window 3: forward uses 0.3333 0.3333 0.3333, gradient 0.3333 0.3333 0.3333
cpu: mirrorPad reflect: forward uses 1 3 1, gradient 1 1 1
cpu: mirrorPad symmetric: forward uses 2 1 2, gradient 1 1 1
cpu: nearest half-pixel 3 to 1: forward uses 0 1 0, gradient 1 0 0
cpu: bilinear half-pixel 2 to 4: forward uses 2 2 2 2, gradient 1.5 2.5 1.5 2.5
cpu: bilinear corners 2 to 4: forward uses 1.5 2.5 1.5 2.5, gradient 1.5 2.5 1.5 2.5
cpu: bilinear 1x2 to 1x4: forward uses 1.5 2.5, gradient has shape '1,2,1,1'
wasm: avgPool same, window 3: forward uses 0.8333 1.3333 0.8333, gradient 0.6667 1 0.6667
wasm: avgPool valid, window 3: forward uses 0.3333 0.3333 0.3333, gradient 0.3333 0.3333 0.3333
wasm: mirrorPad reflect: forward uses 1 3 1, gradient 1 1 1
wasm: mirrorPad symmetric: forward uses 2 1 2, gradient 1 1 1
wasm: nearest half-pixel 3 to 1: forward uses 0 1 0, gradient 1 0 0
wasm: bilinear half-pixel 2 to 4: forward uses 2 2 2 2, gradient 1.5 2.5 1.5 2.5
wasm: bilinear corners 2 to 4: forward uses 1.5 2.5 1.5 2.5, gradient 1.5 2.5 1.5 2.5
wasm: bilinear 1x2 to 1x4: forward uses 1.5 2.5, gradient 1.5 2.5
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
