/** Writes every generated file of src; `npm run generate`. The tests check that they are up to date. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateFourier } from './generate-fourier.ts';
import { generateGemm } from './generate-gemm.ts';
import { generateWinograd } from './generate-winograd.ts';

const root = join(import.meta.dirname, '..');
for (const [path, text] of [...generateFourier(), ...generateGemm(), ...generateWinograd()]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  console.log(path);
}
