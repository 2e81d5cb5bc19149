// Written by scripts/generate-winograd.ts. Do not edit.
//
// Bᵀ d B of the 6 × 6 tile: columns of d from memory to the scratch, then rows of the scratch to memory.
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

/** s_ij = Σ_k Bᵀ_ik · d_kj, d of 6 × width. */
function columns6(f32: Float32Array, width: number, d: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  let p = d | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const d0 = f32[p];
    const d1 = f32[(p + p1) | 0];
    const d2 = f32[(p + p2) | 0];
    const d3 = f32[(p + p3) | 0];
    const d4 = f32[(p + p4) | 0];
    const d5 = f32[(p + p5) | 0];
    // Bᵀ[0] = 225/256 0 -169/64 0 1 0
    s[q] = d4 + 0.87890625 * d0 - 2.640625 * d2;
    // Bᵀ[1] = 0 -45/32 -9/4 5/8 1 0
    // Bᵀ[2] = 0 45/32 -9/4 -5/8 1 0
    const e1 = d4 - 2.25 * d2;
    const o1 = 0.625 * d3 - 1.40625 * d1;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // Bᵀ[3] = 0 -75/128 -25/64 3/2 1 0
    // Bᵀ[4] = 0 75/128 -25/64 -3/2 1 0
    const e3 = d4 - 0.390625 * d2;
    const o3 = 1.5 * d3 - 0.5859375 * d1;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // Bᵀ[5] = 0 225/256 0 -169/64 0 1
    s[q + 40] = d5 + 0.87890625 * d1 - 2.640625 * d3;
    p = (p + step) | 0;
  }
}

/** v_ij = Σ_k s_ik · Bᵀ_jk, v of height × 6. */
function rows6(f32: Float32Array, height: number, v: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  let p = v | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const d0 = s[q];
    const d1 = s[q + 1];
    const d2 = s[q + 2];
    const d3 = s[q + 3];
    const d4 = s[q + 4];
    const d5 = s[q + 5];
    // Bᵀ[0] = 225/256 0 -169/64 0 1 0
    f32[p] = d4 + 0.87890625 * d0 - 2.640625 * d2;
    // Bᵀ[1] = 0 -45/32 -9/4 5/8 1 0
    // Bᵀ[2] = 0 45/32 -9/4 -5/8 1 0
    const e1 = d4 - 2.25 * d2;
    const o1 = 0.625 * d3 - 1.40625 * d1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // Bᵀ[3] = 0 -75/128 -25/64 3/2 1 0
    // Bᵀ[4] = 0 75/128 -25/64 -3/2 1 0
    const e3 = d4 - 0.390625 * d2;
    const o3 = 1.5 * d3 - 0.5859375 * d1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // Bᵀ[5] = 0 225/256 0 -169/64 0 1
    f32[(p + p5) | 0] = d5 + 0.87890625 * d1 - 2.640625 * d3;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis; 1 is the flat axis. */
export const inputPasses = {
  1: { columns: columns1, rows: rows1 },
  2: { columns: columns6, rows: rows6 },
  3: { columns: columns6, rows: rows6 },
  4: { columns: columns6, rows: rows6 },
  5: { columns: columns6, rows: rows6 },
};
