// Written by scripts/generate-winograd.ts. Do not edit.
//
// G g Gᵀ of the 10 × 10 tile: columns of g from memory to the scratch, then rows of the scratch to memory.
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
    // G[0] = 16384/18225 0 0
    s[q] = (16384 / 18225) * g0;
    // G[1] = 8192/32175 8192/32175 8192/32175
    // G[2] = 8192/32175 -8192/32175 8192/32175
    const e1 = (8192 / 32175) * (g0 + g2);
    const o1 = (8192 / 32175) * g1;
    s[q + 16] = e1 + o1;
    s[q + 32] = e1 - o1;
    // G[3] = -8388608/14189175 -1048576/4729725 -131072/1576575
    // G[4] = -8388608/14189175 1048576/4729725 -131072/1576575
    const e3 = -(8388608 / 14189175) * g0 - (131072 / 1576575) * g2;
    const o3 = -(1048576 / 4729725) * g1;
    s[q + 48] = e3 + o3;
    s[q + 64] = e3 - o3;
    // G[5] = -16384/143325 -4096/28665 -1024/5733
    // G[6] = -16384/143325 4096/28665 -1024/5733
    const e5 = -(16384 / 143325) * g0 - (1024 / 5733) * g2;
    const o5 = -(4096 / 28665) * g1;
    s[q + 80] = e5 + o5;
    s[q + 96] = e5 - o5;
    // G[7] = 16384/11609325 4096/1289925 1024/143325
    // G[8] = 16384/11609325 -4096/1289925 1024/143325
    const e7 = (16384 / 11609325) * g0 + (1024 / 143325) * g2;
    const o7 = (4096 / 1289925) * g1;
    s[q + 112] = e7 + o7;
    s[q + 128] = e7 - o7;
    // G[9] = 0 0 1
    s[q + 144] = g2;
    p = (p + step) | 0;
  }
}

/** u_ij = Σ_k s_ik · G_jk, u of height × 10. */
function rows3(f32: Float32Array, height: number, u: number, pitch: number, step: number): void {
  const p1 = step | 0;
  const p2 = (p1 + step) | 0;
  const p3 = (p2 + step) | 0;
  const p4 = (p3 + step) | 0;
  const p5 = (p4 + step) | 0;
  const p6 = (p5 + step) | 0;
  const p7 = (p6 + step) | 0;
  const p8 = (p7 + step) | 0;
  const p9 = (p8 + step) | 0;
  let p = u | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 15) * 16;
    const g0 = s[q];
    const g1 = s[q + 1];
    const g2 = s[q + 2];
    // G[0] = 16384/18225 0 0
    f32[p] = (16384 / 18225) * g0;
    // G[1] = 8192/32175 8192/32175 8192/32175
    // G[2] = 8192/32175 -8192/32175 8192/32175
    const e1 = (8192 / 32175) * (g0 + g2);
    const o1 = (8192 / 32175) * g1;
    f32[(p + p1) | 0] = e1 + o1;
    f32[(p + p2) | 0] = e1 - o1;
    // G[3] = -8388608/14189175 -1048576/4729725 -131072/1576575
    // G[4] = -8388608/14189175 1048576/4729725 -131072/1576575
    const e3 = -(8388608 / 14189175) * g0 - (131072 / 1576575) * g2;
    const o3 = -(1048576 / 4729725) * g1;
    f32[(p + p3) | 0] = e3 + o3;
    f32[(p + p4) | 0] = e3 - o3;
    // G[5] = -16384/143325 -4096/28665 -1024/5733
    // G[6] = -16384/143325 4096/28665 -1024/5733
    const e5 = -(16384 / 143325) * g0 - (1024 / 5733) * g2;
    const o5 = -(4096 / 28665) * g1;
    f32[(p + p5) | 0] = e5 + o5;
    f32[(p + p6) | 0] = e5 - o5;
    // G[7] = 16384/11609325 4096/1289925 1024/143325
    // G[8] = 16384/11609325 -4096/1289925 1024/143325
    const e7 = (16384 / 11609325) * g0 + (1024 / 143325) * g2;
    const o7 = (4096 / 1289925) * g1;
    f32[(p + p7) | 0] = e7 + o7;
    f32[(p + p8) | 0] = e7 - o7;
    // G[9] = 0 0 1
    f32[(p + p9) | 0] = g2;
    p = (p + pitch) | 0;
  }
}

/** The two passes by the size r of the kernel along the axis. */
export const kernelPasses = {
  3: { columns: columns3, rows: rows3 },
};
