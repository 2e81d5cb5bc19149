/**
 * Every tile of the fast-convolution frame, one row each: names of algorithms, matrices, generated and emitted
 * transforms, draws and jobs of tests derive from these rows. The time of a tile is measured, and stands beside its
 * kernels.
 *
 * `kernelSizes` are those along an axis. A Winograd tile is the identity along an axis where the size is 1; a tile
 * whose kernels are all of one size serves no other. `nnpackName` is NNPACK's name of the algorithm, null where it has
 * none. Tiles of the accuracy class `relaxed` err more than NNPACK's own 8×8 Winograd tile, and serve only calls that
 * allow it.
 */

interface TileRow {
  readonly name: string;
  readonly family: 'winograd' | 'fourier';
  /** T of the square tile, T × T. */
  readonly edge: number;
  readonly kernelSizes: readonly number[];
  readonly nnpackName: string | null;
  readonly accuracy: 'default' | 'relaxed';
}

interface WinogradRow extends TileRow {
  readonly family: 'winograd';
  /** The T interpolation points: neighbours ±x share work, and the second is positive, 1 if that is one of them. */
  readonly points: readonly string[];
  /** Whether an algorithm applies it to the phases of strided convolutions. */
  readonly isStrided: boolean;
}

interface FourierRow extends TileRow {
  readonly family: 'fourier';
}

/**
 * In the order of preference among equals. The points of the tile of 8 are those of NNPACK. The others err least among
 * the sets whose coefficients float32 holds, as scripts/search-points.ts found (docs/decisions.md).
 */
export const TILES = [
  {
    name: 'wt8x8',
    family: 'winograd',
    edge: 8,
    points: ['0', '1', '-1', '2', '-2', '1/2', '-1/2', '∞'],
    kernelSizes: [1, 2, 3, 4, 5, 6, 7],
    nnpackName: 'nnp_convolution_algorithm_wt8x8',
    accuracy: 'default',
    isStrided: true,
  },
  {
    name: 'wt6x6',
    family: 'winograd',
    edge: 6,
    points: ['0', '5/8', '-5/8', '3/2', '-3/2', '∞'],
    kernelSizes: [1, 2, 3, 4, 5],
    nnpackName: null,
    accuracy: 'default',
    isStrided: true,
  },
  // F(7×7, 3×3) and F(8×8, 3×3) fit images of 14·2ⁿ and multiply less, and err several times as much as the tile of 8.
  {
    name: 'wt9x9',
    family: 'winograd',
    edge: 9,
    points: ['0', '1', '-1', '3/2', '-3/2', '3/8', '-3/8', '4', '-4'],
    kernelSizes: [3],
    nnpackName: null,
    accuracy: 'relaxed',
    isStrided: false,
  },
  {
    name: 'wt10x10',
    family: 'winograd',
    edge: 10,
    points: ['0', '1', '-1', '3/8', '-3/8', '5/4', '-5/4', '9/4', '-9/4', '∞'],
    kernelSizes: [3],
    nnpackName: null,
    accuracy: 'relaxed',
    isStrided: false,
  },
  fourierRow('ft8x8', 8, 'nnp_convolution_algorithm_ft8x8'),
  fourierRow('ft16x16', 16, 'nnp_convolution_algorithm_ft16x16'),
  fourierRow('ft32x32', 32, null),
  fourierRow('ft64x64', 64, null),
  fourierRow('ft128x128', 128, null),
  fourierRow('ft256x256', 256, null),
] as const satisfies readonly (WinogradRow | FourierRow)[];

/** A Fourier tile has no points to choose, and serves every kernel that fits it. */
function fourierRow<Name extends string, Edge extends number>(name: Name, edge: Edge, nnpackName: string | null) {
  const kernelSizes = Array.from({ length: edge }, (_, i) => i + 1);
  return { name, family: 'fourier', edge, kernelSizes, nnpackName, accuracy: 'default' } as const;
}

export type Tile = (typeof TILES)[number];
export type WinogradTile = Extract<Tile, { readonly family: 'winograd' }>;
export type FourierTile = Extract<Tile, { readonly family: 'fourier' }>;
export type StridedTile = Extract<Tile, { readonly isStrided: true }>;

export type TileName = Tile['name'];

export const TILE_NAMES: readonly TileName[] = TILES.map(({ name }) => name);

export const WINOGRAD_TILES: readonly WinogradTile[] = TILES.filter((tile) => tile.family === 'winograd');
export const FOURIER_TILES: readonly FourierTile[] = TILES.filter((tile) => tile.family === 'fourier');
export const STRIDED_TILES: readonly StridedTile[] = WINOGRAD_TILES.filter((tile) => tile.isStrided);

const BY_NAME: ReadonlyMap<TileName, Tile> = new Map(TILES.map((tile) => [tile.name, tile]));

export function tileNamed(name: TileName): Tile {
  return BY_NAME.get(name)!;
}

export type WinogradEdge = WinogradTile['edge'];

const BY_EDGE: ReadonlyMap<WinogradEdge, WinogradTile> = new Map(WINOGRAD_TILES.map((tile) => [tile.edge, tile]));

export function winogradTile(edge: WinogradEdge): WinogradTile {
  return BY_EDGE.get(edge)!;
}

/** The least and the greatest size of a kernel that a tile serves, along an axis. */
export function kernelRange({ kernelSizes }: Tile): readonly [least: number, greatest: number] {
  return [kernelSizes[0], kernelSizes[kernelSizes.length - 1]];
}
