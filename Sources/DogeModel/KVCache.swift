import DogeArchitecture
import Kernels
import TensorCore

/// What attention keeps of the tokens so far, in float32.
///
/// Keys and values lie as tiles, so that scores and sums are the matrix products of every other
/// layer: keys as `[keys / 16][hd][16]` (a key is a row), values as `[hd / 16][capacity][16]` (a
/// dimension is a row). It grows as it is used.
public final class KVCache: @unchecked Sendable {
  /// Tokens held.
  public internal(set) var count = 0
  /// Tokens that it will take at most.
  public let maximum: Int
  private(set) var capacity = 0
  private(set) var layers: [LayerCache] = []
  private let shape: Shape
  private var workspace: Workspace?

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

  /// Memory for the activations of a call, kept for the next one.
  func workspace(_ config: DogeConfig, tokens: Int) -> Workspace {
    if let workspace, workspace.holds(tokens: tokens) { return workspace }
    let fresh = Workspace(config, tokens: tokens)
    workspace = fresh
    return fresh
  }

  /// Bytes that it takes now.
  public var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

  /// Makes room for `added` tokens behind those that are there.
  func reserve(_ added: Int) throws(ModelError) {
    guard added <= maximum - count else {
      throw .contextFull(used: count, added: added, maximum: maximum)
    }
    let needed = count + added
    guard needed > capacity else { return }
    let wanted = max(needed, min(2 * capacity, maximum))
    let grown = wanted.roundedUp(to: TensorGeometry.tileRows)
    layers = (0..<shape.layers).map { layer in
      let fresh = LayerCache(shape, capacity: grown)
      if layer < layers.count { fresh.copy(layers[layer], tokens: count) }
      return fresh
    }
    capacity = grown
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
    values = FloatMatrix(rows: shape.kvHeads * Self.tiles(shape), columns: capacity * lanes)
    mask = FloatMatrix(rows: shape.maskRows, columns: capacity)
  }

  private static func tiles(_ shape: KVCache.Shape) -> Int {
    shape.headDimension.roundedUp(to: TensorGeometry.tileRows) / TensorGeometry.tileRows
  }

  var byteCount: Int { 4 * [keys, values, mask].reduce(0) { $0 + $1.rows * $1.stride } }

  /// Stores a token's rotated key `[hd]` and its value `[hd]` of one head.
  func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, head: Int, position: Int
  ) {
    let lanes = TensorGeometry.tileRows
    let (panel, lane) = position.quotientAndRemainder(dividingBy: lanes)
    let keyPanel = unsafe keys[head * capacity / lanes + panel]
    for c in 0..<shape.headDimension {
      unsafe keyPanel[c * lanes + lane] = key[c]
      unsafe values[head * Self.tiles(shape) + c / lanes][position * lanes + c % lanes] = value[c]
    }
  }

  /// The first `count` keys of a head as a matrix `[count, hd]`.
  func keyMatrix(head: Int, count: Int) -> StoredMatrix? {
    geometry(rows: count, columns: shape.headDimension).map {
      unsafe StoredMatrix(
        $0, codes: keys[head * capacity / TensorGeometry.tileRows], tileStride: keys.stride * 4)
    }
  }

  /// The first `count` values of a head as a matrix `[hd, count]`.
  func valueMatrix(head: Int, count: Int) -> StoredMatrix? {
    geometry(rows: shape.headDimension, columns: count).map {
      unsafe StoredMatrix(
        $0, codes: values[head * Self.tiles(shape)], tileStride: values.stride * 4)
    }
  }

  private func geometry(rows: Int, columns: Int) -> TensorGeometry? {
    TensorGeometry(type: .f32, arrangement: .tiles, shape: [rows, columns], groupSize: 0)
  }

  func copy(_ old: LayerCache, tokens: Int) {
    let lanes = TensorGeometry.tileRows
    let panels = tokens.roundedUp(to: lanes) / lanes
    for head in 0..<shape.kvHeads {
      for panel in 0..<panels {
        unsafe keys[head * capacity / lanes + panel].update(
          from: old.keys[head * old.capacity / lanes + panel], count: shape.headDimension * lanes)
      }
    }
    for row in 0..<values.rows {
      unsafe values[row].update(from: old.values[row], count: tokens * lanes)
    }
    for row in 0..<mask.rows {
      unsafe mask[row].update(from: old.mask[row], count: tokens)
    }
  }
}
