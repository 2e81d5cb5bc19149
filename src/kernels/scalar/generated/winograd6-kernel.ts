// Written by scripts/generate-winograd.ts. Do not edit.
//
// G g Gᵀ of the 6 × 6 tile: columns of g from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 8 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(64);

/** s_ij = Σ_k G_ik · g_kj, g of 1 × width. */
function columns1(f32: Float32Array, width: number, g: number, _pitch: number, step: number): void {
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    // G[0] = 1
    s[q] = g0;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 1. */
function rows1(f32: Float32Array, height: number, u: number, pitch: number, _step: number): void {
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    // G[0] = 1
    f32[p] = g0;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k G_ik · g_kj, g of 2 × width. */
function columns2(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    // G[0] = 256/225 0
    s[q] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595
    // G[2] = -2048/2975 256/595
    const e1 = -(2048 / 2975) * g0;
    const o1 = -(256 / 595) * g1;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 128/1071 64/357
    // G[4] = 128/1071 -64/357
    const e3 = (128 / 1071) * g0;
    const o3 = (64 / 357) * g1;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 0 1
    s[q + 40] = g1;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 6. */
function rows2(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    // G[0] = 256/225 0
    f32[p] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595
    // G[2] = -2048/2975 256/595
    const e1 = -(2048 / 2975) * g0;
    const o1 = -(256 / 595) * g1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 128/1071 64/357
    // G[4] = 128/1071 -64/357
    const e3 = (128 / 1071) * g0;
    const o3 = (64 / 357) * g1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 0 1
    f32[(p + p5) | 0] = g1;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k G_ik · g_kj, g of 3 × width. */
function columns3(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    const g2 = f32[(p + p2) | 0];
    // G[0] = 256/225 0 0
    s[q] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595 -32/119
    // G[2] = -2048/2975 256/595 -32/119
    const e1 = -(2048 / 2975) * g0 - (32 / 119) * g2;
    const o1 = -(256 / 595) * g1;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 128/1071 64/357 32/119
    // G[4] = 128/1071 -64/357 32/119
    const e3 = (128 / 1071) * g0 + (32 / 119) * g2;
    const o3 = (64 / 357) * g1;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 0 0 1
    s[q + 40] = g2;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 6. */
function rows3(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    // G[0] = 256/225 0 0
    f32[p] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595 -32/119
    // G[2] = -2048/2975 256/595 -32/119
    const e1 = -(2048 / 2975) * g0 - (32 / 119) * g2;
    const o1 = -(256 / 595) * g1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 128/1071 64/357 32/119
    // G[4] = 128/1071 -64/357 32/119
    const e3 = (128 / 1071) * g0 + (32 / 119) * g2;
    const o3 = (64 / 357) * g1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 0 0 1
    f32[(p + p5) | 0] = g2;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k G_ik · g_kj, g of 4 × width. */
function columns4(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    const g2 = f32[(p + p2) | 0];
    const g3 = f32[(p + p3) | 0];
    // G[0] = 256/225 0 0 0
    s[q] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595 -32/119 -20/119
    // G[2] = -2048/2975 256/595 -32/119 20/119
    const e1 = -(2048 / 2975) * g0 - (32 / 119) * g2;
    const o1 = -(256 / 595) * g1 - (20 / 119) * g3;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 128/1071 64/357 32/119 48/119
    // G[4] = 128/1071 -64/357 32/119 -48/119
    const e3 = (128 / 1071) * g0 + (32 / 119) * g2;
    const o3 = (64 / 357) * g1 + (48 / 119) * g3;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 0 0 0 1
    s[q + 40] = g3;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 6. */
function rows4(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    const g3 = s[q + 3];
    // G[0] = 256/225 0 0 0
    f32[p] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595 -32/119 -20/119
    // G[2] = -2048/2975 256/595 -32/119 20/119
    const e1 = -(2048 / 2975) * g0 - (32 / 119) * g2;
    const o1 = -(256 / 595) * g1 - (20 / 119) * g3;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 128/1071 64/357 32/119 48/119
    // G[4] = 128/1071 -64/357 32/119 -48/119
    const e3 = (128 / 1071) * g0 + (32 / 119) * g2;
    const o3 = (64 / 357) * g1 + (48 / 119) * g3;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 0 0 0 1
    f32[(p + p5) | 0] = g3;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k G_ik · g_kj, g of 5 × width. */
function columns5(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    const g2 = f32[(p + p2) | 0];
    const g3 = f32[(p + p3) | 0];
    const g4 = f32[(p + p4) | 0];
    // G[0] = 256/225 0 0 0 0
    s[q] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595 -32/119 -20/119 -25/238
    // G[2] = -2048/2975 256/595 -32/119 20/119 -25/238
    const e1 = -(2048 / 2975) * g0 - (32 / 119) * g2 - (25 / 238) * g4;
    const o1 = -(256 / 595) * g1 - (20 / 119) * g3;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 128/1071 64/357 32/119 48/119 72/119
    // G[4] = 128/1071 -64/357 32/119 -48/119 72/119
    const e3 = (128 / 1071) * g0 + (32 / 119) * g2 + (72 / 119) * g4;
    const o3 = (64 / 357) * g1 + (48 / 119) * g3;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 0 0 0 0 1
    s[q + 40] = g4;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 6. */
function rows5(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    const g3 = s[q + 3];
    const g4 = s[q + 4];
    // G[0] = 256/225 0 0 0 0
    f32[p] = (256 / 225) * g0;
    // G[1] = -2048/2975 -256/595 -32/119 -20/119 -25/238
    // G[2] = -2048/2975 256/595 -32/119 20/119 -25/238
    const e1 = -(2048 / 2975) * g0 - (32 / 119) * g2 - (25 / 238) * g4;
    const o1 = -(256 / 595) * g1 - (20 / 119) * g3;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 128/1071 64/357 32/119 48/119 72/119
    // G[4] = 128/1071 -64/357 32/119 -48/119 72/119
    const e3 = (128 / 1071) * g0 + (32 / 119) * g2 + (72 / 119) * g4;
    const o3 = (64 / 357) * g1 + (48 / 119) * g3;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 0 0 0 0 1
    f32[(p + p5) | 0] = g4;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis; 1 is the flat axis. */
export const kernelPasses = {
  1: { columns: columns1, rows: rows1 },
  2: { columns: columns2, rows: rows2 },
  3: { columns: columns3, rows: rows3 },
  4: { columns: columns4, rows: rows4 },
  5: { columns: columns5, rows: rows5 },
};
