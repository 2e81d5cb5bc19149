// Written by scripts/generate-winograd.ts. Do not edit.
import { inputPasses as input6 } from './winograd6-input.ts';
import { kernelPasses as kernel6 } from './winograd6-kernel.ts';
import { outputPasses as output6 } from './winograd6-output.ts';
import { inputPasses as input8 } from './winograd8-input.ts';
import { kernelPasses as kernel8 } from './winograd8-kernel.ts';
import { outputPasses as output8 } from './winograd8-output.ts';
import { inputPasses as input9 } from './winograd9-input.ts';
import { kernelPasses as kernel9 } from './winograd9-kernel.ts';
import { outputPasses as output9 } from './winograd9-output.ts';
import { inputPasses as input10 } from './winograd10-input.ts';
import { kernelPasses as kernel10 } from './winograd10-kernel.ts';
import { outputPasses as output10 } from './winograd10-output.ts';

/** The transforms of every tile by its edge. */
export const PASSES = {
  6: { input: input6, kernel: kernel6, output: output6 },
  8: { input: input8, kernel: kernel8, output: output8 },
  9: { input: input9, kernel: kernel9, output: output9 },
  10: { input: input10, kernel: kernel10, output: output10 },
};
