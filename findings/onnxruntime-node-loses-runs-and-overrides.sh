#!/usr/bin/env bash
# onnxruntime-node 1.30.0, what passes in silence or is lost:
# - a run that was called before release() is rejected with "Session already disposed": run only begins in the next turn of the event
#   loop, and release does not wait for it;
# - freeDimensionOverrides has no effect, though its type says "available only in ONNXRuntime (Node.js binding …)": the input keeps its
#   names of sizes, and feeds of other sizes run;
# - feeds that the model does not have, and names of outputs in an object that it does not have, are ignored;
# - onnxruntime-common gives import and require a Tensor class each: instanceof fails between them.
#
# One would have guessed: release waits for runs that were begun, or they end before it; the size is bound; the names are refused, as an
# array of unknown outputs is (RangeError); one class.
#
# Why it matters: a server that releases sessions while requests are at work loses them; a misspelt output computes all of them and is
# undefined where it is read.
#
# Seen 2026-12-01: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > log 2>&1
npm install --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 > log 2>&1 || { cat log; exit 1; }
cat > run.cjs <<'JS'
const ort = require('onnxruntime-node');
// y = −x for x of [N, 3, H, W]
const model = Buffer.from('CAgSBHRlc3QaATEiACgAMgA6WAoTCgF4EgF5GgJuMCIDTmVnOgBCABIBZ1oeCgF4EhkKFwgBEhMKAxIBTgoCCAMKAxIBSAoDEgFXYh4KAXkSGQoXCAESEwoDEgFOCgIIAwoDEgFICgMSAVdCBAoAEBE=', 'base64');
const tell = (what, promise) => promise.then((text) => console.log(`${what}: ${text}`), ({ message }) => console.log(`${what}: ${message}`));
(async () => {
  const x = new ort.Tensor('float32', new Float32Array(6), [2, 3, 1, 1]);
  const names = (results) => Object.keys(results).join();
  const session = await ort.InferenceSession.create(model, { freeDimensionOverrides: { N: 1 } });
  await tell('batch of 2, N bound to 1', session.run({ x }).then(({ y }) => `${session.inputMetadata[0].shape} runs as ${y.dims}`));
  await tell('unknown feed', session.run({ x, z: x }).then(names));
  await tell('unknown output in an object', session.run({ x }, { z: null }).then(names));
  await tell('unknown output in an array', session.run({ x }, ['z']).then(names));
  const begun = session.run({ x }).then(names);
  const released = session.release();
  await tell('run before release', begun);
  await released;
  const { Tensor } = await import('onnxruntime-common');
  console.log('one Tensor for import and require:', Tensor === require('onnxruntime-common').Tensor);
})();
JS
node run.cjs 2> log | tee seen
cat > RECORDED <<'END'
batch of 2, N bound to 1: N,3,H,W runs as 2,3,1,1
unknown feed: y
unknown output in an object: y
unknown output in an array: 'fetches' contains invalid output name: z.
run before release: Session already disposed.
one Tensor for import and require: false
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
