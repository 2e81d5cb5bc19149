/**
 * JPEG files: walked and checked, then decoded by jpeg-js, whose colours are left alone and converted here as libjpeg
 * does: jpeg-js always takes three components for YCbCr unless told, and rounds down. Four of Adobe's, CMYK or YCCK with
 * their values turned round, it takes as djpeg does: red is C · K / 255.
 */
import decode from 'jpeg-js/lib/decoder.js';
import { walkJpeg } from './jpeg-structure.ts';
import { upright } from './orientation.ts';
import type { Picture } from './picture-file.ts';
import { damaged, MAX_PIXELS, type PictureFile } from './picture-file.ts';

/**
 * What jpeg-js counts for a pixel is at most 4 coefficients of 4 bytes, 4 samples twice over and RGBA, 28 bytes; blocks
 * at the edges add less than a tenth to the largest pictures.
 */
const LIMITS = { maxResolutionInMP: MAX_PIXELS / 1e6, maxMemoryUsageInMB: (1.1 * 28 * MAX_PIXELS) / 2 ** 20 };

export function decodeJpeg(bytes: Uint8Array, file: PictureFile): Picture {
  const { frame, isRgb, orientation, clean } = walkJpeg(bytes, file);
  let picture: Picture;
  try {
    picture = decode(clean, {
      useTArray: true,
      colorTransform: false,
      // only for blocks below a component: see the check of the last restart interval
      tolerantDecoding: true,
      ...LIMITS,
    });
  } catch (error) {
    throw damaged(file, 'its pixels cannot be decoded', error);
  }
  if (frame.components.length === 3 && !isRgb) convertToRgb(picture.data);
  return upright(picture, orientation);
}

/** Y, Cb, Cr become R, G, B in place, by libjpeg's numbers of 16 bits behind the point. */
function convertToRgb(data: Uint8Array): void {
  const [half, toRed, toBlue, blueToGreen, redToGreen] = [0.5, 1.402, 1.772, 0.34414, 0.71414].map((factor) =>
    Math.round(factor * 65536),
  );
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < data.length; i += 4) {
    const y = data[i];
    const blue = data[i + 1] - 128;
    const red = data[i + 2] - 128;
    clamped[i] = y + ((toRed * red + half) >> 16);
    clamped[i + 1] = y + ((half - blueToGreen * blue - redToGreen * red) >> 16);
    clamped[i + 2] = y + ((toBlue * blue + half) >> 16);
  }
}
