// Written by scripts/generate-winograd.ts. Do not edit.
//
// Bᵀ d B of the 8 × 8 tile: columns of d from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 8 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(64);

/** s_ij = Σ_k Bᵀ_ik · d_kj, d of 1 × width. */
function columns1(f32: Float32Array, width: number, d: number, _pitch: number, step: number): void {
  let p = d | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const d0 = f32[p];
    // Bᵀ[0] = 1
    s[q] = d0;
    p = (p + step) | 0;
  }
}

/** v_ij = Σ_k s_ik · Bᵀ_jk, v of height × 1. */
function rows1(f32: Float32Array, height: number, v: number, pitch: number, _step: number): void {
  let p = v | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const d0 = s[q];
    // Bᵀ[0] = 1
    f32[p] = d0;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k Bᵀ_ik · d_kj, d of 8 × width. */
function columns8(f32: Float32Array, width: number, d: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  const p6 = (p5 + pitch) | 0;
  const p7 = (p6 + pitch) | 0;
  let p = d | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const d0 = f32[p];
    const d1 = f32[(p + p1) | 0];
    const d2 = f32[(p + p2) | 0];
    const d3 = f32[(p + p3) | 0];
    const d4 = f32[(p + p4) | 0];
    const d5 = f32[(p + p5) | 0];
    const d6 = f32[(p + p6) | 0];
    const d7 = f32[(p + p7) | 0];
    // Bᵀ[0] = 1 0 -21/4 0 21/4 0 -1 0
    s[q] = d0 - d6 + 5.25 * (d4 - d2);
    // Bᵀ[1] = 0 1 1 -17/4 -17/4 1 1 0
    // Bᵀ[2] = 0 -1 1 17/4 -17/4 -1 1 0
    const e1 = d2 + d6 - 4.25 * d4;
    const o1 = d1 + d5 - 4.25 * d3;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // Bᵀ[3] = 0 1/2 1/4 -5/2 -5/4 2 1 0
    // Bᵀ[4] = 0 -1/2 1/4 5/2 -5/4 -2 1 0
    const e3 = d6 + 0.25 * d2 - 1.25 * d4;
    const o3 = 2 * (d5 + 0.25 * d1 - 1.25 * d3);
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // Bᵀ[5] = 0 2 4 -5/2 -5 1/2 1 0
    // Bᵀ[6] = 0 -2 4 5/2 -5 -1/2 1 0
    const e5 = 4 * (d2 + 0.25 * d6 - 1.25 * d4);
    const o5 = 2 * (d1 + 0.25 * d5 - 1.25 * d3);
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // Bᵀ[7] = 0 -1 0 21/4 0 -21/4 0 1
    s[q + 56] = d7 - d1 + 5.25 * (d3 - d5);
    p = (p + step) | 0;
  }
}

/** v_ij = Σ_k s_ik · Bᵀ_jk, v of height × 8. */
function rows8(f32: Float32Array, height: number, v: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = v | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const d0 = s[q];
    const d1 = s[q + 1];
    const d2 = s[q + 2];
    const d3 = s[q + 3];
    const d4 = s[q + 4];
    const d5 = s[q + 5];
    const d6 = s[q + 6];
    const d7 = s[q + 7];
    // Bᵀ[0] = 1 0 -21/4 0 21/4 0 -1 0
    f32[p] = d0 - d6 + 5.25 * (d4 - d2);
    // Bᵀ[1] = 0 1 1 -17/4 -17/4 1 1 0
    // Bᵀ[2] = 0 -1 1 17/4 -17/4 -1 1 0
    const e1 = d2 + d6 - 4.25 * d4;
    const o1 = d1 + d5 - 4.25 * d3;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // Bᵀ[3] = 0 1/2 1/4 -5/2 -5/4 2 1 0
    // Bᵀ[4] = 0 -1/2 1/4 5/2 -5/4 -2 1 0
    const e3 = d6 + 0.25 * d2 - 1.25 * d4;
    const o3 = 2 * (d5 + 0.25 * d1 - 1.25 * d3);
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // Bᵀ[5] = 0 2 4 -5/2 -5 1/2 1 0
    // Bᵀ[6] = 0 -2 4 5/2 -5 -1/2 1 0
    const e5 = 4 * (d2 + 0.25 * d6 - 1.25 * d4);
    const o5 = 2 * (d1 + 0.25 * d5 - 1.25 * d3);
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // Bᵀ[7] = 0 -1 0 21/4 0 -21/4 0 1
    f32[(p + p7) | 0] = d7 - d1 + 5.25 * (d3 - d5);
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis; 1 is the flat axis. */
export const inputPasses = {
  1: { columns: columns1, rows: rows1 },
  2: { columns: columns8, rows: rows8 },
  3: { columns: columns8, rows: rows8 },
  4: { columns: columns8, rows: rows8 },
  5: { columns: columns8, rows: rows8 },
  6: { columns: columns8, rows: rows8 },
  7: { columns: columns8, rows: rows8 },
};
