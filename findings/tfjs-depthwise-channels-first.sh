#!/usr/bin/env bash
# TensorFlow.js 4.22.0, tf.depthwiseConv2d with dataFormat 'NCHW': the output has the wrong shape or the wrong numbers, and on the
# backend `cpu` NaN among them; nothing is refused or said.
#
#   x [1, 3, 5, 4], filter [3, 3, 3, 2], 'same'      [1, 3, 5, 8] on cpu and wasm, of other numbers on each; right is [1, 6, 5, 4]
#   the same with one filter a channel               [1, 3, 5, 4] as it should be, but 52 56 60 NaN … and 6 8 10 12 …, right 14 24 30 22 …
#
# The documentation says that NHWC alone is supported. One would have guessed: an error that says so, as `wasm` has for conv2d in
# NCHW, which `cpu` computes as it should. Instead the sizes are read as NCHW where the loops walk NHWC, so a channel is taken for a row.
#
# Why it matters: a model converted from PyTorch or Caffe in its own order runs, and is wrong. Our backend of TensorFlow.js reads either
# order through strides.
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
    const show = (what, y) => console.log(`${backend}: ${what}: [${y.shape}] ${Array.from(y.dataSync().slice(0, 4)).join(' ')} …`);
    const x = tf.tensor4d(Float32Array.from({ length: 60 }, (_, i) => i + 1), [1, 3, 5, 4]);
    for (const filters of [1, 2]) {
      const filter = tf.ones([3, 3, 3, filters]);
      show(`${filters} a channel, NCHW`, tf.depthwiseConv2d(x, filter, 1, 'same', 'NCHW'));
      const last = tf.depthwiseConv2d(tf.transpose(x, [0, 2, 3, 1]), filter, 1, 'same', 'NHWC');
      show(`${filters} a channel, by NHWC`, tf.transpose(last, [0, 3, 1, 2]));
    }
  }
})();
JS
node run.cjs 2> /dev/null | grep '^cpu\|^wasm' | tee seen
cat > RECORDED <<'END'
cpu: 1 a channel, NCHW: [1,3,5,4] 52 56 60 NaN …
cpu: 1 a channel, by NHWC: [1,3,5,4] 14 24 30 22 …
cpu: 2 a channel, NCHW: [1,3,5,8] 52 52 56 56 …
cpu: 2 a channel, by NHWC: [1,6,5,4] 14 24 30 22 …
wasm: 1 a channel, NCHW: [1,3,5,4] 6 8 10 12 …
wasm: 1 a channel, by NHWC: [1,3,5,4] 14 24 30 22 …
wasm: 2 a channel, NCHW: [1,3,5,8] 6 6 8 8 …
wasm: 2 a channel, by NHWC: [1,6,5,4] 14 24 30 22 …
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
