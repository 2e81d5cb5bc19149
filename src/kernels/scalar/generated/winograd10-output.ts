// Written by scripts/generate-winograd.ts. Do not edit.
//
// Aᵀ m A of the 10 × 10 tile: columns of m from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 16 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(256);

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 10 × width. */
function columns3(f32: Float32Array, width: number, m: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  const p6 = (p5 + pitch) | 0;
  const p7 = (p6 + pitch) | 0;
  const p8 = (p7 + pitch) | 0;
  const p9 = (p8 + pitch) | 0;
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
    const m9 = f32[(p + p9) | 0];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    const e5 = m5 + m6;
    const o5 = m5 - m6;
    const e7 = m7 + m8;
    const o7 = m7 - m8;
    // Aᵀ[0] = 1 1 1 2097152 2097152 16384 16384 16384 16384 0
    s[q] = m0 + e1 + 2097152 * e3 + 16384 * (e5 + e7);
    // Aᵀ[1] = 0 1 -1 786432 -786432 20480 -20480 36864 -36864 0
    s[q + 16] = o1 + 786432 * o3 + 20480 * o5 + 36864 * o7;
    // Aᵀ[2] = 0 1 1 294912 294912 25600 25600 82944 82944 0
    s[q + 32] = e1 + 294912 * e3 + 25600 * e5 + 82944 * e7;
    // Aᵀ[3] = 0 1 -1 110592 -110592 32000 -32000 186624 -186624 0
    s[q + 48] = o1 + 110592 * o3 + 32000 * o5 + 186624 * o7;
    // Aᵀ[4] = 0 1 1 41472 41472 40000 40000 419904 419904 0
    s[q + 64] = e1 + 41472 * e3 + 40000 * e5 + 419904 * e7;
    // Aᵀ[5] = 0 1 -1 15552 -15552 50000 -50000 944784 -944784 0
    s[q + 80] = o1 + 15552 * o3 + 50000 * o5 + 944784 * o7;
    // Aᵀ[6] = 0 1 1 5832 5832 62500 62500 2125764 2125764 0
    s[q + 96] = e1 + 5832 * e3 + 62500 * e5 + 2125764 * e7;
    // Aᵀ[7] = 0 1 -1 2187 -2187 78125 -78125 4782969 -4782969 1
    s[q + 112] = o1 + m9 + 2187 * o3 + 78125 * o5 + 4782969 * o7;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 8. */
function rows3(f32: Float32Array, height: number, y: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
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
    const m9 = s[q + 9];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    const e5 = m5 + m6;
    const o5 = m5 - m6;
    const e7 = m7 + m8;
    const o7 = m7 - m8;
    // Aᵀ[0] = 1 1 1 2097152 2097152 16384 16384 16384 16384 0
    f32[p] = m0 + e1 + 2097152 * e3 + 16384 * (e5 + e7);
    // Aᵀ[1] = 0 1 -1 786432 -786432 20480 -20480 36864 -36864 0
    f32[(p + p1) | 0] = o1 + 786432 * o3 + 20480 * o5 + 36864 * o7;
    // Aᵀ[2] = 0 1 1 294912 294912 25600 25600 82944 82944 0
    f32[(p + p2) | 0] = e1 + 294912 * e3 + 25600 * e5 + 82944 * e7;
    // Aᵀ[3] = 0 1 -1 110592 -110592 32000 -32000 186624 -186624 0
    f32[(p + p3) | 0] = o1 + 110592 * o3 + 32000 * o5 + 186624 * o7;
    // Aᵀ[4] = 0 1 1 41472 41472 40000 40000 419904 419904 0
    f32[(p + p4) | 0] = e1 + 41472 * e3 + 40000 * e5 + 419904 * e7;
    // Aᵀ[5] = 0 1 -1 15552 -15552 50000 -50000 944784 -944784 0
    f32[(p + p5) | 0] = o1 + 15552 * o3 + 50000 * o5 + 944784 * o7;
    // Aᵀ[6] = 0 1 1 5832 5832 62500 62500 2125764 2125764 0
    f32[(p + p6) | 0] = e1 + 5832 * e3 + 62500 * e5 + 2125764 * e7;
    // Aᵀ[7] = 0 1 -1 2187 -2187 78125 -78125 4782969 -4782969 1
    f32[(p + p7) | 0] = o1 + m9 + 2187 * o3 + 78125 * o5 + 4782969 * o7;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis. */
export const outputPasses = {
  3: { columns: columns3, rows: rows3 },
};
