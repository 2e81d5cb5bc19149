// Written by scripts/generate-winograd.ts. Do not edit.
//
// G g Gᵀ of the 9 × 9 tile: columns of g from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 16 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(256);

/** s_ij = Σ_k G_ik · g_kj, g of 3 × width. */
function columns3(f32: Float32Array, width: number, g: number, pitch: number, step: number): void {
  const p1 = pitch | 0;
  const p2 = (p1 + pitch) | 0;
  let p = g | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 15;
    const g0 = f32[p];
    const g1 = f32[(p + p1) | 0];
    const g2 = f32[(p + p2) | 0];
    // G[0] = 16/81 0 0
    s[q] = (16 / 81) * g0;
    // G[1] = 128/4125 128/4125 128/4125
    // G[2] = 128/4125 -128/4125 128/4125
    const e1 = (128 / 4125) * (g0 + g2);
    const o1 = (128 / 4125) * g1;
    s[q + 16] = e1 + o1;
    s[q + 32] = e1 - o1;
    // G[3] = -2048/334125 -1024/111375 -512/37125
    // G[4] = -2048/334125 1024/111375 -512/37125
    const e3 = -(2048 / 334125) * g0 - (512 / 37125) * g2;
    const o3 = -(1024 / 111375) * g1;
    s[q + 48] = e3 + o3;
    s[q + 64] = e3 - o3;
    // G[5] = -8388608/67827375 -1048576/22609125 -131072/7536375
    // G[6] = -8388608/67827375 1048576/22609125 -131072/7536375
    const e5 = -(8388608 / 67827375) * g0 - (131072 / 7536375) * g2;
    const o5 = -(1048576 / 22609125) * g1;
    s[q + 80] = e5 + o5;
    s[q + 96] = e5 - o5;
    // G[7] = 8/837375 32/837375 128/837375
    // G[8] = 8/837375 -32/837375 128/837375
    const e7 = (8 / 837375) * g0 + (128 / 837375) * g2;
    const o7 = (32 / 837375) * g1;
    s[q + 112] = e7 + o7;
    s[q + 128] = e7 - o7;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 9. */
function rows3(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  const p8 = (p7 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 15) * 16;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    // G[0] = 16/81 0 0
    f32[p] = (16 / 81) * g0;
    // G[1] = 128/4125 128/4125 128/4125
    // G[2] = 128/4125 -128/4125 128/4125
    const e1 = (128 / 4125) * (g0 + g2);
    const o1 = (128 / 4125) * g1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = -2048/334125 -1024/111375 -512/37125
    // G[4] = -2048/334125 1024/111375 -512/37125
    const e3 = -(2048 / 334125) * g0 - (512 / 37125) * g2;
    const o3 = -(1024 / 111375) * g1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = -8388608/67827375 -1048576/22609125 -131072/7536375
    // G[6] = -8388608/67827375 1048576/22609125 -131072/7536375
    const e5 = -(8388608 / 67827375) * g0 - (131072 / 7536375) * g2;
    const o5 = -(1048576 / 22609125) * g1;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 8/837375 32/837375 128/837375
    // G[8] = 8/837375 -32/837375 128/837375
    const e7 = (8 / 837375) * g0 + (128 / 837375) * g2;
    const o7 = (32 / 837375) * g1;
    f32[(p + p7) | 0] = e7 + o7;
    f32[(p + p8) | 0] = e7 - o7;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis. */
export const kernelPasses = {
  3: { columns: columns3, rows: rows3 },
};
