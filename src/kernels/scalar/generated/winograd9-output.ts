// Written by scripts/generate-winograd.ts. Do not edit.
//
// Aᵀ m A of the 9 × 9 tile: columns of m from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 16 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(256);

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 9 × width. */
function columns3(f32: Float32Array, width: number, m: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  const p6 = (p5 + pitch) | 0;
  const p7 = (p6 + pitch) | 0;
  const p8 = (p7 + pitch) | 0;
  let p = m | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 15;
    const m0 = f32[p];
    const m1 = f32[(p + p1) | 0];
    const m2 = f32[(p + p2) | 0];
    const m3 = f32[(p + p3) | 0];
    const m4 = f32[(p + p4) | 0];
    const m5 = f32[(p + p5) | 0];
    const m6 = f32[(p + p6) | 0];
    const m7 = f32[(p + p7) | 0];
    const m8 = f32[(p + p8) | 0];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    const e5 = m5 + m6;
    const o5 = m5 - m6;
    const e7 = m7 + m8;
    const o7 = m7 - m8;
    // Aᵀ[0] = 1 1 1 1 1 1 1 1 1
    s[q] = m0 + e1 + e3 + e5 + e7;
    // Aᵀ[1] = 0 1 -1 3/2 -3/2 3/8 -3/8 4 -4
    s[q + 16] = o1 + 1.5 * o3 + 0.375 * o5 + 4 * o7;
    // Aᵀ[2] = 0 1 1 9/4 9/4 9/64 9/64 16 16
    s[q + 32] = e1 + 2.25 * e3 + 0.140625 * e5 + 16 * e7;
    // Aᵀ[3] = 0 1 -1 27/8 -27/8 27/512 -27/512 64 -64
    s[q + 48] = o1 + 3.375 * o3 + 0.052734375 * o5 + 64 * o7;
    // Aᵀ[4] = 0 1 1 81/16 81/16 81/4096 81/4096 256 256
    s[q + 64] = e1 + 5.0625 * e3 + 0.019775390625 * e5 + 256 * e7;
    // Aᵀ[5] = 0 1 -1 243/32 -243/32 243/32768 -243/32768 1024 -1024
    s[q + 80] = o1 + 7.59375 * o3 + 0.007415771484375 * o5 + 1024 * o7;
    // Aᵀ[6] = 0 1 1 729/64 729/64 729/262144 729/262144 4096 4096
    s[q + 96] = e1 + 11.390625 * e3 + 0.002780914306640625 * e5 + 4096 * e7;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 7. */
function rows3(f32: Float32Array, height: number, y: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  let p = y | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 15) * 16;
    const m0 = s[q];
    const m1 = s[q + 1];
    const m2 = s[q + 2];
    const m3 = s[q + 3];
    const m4 = s[q + 4];
    const m5 = s[q + 5];
    const m6 = s[q + 6];
    const m7 = s[q + 7];
    const m8 = s[q + 8];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    const e5 = m5 + m6;
    const o5 = m5 - m6;
    const e7 = m7 + m8;
    const o7 = m7 - m8;
    // Aᵀ[0] = 1 1 1 1 1 1 1 1 1
    f32[p] = m0 + e1 + e3 + e5 + e7;
    // Aᵀ[1] = 0 1 -1 3/2 -3/2 3/8 -3/8 4 -4
    f32[(p + p1) | 0] = o1 + 1.5 * o3 + 0.375 * o5 + 4 * o7;
    // Aᵀ[2] = 0 1 1 9/4 9/4 9/64 9/64 16 16
    f32[(p + p2) | 0] = e1 + 2.25 * e3 + 0.140625 * e5 + 16 * e7;
    // Aᵀ[3] = 0 1 -1 27/8 -27/8 27/512 -27/512 64 -64
    f32[(p + p3) | 0] = o1 + 3.375 * o3 + 0.052734375 * o5 + 64 * o7;
    // Aᵀ[4] = 0 1 1 81/16 81/16 81/4096 81/4096 256 256
    f32[(p + p4) | 0] = e1 + 5.0625 * e3 + 0.019775390625 * e5 + 256 * e7;
    // Aᵀ[5] = 0 1 -1 243/32 -243/32 243/32768 -243/32768 1024 -1024
    f32[(p + p5) | 0] = o1 + 7.59375 * o3 + 0.007415771484375 * o5 + 1024 * o7;
    // Aᵀ[6] = 0 1 1 729/64 729/64 729/262144 729/262144 4096 4096
    f32[(p + p6) | 0] = e1 + 11.390625 * e3 + 0.002780914306640625 * e5 + 4096 * e7;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis. */
export const outputPasses = {
  3: { columns: columns3, rows: rows3 },
};
