// Written by scripts/generate-winograd.ts. Do not edit.
//
// G g Gᵀ of the 8 × 8 tile: columns of g from memory to the scratch, then rows of the scratch to memory.
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
    // G[0] = 1 0
    s[q] = g0;
    // G[1] = -2/9 -2/9
    // G[2] = -2/9 2/9
    const e1 = -(2 / 9) * g0;
    const o1 = -(2 / 9) * g1;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 1/90 1/45
    // G[4] = 1/90 -1/45
    const e3 = (1 / 90) * g0;
    const o3 = (1 / 45) * g1;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 1/90 1/180
    // G[6] = 1/90 -1/180
    const e5 = (1 / 90) * g0;
    const o5 = (1 / 180) * g1;
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // G[7] = 0 1
    s[q + 56] = g1;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 8. */
function rows2(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    // G[0] = 1 0
    f32[p] = g0;
    // G[1] = -2/9 -2/9
    // G[2] = -2/9 2/9
    const e1 = -(2 / 9) * g0;
    const o1 = -(2 / 9) * g1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 1/90 1/45
    // G[4] = 1/90 -1/45
    const e3 = (1 / 90) * g0;
    const o3 = (1 / 45) * g1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 1/90 1/180
    // G[6] = 1/90 -1/180
    const e5 = (1 / 90) * g0;
    const o5 = (1 / 180) * g1;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 0 1
    f32[(p + p7) | 0] = g1;
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
    // G[0] = 1 0 0
    s[q] = g0;
    // G[1] = -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9
    const e1 = -(2 / 9) * (g0 + g2);
    const o1 = -(2 / 9) * g1;
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 1/90 1/45 2/45
    // G[4] = 1/90 -1/45 2/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2;
    const o3 = (1 / 45) * g1;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 1/45 1/90 1/180
    // G[6] = 1/45 -1/90 1/180
    const e5 = (1 / 45) * g0 + (1 / 180) * g2;
    const o5 = (1 / 90) * g1;
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // G[7] = 0 0 1
    s[q + 56] = g2;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 8. */
function rows3(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    // G[0] = 1 0 0
    f32[p] = g0;
    // G[1] = -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9
    const e1 = -(2 / 9) * (g0 + g2);
    const o1 = -(2 / 9) * g1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 1/90 1/45 2/45
    // G[4] = 1/90 -1/45 2/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2;
    const o3 = (1 / 45) * g1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 1/45 1/90 1/180
    // G[6] = 1/45 -1/90 1/180
    const e5 = (1 / 45) * g0 + (1 / 180) * g2;
    const o5 = (1 / 90) * g1;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 0 0 1
    f32[(p + p7) | 0] = g2;
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
    // G[0] = 1 0 0 0
    s[q] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9
    const e1 = -(2 / 9) * (g0 + g2);
    const o1 = -(2 / 9) * (g1 + g3);
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45
    // G[4] = 1/90 -1/45 2/45 -4/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 2/45 1/45 1/90 1/180
    // G[6] = 2/45 -1/45 1/90 -1/180
    const e5 = (2 / 45) * g0 + (1 / 90) * g2;
    const o5 = (1 / 45) * g1 + (1 / 180) * g3;
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // G[7] = 0 0 0 1
    s[q + 56] = g3;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 8. */
function rows4(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    const g3 = s[q + 3];
    // G[0] = 1 0 0 0
    f32[p] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9
    const e1 = -(2 / 9) * (g0 + g2);
    const o1 = -(2 / 9) * (g1 + g3);
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45
    // G[4] = 1/90 -1/45 2/45 -4/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 2/45 1/45 1/90 1/180
    // G[6] = 2/45 -1/45 1/90 -1/180
    const e5 = (2 / 45) * g0 + (1 / 90) * g2;
    const o5 = (1 / 45) * g1 + (1 / 180) * g3;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 0 0 0 1
    f32[(p + p7) | 0] = g3;
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
    // G[0] = 1 0 0 0 0
    s[q] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9 -2/9
    const e1 = -(2 / 9) * (g0 + g2 + g4);
    const o1 = -(2 / 9) * (g1 + g3);
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45 8/45
    // G[4] = 1/90 -1/45 2/45 -4/45 8/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2 + (8 / 45) * g4;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 4/45 2/45 1/45 1/90 1/180
    // G[6] = 4/45 -2/45 1/45 -1/90 1/180
    const e5 = (4 / 45) * g0 + (1 / 45) * g2 + (1 / 180) * g4;
    const o5 = (2 / 45) * g1 + (1 / 90) * g3;
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // G[7] = 0 0 0 0 1
    s[q + 56] = g4;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 8. */
function rows5(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    const g3 = s[q + 3];
    const g4 = s[q + 4];
    // G[0] = 1 0 0 0 0
    f32[p] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9 -2/9
    const e1 = -(2 / 9) * (g0 + g2 + g4);
    const o1 = -(2 / 9) * (g1 + g3);
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45 8/45
    // G[4] = 1/90 -1/45 2/45 -4/45 8/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2 + (8 / 45) * g4;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 4/45 2/45 1/45 1/90 1/180
    // G[6] = 4/45 -2/45 1/45 -1/90 1/180
    const e5 = (4 / 45) * g0 + (1 / 45) * g2 + (1 / 180) * g4;
    const o5 = (2 / 45) * g1 + (1 / 90) * g3;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 0 0 0 0 1
    f32[(p + p7) | 0] = g4;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k G_ik · g_kj, g of 6 × width. */
function columns6(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    const g2 = f32[(p + p2) | 0];
    const g3 = f32[(p + p3) | 0];
    const g4 = f32[(p + p4) | 0];
    const g5 = f32[(p + p5) | 0];
    // G[0] = 1 0 0 0 0 0
    s[q] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9 -2/9 2/9
    const e1 = -(2 / 9) * (g0 + g2 + g4);
    const o1 = -(2 / 9) * (g1 + g3 + g5);
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45 8/45 16/45
    // G[4] = 1/90 -1/45 2/45 -4/45 8/45 -16/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2 + (8 / 45) * g4;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3 + (16 / 45) * g5;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 8/45 4/45 2/45 1/45 1/90 1/180
    // G[6] = 8/45 -4/45 2/45 -1/45 1/90 -1/180
    const e5 = (8 / 45) * g0 + (2 / 45) * g2 + (1 / 90) * g4;
    const o5 = (4 / 45) * g1 + (1 / 45) * g3 + (1 / 180) * g5;
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // G[7] = 0 0 0 0 0 1
    s[q + 56] = g5;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 8. */
function rows6(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    const g3 = s[q + 3];
    const g4 = s[q + 4];
    const g5 = s[q + 5];
    // G[0] = 1 0 0 0 0 0
    f32[p] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9 -2/9 2/9
    const e1 = -(2 / 9) * (g0 + g2 + g4);
    const o1 = -(2 / 9) * (g1 + g3 + g5);
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45 8/45 16/45
    // G[4] = 1/90 -1/45 2/45 -4/45 8/45 -16/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2 + (8 / 45) * g4;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3 + (16 / 45) * g5;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 8/45 4/45 2/45 1/45 1/90 1/180
    // G[6] = 8/45 -4/45 2/45 -1/45 1/90 -1/180
    const e5 = (8 / 45) * g0 + (2 / 45) * g2 + (1 / 90) * g4;
    const o5 = (4 / 45) * g1 + (1 / 45) * g3 + (1 / 180) * g5;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 0 0 0 0 0 1
    f32[(p + p7) | 0] = g5;
    p = (p + pitch) | 0;
  }
}

/** s_ij = Σ_k G_ik · g_kj, g of 7 × width. */
function columns7(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  const p3 = (p2 + pitch) | 0;
  const p4 = (p3 + pitch) | 0;
  const p5 = (p4 + pitch) | 0;
  const p6 = (p5 + pitch) | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    const g2 = f32[(p + p2) | 0];
    const g3 = f32[(p + p3) | 0];
    const g4 = f32[(p + p4) | 0];
    const g5 = f32[(p + p5) | 0];
    const g6 = f32[(p + p6) | 0];
    // G[0] = 1 0 0 0 0 0 0
    s[q] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9 -2/9 2/9 -2/9
    const e1 = -(2 / 9) * (g0 + g2 + g4 + g6);
    const o1 = -(2 / 9) * (g1 + g3 + g5);
    s[q + 8] = e1 + o1;
    s[q + 16] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45 8/45 16/45 32/45
    // G[4] = 1/90 -1/45 2/45 -4/45 8/45 -16/45 32/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2 + (8 / 45) * g4 + (32 / 45) * g6;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3 + (16 / 45) * g5;
    s[q + 24] = e3 + o3;
    s[q + 32] = e3 - o3;
    // G[5] = 16/45 8/45 4/45 2/45 1/45 1/90 1/180
    // G[6] = 16/45 -8/45 4/45 -2/45 1/45 -1/90 1/180
    const e5 = (16 / 45) * g0 + (4 / 45) * g2 + (1 / 45) * g4 + (1 / 180) * g6;
    const o5 = (8 / 45) * g1 + (2 / 45) * g3 + (1 / 90) * g5;
    s[q + 40] = e5 + o5;
    s[q + 48] = e5 - o5;
    // G[7] = 0 0 0 0 0 0 1
    s[q + 56] = g6;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 8. */
function rows7(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    const g3 = s[q + 3];
    const g4 = s[q + 4];
    const g5 = s[q + 5];
    const g6 = s[q + 6];
    // G[0] = 1 0 0 0 0 0 0
    f32[p] = g0;
    // G[1] = -2/9 -2/9 -2/9 -2/9 -2/9 -2/9 -2/9
    // G[2] = -2/9 2/9 -2/9 2/9 -2/9 2/9 -2/9
    const e1 = -(2 / 9) * (g0 + g2 + g4 + g6);
    const o1 = -(2 / 9) * (g1 + g3 + g5);
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = 1/90 1/45 2/45 4/45 8/45 16/45 32/45
    // G[4] = 1/90 -1/45 2/45 -4/45 8/45 -16/45 32/45
    const e3 = (1 / 90) * g0 + (2 / 45) * g2 + (8 / 45) * g4 + (32 / 45) * g6;
    const o3 = (1 / 45) * g1 + (4 / 45) * g3 + (16 / 45) * g5;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = 16/45 8/45 4/45 2/45 1/45 1/90 1/180
    // G[6] = 16/45 -8/45 4/45 -2/45 1/45 -1/90 1/180
    const e5 = (16 / 45) * g0 + (4 / 45) * g2 + (1 / 45) * g4 + (1 / 180) * g6;
    const o5 = (8 / 45) * g1 + (2 / 45) * g3 + (1 / 90) * g5;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 0 0 0 0 0 0 1
    f32[(p + p7) | 0] = g6;
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
  6: { columns: columns6, rows: rows6 },
  7: { columns: columns7, rows: rows7 },
};
