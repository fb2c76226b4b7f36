import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import TensorCore

extension StoredModel {
  /// A matrix by its role, in place.
  ///
  /// - Parameters:
  ///   - role: what it does; the layout must call for it.
  ///   - layer: its block; nil for the matrices outside the blocks.
  /// - Returns: `[rows, columns]`, in tiles where it is multiplied.
  public func matrix(_ role: TensorRole, layer: Int? = nil) -> StoredMatrix {
    matrix(of: tensor(role, layer: layer))
  }

  /// The values of a small tensor by its role, in memory of their own.
  ///
  /// - Parameters:
  ///   - role: what it does; the layout must call for it.
  ///   - layer: its block; nil for the tensors outside the blocks.
  ///   - kernels: decode it.
  /// - Returns: `[rows, columns]`, one row for a vector.
  public func values(_ role: TensorRole, layer: Int? = nil, kernels: KernelSet) -> FloatMatrix {
    values(of: tensor(role, layer: layer), kernels: kernels)
  }

  /// The same of a tensor that not every model has; nil where there is none.
  public func optionalValues(
    _ role: TensorRole, layer: Int? = nil, kernels: KernelSet
  ) -> FloatMatrix? {
    index(of: role, layer: layer).map { values(of: tensors[$0], kernels: kernels) }
  }

  /// A tensor of this model, in place.
  public func matrix(of tensor: Tensor) -> StoredMatrix {
    StoredMatrix(tensor.bands.map { $0.band(in: file.region) }, order: tensor.order)
  }

  /// The values of a tensor of this model in memory of their own, `[rows, columns]`; one row for
  /// a vector.
  public func values(of tensor: Tensor, kernels: KernelSet) -> FloatMatrix {
    kernels.values(of: matrix(of: tensor))
  }

  /// Calls `body` with the values of each row of some bands of a tensor of this model, as they are
  /// stored.
  public func forEachRow(
    of bands: [TensorRecord], kernels: KernelSet, _ body: (_ values: [Float]) -> Void
  ) {
    let stored = StoredMatrix(bands.map { $0.band(in: file.region) })
    let row = FloatMatrix(rows: 1, columns: stored.columns)
    for index in 0..<stored.rows {
      kernels.row(index, of: stored, into: row[0])
      body(row.row(0))
    }
  }

  private func tensor(_ role: TensorRole, layer: Int?) -> Tensor {
    tensors[tensorIndex(role, layer: layer)]
  }

  /// Where a tensor stands in `tensors`, which the layout must call for.
  package func tensorIndex(_ role: TensorRole, layer: Int? = nil) -> Int {
    guard let index = index(of: role, layer: layer) else {
      preconditionFailure("the layout does not call for \(role) in \(layer.map(String.init) ?? "")")
    }
    return index
  }
}

extension TensorRecord {
  /// Its planes in the bytes of its file.
  package func band(in region: any ByteRegion) -> StoredBand {
    StoredBand(geometry, planes: planes, exponent: exponent, in: region)
  }
}
