// Written by scripts/generate-winograd.ts. Do not edit.
//
// Bᵀ d B of the 9 × 9 tile: columns of d from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 16 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(256);

/** s_ij = Σ_k Bᵀ_ik · d_kj, d of 9 × width. */
function columns9(f32: Float32Array, width: number, d: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  const p6 = (p5 + pitch) | 0;
  const p7 = (p6 + pitch) | 0;
  const p8 = (p7 + pitch) | 0;
  let p = d | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 15;
    const d0 = f32[p];
    const d1 = f32[(p + p1) | 0];
    const d2 = f32[(p + p2) | 0];
    const d3 = f32[(p + p3) | 0];
    const d4 = f32[(p + p4) | 0];
    const d5 = f32[(p + p5) | 0];
    const d6 = f32[(p + p6) | 0];
    const d7 = f32[(p + p7) | 0];
    const d8 = f32[(p + p8) | 0];
    // Bᵀ[0] = 81/16 0 -11169/256 0 14581/256 0 -1241/64 0 1
    s[q] = d8 + 5.0625 * d0 + 56.95703125 * d4 - 43.62890625 * d2 - 19.390625 * d6;
    // Bᵀ[1] = 0 -81/16 -81/16 9873/256 9873/256 -1177/64 -1177/64 1 1
    // Bᵀ[2] = 0 81/16 -81/16 -9873/256 9873/256 1177/64 -1177/64 -1 1
    const e1 = d8 + 38.56640625 * d4 - 5.0625 * d2 - 18.390625 * d6;
    const o1 = d7 + 38.56640625 * d3 - 5.0625 * d1 - 18.390625 * d5;
    s[q + 16] = e1 + o1;
    s[q + 32] = e1 - o1;
    // Bᵀ[3] = 0 -27/8 -9/4 3531/128 1177/64 -3291/128 -1097/64 3/2 1
    // Bᵀ[4] = 0 27/8 -9/4 -3531/128 1177/64 3291/128 -1097/64 -3/2 1
    const e3 = d8 + 18.390625 * d4 - 2.25 * d2 - 17.140625 * d6;
    const o3 = 27.5859375 * d3 + 1.5 * d7 - 3.375 * d1 - 25.7109375 * d5;
    s[q + 48] = e3 + o3;
    s[q + 64] = e3 - o3;
    // Bᵀ[5] = 0 -27/2 -36 651/32 217/4 -231/32 -77/4 3/8 1
    // Bᵀ[6] = 0 27/2 -36 -651/32 217/4 231/32 -77/4 -3/8 1
    const e5 = d8 + 54.25 * d4 - 36 * d2 - 19.25 * d6;
    const o5 = 20.34375 * d3 + 0.375 * d7 - 13.5 * d1 - 7.21875 * d5;
    s[q + 80] = e5 + o5;
    s[q + 96] = e5 - o5;
    // Bᵀ[7] = 0 -81/64 -81/256 693/64 693/256 -217/16 -217/64 4 1
    // Bᵀ[8] = 0 81/64 -81/256 -693/64 693/256 217/16 -217/64 -4 1
    const e7 = d8 + 2.70703125 * d4 - 0.31640625 * d2 - 3.390625 * d6;
    const o7 = 4 * (d7 + 2.70703125 * d3 - 0.31640625 * d1 - 3.390625 * d5);
    s[q + 112] = e7 + o7;
    s[q + 128] = e7 - o7;
    p = (p + step) | 0;
  }
}

/** v_ij = Σ_k s_ik · Bᵀ_jk, v of height × 9. */
function rows9(f32: Float32Array, height: number, v: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  const p8 = (p7 + step) | 0;
  let p = v | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 15) * 16;
    const d0 = s[q];
    const d1 = s[q + 1];
    const d2 = s[q + 2];
    const d3 = s[q + 3];
    const d4 = s[q + 4];
    const d5 = s[q + 5];
    const d6 = s[q + 6];
    const d7 = s[q + 7];
    const d8 = s[q + 8];
    // Bᵀ[0] = 81/16 0 -11169/256 0 14581/256 0 -1241/64 0 1
    f32[p] = d8 + 5.0625 * d0 + 56.95703125 * d4 - 43.62890625 * d2 - 19.390625 * d6;
    // Bᵀ[1] = 0 -81/16 -81/16 9873/256 9873/256 -1177/64 -1177/64 1 1
    // Bᵀ[2] = 0 81/16 -81/16 -9873/256 9873/256 1177/64 -1177/64 -1 1
    const e1 = d8 + 38.56640625 * d4 - 5.0625 * d2 - 18.390625 * d6;
    const o1 = d7 + 38.56640625 * d3 - 5.0625 * d1 - 18.390625 * d5;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // Bᵀ[3] = 0 -27/8 -9/4 3531/128 1177/64 -3291/128 -1097/64 3/2 1
    // Bᵀ[4] = 0 27/8 -9/4 -3531/128 1177/64 3291/128 -1097/64 -3/2 1
    const e3 = d8 + 18.390625 * d4 - 2.25 * d2 - 17.140625 * d6;
    const o3 = 27.5859375 * d3 + 1.5 * d7 - 3.375 * d1 - 25.7109375 * d5;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // Bᵀ[5] = 0 -27/2 -36 651/32 217/4 -231/32 -77/4 3/8 1
    // Bᵀ[6] = 0 27/2 -36 -651/32 217/4 231/32 -77/4 -3/8 1
    const e5 = d8 + 54.25 * d4 - 36 * d2 - 19.25 * d6;
    const o5 = 20.34375 * d3 + 0.375 * d7 - 13.5 * d1 - 7.21875 * d5;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // Bᵀ[7] = 0 -81/64 -81/256 693/64 693/256 -217/16 -217/64 4 1
    // Bᵀ[8] = 0 81/64 -81/256 -693/64 693/256 217/16 -217/64 -4 1
    const e7 = d8 + 2.70703125 * d4 - 0.31640625 * d2 - 3.390625 * d6;
    const o7 = 4 * (d7 + 2.70703125 * d3 - 0.31640625 * d1 - 3.390625 * d5);
    f32[(p + p7) | 0] = e7 + o7;
    f32[(p + p8) | 0] = e7 - o7;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis. */
export const inputPasses = {
  3: { columns: columns9, rows: rows9 },
};
