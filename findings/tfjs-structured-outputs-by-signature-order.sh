#!/usr/bin/env bash
# TensorFlow.js 4.22.0, graph models whose converter was told to keep the names of outputs (use_structured_outputs_names):
# `predict` gives the values under each other's names where the signature lists Identity_1 before Identity.
#
# One would have guessed: structuredOutputKeys name the outputs by number, the first key Identity and the second Identity_1, in
# whatever order the signature of the file lists them. (The keys are matched with the order of the signature's entries, which is
# that of a map in the SavedModel and follows from nothing.)
#
# By hand: a = x + 1 is Identity, b = 2 · x is Identity_1; for x = 3 5 that is a: 4 6, b: 6 10.
#
# Why it matters: of two outputs of one shape (boxes and scores of two heads, a mask and its inverse) nobody sees the exchange; the
# converter of TensorFlow 2.21 writes such files in this order (tensorflowjs 4.22.0).
#
# Seen 2026-12-01: as in RECORDED; `execute` by the nodes' names is right.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > log 2>&1
npm install --ignore-scripts --no-audit --no-fund @tensorflow/tfjs@4.22.0 > log 2>&1 || { cat log; exit 1; }
cat > run.cjs <<'JS'
const tf = require('@tensorflow/tfjs');
const float = { type: 'DT_FLOAT' };
const constant = (name) => ({ name, op: 'Const', attr: { dtype: float, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: {} } } } });
const op = (name, kind, ...input) => ({ name, op: kind, input, attr: { T: float } });
const node = [
  { name: 'x', op: 'Placeholder', attr: { dtype: float, shape: { shape: { dim: [{ size: '2' }] } } } },
  constant('one'), constant('two'),
  op('sum', 'AddV2', 'x', 'one'), op('double', 'Mul', 'x', 'two'),
  op('Identity', 'Identity', 'sum'), op('Identity_1', 'Identity', 'double'),
];
const tensor = (name) => ({ name, dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '2' }] } });
const model = (order) => ({
  format: 'graph-model', generatedBy: '2.21.0', convertedBy: 'TensorFlow.js Converter v4.22.0',
  modelTopology: { node, versions: { producer: 2286 } },
  signature: { inputs: { x: tensor('x:0') }, outputs: Object.fromEntries(order.map((name) => [name, tensor(name)])) },
  userDefinedMetadata: { structuredOutputKeys: ['a', 'b'] },
  weightSpecs: [{ name: 'one', shape: [], dtype: 'float32' }, { name: 'two', shape: [], dtype: 'float32' }],
  weightData: new Float32Array([1, 2]).buffer,
});
(async () => {
  await tf.setBackend('cpu');
  const x = tf.tensor1d([3, 5]);
  for (const order of [['Identity:0', 'Identity_1:0'], ['Identity_1:0', 'Identity:0']]) {
    const loaded = await tf.loadGraphModel(tf.io.fromMemory(model(order)));
    const { a, b } = loaded.predict(x);
    const [first, second] = loaded.execute({ x }, ['Identity', 'Identity_1']);
    console.log(`signature ${order.join(' ')}: a ${a.dataSync().join(' ')}, b ${b.dataSync().join(' ')}; by node ${first.dataSync().join(' ')}, ${second.dataSync().join(' ')}`);
  }
})();
JS
node run.cjs 2> log | grep '^signature' | tee seen || { cat log; exit 1; }
cat > RECORDED <<'END'
signature Identity:0 Identity_1:0: a 4 6, b 6 10; by node 4 6, 6 10
signature Identity_1:0 Identity:0: a 6 10, b 4 6; by node 4 6, 6 10
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
