import type { TileName } from '../maths/tiles.ts';

/** In the order in which a later table overwrites an earlier one. */
export const KERNEL_TABLES = ['reference', 'scalar', 'simd', 'simd-relaxed', 'simd-wide', 'simd-relaxed-wide'] as const;

export type KernelTableName = (typeof KERNEL_TABLES)[number];

/**
 * Everything that computes, behind numbers only: offsets are elements of the table's {@link Memory}, pitches and steps
 * are elements between neighbours, counts are counts. No kernel checks its arguments (a layer has done so), allocates,
 * or reads outside the ranges that its arguments describe.
 */
export interface KernelTable
  extends KernelNumbers,
    GemmKernels,
    PointwiseKernels,
    ArithmeticKernels,
    GateKernels,
    PoolingKernels,
    ResizeKernels,
    DepthwiseKernels,
    WeightKernels {
  /** The transforms of one tile for a kernel of r rows and s columns; made once for each plan and thread. */
  tile(name: TileName, r: number, s: number): TileTransform;
}

/** What is known of a table without a memory: how it lays numbers out, how often it rounds, and its kernels' times. */
export interface KernelNumbers extends GemmNumbers, DepthwiseNumbers {
  readonly name: KernelTableName;
  /** Elements that a phase hands to the next at a time: few enough for the cache whose speed the kernels need. */
  readonly blockFloats: number;
  readonly units: KernelUnits;
  /** The numbers of one tile for a kernel of r rows and s columns. */
  tileNumbers(name: TileName, r: number, s: number): TileNumbers;
  /** Nanoseconds to transform a tile, where it was measured. */
  tileUnits(name: TileName): TileUnits;
}

/** The measured times of everything but products and transforms of tiles. */
export interface KernelUnits {
  /**
   * A transform takes so many times as long where channels lie side by side, because a strip of tiles shares columns
   * and a tile by itself does not.
   */
  readonly byChannels: number;
  /** Nanoseconds for an element copied into padded form. */
  readonly copy: number;
  readonly bytesPerNanosecond: number;
  /** Transformed tiles of a block beyond so many bytes are written and read again at this rate. */
  readonly cacheBytes: number;
  readonly spilledBytesPerNanosecond: number;
}

/** Nanoseconds of a tile on the way in, on the way out, and of a kernel. */
export type TileUnits = readonly [input: number, output: number, kernel: number];

/**
 * The cost of a matrix product, in nanoseconds where it was measured, by which layouts and algorithms are chosen. m × k
 * elements of A are held still for every nc columns, k × n of B are packed, m × n of C are written every kc.
 */
export interface GemmUnits {
  readonly multiplyAdd: number;
  readonly holdA: number;
  readonly packB: number;
  readonly writeC: number;
  /** Rows, and columns, are done in groups of so many; the last group costs as much. */
  readonly rowStep: number;
  readonly step: number;
}

/** What is known of a table's matrix multiplication without a memory. */
export interface GemmNumbers {
  readonly gemmUnits: GemmUnits;
  /** The rows of the block held still, the columns it streams over, and the depth after which C is rounded to float32. */
  readonly gemmBlocks: { readonly mr: number; readonly nc: number; readonly kc: number };
  /** Columns of B that are best laid out as a matrix of their own, under so many rows of A. */
  gemmPanel(m: number): number;
  /** Float32 roundings on the way of the first of k terms to the sum, and one to spare. */
  gemmRoundings(k: number): number;
}

/** Matrix multiplication, row-major: C[m×n] (+)= A[m×k] · B[k×n]. */
export interface GemmKernels extends GemmNumbers, DotsKernels {
  /** update 0 overwrites C, 1 adds to it. */
  sgemm(
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    ldb: number,
    c: number,
    ldc: number,
    update: number,
  ): void;
  /**
   * The same with row j of B at b + i32[rows + j], whatever the distances: an implicit GEMM reads the taps of a
   * kernel from one padded copy of the input through such a table. Always adds to C.
   */
  sgemmIndirect(
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    rows: number,
    b: number,
    c: number,
    ldc: number,
  ): void;
}

/** Dot products of a fully-connected layer of a few images, whose work is reading the weights. */
export interface DotsKernels {
  /** y[i] = Σ_j w[i·ldw + j] · x[j] for i < rows: w is float32. */
  dots(rows: number, n: number, w: number, ldw: number, x: number, y: number): void;
  /** The same with half-precision weights in u16; alternative 1 = NNPACK's form, whose exponent 31 is an ordinary one. */
  dotsHalf(rows: number, n: number, w: number, ldw: number, x: number, y: number, alternative: number): void;
  /** The same with weights as `packPanels` (half-panels.ts) lays them out. */
  dotsHalfPanels(rows: number, n: number, w: number, x: number, y: number, alternative: number): void;
}

/**
 * One tile of the fast-convolution frame. A transformed tile is `positions` real numbers; the frame multiplies matrices
 * of channels position by position and never looks inside.
 *
 * A tile covers height × width inputs (T × T, or 1 × T and T × 1 when the kernel is flat along an axis of a Winograd
 * tile) and gives outputHeight × outputWidth = (height − r + 1) × (width − s + 1) outputs.
 */
export interface TileTransform extends TileSizes, TileBias {
  readonly wholeRows: TileNumbers['wholeRows'];
  /**
   * Input transform of `count` tiles. Tile i is read at d + i·dStep, its rows dPitch apart, all height × width of it;
   * position p of it is written to v + i·vStep + p·vPosition.
   */
  input(count: number, d: number, dPitch: number, dStep: number, v: number, vStep: number, vPosition: number): void;
  /** Kernel transform of `count` dense r × s kernels, kernel i at g + i·gStep, to u + i·uStep + p·uPosition. */
  kernel(count: number, g: number, gStep: number, u: number, uStep: number, uPosition: number): void;
  /**
   * Kernel transform of rows × count kernels, kernel (i, j) at g + i·gRow + j·gStep, to u + i·uRow + j + p·uPosition.
   * Where rows follow one another in U, a long run is written in less time than many short ones.
   */
  kernelRows(
    rows: number,
    count: number,
    g: number,
    gRow: number,
    gStep: number,
    u: number,
    uRow: number,
    uPosition: number,
  ): void;
  /**
   * Output transform of `count` tiles: position p of tile i is read at m + i·mStep + p·mPosition, and its
   * outputHeight × outputWidth outputs are written from y + i·yStep on, rows yPitch apart.
   */
  output(count: number, m: number, mStep: number, mPosition: number, y: number, yPitch: number, yStep: number): void;
}

/** The sizes of a tile, whatever transforms it. */
export interface TileSizes {
  readonly height: number;
  readonly width: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly positions: number;
}

/** How a bias joins the products of a tile. */
export interface TileBias {
  /** Adding bias · scale to each of these positions of the product adds bias to every output of the tile. */
  readonly biasScales: ReadonlyMap<number, number>;
  /** The one of them whose number reaches every output with its sign: ∞ and NaN are added there alone. */
  readonly biasPosition: number;
}

/** What is known of a table's tile without a memory, and differs between tables. */
export interface TileNumbers extends TileSizes {
  /** Whether whole rows of tiles, with the padding written out, are worth a copy: their edge tiles need no care then. */
  readonly wholeRows: boolean;
  /** Float32 roundings of each transform, along the longest way from what it reads to what it writes. */
  roundings(): TileRoundings;
}

export interface TileRoundings {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
}

/** Passes over runs of n contiguous elements; x and y may be the same. */
export interface PointwiseKernels {
  fill(n: number, y: number, value: number): void;
  /** y[i·yPitch + j] = x[i·xPitch + j·xStep] for i < rows, j < columns: packing, padding and splitting by stride. */
  copyRows(rows: number, columns: number, x: number, xPitch: number, xStep: number, y: number, yPitch: number): void;
  /**
   * y[i·yPitch + j·yStep] = min(max(v, low), high) with v = x[i·xPitch + j], or x · slope where x < 0: rows through an
   * activation, to columns that may be apart. x may be y where yStep is 1.
   */
  clampRows(
    rows: number,
    columns: number,
    x: number,
    xPitch: number,
    y: number,
    yPitch: number,
    yStep: number,
    slope: number,
    low: number,
    high: number,
  ): void;
  /** y = min(max(x, low), high); NaN stays NaN. ReLU is low = 0, high = ∞. */
  clamp(n: number, x: number, y: number, low: number, high: number): void;
  /** y = x where x ≥ 0 or x is NaN, else x · slope. */
  leakyRelu(n: number, x: number, y: number, slope: number): void;
  /** y = x · scale + shift: a batch normalisation with its statistics folded, one plane at a time. */
  scaleShift(n: number, x: number, y: number, scale: number, shift: number): void;
  /** Softmax over n elements `step` apart, with the maximum subtracted first so that nothing overflows. */
  softmax(n: number, step: number, x: number, y: number): void;
  /**
   * Local response normalisation across channels of `pixels` contiguous elements of each of `channels` planes, `pitch`
   * apart: y = x · (bias + alpha / size · Σ x²)^(−beta), the sum over the `size` nearest channels. x and y differ.
   */
  localResponse(
    channels: number,
    pixels: number,
    pitch: number,
    x: number,
    y: number,
    size: number,
    alpha: number,
    beta: number,
    bias: number,
  ): void;
}

/** What a kernel of {@link ArithmeticKernels} is called by where steps carry numbers: its place in this list. */
export const COMBINATIONS = ['add', 'subtract', 'multiply', 'divide', 'minimum', 'maximum'] as const;

/** What two numbers become one by. */
export type Combination = (typeof COMBINATIONS)[number];

/**
 * y[i] = a[i · aStep] ∘ b[i · bStep] for i < n, rounded once. A step is 1, or 0 for one number in the place of a run; of n > 1
 * elements not both are 0. y may be a run that is read, or lies apart.
 */
export type ArithmeticKernels = {
  readonly [C in Combination]: (n: number, a: number, aStep: number, b: number, bStep: number, y: number) => void;
};

/** The kernels of {@link GateKernels} by their places in this list, as steps name them. */
export const GATES = ['sigmoid', 'swish', 'hardSigmoid', 'hardSwish'] as const;

/** A function that lets its input through in part. */
export type Gate = (typeof GATES)[number];

/**
 * y = f(x) for n contiguous elements, rounded once; x and y may be the same.
 *
 *   sigmoid        1 / (1 + e^(−slope · x))
 *   swish          x · sigmoid(x)
 *   hardSigmoid    min(max(slope · x + offset, 0), 1)
 *   hardSwish      x · hardSigmoid(x)
 */
export type GateKernels = {
  readonly [G in Gate]: (n: number, x: number, y: number, slope: number, offset: number) => void;
};

/** Passes over n contiguous weights, or inputs, before they are used. */
export interface WeightKernels {
  /** y = x, but 0 where x is subnormal; x and y may be the same. All else stays as it is, −0 and NaN too. */
  flush(n: number, x: number, y: number): void;
  /** The least |x| of those that are neither 0 nor NaN; ∞ where there is none. */
  least(n: number, x: number): number;
  /** The greatest |x|, passing over NaN; 0 where there is none. */
  greatest(n: number, x: number): number;
  /** The same of an array that need not lie in the memory; only the caller's thread may call it. */
  greatestOf(data: Float32Array): number;
}

/**
 * Pooling of one plane of height × width at x into outputHeight × outputWidth at y, both dense. Window (i, j) starts at
 * row i·strideHeight − paddingTop and column j·strideWidth − paddingLeft.
 */
export interface PoolingKernels {
  /**
   * Padding counts as −∞; a window that holds no element gives −∞; a NaN gives NaN. With indices ≥ 0 the place of each
   * maximum in the plane (row · width + column, the first of equals, −1 in an empty window) goes to i32[indices …].
   */
  maxPool(
    height: number,
    width: number,
    x: number,
    outputHeight: number,
    outputWidth: number,
    y: number,
    poolHeight: number,
    poolWidth: number,
    strideHeight: number,
    strideWidth: number,
    paddingTop: number,
    paddingLeft: number,
    indices: number,
  ): void;
  /** Divides by the elements inside the plane (countPadding 0; an empty window gives 0) or by poolHeight · poolWidth. */
  averagePool(
    height: number,
    width: number,
    x: number,
    outputHeight: number,
    outputWidth: number,
    y: number,
    poolHeight: number,
    poolWidth: number,
    strideHeight: number,
    strideWidth: number,
    paddingTop: number,
    paddingLeft: number,
    countPadding: number,
  ): void;
}

/** What is known of a table's depthwise convolution without a memory. */
export interface DepthwiseNumbers {
  /** Nanoseconds of a multiply-add, and of a call of the kernel with the padding of what it reads. */
  readonly depthwiseUnits: { readonly multiplyAdd: number; readonly call: number };
  /** Float32 roundings on the way of the first of so many taps to the sum, beyond that of the result. */
  depthwiseRoundings(taps: number): number;
}

/** Convolution of one channel, which makes one channel. */
export interface DepthwiseKernels {
  /**
   * y[i, j] = x[top + i, left + j] for i < rows, j < columns, or 0 outside the plane: x is a plane of height × width, y is
   * rows × columns, both dense.
   */
  padRows(
    rows: number,
    columns: number,
    x: number,
    height: number,
    width: number,
    top: number,
    left: number,
    y: number,
  ): void;
  /**
   * y[i, j] = min(max(bias + Σ_rs w[r, s] · x[i · strideHeight + r · dilationHeight, j · strideWidth + s · dilationWidth], low),
   * high) for i < rows, j < columns: w is dense, r × s. A NaN stays NaN.
   */
  depthwise(
    rows: number,
    columns: number,
    x: number,
    xPitch: number,
    w: number,
    r: number,
    s: number,
    strideHeight: number,
    strideWidth: number,
    dilationHeight: number,
    dilationWidth: number,
    bias: number,
    y: number,
    yPitch: number,
    low: number,
    high: number,
  ): void;
}

/** Resizing of one dense plane of height × width at x into outputHeight × outputWidth at y. */
export interface ResizeKernels {
  /** y(i, j) = x(⌊i · height / outputHeight⌋, ⌊j · width / outputWidth⌋). */
  resizeNearest(height: number, width: number, x: number, outputHeight: number, outputWidth: number, y: number): void;
  /** Bilinear between sample centres: half-pixel centres, or corners aligned with alignCorners 1; edges are repeated. */
  resizeBilinear(
    height: number,
    width: number,
    x: number,
    outputHeight: number,
    outputWidth: number,
    y: number,
    alignCorners: number,
  ): void;
}
