/** The part of pngjs 7 that is used here; the package brings no types. */
declare module 'pngjs' {
  interface Picture {
    readonly width: number;
    readonly height: number;
    /** RGBA, 8 bits each. */
    readonly data: Uint8Array;
  }

  export const PNG: {
    readonly sync: {
      read(bytes: Buffer): Picture;
      write(picture: Picture): Buffer;
    };
  };
}
