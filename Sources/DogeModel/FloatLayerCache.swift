import Kernels
import TensorCore

/// The cache of one block in float32, or with keys and values in binary16.
///
/// Keys and values lie as tiles, so that scores and sums are the matrix products of every other
/// layer: keys as `[keys / 16][hd][16]` (a key is a row), values as `[hd / 16][capacity][16]` (a
/// dimension is a row).
final class FloatLayerCache: Sendable {
  let keys: FloatMatrix  // [KV * capacity / 16, hd * 16]
  let values: FloatMatrix  // [KV * hd / 16, capacity * 16]
  let mask: FloatMatrix  // δ, [R, capacity]
  private let shape: KVCache.Shape
  private let capacity: Int
  private let areHalves: Bool

  init(_ shape: KVCache.Shape, capacity: Int, areHalves: Bool) {
    self.shape = shape
    self.capacity = capacity
    self.areHalves = areHalves
    keys = FloatMatrix(
      rows: shape.kvHeads * capacity / TensorGeometry.tileRows,
      columns: TiledFloats.words(columns: shape.headDimension, areHalves: areHalves))
    values = FloatMatrix(
      rows: shape.kvHeads * Self.dimensionTiles(shape),
      columns: TiledFloats.words(columns: capacity, areHalves: areHalves))
    mask = FloatMatrix(rows: shape.maskRows, columns: capacity)
  }

  private init(sharing cache: FloatLayerCache) {
    (shape, capacity, areHalves) = (cache.shape, cache.capacity, cache.areHalves)
    (keys, values, mask) = (cache.keys.shared(), cache.values.shared(), cache.mask.shared())
  }

  /// The same for another thread, by objects of its own.
  func shared() -> FloatLayerCache { FloatLayerCache(sharing: self) }

  /// Tiles of 16 dimensions of a head.
  private static func dimensionTiles(_ shape: KVCache.Shape) -> Int {
    shape.headDimension.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows
  }

  var byteCount: Int { 4 * [keys, values, mask].reduce(0) { $0 + $1.rows * $1.stride } }

  /// Stores a token's rotated key `[hd]` and its value `[hd]` of one head.
  func store(key: FloatRow, value: FloatRow, head: Int, position: Int) {
    let lanes = TensorGeometry.tileRows
    let (tile, lane) = position.quotientAndRemainder(dividingBy: lanes)
    let keyTile = keys[head * capacity / lanes + tile]
    let firstValues = head * Self.dimensionTiles(shape)
    for c in 0..<shape.headDimension {
      store(key[c], in: keyTile, column: c, lane: lane)
      store(value[c], in: values[firstValues + c / lanes], column: position, lane: c % lanes)
    }
  }

  private func store(_ value: Float, in tile: FloatRow, column: Int, lane: Int) {
    let lanes = TensorGeometry.tileRows
    if areHalves {
      tile.setHalf((column / 2 * lanes + lane) * 2 + column % 2, value)
    } else {
      tile[column * lanes + lane] = value
    }
  }

  /// Where the first `count` keys of a head lie in `keys`, as a matrix `[count, hd]`.
  func keyTiles(head: Int, count: Int) -> TiledFloats {
    TiledFloats(
      firstTile: head * capacity / TensorGeometry.tileRows, rows: count,
      columns: shape.headDimension, areHalves: areHalves)
  }

  /// Where the first `count` values of a head lie in `values`, as a matrix `[hd, count]`.
  func valueTiles(head: Int, count: Int) -> TiledFloats {
    TiledFloats(
      firstTile: head * Self.dimensionTiles(shape), rows: shape.headDimension, columns: count,
      areHalves: areHalves)
  }

  func copy(_ old: FloatLayerCache, tokens: Int) {
    let lanes = TensorGeometry.tileRows
    let tiles = tokens.roundedUp(to: lanes) / lanes
    for head in 0..<shape.kvHeads {
      for tile in 0..<tiles {
        keys[head * capacity / lanes + tile].copy(old.keys[head * old.capacity / lanes + tile])
      }
    }
    let words = TiledFloats.words(columns: tokens, areHalves: areHalves)
    for row in 0..<values.rows {
      values[row].part(0..<words).copy(old.values[row])
    }
    for row in 0..<mask.rows {
      mask[row].part(0..<tokens).copy(old.mask[row])
    }
  }
}
