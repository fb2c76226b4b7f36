import DogeArchitecture
import Kernels
import TensorCore

/// What attention keeps of the tokens so far, in float32.
///
/// Keys and values lie as tiles, so that scores and sums are the matrix products of every other
/// layer: keys as `[keys / 16][hd][16]` (a key is a row), values as `[hd / 16][capacity][16]` (a
/// dimension is a row). It grows as it is used.
public final class KVCache {
  /// Tokens held.
  public internal(set) var count = 0
  /// Tokens that it will take at most.
  public let maximum: Int
  private(set) var capacity = 0
  private(set) var layers: [LayerCache] = []
  /// The layers' caches for each thread that uses them, by objects of its own.
  private var sharedLayers: [[LayerCache]] = []
  private let shape: Shape

  struct Shape {
    let layers: Int
    let kvHeads: Int
    let headDimension: Int
    let maskRows: Int
  }

  init(shape: Shape, maximum: Int) {
    self.shape = shape
    self.maximum = maximum
  }

  /// Forgets all tokens but the first `count`.
  public func truncate(to count: Int) {
    precondition(count >= 0 && count <= self.count, "cannot keep more than there is")
    self.count = count
  }

  /// Bytes that it takes now.
  public var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

  /// Makes room for `added` tokens behind those that are there.
  func reserve(_ added: Int) throws(ModelError) {
    guard added <= maximum - count else {
      throw .contextFull(used: count, added: added, maximum: maximum)
    }
    let needed = count + added
    guard needed > capacity || layers.isEmpty else { return }
    let wanted = max(needed, min(2 * capacity, maximum))
    let grown = wanted.roundedUp(to: TensorGeometry.tileRows)
    layers = (0..<shape.layers).map { layer in
      let fresh = LayerCache(shape, capacity: grown)
      if layer < layers.count { fresh.copy(layers[layer], tokens: count) }
      return fresh
    }
    capacity = grown
    sharedLayers = []
  }

  /// The layers' caches for each of some threads.
  func layers(of threads: Int) -> [[LayerCache]] {
    if sharedLayers.count < threads {
      sharedLayers = (0..<threads).map { _ in layers.map { $0.shared() } }
    }
    return sharedLayers
  }
}

/// The cache of one block.
final class LayerCache: Sendable {
  let keys: FloatMatrix  // [KV * capacity / 16, hd * 16]
  let values: FloatMatrix  // [KV * hd / 16, capacity * 16]
  let mask: FloatMatrix  // δ, [R, capacity]
  private let shape: KVCache.Shape
  private let capacity: Int

  init(_ shape: KVCache.Shape, capacity: Int) {
    self.shape = shape
    self.capacity = capacity
    let lanes = TensorGeometry.tileRows
    keys = FloatMatrix(
      rows: shape.kvHeads * capacity / lanes, columns: shape.headDimension * lanes)
    values = FloatMatrix(
      rows: shape.kvHeads * Self.dimensionTiles(shape), columns: capacity * lanes)
    mask = FloatMatrix(rows: shape.maskRows, columns: capacity)
  }

  private init(sharing cache: LayerCache) {
    (shape, capacity) = (cache.shape, cache.capacity)
    (keys, values, mask) = (cache.keys.shared(), cache.values.shared(), cache.mask.shared())
  }

  /// The same for another thread, by objects of its own.
  func shared() -> LayerCache { LayerCache(sharing: self) }

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
      keyTile[c * lanes + lane] = key[c]
      values[firstValues + c / lanes][position * lanes + c % lanes] = value[c]
    }
  }

  /// Where the first `count` keys of a head lie in `keys`, as a matrix `[count, hd]`.
  func keyTiles(head: Int, count: Int) -> TiledFloats {
    TiledFloats(
      firstTile: head * capacity / TensorGeometry.tileRows, rows: count,
      columns: shape.headDimension)
  }

  /// Where the first `count` values of a head lie in `values`, as a matrix `[hd, count]`.
  func valueTiles(head: Int, count: Int) -> TiledFloats {
    TiledFloats(
      firstTile: head * Self.dimensionTiles(shape), rows: shape.headDimension, columns: count)
  }

  func copy(_ old: LayerCache, tokens: Int) {
    let lanes = TensorGeometry.tileRows
    let tiles = tokens.roundedUp(to: lanes) / lanes
    for head in 0..<shape.kvHeads {
      for tile in 0..<tiles {
        keys[head * capacity / lanes + tile].copy(old.keys[head * old.capacity / lanes + tile])
      }
    }
    for row in 0..<values.rows {
      values[row].part(0..<tokens * lanes).copy(old.values[row])
    }
    for row in 0..<mask.rows {
      mask[row].part(0..<tokens).copy(old.mask[row])
    }
  }
}
