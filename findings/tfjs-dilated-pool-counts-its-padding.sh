#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu and wasm): tf.pool with dilations and 'same' takes its padding for zeros. Maxima of negative numbers
# become 0, and averages are divided by the whole window. The same call without dilations leaves the padding out.
#
# One would have guessed: padding of a pool never wins and is never counted, with dilations as without; for maxima it is −∞. (The
# dilated pool goes by spaceToBatchND, which pads with zeros, and then pools without padding.)
#
# By hand: −1 −2 −3 −4, window 2, dilation 2, one pixel of padding on either side:
#   max: only −2 | −1, −3 | −2, −4 | only −3  →  −2 −1 −2 −3;   average: −2 −2 −3 −3.
#
# Why it matters: dilated pools keep the resolution of segmentation networks, and a border of zeros wins over every negative
# activation (leaky ReLU, tanh, raw scores); after a ReLU the maxima look right and the averages do not.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > log 2>&1
npm install --ignore-scripts --no-audit --no-fund @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 > log 2>&1 || { cat log; exit 1; }
cat > run.cjs <<'JS'
const tf = require('@tensorflow/tfjs'); require('@tensorflow/tfjs-backend-wasm');
(async () => {
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const x = tf.tensor4d([-1, -2, -3, -4], [1, 1, 4, 1]);
    for (const type of ['max', 'avg'])
      for (const pad of ['same', 'valid'])
        for (const dilation of [1, 2])
          console.log(`${backend}: ${type} ${pad} dilation ${dilation}:`, tf.pool(x, [1, 2], type, pad, [1, dilation]).dataSync().join(' '));
  }
})();
JS
node run.cjs 2> log | grep -E '^(cpu|wasm):' | tee seen
cat > RECORDED <<'END'
cpu: max same dilation 1: -1 -2 -3 -4
cpu: max same dilation 2: 0 -1 -2 0
cpu: max valid dilation 1: -1 -2 -3
cpu: max valid dilation 2: -1 -2
cpu: avg same dilation 1: -1.5 -2.5 -3.5 -4
cpu: avg same dilation 2: -1 -2 -3 -1.5
cpu: avg valid dilation 1: -1.5 -2.5 -3.5
cpu: avg valid dilation 2: -2 -3
wasm: max same dilation 1: -1 -2 -3 -4
wasm: max same dilation 2: 0 -1 -2 0
wasm: max valid dilation 1: -1 -2 -3
wasm: max valid dilation 2: -1 -2
wasm: avg same dilation 1: -1.5 -2.5 -3.5 -4
wasm: avg same dilation 2: -1 -2 -3 -1.5
wasm: avg valid dilation 1: -1.5 -2.5 -3.5
wasm: avg valid dilation 2: -2 -3
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
