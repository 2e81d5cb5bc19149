#!/usr/bin/env bash
# TensorFlow.js 4.22.0, tf.fused.conv2d({ activation: 'leakyrelu' }) without `leakyreluAlpha`, which is optional by its type: what is
# below zero becomes NaN on the backend `cpu` and 0 on `wasm`, while tf.leakyRelu without its slope takes 0.2 on both.
#
#   a convolution by 1 of −1 and 1      cpu: NaN 1      wasm: 0 1      tf.leakyRelu: −0.2 1
#
# One would have guessed: the default of tf.leakyRelu, whose fusion it is, or an error; in any case the same on both backends.
#
# Why it matters: fusing an activation into a convolution, by hand or by a converter, changes a working network into one of NaN, or,
# which nobody sees, into one with an ordinary ReLU. Our backend of TensorFlow.js takes 0.2.
#
# Seen 2026-12-01: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 \
  @tensorflow/tfjs-backend-wasm@4.22.0
cat > run.cjs <<'JS'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm');
(async () => {
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const show = (what, y) => console.log(`${backend}: ${what}: ${Array.from(y.dataSync(), (v) => Number(v.toPrecision(6))).join(' ')}`);
    const x = tf.tensor4d([-1, 1], [1, 1, 2, 1]);
    const call = { x, filter: tf.ones([1, 1, 1, 1]), strides: 1, pad: 'same', activation: 'leakyrelu' };
    show('fused, no slope', tf.fused.conv2d(call));
    show('fused, 0.2', tf.fused.conv2d({ ...call, leakyreluAlpha: 0.2 }));
    show('leakyRelu, no slope', tf.leakyRelu(x));
  }
})();
JS
node run.cjs 2> /dev/null | grep '^cpu\|^wasm' | tee seen
cat > RECORDED <<'END'
cpu: fused, no slope: NaN 1
cpu: fused, 0.2: -0.2 1
cpu: leakyRelu, no slope: -0.2 1
wasm: fused, no slope: 0 1
wasm: fused, 0.2: -0.2 1
wasm: leakyRelu, no slope: -0.2 1
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
