/** The part of pngjs 7 that is used here; the package brings no types. */
declare module 'pngjs' {
  interface Picture {
    readonly width: number;
    readonly height: number;
    /** RGBA, 8 bits each. */
    readonly data: Uint8Array;
  }

  interface Decoded {
    /** RGBA; samples as the file has them with `skipRescale`. */
    readonly data: Uint8Array | Uint16Array;
  }

  export const PNG: {
    readonly sync: {
      read(bytes: Buffer): Picture;
      read(bytes: Buffer, options: { skipRescale: true; checkCRC: boolean }): Decoded;
      write(picture: Picture): Buffer;
    };
  };
}
