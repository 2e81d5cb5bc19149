// Written by scripts/generate-winograd.ts. Do not edit.
//
// Aᵀ m A of the 6 × 6 tile: columns of m from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 8 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(64);

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 1 × width. */
function columns1(f32: Float32Array, width: number, m: number, _pitch: number, step: number): void {
  let p = m | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const m0 = f32[p];
    // Aᵀ[0] = 1
    s[q] = m0;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 1. */
function rows1(f32: Float32Array, height: number, y: number, pitch: number, _step: number): void {
  let p = y | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const m0 = s[q];
    // Aᵀ[0] = 1
    f32[p] = m0;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 6 × width. */
function columns2(f32: Float32Array, width: number, m: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  let p = m | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const m0 = f32[p];
    const m1 = f32[(p + p1) | 0];
    const m2 = f32[(p + p2) | 0];
    const m3 = f32[(p + p3) | 0];
    const m4 = f32[(p + p4) | 0];
    const m5 = f32[(p + p5) | 0];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    s[q] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 0
    s[q + 8] = 0.625 * o1 + 1.5 * o3;
    // Aᵀ[2] = 0 25/64 25/64 9/4 9/4 0
    s[q + 16] = 0.390625 * e1 + 2.25 * e3;
    // Aᵀ[3] = 0 125/512 -125/512 27/8 -27/8 0
    s[q + 24] = 0.244140625 * o1 + 3.375 * o3;
    // Aᵀ[4] = 0 625/4096 625/4096 81/16 81/16 1
    s[q + 32] = m5 + 0.152587890625 * e1 + 5.0625 * e3;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 5. */
function rows2(f32: Float32Array, height: number, y: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  let p = y | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const m0 = s[q];
    const m1 = s[q + 1];
    const m2 = s[q + 2];
    const m3 = s[q + 3];
    const m4 = s[q + 4];
    const m5 = s[q + 5];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    f32[p] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 0
    f32[(p + p1) | 0] = 0.625 * o1 + 1.5 * o3;
    // Aᵀ[2] = 0 25/64 25/64 9/4 9/4 0
    f32[(p + p2) | 0] = 0.390625 * e1 + 2.25 * e3;
    // Aᵀ[3] = 0 125/512 -125/512 27/8 -27/8 0
    f32[(p + p3) | 0] = 0.244140625 * o1 + 3.375 * o3;
    // Aᵀ[4] = 0 625/4096 625/4096 81/16 81/16 1
    f32[(p + p4) | 0] = m5 + 0.152587890625 * e1 + 5.0625 * e3;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 6 × width. */
function columns3(f32: Float32Array, width: number, m: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  let p = m | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const m0 = f32[p];
    const m1 = f32[(p + p1) | 0];
    const m2 = f32[(p + p2) | 0];
    const m3 = f32[(p + p3) | 0];
    const m4 = f32[(p + p4) | 0];
    const m5 = f32[(p + p5) | 0];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    s[q] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 0
    s[q + 8] = 0.625 * o1 + 1.5 * o3;
    // Aᵀ[2] = 0 25/64 25/64 9/4 9/4 0
    s[q + 16] = 0.390625 * e1 + 2.25 * e3;
    // Aᵀ[3] = 0 125/512 -125/512 27/8 -27/8 1
    s[q + 24] = m5 + 0.244140625 * o1 + 3.375 * o3;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 4. */
function rows3(f32: Float32Array, height: number, y: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  let p = y | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const m0 = s[q];
    const m1 = s[q + 1];
    const m2 = s[q + 2];
    const m3 = s[q + 3];
    const m4 = s[q + 4];
    const m5 = s[q + 5];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    f32[p] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 0
    f32[(p + p1) | 0] = 0.625 * o1 + 1.5 * o3;
    // Aᵀ[2] = 0 25/64 25/64 9/4 9/4 0
    f32[(p + p2) | 0] = 0.390625 * e1 + 2.25 * e3;
    // Aᵀ[3] = 0 125/512 -125/512 27/8 -27/8 1
    f32[(p + p3) | 0] = m5 + 0.244140625 * o1 + 3.375 * o3;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 6 × width. */
function columns4(f32: Float32Array, width: number, m: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  let p = m | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const m0 = f32[p];
    const m1 = f32[(p + p1) | 0];
    const m2 = f32[(p + p2) | 0];
    const m3 = f32[(p + p3) | 0];
    const m4 = f32[(p + p4) | 0];
    const m5 = f32[(p + p5) | 0];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    s[q] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 0
    s[q + 8] = 0.625 * o1 + 1.5 * o3;
    // Aᵀ[2] = 0 25/64 25/64 9/4 9/4 1
    s[q + 16] = m5 + 0.390625 * e1 + 2.25 * e3;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 3. */
function rows4(f32: Float32Array, height: number, y: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  let p = y | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const m0 = s[q];
    const m1 = s[q + 1];
    const m2 = s[q + 2];
    const m3 = s[q + 3];
    const m4 = s[q + 4];
    const m5 = s[q + 5];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    f32[p] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 0
    f32[(p + p1) | 0] = 0.625 * o1 + 1.5 * o3;
    // Aᵀ[2] = 0 25/64 25/64 9/4 9/4 1
    f32[(p + p2) | 0] = m5 + 0.390625 * e1 + 2.25 * e3;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k Aᵀ_ik · m_kj, m of 6 × width. */
function columns5(f32: Float32Array, width: number, m: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  let p = m | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const m0 = f32[p];
    const m1 = f32[(p + p1) | 0];
    const m2 = f32[(p + p2) | 0];
    const m3 = f32[(p + p3) | 0];
    const m4 = f32[(p + p4) | 0];
    const m5 = f32[(p + p5) | 0];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    s[q] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 1
    s[q + 8] = m5 + 0.625 * o1 + 1.5 * o3;
    p = (p + step) | 0;
  }
}

/** y_ij = Σ_k s_ik · Aᵀ_jk, y of height × 2. */
function rows5(f32: Float32Array, height: number, y: number, pitch: number, step: number): void {
  const p1 = step | 0;
  let p = y | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const m0 = s[q];
    const m1 = s[q + 1];
    const m2 = s[q + 2];
    const m3 = s[q + 3];
    const m4 = s[q + 4];
    const m5 = s[q + 5];
    const e1 = m1 + m2;
    const o1 = m1 - m2;
    const e3 = m3 + m4;
    const o3 = m3 - m4;
    // Aᵀ[0] = 1 1 1 1 1 0
    f32[p] = m0 + e1 + e3;
    // Aᵀ[1] = 0 5/8 -5/8 3/2 -3/2 1
    f32[(p + p1) | 0] = m5 + 0.625 * o1 + 1.5 * o3;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis; 1 is the flat axis. */
export const outputPasses = {
  1: { columns: columns1, rows: rows1 },
  2: { columns: columns2, rows: rows2 },
  3: { columns: columns3, rows: rows3 },
  4: { columns: columns4, rows: rows4 },
  5: { columns: columns5, rows: rows5 },
};
