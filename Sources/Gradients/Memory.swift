import DogeModel
import Kernels

/// Floats without a shape, which grow as they are needed.
@safe final class Memory {
  private var floats = FloatMatrix(rows: 1, columns: 1)

  var base: UnsafeMutablePointer<Float> { unsafe floats[0] }

  /// Makes room; what was there is lost where there was too little.
  func reserve(_ count: Int) {
    if floats.columns < count { floats = FloatMatrix(rows: 1, columns: count) }
  }
}
